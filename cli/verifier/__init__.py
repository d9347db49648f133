"""Programs a company checks an evidence file with, when nothing else of taizhang is at hand.

`taizhang_verify.py` and `verify.html` are handed out as they lie here. Neither shares code with the
ledger, so that they outlive it, and so that a mistake of one is seen by the others.
"""

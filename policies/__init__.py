"""The rulebook: regulations as executable, dated, citing rules; no input or output."""

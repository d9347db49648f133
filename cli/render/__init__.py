"""Answers for people, as lines of text: tables that align with wide characters, and pages one can
hand over. Values come in as the contract shapes them; nothing in here asks the ledger."""

"""The book: what an entry is, its bytes, its hash, and where it is kept."""

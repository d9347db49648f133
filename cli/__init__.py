"""The counter: the doors where people come in."""

"""One file for each schema: `schema_<number>.py`."""

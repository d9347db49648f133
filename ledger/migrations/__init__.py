"""What brings the tables of an older ledger up to date, in the form Alembic gives it.

A revision is the number of a schema; the file of it makes that schema of the one before, with
tables written out as they were then, whatever `ledger.schema` says today. Files are never changed
once a ledger was migrated by them. Where one needs more than DDL it computes from entries, and
refuses a log whose entries do not give its root.
"""

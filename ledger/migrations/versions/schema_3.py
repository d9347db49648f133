"""Logs that were moved: `logs.in_force_at`, and a trigger that keeps a copy from growing.

On a server, what begins a log may be called by those it was granted to, and looks at temporary
tables last.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"

_GROWS = "OLD.in_force_at IS NOT NULL AND (NEW.size <> OLD.size OR NEW.root <> OLD.root)"


def upgrade() -> None:
    """Make schema 3 of schema 2."""
    op.add_column("logs", sa.Column("in_force_at", sa.Text))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER logs_refuse_growth BEFORE UPDATE ON logs WHEN {_GROWS} "
            "BEGIN SELECT RAISE(ABORT, 'logs: this copy of the log is not in force, UPDATE is "
            "refused'); END"
        )
    else:
        op.execute(
            "CREATE TRIGGER logs_refuse_growth BEFORE UPDATE ON logs FOR EACH ROW "
            f"WHEN ({_GROWS}) EXECUTE FUNCTION taizhang_refuse('logs')"
        )
        home = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
        op.execute(f"ALTER FUNCTION taizhang_open_log(text) SET search_path = {home}, pg_temp")
        op.execute("REVOKE ALL ON FUNCTION taizhang_open_log(text) FROM PUBLIC")

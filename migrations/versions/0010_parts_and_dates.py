"""What a gradebook column stands for, which columns an instructor chose, and the days that an LMS says."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

KIND = "kind IN ('completion', 'session', 'reflection')"
PART = "(kind = 'session') = (session_number IS NOT NULL) AND (kind = 'reflection') = (activity IS NOT NULL)"
CHOICE = "column_choice IN ('completion', 'sessions', 'reflections')"
PROGRESS = "progress IN ('started', 'submitted', 'returned', 'completed')"
OLD_PROGRESS = "progress IN ('started', 'submitted', 'completed')"


def upgrade() -> None:
    """Make the columns: every gradebook column that is there already stands for the completion."""
    _add("line_items", "kind VARCHAR(32) DEFAULT 'completion' NOT NULL", ck_line_items_kind=KIND)
    _add("line_items", "session_number INTEGER")
    _add("line_items", "activity VARCHAR(64)", ck_line_items_part=PART)
    _add("cohorts", "column_choice VARCHAR(32) DEFAULT 'completion' NOT NULL", ck_cohorts_column_choice=CHOICE)
    op.add_column("cohorts", sa.Column("dates", Json, nullable=True))
    op.add_column("contexts", sa.Column("begins_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contexts", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contexts", sa.Column("said_dates", sa.String(length=100), nullable=True))
    op.add_column("resource_links", sa.Column("available_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("resource_links", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("resource_links", sa.Column("said_dates", sa.String(length=100), nullable=True))
    op.add_column("offerings", sa.Column("sessions", sa.Integer(), nullable=False, server_default="1"))
    _count_sessions()
    _allow(PROGRESS)


def downgrade() -> None:
    """Take them away, with the gradebook columns that would stand for the completion afterwards, and what they hear."""
    op.execute("DELETE FROM outbox WHERE line_item_id IN (SELECT id FROM line_items WHERE kind <> 'completion')")
    op.execute("DELETE FROM line_items WHERE kind <> 'completion'")
    op.execute("UPDATE outbox SET progress = 'submitted' WHERE progress = 'returned'")
    _allow(OLD_PROGRESS)
    op.drop_column("offerings", "sessions")
    for column in ("said_dates", "due_at", "available_at"):
        op.drop_column("resource_links", column)
    for column in ("said_dates", "ends_at", "begins_at"):
        op.drop_column("contexts", column)
    for column in ("dates", "column_choice"):
        op.drop_column("cohorts", column)
    # SQLite drops a column's own CHECK with it: the one over all three was made with the last of them
    for column in ("activity", "session_number", "kind"):
        op.drop_column("line_items", column)


def _add(table: str, column: str, **checks: str) -> None:
    """Add a column with its checks. They stand beside it, since SQLite would have to make the table anew for others,
    and tables that others point to cannot be dropped."""
    told = "".join(f" CONSTRAINT {name} CHECK ({words})" for name, words in checks.items())
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column}{told}")


def _allow(progress: str) -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(op.f("ck_outbox_progress"), type_="check")
        outbox.create_check_constraint(op.f("ck_outbox_progress"), progress)


def _count_sessions() -> None:
    """Offerings say how many sessions their current version has."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "UPDATE offerings SET sessions = jsonb_array_length(versions.document -> 'sessions') FROM versions "
            "WHERE versions.id = offerings.current_version_id AND versions.document ? 'sessions'"
        )
    else:
        op.execute(
            "UPDATE offerings SET sessions = coalesce((SELECT json_array_length(versions.document, '$.sessions') "
            "FROM versions WHERE versions.id = offerings.current_version_id), 1)"
        )

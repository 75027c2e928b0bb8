"""Rosters: who the LMS says is in its courses."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Sorted = sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "rosters",
        sa.Column("context_id", BigId, autoincrement=False, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("differences_url", sa.String(length=2000), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=1000), nullable=True),
        sa.Column("problem_code", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["context_id"], ["contexts.id"], name=op.f("fk_rosters_context_id_contexts")),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_rosters_platform_id_platforms")),
        sa.PrimaryKeyConstraint("context_id", name=op.f("pk_rosters")),
    )
    op.create_index("ix_rosters_platform_id_due_at", "rosters", ["platform_id", "due_at"], unique=False)
    op.create_table(
        "roster_turns",
        sa.Column("platform_id", BigId, autoincrement=False, nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name=op.f("ck_roster_turns_lease_is_dated")),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_roster_turns_platform_id_platforms")),
        sa.PrimaryKeyConstraint("platform_id", name=op.f("pk_roster_turns")),
    )
    op.create_table(
        "roster_members",
        sa.Column("id", BigId, nullable=False),
        sa.Column("context_id", BigId, nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("sort_key", Sorted, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('learner', 'instructor', 'administrator', 'none')", name=op.f("ck_roster_members_role")
        ),
        sa.CheckConstraint("status IN ('active', 'inactive', 'gone')", name=op.f("ck_roster_members_status")),
        sa.CheckConstraint("(status = 'gone') = (gone_at IS NOT NULL)", name=op.f("ck_roster_members_going_is_dated")),
        sa.CheckConstraint(
            "status = 'active' OR name IS NULL", name=op.f("ck_roster_members_names_of_the_active_only")
        ),
        sa.ForeignKeyConstraint(["context_id"], ["contexts.id"], name=op.f("fk_roster_members_context_id_contexts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_members")),
        sa.UniqueConstraint("context_id", "user_id", name=op.f("uq_roster_members_context_id_user_id")),
    )
    op.create_index(
        "ix_roster_members_context_id_sort_key", "roster_members", ["context_id", "sort_key", "id"], unique=False
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("roster_members")
    op.drop_table("roster_turns")
    op.drop_table("rosters")

"""Line items and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "platform_pauses",
        sa.Column("platform_id", BigId, autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_platform_pauses_platform_id_platforms")
        ),
        sa.PrimaryKeyConstraint("platform_id", name=op.f("pk_platform_pauses")),
    )
    op.create_table(
        "line_items",
        sa.Column("id", BigId, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("cohort_id", BigId, nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_line_items_cohort_id_cohorts")),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_line_items_platform_id_platforms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_items")),
        sa.UniqueConstraint("platform_id", "url", name=op.f("uq_line_items_platform_id_url")),
    )
    op.create_index(op.f("ix_line_items_cohort_id"), "line_items", ["cohort_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", BigId, nullable=False),
        sa.Column("line_item_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("enrolment_id", BigId, nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("progress", sa.String(length=32), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("comment", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stamped_version", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=1000), nullable=True),
        sa.Column("problem_code", sa.String(length=40), nullable=True),
        sa.CheckConstraint("progress IN ('started', 'submitted', 'completed')", name=op.f("ck_outbox_progress")),
        sa.CheckConstraint("state IN ('due', 'sent', 'refused', 'not_sent')", name=op.f("ck_outbox_state")),
        sa.CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name=op.f("ck_outbox_lease_is_dated")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_outbox_enrolment_id_enrolments")),
        sa.ForeignKeyConstraint(["line_item_id"], ["line_items.id"], name=op.f("fk_outbox_line_item_id_line_items")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_outbox_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_outbox_person_id_people")),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_outbox_platform_id_platforms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("line_item_id", "person_id", name=op.f("uq_outbox_line_item_id_person_id")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["platform_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'due'"),
        sqlite_where=sa.text("state = 'due'"),
    )
    op.create_index("ix_outbox_enrolment_id", "outbox", ["enrolment_id"], unique=False)
    op.create_index("ix_outbox_organization_id_state", "outbox", ["organization_id", "state", "id"], unique=False)
    op.create_index(
        "ix_outbox_refused",
        "outbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'refused'"),
        sqlite_where=sa.text("state = 'refused'"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("outbox")
    op.drop_table("line_items")
    op.drop_table("platform_pauses")

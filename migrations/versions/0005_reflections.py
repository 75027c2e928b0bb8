"""Reflections, revisions and feedback."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "reflections",
        sa.Column("id", BigId, nullable=False),
        sa.Column("enrolment_id", BigId, nullable=False),
        sa.Column("cohort_id", BigId, nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("reviewed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reader_id", BigId, nullable=True),
        sa.Column("reader_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name=op.f("ck_reflections_meeting_is_dated")),
        sa.CheckConstraint(
            "(state IN ('submitted', 'in_review')) = (waiting_since IS NOT NULL)",
            name=op.f("ck_reflections_waiting_is_dated"),
        ),
        sa.CheckConstraint(
            "state IN ('drafting', 'kept', 'submitted', 'in_review', 'returned', 'met')",
            name=op.f("ck_reflections_state"),
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_reflections_cohort_id_cohorts")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_reflections_enrolment_id_enrolments")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_reflections_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reflections_person_id_people")),
        sa.ForeignKeyConstraint(["reader_id"], ["people.id"], name=op.f("fk_reflections_reader_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reflections")),
        sa.UniqueConstraint("enrolment_id", "activity", name=op.f("uq_reflections_enrolment_id_activity")),
    )
    op.create_index(
        "ix_reflections_waiting",
        "reflections",
        ["organization_id", "waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("waiting_since IS NOT NULL"),
        sqlite_where=sa.text("waiting_since IS NOT NULL"),
    )
    op.create_table(
        "revisions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("reflection_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reflection_id"], ["reflections.id"], name=op.f("fk_revisions_reflection_id_reflections")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("reflection_id", "number", name=op.f("uq_revisions_reflection_id_number")),
    )
    op.create_table(
        "set_aside",
        sa.Column("id", BigId, nullable=False),
        sa.Column("reflection_id", BigId, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reflection_id"], ["reflections.id"], name=op.f("fk_set_aside_reflection_id_reflections")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
    )
    op.create_index("ix_set_aside_reflection_id", "set_aside", ["reflection_id"], unique=False)
    op.create_table(
        "feedback",
        sa.Column("id", BigId, nullable=False),
        sa.Column("reflection_id", BigId, nullable=False),
        sa.Column("revision_id", BigId, nullable=False),
        sa.Column("trainer_id", BigId, nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("comments", Json, nullable=False),
        sa.Column("working", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("decision IS NULL OR decision IN ('return', 'accept')", name=op.f("ck_feedback_decision")),
        sa.CheckConstraint(
            "(released_at IS NULL) = (decision IS NULL)", name=op.f("ck_feedback_release_is_a_decision")
        ),
        sa.ForeignKeyConstraint(
            ["reflection_id"], ["reflections.id"], name=op.f("fk_feedback_reflection_id_reflections")
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_feedback_revision_id_revisions")),
        sa.ForeignKeyConstraint(["trainer_id"], ["people.id"], name=op.f("fk_feedback_trainer_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("revision_id", "trainer_id", name=op.f("uq_feedback_revision_id_trainer_id")),
    )
    op.create_index("ix_feedback_reflection_id", "feedback", ["reflection_id"], unique=False)
    op.create_index(
        "uq_feedback_released",
        "feedback",
        ["revision_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NOT NULL"),
        sqlite_where=sa.text("released_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("feedback")
    op.drop_table("set_aside")
    op.drop_table("revisions")
    op.drop_table("reflections")

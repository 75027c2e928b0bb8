"""Offerings, cohorts, enrolments, progress and completions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "offerings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.String(length=1000), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("current_version_id", BigId, nullable=True),
        sa.CheckConstraint("kind IN ('module', 'course', 'webinar')", name=op.f("ck_offerings_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offerings")),
        sa.UniqueConstraint("code", name=op.f("uq_offerings_code")),
    )
    op.create_table(
        "versions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("offering_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_versions_offering_id_offerings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("offering_id", "number", name=op.f("uq_versions_offering_id_number")),
    )
    op.create_table(
        "contexts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("deployment_id", sa.String(length=255), nullable=False),
        sa.Column("context_id", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("line_items_url", sa.String(length=2000), nullable=True),
        sa.Column("memberships_url", sa.String(length=2000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_contexts_platform_id_platforms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contexts")),
        sa.UniqueConstraint(
            "platform_id", "deployment_id", "context_id", name=op.f("uq_contexts_platform_id_deployment_id_context_id")
        ),
    )
    op.create_table(
        "cohorts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("offering_id", BigId, nullable=False),
        sa.Column("version_id", BigId, nullable=False),
        sa.Column("context_id", BigId, nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["context_id"], ["contexts.id"], name=op.f("fk_cohorts_context_id_contexts")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("fk_cohorts_offering_id_offerings")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_cohorts_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_cohorts_version_id_versions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
        sa.UniqueConstraint("context_id", "offering_id", name=op.f("uq_cohorts_context_id_offering_id")),
    )
    op.create_index(op.f("ix_cohorts_offering_id"), "cohorts", ["offering_id"], unique=False)
    op.create_index(op.f("ix_cohorts_organization_id"), "cohorts", ["organization_id"], unique=False)
    op.create_table(
        "enrolments",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("cohort_id", BigId, nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_activity", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(state = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_enrolments_completion_is_dated")
        ),
        sa.CheckConstraint("state IN ('active', 'completed')", name=op.f("ck_enrolments_state")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_enrolments_cohort_id_cohorts")),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name=op.f("fk_enrolments_identity_id_identities")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_enrolments_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_enrolments_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("person_id", "cohort_id", name=op.f("uq_enrolments_person_id_cohort_id")),
    )
    op.create_index("ix_enrolments_cohort_id_state", "enrolments", ["cohort_id", "state"], unique=False)
    op.create_index(
        "ix_enrolments_organization_id_enrolled_at_id",
        "enrolments",
        ["organization_id", "enrolled_at", "id"],
        unique=False,
    )
    op.create_table(
        "resource_links",
        sa.Column("id", BigId, nullable=False),
        sa.Column("context_id", BigId, nullable=False),
        sa.Column("resource_link_id", sa.String(length=255), nullable=False),
        sa.Column("cohort_id", BigId, nullable=False),
        sa.Column("session_number", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_resource_links_cohort_id_cohorts")),
        sa.ForeignKeyConstraint(["context_id"], ["contexts.id"], name=op.f("fk_resource_links_context_id_contexts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_links")),
        sa.UniqueConstraint(
            "context_id", "resource_link_id", name=op.f("uq_resource_links_context_id_resource_link_id")
        ),
    )
    op.create_index(op.f("ix_resource_links_cohort_id"), "resource_links", ["cohort_id"], unique=False)
    op.create_table(
        "answers",
        sa.Column("id", BigId, nullable=False),
        sa.Column("enrolment_id", BigId, nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.String(length=16), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_answers_enrolment_id_enrolments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_enrolment_id_activity", "answers", ["enrolment_id", "activity"], unique=False)
    op.create_table(
        "completions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("enrolment_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("version_id", BigId, nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_completions_minutes")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_completions_enrolment_id_enrolments")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_completions_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_completions_person_id_people")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_completions_version_id_versions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completions")),
        sa.UniqueConstraint("enrolment_id", name=op.f("uq_completions_enrolment_id")),
    )
    op.create_index(
        "ix_completions_organization_id_completed_at_id",
        "completions",
        ["organization_id", "completed_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_completions_person_id"), "completions", ["person_id"], unique=False)
    op.create_table(
        "progress",
        sa.Column("enrolment_id", BigId, nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_progress_enrolment_id_enrolments")),
        sa.PrimaryKeyConstraint("enrolment_id", "activity", name=op.f("pk_progress")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("progress")
    op.drop_table("completions")
    op.drop_table("answers")
    op.drop_table("resource_links")
    op.drop_table("enrolments")
    op.drop_table("cohorts")
    op.drop_table("contexts")
    op.drop_table("versions")
    op.drop_table("offerings")

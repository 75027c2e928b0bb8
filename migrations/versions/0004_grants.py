"""Grants and sign-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sign_ins",
        sa.Column("id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("context_id", BigId, nullable=True),
        sa.Column("course_role", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("next_path", sa.String(length=500), nullable=False),
        sa.Column("frame_host", sa.String(length=300), nullable=True),
        sa.CheckConstraint(
            "course_role IN ('learner', 'instructor', 'administrator', 'none')", name=op.f("ck_sign_ins_course_role")
        ),
        sa.ForeignKeyConstraint(["context_id"], ["contexts.id"], name=op.f("fk_sign_ins_context_id_contexts")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_ins_person_id_people")),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_sign_ins_platform_id_platforms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ins_token_hash")),
    )
    op.create_index(op.f("ix_sign_ins_expires_at"), "sign_ins", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sign_ins_person_id"), "sign_ins", ["person_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("id", BigId, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("cohort_id", BigId, nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('trainer', 'lsc', 'viewer', 'admin')", name=op.f("ck_grants_role")),
        sa.CheckConstraint("(person_id IS NULL) = (bound_at IS NULL)", name=op.f("ck_grants_binding_is_dated")),
        sa.CheckConstraint("person_id IS NOT NULL OR code_hash IS NOT NULL", name=op.f("ck_grants_reachable")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_grants_cohort_id_cohorts")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_grants_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_grants_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_grants_code_hash")),
    )
    op.create_index(op.f("ix_grants_cohort_id"), "grants", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_grants_organization_id"), "grants", ["organization_id"], unique=False)
    op.create_index("ix_grants_person_id_role", "grants", ["person_id", "role"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("grants")
    op.drop_table("sign_ins")

"""What LMSs tell besides: notices of copied courses and where we asked for them, and the groups of a course."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Sorted = sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "context_copies",
        sa.Column("id", BigId, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("deployment_id", sa.String(length=255), nullable=False),
        sa.Column("context_id", sa.String(length=255), nullable=False),
        sa.Column("origin_id", sa.String(length=255), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_context_copies_platform_id_platforms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context_copies")),
        sa.UniqueConstraint(
            "platform_id",
            "deployment_id",
            "context_id",
            "origin_id",
            name=op.f("uq_context_copies_platform_id_deployment_id_context_id_origin_id"),
        ),
    )
    op.create_index(op.f("ix_context_copies_expires_at"), "context_copies", ["expires_at"], unique=False)
    op.create_table(
        "notice_handlers",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("service_url", sa.String(length=2000), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handler", sa.String(length=1000), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=1000), nullable=True),
        sa.Column("problem_code", sa.String(length=40), nullable=True),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name=op.f("ck_notice_handlers_lease_is_dated")),
        sa.CheckConstraint(
            "(handler IS NULL) = (registered_at IS NULL)", name=op.f("ck_notice_handlers_registration_is_dated")
        ),
        sa.ForeignKeyConstraint(
            ["id"], ["deployments.id"], name=op.f("fk_notice_handlers_id_deployments"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_notice_handlers_platform_id_platforms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_handlers")),
    )
    op.create_index(op.f("ix_notice_handlers_due_at"), "notice_handlers", ["due_at"], unique=False)
    op.create_index(op.f("ix_notice_handlers_platform_id"), "notice_handlers", ["platform_id"], unique=False)
    op.create_table(
        "group_sources",
        sa.Column("context_id", BigId, autoincrement=False, nullable=False),
        sa.Column("groups_url", sa.String(length=2000), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem_code", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["context_id"], ["contexts.id"], name=op.f("fk_group_sources_context_id_contexts")),
        sa.PrimaryKeyConstraint("context_id", name=op.f("pk_group_sources")),
    )
    op.create_table(
        "course_groups",
        sa.Column("id", BigId, nullable=False),
        sa.Column("context_id", BigId, nullable=False),
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("name", Sorted, nullable=False),
        sa.ForeignKeyConstraint(["context_id"], ["contexts.id"], name=op.f("fk_course_groups_context_id_contexts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_groups")),
        sa.UniqueConstraint("context_id", "group_id", name=op.f("uq_course_groups_context_id_group_id")),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["course_groups.id"],
            name=op.f("fk_group_members_group_id_course_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_group_members")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("group_members")
    op.drop_table("course_groups")
    op.drop_table("group_sources")
    op.drop_table("notice_handlers")
    op.drop_table("context_copies")

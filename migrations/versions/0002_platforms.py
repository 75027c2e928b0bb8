"""Registrations with LMSs, keys and identities."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tool_keys",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("private_key", sa.Text(), nullable=False),
        sa.Column("public_jwk", Json, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_keys")),
        sa.UniqueConstraint("kid", name=op.f("uq_tool_keys_kid")),
    )
    op.create_table(
        "used_nonces",
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_used_nonces")),
    )
    op.create_index(op.f("ix_used_nonces_expires_at"), "used_nonces", ["expires_at"], unique=False)
    op.create_table(
        "platforms",
        sa.Column("id", BigId, nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("authorization_url", sa.String(length=1000), nullable=False),
        sa.Column("token_url", sa.String(length=1000), nullable=False),
        sa.Column("token_audience", sa.String(length=1000), nullable=True),
        sa.Column("key_set_url", sa.String(length=1000), nullable=False),
        sa.Column("key_set", sa.Text(), nullable=True),
        sa.Column("key_set_fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("family", sa.String(length=64), nullable=True),
        sa.Column("hosts", Json, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("instructors_are_trainers", sa.Boolean(), nullable=False),
        sa.Column("shared_client", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'active', 'disabled')", name=op.f("ck_platforms_state")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_platforms_organization_id_organizations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platforms")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_platforms_issuer_client_id")),
    )
    op.create_index(op.f("ix_platforms_organization_id"), "platforms", ["organization_id"], unique=False)
    op.create_table(
        "deep_linking_requests",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("deployment_id", sa.String(length=255), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_deep_linking_requests_person_id_people")),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_deep_linking_requests_platform_id_platforms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deep_linking_requests")),
    )
    op.create_index(op.f("ix_deep_linking_requests_expires_at"), "deep_linking_requests", ["expires_at"], unique=False)
    op.create_table(
        "deployments",
        sa.Column("id", BigId, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("deployment_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_deployments_platform_id_platforms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        sa.UniqueConstraint("platform_id", "deployment_id", name=op.f("uq_deployments_platform_id_deployment_id")),
    )
    op.create_table(
        "identities",
        sa.Column("id", BigId, nullable=False),
        sa.Column("platform_id", BigId, nullable=False),
        sa.Column("deployment_key", sa.String(length=255), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_identities_person_id_people")),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_identities_platform_id_platforms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint(
            "platform_id", "deployment_key", "sub", name=op.f("uq_identities_platform_id_deployment_key_sub")
        ),
    )
    op.create_index(op.f("ix_identities_person_id"), "identities", ["person_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("approve", sa.Boolean(), nullable=False),
        sa.Column("instructors_are_trainers", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("platform_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_invitations_organization_id_organizations")
        ),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name=op.f("fk_invitations_platform_id_platforms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("invitations")
    op.drop_table("identities")
    op.drop_table("deployments")
    op.drop_table("deep_linking_requests")
    op.drop_table("platforms")
    op.drop_table("used_nonces")
    op.drop_table("tool_keys")

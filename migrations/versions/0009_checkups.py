"""The last round of checks of each connection, and whether its launches tell what a course was copied from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the table and the columns."""
    op.create_table(
        "platform_checkups",
        sa.Column("platform_id", BigId, autoincrement=False, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("findings", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_platform_checkups_platform_id_platforms")
        ),
        sa.PrimaryKeyConstraint("platform_id", name=op.f("pk_platform_checkups")),
    )
    op.add_column("platforms", sa.Column("tells_context_history", sa.Boolean(), nullable=True))
    op.add_column("platforms", sa.Column("tells_link_history", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("platforms", "tells_link_history")
    op.drop_column("platforms", "tells_context_history")
    op.drop_table("platform_checkups")

"""How Alembic reaches the tables: the engine of the caller, or PRACTICUM_DATABASE_URL for a developer."""

from alembic import context
from sqlalchemy import Connection

from plugin.db import Base
from plugin.db.session import make_engine
from plugin.settings import Settings


def run(connection: Connection) -> None:
    """Run the revisions in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite alters a table by making it anew
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


engine = context.config.attributes.get("engine")
if engine is None:
    engine = make_engine(Settings.from_environment().database_url)
with engine.connect() as connection:
    run(connection)

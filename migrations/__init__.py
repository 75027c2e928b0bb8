"""Alembic's revisions, numbered, one subject each. The wheel carries them as plugin.migrations."""

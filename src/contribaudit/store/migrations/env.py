"""Alembic's entry point; `store/database.py` passes the connection, inside one transaction."""

from __future__ import annotations

from alembic import context

from contribaudit.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

"""The tables of the first release.

A new history is created from schema.py directly. This migration upgrades a history that a version before the first
release wrote, under a lower number: those versions only added tables and columns, so the missing ones are added here.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, inspect

from contribaudit.store.schema import FIRST, metadata

revision = FIRST
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, indexes and columns that are missing; existing rows have NULL in new columns."""
    connection = op.get_bind()
    inspector = inspect(connection)
    for table in inspector.get_table_names():
        there = {column["name"] for column in inspector.get_columns(table)}
        for column in metadata.tables[table].columns if table in metadata.tables else ():
            if column.name not in there:
                op.add_column(table, Column(column.name, column.type))
    metadata.create_all(connection)

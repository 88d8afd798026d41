"""The tables of the first release.

A new history is made from schema.py at once. This brings along one that a version before the first release wrote: they
counted to 0009 while they added tables, and only added, so what is missing can be made beside what is there.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, inspect

from contribaudit.store.schema import FIRST, metadata, runs

revision = FIRST
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, indexes and the column that are missing; their rows of before stay unknown."""
    connection = op.get_bind()
    added = runs.c.planned_at
    if added.name not in {column["name"] for column in inspect(connection).get_columns(runs.name)}:
        op.add_column(runs.name, Column(added.name, added.type))
    metadata.create_all(connection)

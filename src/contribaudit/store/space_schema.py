"""The tables of spaces: intervals like facts, a row for each space and not for each of its values.

space_lists ──► subjects      how far the listing of one app's spaces came, from which run to which
spaces ──► subjects           one space as the listings showed it, from which run to which
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from contribaudit.store.columns import Escaped, Moment
from contribaudit.store.metadata import Id, metadata

space_lists = Table(
    "space_lists",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("app", Id, ForeignKey("subjects.id"), nullable=False),
    Column("status", String(8), nullable=False),
    Column("announced", BigInteger),
    Column("read", BigInteger, nullable=False),
    Column("code", Escaped, nullable=False),
    Column("reason", Escaped, nullable=False),
    Column("visible_to", Escaped, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("first_run", Id, ForeignKey("runs.id"), nullable=False),
    Column("ended_run", Id, ForeignKey("runs.id")),  # the run whose listing came out otherwise; null while open
)
_current = space_lists.c.ended_run.is_(None)
Index("space_lists_open", space_lists.c.app, unique=True, sqlite_where=_current, postgresql_where=_current)

spaces = Table(
    "spaces",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("app", Id, ForeignKey("subjects.id"), nullable=False),
    Column("space", Escaped, nullable=False),  # its ARI
    Column("key", Escaped, nullable=False),
    Column("folded", Escaped, nullable=False),  # the key without case, cut where it is very long, for finding it
    Column("name", Escaped, nullable=False),
    Column("type", Escaped, nullable=False),
    Column("status", Escaped, nullable=False),
    Column("created_at", Moment),
    Column("first_run", Id, ForeignKey("runs.id"), nullable=False),
    Column("last_run", Id, ForeignKey("runs.id")),  # the last run that saw it so; null while open
    Column("ended_run", Id, ForeignKey("runs.id")),  # the run that saw it otherwise, or not; null while open
)
Index("spaces_by_id", spaces.c.app, spaces.c.space, spaces.c.first_run, unique=True)
Index("spaces_by_key", spaces.c.app, spaces.c.folded, spaces.c.space)
Index("spaces_by_run", spaces.c.app, spaces.c.first_run)

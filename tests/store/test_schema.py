"""A new history and one of any revision so far have the schema, to the column and the index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, make_url, text

from contribaudit.store import schema
from contribaudit.store.history import History


@pytest.fixture
def connection(kept: str) -> Iterator[Connection]:
    """Into a history that an earlier version made, and this one has opened."""
    with History.open(kept) as history, history._reading() as opened:
        yield opened


def test_the_newest_migration_is_the_schemas() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [schema.HEAD]


def test_alembic_knows_the_revision_of_a_new_history(history: History) -> None:
    with history._reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE})
        assert context.get_current_heads() == (schema.HEAD,)
        assert compare_metadata(context, schema.metadata) == []


def test_an_older_history_becomes_the_same(connection: Connection, location: str) -> None:
    """As Alembic sees it, and in what it does not compare: names and actions of keys, conditions of indexes."""
    options = {"version_table": schema.VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    assert compare_metadata(context, schema.metadata) == []
    dialect = connection.dialect.name
    if dialect not in NEW:
        NEW[dialect] = described_new("sqlite://" if dialect == "sqlite" else location)
    assert described(connection) == NEW[dialect]


NEW: dict[str, Any] = {}
"""What a database is that was made from the metadata, by its dialect."""


def described_new(url: str) -> dict[str, Any]:
    """In memory, or on the server in a schema that does not stay."""
    engine = create_engine(make_url(url.replace("contribaudit_", "contribaudit_made_")))
    try:
        with engine.connect() as made:
            if made.dialect.name == "postgresql":
                made.execute(text(f"CREATE SCHEMA {made.execute(text('SHOW search_path')).scalar()}"))
            schema.metadata.create_all(made)
            return described(made)
    finally:
        engine.dispose()


def described(connection: Connection) -> dict[str, Any]:
    """Every table as the database describes it."""
    inspector = inspect(connection)
    keys = {table: inspector.get_pk_constraint(table) for table in inspector.get_table_names()}
    tables = {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)],
            "key": (keys[table]["name"], keys[table]["constrained_columns"]),
            "foreign": sorted(
                (k["name"], k["constrained_columns"], k["referred_table"], k["referred_columns"], k["options"])
                for k in inspector.get_foreign_keys(table)
            ),
            "unique": sorted((k["name"], k["column_names"]) for k in inspector.get_unique_constraints(table)),
            "indexes": sorted(
                (
                    i["name"],
                    i["column_names"],
                    i["unique"],
                    sorted((name, str(option)) for name, option in i["dialect_options"].items()),
                )
                for i in inspector.get_indexes(table)
            ),
        }
        for table in inspector.get_table_names()
        if table != schema.VERSION_TABLE
    }
    assert set(tables) == set(schema.metadata.tables)
    return tables

"""`contribaudit changes`: causes in every format, tickets, and what somebody has not seen yet."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.administrator import AdminConsole

from .conftest import Api, Cli

NAMED = ("residency.realm", "residency.regions")


@pytest.fixture
def moved(cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch) -> AdminConsole:
    """A history of two audits; in between somebody moved an app."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    monkeypatch.setenv("COLUMNS", "240")
    console = AdminConsole(api.app.state.organization)
    cli("audit", "-q")
    console.move("tidy/confluence", "US")
    cli("audit", "-q")
    return console


def rows(cli: Cli, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(cli("changes", "--format", "json", *words).out)
    return found


def test_the_cause_stands_in_every_format(cli: Cli, moved: AdminConsole) -> None:
    table = cli("changes")
    assert table.code == 0
    assert "admin@acme.example, sim_made_up_residency_moved" in table.out
    assert table.last.endswith("0 without a known cause.")
    assert "Location: EU -> US" in " ".join(table.out.split())
    assert "residency.realm" not in table.out
    (realm,) = (row for row in rows(cli) if row["setting"] == "residency.realm")
    assert (realm["before"], realm["after"], realm["actor"]) == ("EU", "US", "admin@acme.example")
    assert (realm["cause_code"], realm["match"]) == ("event", "exact")
    listed = list(csv.DictReader(io.StringIO(cli("changes", "--format", "csv").out)))
    assert [row["event_id"] for row in listed if row["setting"] == "residency.realm"] == [realm["event_id"]]
    assert {row["setting"] for row in rows(cli, "--setting", "residency.re")} <= set(NAMED)


def test_a_ticket_is_noted_and_the_newest_counts(cli: Cli, moved: AdminConsole) -> None:
    change = str(rows(cli)[0]["change_id"])
    for ticket in ("GRC-1", "GRC-2"):
        noted = cli("changes", "annotate", change, "--ticket", ticket, "--by", "ann@acme.example")
        assert noted.code == 0, noted.err
    assert rows(cli)[0]["ticket"] == "GRC-2"
    assert "GRC-2" in cli("changes").out


@pytest.mark.parametrize("words", [("0123456789ab", "--ticket", "T"), ("x", "--ticket", " "), ("x",)])
def test_a_note_needs_a_change_and_a_ticket(cli: Cli, moved: AdminConsole, words: tuple[str, ...]) -> None:
    refused = cli("changes", "annotate", *words)
    assert refused.code == 2
    assert "ticket" in refused.err or "no change 0123456789ab" in refused.err


def test_what_was_seen_is_not_shown_again(cli: Cli, moved: AdminConsole) -> None:
    assert rows(cli, "--unseen")  # nobody looked yet: since the run before
    assert rows(cli, "--unseen") == []
    moved.move("tidy/confluence", "EU")
    cli("audit", "-q")
    cli("audit", "-q")
    assert {row["setting"] for row in rows(cli, "--unseen")} >= {"residency.realm"}
    assert rows(cli) == []
    assert cli("changes", "--unseen", "--since", "1").code == 2


def test_every_step_of_a_period(cli: Cli, moved: AdminConsole) -> None:
    """Between the first run and the last nothing changed, though it did twice."""
    moved.move("tidy/confluence", "EU")
    cli("audit", "-q")
    since = ("--since", "1", "--setting", "residency.realm")
    assert rows(cli, *since) == []
    assert [(row["before"], row["after"]) for row in rows(cli, *since, "--steps")] == [("EU", "US"), ("US", "EU")]
    ages_ago = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    assert cli("changes", "--since", ages_ago).code == 2
    for long_ago in ("7d", "2w", "12h"):  # further back than the history: since its first run
        assert rows(cli, "--since", long_ago, "--setting", "residency.realm", "--steps") == rows(cli, *since, "--steps")
    assert cli("changes", "--since", "0h").last == "Nothing changed."
    mistyped = cli("changes", "--since", long_ago, "--setting", "contribution.in-app")
    assert (mistyped.code, mistyped.out) == (2, ""), "under a name that no setting has, nothing ever changes"
    assert "Did you mean contribution.in_app?" in mistyped.err
    for nonsense in ("7", "7x", "-7d", "soon", "2099-01-01"):
        assert cli("changes", "--since", nonsense).code == 2


def test_without_two_runs_nothing_is_said_to_be_unchanged(cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither before the first run nor after it; nor has a history without a run no gaps."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    assert "There are no two runs to compare yet" in cli("changes").err
    assert "No run is saved yet" in cli("runs", "gaps").err
    cli("audit", "--format", "line")
    assert "There are no two runs to compare yet" in cli("changes").err
    cli("audit", "--format", "line")
    assert "Nothing changed" in cli("changes").err

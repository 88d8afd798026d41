"""`forecast` and `deadlines`, called as a user calls them, after an audit of the simulator on a real socket."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from contribaudit.exporters.deadlines import COLUMNS
from contribaudit.exporters.forecast import COLUMNS as FORECAST_COLUMNS

from .conftest import Api, Cli


@pytest.fixture
def audited(api: Api, first_audit: Cli, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The tidy organization, audited once; the key is gone again."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    first_audit("--format", "line")
    monkeypatch.delenv("CONTRIBAUDIT_API_KEY")
    return api


def test_a_plan_that_falls(cli: Cli, audited: Api) -> None:
    """A prediction on stdout and in the last line; nothing is read or kept."""
    asked = len(audited.app.state.requests)
    ended = cli("forecast", "--plan", "free")
    assert ended.code == 0
    assert ended.out.startswith("PREDICTION, not evidence")
    assert "If the highest plan becomes Free." in ended.out
    assert "predicted, not evidence" in " ".join(ended.out.split())
    assert "apps of Tidy Ltd" in ended.out
    assert "Effective metadata contribution" in ended.out
    assert not {"effective.metadata", "no_such_setting", "not_achievable"} & set(ended.out.replace(",", " ").split())
    assert ended.last.startswith("Prediction:")
    assert len(audited.app.state.requests) == asked
    assert len(json.loads(cli("runs", "list", "--format", "json").out)) == 1


def test_json_and_csv_are_labelled(cli: Cli, audited: Api) -> None:
    document = json.loads(cli("forecast", "--plan", "Free", "--format", "json").out)
    assert (document["schema"], document["label"]) == ("contribaudit.forecast/1", "prediction")
    assert document["rows"]
    assert {row["label"] for row in document["rows"]} == {"prediction"}
    rows = list(csv.reader(io.StringIO(cli("forecast", "--plan", "Free", "--format", "csv").out, newline="")))
    assert tuple(rows[0]) == FORECAST_COLUMNS
    assert [row[0] for row in rows[1:]] == ["prediction"] * len(document["rows"])


def test_the_present_plan_changes_nothing(cli: Cli, audited: Api) -> None:
    ended = cli("forecast", "--plan", "Enterprise")
    assert ended.code == 0
    assert "No outcome would change." in ended.out


def test_time_that_passes(cli: Cli, audited: Api) -> None:
    """What the API said is too old after the policy's days; the day stands beside it."""
    day = datetime.now(UTC).date() + timedelta(days=4)
    document = json.loads(cli("forecast", "--until", f"{day}", "--format", "json").out)
    assert document["days"][-1] == f"{day}"
    assert {row["to"] for row in document["rows"]} == {"stale"}
    assert {row["when"] for row in document["rows"]} <= set(document["days"])
    assert "No outcome would change." in cli("forecast", "--trial-ends").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--plan", "ultimate"), "Plans: Free, Standard, Premium, Enterprise"),
        (("--plan", "Free", "--trial-ends"), "Give only one of them"),
        ((), "Give --plan PLAN, --trial-ends or --until DATE"),
        (("--until", "soon"), "Write it as 2027-01-31"),
        (("--until", "2020-01-01"), "has passed"),
    ],
)
def test_wrong_words_say_what_is_allowed(cli: Cli, audited: Api, words: tuple[str, ...], said: str) -> None:
    ended = cli("forecast", *words)
    assert ended.code == 2
    assert said in ended.err
    assert ended.out == ""


def test_without_a_run_there_is_nothing_to_look_at(cli: Cli, api: Api) -> None:
    assert cli("forecast", "--plan", "Free").code == 2
    assert cli("deadlines").code == 2


def test_deadlines_in_every_form(cli: Cli, audited: Api, tmp_path: Path) -> None:
    """The same rows in JSON and CSV; those with a date in the calendar."""
    ended = cli("deadlines")
    assert ended.code == 0
    assert "contribaudit audit" in ended.out
    assert "no date known" in ended.out
    found = json.loads(cli("deadlines", "--format", "json").out)
    assert tuple(found[0]) == COLUMNS
    assert {"api_key", "reading", "rulebook_review", "announced_date", "exposure"} <= {one["kind"] for one in found}
    rows = list(csv.DictReader(io.StringIO(cli("deadlines", "--format", "csv").out, newline="")))
    assert [row["deadline_id"] for row in rows] == [one["deadline_id"] for one in found]
    days = [one["days_left"] for one in found if one["days_left"] is not None]
    assert days == sorted(days)
    path = tmp_path / "deadlines.ics"
    assert cli("deadlines", "--format", "ics", "--output", str(path)).code == 0
    events = list(Calendar.from_ical(path.read_bytes()).walk("VEVENT"))
    assert len(events) == len(days)


def test_within_a_time(cli: Cli, audited: Api) -> None:
    """What the API told ends after two days by the packs; nothing without a date is listed."""
    soon = json.loads(cli("deadlines", "--within", "1w", "--format", "json").out)
    assert "reading" in {one["kind"] for one in soon}
    assert all(one["days_left"] is not None and one["days_left"] <= 7 for one in soon)
    assert "reading" not in {
        one["kind"] for one in json.loads(cli("deadlines", "--within", "12h", "--format", "json").out)
    }


@pytest.mark.parametrize("text", ["soon", "30", "3m", "-3d", "d", "", "1.5d"])
def test_a_wrong_time_says_what_is_allowed(cli: Cli, audited: Api, text: str) -> None:
    ended = cli("deadlines", f"--within={text}")
    assert ended.code == 2
    assert "12h, 30d, 2w" in ended.err

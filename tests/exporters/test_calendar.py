"""The calendar file: read back by a parser, folded, and safe with hostile text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Component

from contribaudit.core.advise.deadlines import Deadline, DeadlineKind
from contribaudit.exporters.deadlines import COLUMNS, calendar, render
from contribaudit.exporters.forecast import COLUMNS as FORECAST_COLUMNS
from tests.builders import NOW, app, state_of
from tests.exporters.awkward import TEXTS
from tests.exporters.golden import ROOT


def deadline(what: str = "a key ends", **values: object) -> Deadline:
    usual: dict[str, object] = {"kind": DeadlineKind.API_KEY, "ends_at": NOW, "what": what, "subject": app()}
    return Deadline(**usual | values)  # type: ignore[arg-type]


def parsed(*found: Deadline) -> Sequence[Component]:
    """The events of the file, which no line of may be wider than 75 octets."""
    written = calendar(found, state_of())
    assert written.endswith(b"\r\n")
    lines = written.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    read = Calendar.from_ical(written)
    assert (read["version"], read["method"]) == ("2.0", "PUBLISH")
    return list(read.walk("VEVENT"))


def test_an_event_says_when_what_and_what_to_do() -> None:
    ends = datetime(2026, 12, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    one = deadline(ends_at=ends, next_step="contribaudit login", check="GV-01", source="GET /keys")
    (event,) = parsed(one)
    assert str(event["uid"]) == f"{one.id}@deadlines.contribaudit"
    assert event.decoded("dtstamp") == NOW
    assert event.decoded("dtstart") == datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
    assert str(event["summary"]) == "a key ends"
    assert str(event["description"]) == "contribaudit login\nGV-01\nGET /keys"


def test_a_whole_day_is_a_day_and_no_moment() -> None:
    (event,) = parsed(deadline(ends_at=datetime(2026, 12, 31, tzinfo=UTC), whole_day=True))
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (date(2026, 12, 31), date(2027, 1, 1))


def test_the_same_thing_keeps_its_uid_and_what_has_no_date_is_left_out() -> None:
    first, later = deadline(), deadline(ends_at=NOW + timedelta(days=30), what="said otherwise")
    assert parsed(first)[0]["uid"] == parsed(later)[0]["uid"]
    assert parsed(deadline(ends_at=None)) == []
    assert calendar([], state_of()).startswith(b"BEGIN:VCALENDAR\r\n")


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_names_stay_one_summary(name: str) -> None:
    text = TEXTS[name]
    (event,) = parsed(deadline(f"{text}\r\nEND:VEVENT\r\nBEGIN:VEVENT;,\\{text}", next_step=text))
    assert "END:VEVENT" in str(event["summary"])
    assert "\x1b" not in str(event["summary"])


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_one_event(what: str, step: str) -> None:
    (event,) = parsed(deadline(f"x{what}", next_step=step))
    assert str(event["summary"]).startswith("x")


@pytest.mark.parametrize(("command", "columns"), [("deadlines", COLUMNS), ("forecast", FORECAST_COLUMNS)])
def test_the_columns_are_documented(command: str, columns: tuple[str, ...]) -> None:
    """In their order."""
    text = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8")
    chapter = text.partition(f"\n### contribaudit {command} --format csv\n")[2].partition("\n#")[0]
    rows = [line.split("|")[1].strip() for line in chapter.splitlines() if line.startswith("|")]
    assert tuple(rows[2:]) == columns


def test_the_table_puts_what_ends_together_in_one_row_and_csv_does_not() -> None:
    several = [deadline(f"value {number}", next_step="contribaudit attest", key=f"{number}") for number in range(3)]
    state = state_of()
    table = render(several, state, "table")
    assert isinstance(table, str)
    assert "value 0, and 2 more like it" in " ".join(table.split())
    csv = render(several, state, "csv")
    assert isinstance(csv, str)
    assert len(csv.splitlines()) == 4

"""The answers of one console screen, as the grid holds them; and days as people type them."""

from __future__ import annotations

from datetime import date

import pytest

from contribaudit import catalogue
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.errors import UsageError
from contribaudit.tui.rows.answers import Answers, cells, columns, filled_line, legend, statement, typed
from contribaudit.tui.widgets.field import day_of
from tests.tui.grids import due_of

ACCESS, GROUPS = 0, 1
TODAY = date(2026, 11, 29)


@pytest.fixture
def answers() -> Answers:
    """Rovo access of 26 apps, and the groups where it is limited."""
    due, state = due_of(26)
    return Answers(state, due.rows)


def test_a_value_is_set_where_it_was_pressed_and_nowhere_else(answers: Answers) -> None:
    assert answers.asked == 52
    assert answers.put([3], ACCESS, "blocked") == 1
    assert [answers.value(place, ACCESS) for place in (2, 3, 4)] == [None, "blocked", None]
    assert filled_line(answers, 26).plain.startswith("1 of 51 filled"), "its groups are not asked any more"


def test_what_another_answer_rules_out_is_not_asked_and_not_recorded(answers: Answers) -> None:
    """And is asked again, with what stood there, once that is taken back."""
    answers.put([0], ACCESS, "limited")
    answers.put([0], GROUPS, ("admins",))
    answers.put([0], ACCESS, "blocked")
    assert not answers.asks(0, GROUPS)
    assert answers.value(0, GROUPS) is None
    assert cells(answers, 0, ACCESS)[1].plain == "[blocked]"
    assert cells(answers, 0, None)[2].plain == " -"
    answers.undo()
    assert answers.asks(0, GROUPS)
    assert answers.value(0, GROUPS) == ("admins",)


def test_filling_down_leaves_what_is_answered_alone(answers: Answers) -> None:
    """From the cell itself or from the one above it, over the rows that are shown."""
    answers.put([1], ACCESS, "blocked")
    answers.put([5], ACCESS, "allowed")
    value, places = answers.below(range(26), 2, ACCESS)
    assert value == "blocked"
    assert places == [1, 2, 3, 4, *range(6, 26)]
    assert answers.below([0, 1, 7, 9], 1, ACCESS) == ("blocked", [1, 7, 9])
    assert answers.below(range(26), 0, ACCESS) == (None, [])


def test_undo_takes_a_whole_statement_back(answers: Answers) -> None:
    assert statement(answers, ACCESS, "blocked", [4], "") == ""
    some = statement(answers, ACCESS, "blocked", [4, 5], "app-0")
    assert some == "One statement about the rows that match 'app-0' (2 rows): ai.access = blocked."
    note = statement(answers, ACCESS, "blocked", range(26), "app-0")
    assert note == "One statement about all (26 rows): ai.access = blocked."
    answers.put(range(26), ACCESS, "blocked", note)
    assert answers.filled == 26
    assert set(answers.notes.values()) == {note}
    assert answers.undo() == 26
    assert (answers.filled, answers.asked, answers.notes) == (0, 52, {})
    assert answers.undo() == 0


def test_the_next_empty_cell_is_down_the_column_then_to_the_right(answers: Answers) -> None:
    shown = range(26)
    assert answers.after(shown, 0, ACCESS) == (1, ACCESS)
    answers.put(range(26), ACCESS, "limited")
    assert answers.after(shown, 25, ACCESS) == (0, GROUPS)
    answers.put(range(26), GROUPS, ())
    assert answers.after(shown, 3, GROUPS) == (3, GROUPS), "nothing is empty"


def test_rows_are_narrowed_by_words(answers: Answers) -> None:
    assert answers.matching("app-001 confluence") == list(range(10, 20))
    assert answers.matching("nowhere") == []
    assert len(answers.matching("  ")) == 26


def test_a_draft_is_taken_up_as_far_as_its_rows_are_asked(answers: Answers) -> None:
    one, other = answers.subjects[:2]
    groups, access = SettingId("ai.access.groups"), SettingId("ai.access")
    kept: dict[tuple[object, SettingId], Value] = {
        (one, access): "blocked",
        (one, groups): ("admins",),
        (other, SettingId("byok")): "none",
    }
    assert answers.take_up(kept, {(one, access): "together"}) == 1  # type: ignore[arg-type]
    assert answers.values == {(one, access): "blocked"}
    assert answers.notes == {(one, access): "together"}


def test_the_legend_names_the_keys_of_the_words(answers: Answers) -> None:
    assert "1 allowed   2 limited   3 blocked" in legend(answers, 0, ACCESS).plain
    assert "Enter list with commas, or none" in legend(answers, 0, GROUPS).plain
    answers.put([0], ACCESS, "allowed")
    assert "another answer of this row rules it out" in legend(answers, 0, GROUPS).plain
    assert [one.title for one in columns(answers)] == ["", "access", "groups"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", TODAY),
        (" Today ", TODAY),
        ("+90d", date(2027, 2, 27)),
        ("-30d", date(2026, 10, 30)),
        ("+0", TODAY),
        ("2027-01-31", date(2027, 1, 31)),
    ],
)
def test_a_day_is_written_or_counted_from_today(text: str, day: date) -> None:
    assert day_of(text, TODAY) == day
    assert typed(catalogue.find(SettingId("byok.since")), text, TODAY) == day.isoformat()


@pytest.mark.parametrize(
    "text", ["", "soon", "90d", "+", "+99999d9", "2027-02-30", "31.01.2027", "+99999d", "yesterday"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    if text == "+99999d":  # 273 years are a day
        assert day_of(text, TODAY).year == 2300
        return
    with pytest.raises(UsageError, match="is not a date"):
        day_of(text, TODAY)

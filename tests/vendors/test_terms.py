"""Copies of documents that are taken in: each is what it is, and what is no document changes nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contribaudit.core.model.provisions import LookOutcome, Note, Watched
from contribaudit.core.resolve.editions import compare
from contribaudit.core.resolve.provisions import Standing, standings
from contribaudit.store.history import History
from tests.vendors.documents import RULES, SETTINGS, add, archive_all, at, html, opened, page, settings_page, who

NAME = "data-contribution-settings"
PAGE = settings_page()
LONGER = (*SETTINGS, *(f"Sentence {number} on data contribution is here to be long enough." for number in range(80)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[History]:
    with opened(tmp_path) as history:
        yield history


def outcomes(store: History, name: str = NAME) -> list[str]:
    return [f"{one.outcome}:{one.code}" if one.code else str(one.outcome) for one in store.documents().looks[name]]


LOGIN = (
    b"<html><head><title>Log in to continue</title></head><body><form><input name=user><input type=password>"
    b"<button>Log in</button></form><p>Atlassian data contribution</p></body></html>"
)
ERROR = b"<html><head><title>404</title></head><body><h1>Page not found</h1><p>Atlassian</p></body></html>"
SHELL = (
    b"<html><head><title>Data contribution settings</title><script src=a.js></script></head>"
    b"<body><div id=root></div><script>start()</script></body></html>"
)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        (b"<html><body></body></html>", "empty"),
        (LOGIN, "login_form"),
        (ERROR, "error_page"),
        (b"<html><head><title>Just a moment...</title></head><body>Checking</body></html>", "error_page"),
        (SHELL, "script_shell"),
        (PAGE[: len(PAGE) * 2 // 3], "truncated"),
        (PAGE[: len(PAGE) - 90], "truncated"),
        (html("Slack privacy policy", "<p>Slack is a service of its own.</p>" * 9), "other_document"),
        (page("rovo-access"), "other_document"),
        (
            html("Data contribution settings", "<p>Atlassian: data contribution settings are few now.</p>" * 4),
            "half_as_long",
        ),
        (PAGE.replace("\u2019".encode(), "\u2019".encode().decode("cp1252").encode()), "encoding"),
        (PAGE.replace("\u2019".encode(), b"\x92"), "encoding"),
        (b"%PDF-1.7 binary", "not_text"),
        (b"\x89PNG\r\n", "not_text"),
        (PAGE.replace(b"<p>", b"\x00<p>"), "not_text"),
        (b"<html><body>" + b"<div>" * 5000 + b"Atlassian data contribution", "not_text"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_document_is_named_and_the_old_text_stays(store: History, body: bytes, code: str) -> None:
    first = add(store, NAME, PAGE, at(1))
    look = add(store, NAME, body, at(2))
    assert (look.outcome, look.code) == (LookOutcome.NOT_READABLE, code)
    assert look.reason
    assert store.documents().current(NAME) == first
    unreadable = store.documents().unreadable(NAME)
    assert unreadable is not None
    assert unreadable.code == code


@pytest.mark.parametrize("body", [b"", LOGIN, ERROR, SHELL, PAGE[: len(PAGE) // 2], b"\xff\xfe\x00"])
def test_nor_is_it_archived_as_the_first_text(store: History, body: bytes) -> None:
    assert add(store, NAME, body, at(1)).outcome is LookOutcome.NOT_READABLE
    assert store.documents().current(NAME) is None


@pytest.mark.parametrize(
    "same",
    [
        PAGE.replace(b"<p>", b"<div>").replace(b"</p>", b"</div>"),
        PAGE.replace("\u2019".encode(), b"'"),
        PAGE.replace(b" ", b"\n  \t"),
        PAGE.replace(b"var x", b"var nonce"),
        PAGE.replace(b"Products", b"Products and solutions"),
        PAGE.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + PAGE,
    ],
)
def test_another_layout_is_no_change(store: History, same: bytes) -> None:
    add(store, NAME, PAGE, at(1))
    assert add(store, NAME, same, at(2)).outcome is LookOutcome.UNCHANGED
    assert outcomes(store) == ["first", "unchanged"]


def test_a_declared_encoding_is_believed_where_it_is_true(store: History) -> None:
    declared = PAGE.replace(b"<title>", b'<meta charset="windows-1252"><title>')
    add(store, NAME, PAGE, at(1))
    assert add(store, NAME, declared.decode().encode("cp1252"), at(2)).outcome is LookOutcome.UNCHANGED


def test_a_text_that_changed_is_an_edition_with_its_page(store: History) -> None:
    first = add(store, NAME, PAGE, at(1))
    changed = settings_page(sentences=(*SETTINGS[:3], "Atlassian will begin on December 1, 2026."))
    second = add(store, NAME, changed, at(2))
    assert outcomes(store) == ["first", "changed"]
    assert store.page(second.sha256) == changed
    assert store.page(first.sha256) == PAGE
    assert store.documents().in_force(NAME, at(1, 20)) == first
    assert store.documents().in_force(NAME, at(2, 20)) == second
    assert store.documents().in_force(NAME, at(1) - timedelta(days=1)) is None


def test_two_imports_of_one_day_are_two_editions_in_their_order(store: History) -> None:
    add(store, NAME, PAGE, at(1))
    one = settings_page(sentences=(*SETTINGS, "One more."))
    two = settings_page(sentences=(*SETTINGS, "One more.", "And another."))
    add(store, NAME, one, at(2))
    last = add(store, NAME, two, at(2))
    assert outcomes(store) == ["first", "changed", "changed"]
    assert store.documents().current(NAME) == last


def test_an_older_page_after_a_newer_one_is_kept_and_not_current(store: History) -> None:
    """By the day that the page names, or by when it was retrieved."""
    newer = add(store, NAME, settings_page(day="August 17, 2026"), at(2))
    by_day = add(store, NAME, settings_page(sentences=SETTINGS[:3], day="March 2, 2026"), at(3))
    by_time = add(store, NAME, settings_page(sentences=SETTINGS[1:]), at(1), recorded=at(4))
    assert outcomes(store) == ["first", "older:older", "older:older"]
    archive = store.documents()
    assert archive.current(NAME) == newer
    assert [one.id for one in archive.editions(NAME)] == [by_day.id, by_time.id, newer.id]
    assert archive.in_force(NAME, at(1, month=4)) == by_day


def test_a_person_may_say_that_it_is_the_document(store: History) -> None:
    add(store, NAME, settings_page(sentences=LONGER), at(1))
    short = settings_page()
    assert add(store, NAME, short, at(2)).code == "half_as_long"
    look = add(store, NAME, short, at(2), accept=True)
    assert (look.outcome, look.accepted) == (LookOutcome.CHANGED, True)
    assert add(store, NAME, b"", at(3), accept=True).outcome is LookOutcome.NOT_READABLE


def test_an_added_document_needs_no_marks(store: History) -> None:
    own = Watched("house-rules", "House rules", "", shipped=False)
    assert add(store, "house-rules", b"Rules\n\nBe kind.\n", at(1), watch=own).outcome is LookOutcome.FIRST


def test_scripts_and_markup_in_a_text_are_text(store: History) -> None:
    hostile = "&lt;script&gt;alert(1)&lt;/script&gt; =cmd()\u202e [bold]x[/bold]"
    add(store, NAME, settings_page(sentences=(*SETTINGS, hostile)), at(1))
    archive = store.documents()
    look = archive.current(NAME)
    assert look is not None
    assert any("<script>alert(1)</script>" in one.text for one in archive.read(look.id))


# ── Whether the page still says it ────────────────────────────────────────────────────────────────────


def standing(store: History, anchor: str) -> Standing:
    found = {one.anchor.id: one.standing for one in standings(RULES, store.documents())}
    return found[anchor]


def test_every_shipped_anchor_stands_in_its_page(store: History) -> None:
    assert {one.standing for one in standings(RULES, store.documents())} == {Standing.NOT_ARCHIVED}
    archive_all(store, at(1))
    assert {one.anchor.id: one.standing for one in standings(RULES, store.documents())} == {
        one.id: Standing.STANDS for one in RULES.anchors
    }


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (
            "In-app data contribution: Off</p></td><td><p>Metadata contribution: You can\u2019t",
            None,
            {"default-premium"},
        ),
        ("on August 17, 2026", "on January 4, 2027", {"use-begins"}),
        ("may see different defaults", "may see other defaults", {"other-defaults"}),
        ("Some customers, including", "Most customers, including", {"other-defaults"}),
        ("highest active plan", "lowest active plan", {"highest-active-plan"}),
        ("for all customers", "for nobody", {"settings-control-use"}),
    ],
)
def test_a_provision_that_changed_puts_its_facts_under_review(
    store: History, old: str, new: str | None, changed: set[str]
) -> None:
    """Where the phrase is gone, and where it stands but the words around it are others."""
    archive_all(store, at(1))
    other = PAGE.decode().replace(old, new if new is not None else old.replace("Off", "On"))
    assert add(store, NAME, other.encode(), at(2)).outcome is LookOutcome.CHANGED
    found = {one.anchor.id for one in standings(RULES, store.documents()) if one.standing is Standing.CHANGED}
    assert found == changed
    told = next(one for one in standings(RULES, store.documents()) if one.standing is Standing.CHANGED)
    assert told.since == at(2)
    assert told.before
    assert told.after
    assert not any(one.standing.under_review for one in standings(RULES, store.documents().until(at(1, 20))))


def test_a_provision_that_only_moved_still_stands(store: History) -> None:
    archive_all(store, at(1))
    add(store, NAME, settings_page(sentences=SETTINGS[::-1]), at(2))
    assert outcomes(store) == ["first", "changed"]
    assert not any(one.standing.under_review for one in standings(RULES, store.documents()))


def test_what_no_archived_page_ever_said_is_under_review(store: History) -> None:
    add(store, NAME, settings_page(sentences=SETTINGS[1:]), at(1))
    assert standing(store, "settings-control-use") is Standing.NOT_FOUND


def test_a_page_that_cannot_be_read_changes_no_standing(store: History) -> None:
    archive_all(store, at(1))
    add(store, NAME, LOGIN, at(2))
    assert not any(one.standing.under_review for one in standings(RULES, store.documents()))


def test_a_person_settles_a_review_until_the_next_change(store: History) -> None:
    archive_all(store, at(1))
    reworded = PAGE.replace(b"may see different defaults", b"may see other defaults")
    look = add(store, NAME, reworded, at(2))
    now = next(one for one in standings(RULES, store.documents()) if one.anchor.id == "other-defaults")
    note = Note(
        0, NAME, "other-defaults", now.after, look.text_sha256, holds=True, text="Same thing.", signed=who(at(3))
    )
    store.add_document_note(note)
    assert standing(store, "other-defaults") is Standing.CONFIRMED
    add(store, NAME, reworded.replace(b"highest", b"lowest"), at(4))
    assert standing(store, "other-defaults") is Standing.CONFIRMED  # its own wording is as confirmed
    add(store, NAME, reworded.replace(b"may see other", b"never see other"), at(5))
    assert standing(store, "other-defaults") is Standing.CHANGED


def test_changes_are_told_by_provision(store: History) -> None:
    add(store, NAME, PAGE, at(1))
    add(
        store,
        NAME,
        settings_page(
            sentences=(SETTINGS[1], SETTINGS[0], SETTINGS[2], "Deleted data is kept for 90 days."),
            rows=tuple(
                (row[0], row[1].replace("In-app data contribution: Off", "In-app data contribution: On"), row[2])
                for row in settings_rows()
            ),
        ),
        at(2),
    )
    archive = store.documents()
    first, second = archive.editions(NAME)
    found = compare(RULES, NAME, archive.read(first.id), archive.read(second.id))
    told = [(str(one.kind), one.severity.value, set(one.topics), {a.id for a in one.anchors}) for one in found.changes]
    assert found.moved == 1
    assert ("removed", "high", {"training"}, {"use-begins"}) in told
    assert [one for one in told if one[0] == "added"] == [("added", "high", {"retention"}, set())]
    reworded = [one for one in told if one[0] == "reworded"]
    assert [one[3] for one in reworded] == [{"default-premium"}, {"default-enterprise"}]
    assert all(one[1] == "high" and "opt-out" in one[2] for one in reworded)


def test_a_change_in_a_text_whose_cells_stand_apart_names_its_facts(store: History) -> None:
    """As a text browser writes the table: each cell a paragraph."""
    cells = [cell.replace("</p><p>", "\n\n") for row in settings_rows() for cell in row]
    text = "\n\n".join(("# Data contribution settings of Atlassian", *SETTINGS, *cells))
    add(store, NAME, text.encode(), at(1))
    assert standing(store, "default-enterprise") is Standing.STANDS
    add(store, NAME, text.replace("Metadata contribution: On", "Metadata contribution: Always").encode(), at(2))
    archive = store.documents()
    first, second = archive.editions(NAME)
    (change,) = compare(RULES, NAME, archive.read(first.id), archive.read(second.id)).changes
    assert [one.id for one in change.anchors] == ["default-enterprise"]
    assert standing(store, "default-enterprise") is Standing.CHANGED


def settings_rows() -> tuple[tuple[str, ...], ...]:
    from tests.vendors.documents import ROWS

    return ROWS

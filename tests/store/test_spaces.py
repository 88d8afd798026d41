"""Spaces in the history: intervals as far as each listing came, and a book that asks for them one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from contribaudit.core.model.change import Change
from contribaudit.core.model.snapshot import CollectionStatus, Space, SpaceList
from contribaudit.core.model.subject import Subject
from contribaudit.errors import UsageError
from contribaudit.store.history import History
from contribaudit.store.schema import space_lists, spaces

from .builders import FAILED, OK, ORG, PARTIAL, app, day, save, snapshot

WIKI, JIRA = app("wiki"), app("jira")
NAMED = {
    "apps": {
        ("wiki", "app.host"): "Acme.atlassian.net",
        ("wiki", "app.type_key"): "confluence",
        ("jira", "app.host"): "acme.atlassian.net",
        ("jira", "app.type_key"): "jira-software",
    }
}


def space(key: str, *, at: Subject = WIKI, name: str = "", **other: object) -> Space:
    """A space whose ID is made of its first key."""
    return Space(at, f"ari:{at.id}:{key}", key, name or f"The {key}", "global", "current", **other)  # type: ignore[arg-type]


ENG, OPS, LAW = space("ENG"), space("OPS"), space("LAW")


def keep(
    history: History,
    number: int,
    found: Iterable[Space] | None,
    status: CollectionStatus = OK,
    *,
    at: Subject = WIKI,
) -> int:
    """Save run `number` that listed these spaces of the app; None: it listed none and asked for none."""
    seen = tuple(found or ())
    told = SpaceList(at, status, None, len(seen), "" if status is OK else "forbidden", "", "ann", 3 + number)
    lists = () if found is None else (told,)
    return save(history, replace(snapshot(number, NAMED), space_lists=lists, spaces=seen)).id


def keys(history: History, run: int | None = None) -> list[str]:
    return [one.space.key for one in history.spaces(ORG, run).of(WIKI)]


def rows_of(history: History) -> tuple[int, int]:
    with history._reading() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (spaces, space_lists)
        ]
    return counts[0], counts[1]


def test_an_unchanged_run_adds_no_row(history: History) -> None:
    keep(history, 0, [ENG, OPS])
    before = rows_of(history)
    keep(history, 1, [OPS, ENG])
    assert rows_of(history) == before == (2, 1)


def test_as_of_each_run(history: History) -> None:
    """What was known then stays what was known then."""
    renamed = replace(ENG, name="Engineering")
    runs = [keep(history, n, some) for n, some in enumerate(([ENG], [renamed, OPS], [OPS], [OPS, ENG]))]
    assert [keys(history, run) for run in runs] == [["ENG"], ["ENG", "OPS"], ["OPS"], ["ENG", "OPS"]]
    assert [history.spaces(ORG, run).count(WIKI) for run in runs] == [1, 2, 1, 2]
    (then,) = history.spaces(ORG, runs[1]).find(ENG.id)
    assert then.space == renamed
    assert history.spaces(ORG).find(ENG.id)[0].space == ENG
    assert history.spaces(ORG).count(JIRA) == 0
    assert history.spaces(ORG).read_at() == day(3)


@pytest.mark.parametrize("status", [PARTIAL, FAILED])
def test_a_listing_that_is_not_whole_closes_nothing(history: History, status: CollectionStatus) -> None:
    """A partial one still tells what is new and what changed; a failed one tells nothing."""
    keep(history, 0, [ENG, OPS])
    keep(history, 1, [LAW, replace(ENG, name="new")], status)
    book = history.spaces(ORG)
    seen = {one.space.key: one.space.name for one in book.of(WIKI)}
    if status is PARTIAL:
        assert seen == {"ENG": "new", "LAW": "The LAW", "OPS": "The OPS"}
    else:
        assert seen == {"ENG": "The ENG", "OPS": "The OPS"}
    (told,) = book.lists().values()
    assert (told.app, told.status, told.code, told.visible_to) == (WIKI, status, "forbidden", "ann")
    keep(history, 2, [OPS])
    assert keys(history) == ["OPS"]


def test_a_run_that_did_not_ask_closes_no_space_and_has_no_listing(history: History) -> None:
    keep(history, 0, [ENG])
    keep(history, 1, None)
    assert history.spaces(ORG).lists() == {}
    assert keys(history) == ["ENG"]
    keep(history, 2, [ENG])
    assert list(history.spaces(ORG).lists()) == [WIKI]
    assert rows_of(history) == (1, 2)


def test_a_listing_of_one_app_says_nothing_of_another(history: History) -> None:
    hr = space("HR", at=JIRA)
    both = (SpaceList(WIKI, OK, None, 1), SpaceList(JIRA, OK, 1, 1))
    save(history, replace(snapshot(0, NAMED), space_lists=both, spaces=[ENG, hr]))
    keep(history, 1, [], at=JIRA)
    book = history.spaces(ORG)
    assert (book.count(WIKI), book.count(JIRA)) == (1, 0)


def test_a_space_was_last_seen_by_the_last_whole_listing(history: History) -> None:
    """Neither a partial listing nor a run that did not ask prolongs it."""
    runs = [keep(history, 0, [ENG]), keep(history, 1, [ENG]), keep(history, 2, [], PARTIAL), keep(history, 3, None)]
    gone = keep(history, 4, [])
    with history._reading() as connection:
        row = connection.execute(select(spaces.c.first_run, spaces.c.last_run, spaces.c.ended_run)).one()
    assert tuple(row) == (runs[0], runs[1], gone)


def test_first_seen_survives_a_new_name_and_an_absence(history: History) -> None:
    keep(history, 0, [ENG])
    keep(history, 1, [ENG, OPS])
    keep(history, 2, [replace(OPS, key="OPERA")])
    keep(history, 3, [ENG, replace(OPS, key="OPERA")])
    known = {one.space.key: one for one in history.spaces(ORG).of(WIKI)}
    assert (known["ENG"].first_seen, known["ENG"].from_the_start) == (day(0), True)
    assert (known["OPERA"].first_seen, known["OPERA"].from_the_start) == (day(1), False)
    assert [one.space.key for one in history.spaces(ORG).since(WIKI, day(0))] == ["OPERA"]
    assert list(history.spaces(ORG).since(WIKI, day(1))) == []
    assert [one.space.key for one in history.spaces(ORG).since(WIKI, day(0) - timedelta(1))] == ["ENG", "OPERA"]


def test_until_a_whole_listing_everything_is_from_the_start(history: History) -> None:
    keep(history, 0, [ENG], PARTIAL)
    keep(history, 1, [ENG, OPS])
    keep(history, 2, [ENG, OPS, LAW])
    assert {one.space.key: one.from_the_start for one in history.spaces(ORG).of(WIKI)} == {
        "ENG": True,
        "OPS": True,
        "LAW": False,
    }


def test_found_by_id_and_by_what_people_write(history: History) -> None:
    keep(history, 0, [ENG, OPS])
    book = history.spaces(ORG)
    for text in (ENG.id, f"space:{ENG.id}", "space:ACME.atlassian.net/Confluence/eng"):
        assert [one.space.id for one in book.find(text)] == [ENG.id]
    (found,) = book.find("space:acme.atlassian.net/confluence/ENG")
    assert found.alias == "space:acme.atlassian.net/confluence/ENG"
    for text in ("space:acme.atlassian.net/jira-software/ENG", "space:other/confluence/ENG", "space:", "ari:x", ""):
        assert not book.find(text)


def test_who_bore_a_key(history: History) -> None:
    """Oldest first, whoever bears it now."""
    keep(history, 0, [ENG])
    keep(history, 1, [replace(ENG, key="OLD")])
    keep(history, 2, [replace(ENG, key="OLD"), replace(OPS, key="eng")])
    book = history.spaces(ORG)
    assert book.bearers(WIKI, "Eng") == [(ENG.id, day(0)), (OPS.id, day(2))]
    assert book.bearers(WIKI, "OPS") == []
    assert book.bearers(JIRA, "ENG") == []
    assert [one.space.id for one in book.find("space:acme.atlassian.net/confluence/ENG")] == [OPS.id]


def test_searched_by_key_and_name(history: History) -> None:
    keep(history, 0, [replace(ENG, name="Straße"), OPS, LAW])
    book = history.spaces(ORG)
    assert [one.space.key for one in book.search("STRASSE")] == ["ENG"]
    assert [one.space.key for one in book.search("the ")] == ["LAW", "OPS"]
    assert [one.space.key for one in book.search("the ", limit=1)] == ["LAW"]
    assert book.search("") == []


def test_pages_follow_each_other(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two spaces of one key are both there, whatever the page."""
    monkeypatch.setattr("contribaudit.store.spaces._PAGE", 2)
    some = [space(f"K{number}") for number in range(7)]
    some.append(replace(some[3], id="ari:wiki:twin"))
    keep(history, 0, some)
    assert keys(history) == ["K0", "K1", "K2", "K3", "K3", "K4", "K5", "K6"]
    assert len(history.spaces(ORG).find("space:acme.atlassian.net/confluence/K3")) == 2


def test_hostile_and_long_texts_come_back_to_the_letter(history: History) -> None:
    odd = replace(ENG, key="\u0000\ud800'%;--" + "Ä" * 5_000, name="\x1b[31m\n")
    keep(history, 0, [odd])
    keep(history, 1, [odd])
    (known,) = history.spaces(ORG).of(WIKI)
    assert known.space == odd
    assert rows_of(history) == (1, 1)


def test_the_last_of_two_about_one_space_counts(history: History) -> None:
    keep(history, 0, [ENG, OPS, replace(ENG, name="again")])
    assert [one.space.name for one in history.spaces(ORG).of(WIKI)] == ["again", "The OPS"]


def test_a_space_of_an_app_without_a_listing_keeps_nothing_of_the_run(history: History) -> None:
    """Whole, or not at all."""
    keep(history, 0, [ENG])
    with pytest.raises(UsageError, match="jira"):
        keep(history, 1, [OPS, space("HR", at=JIRA)])
    assert [record.id for record in history.runs()] == [1]
    assert keys(history) == ["ENG"]
    keep(history, 2, [OPS])
    assert keys(history) == ["OPS"]


def test_an_organization_nobody_read_has_an_empty_book(history: History) -> None:
    book = history.spaces("nobody")
    assert (book.lists(), book.read_at(), book.find("ari:x"), list(book.of(WIKI))) == ({}, None, (), [])


def told(changes: Iterable[Change]) -> list[tuple[str, str, object, object]]:
    return [(one.subject.id, one.setting, one.before, one.after) for one in changes]


def test_what_changed_between_two_runs(history: History) -> None:
    """New, gone and renamed; a name that came and went again is none."""
    keep(history, 0, [ENG, OPS])
    keep(history, 1, [replace(ENG, name="other"), OPS])
    keep(history, 2, [replace(ENG, name="Engineering", status="archived"), LAW])
    found = list(history.space_changes(ORG, 1, 3))
    assert told(found) == [
        (ENG.id, "space.name", "The ENG", "Engineering"),
        (ENG.id, "space.status", "current", "archived"),
        *((LAW.id, f"space.{one}", None, value) for one, value in LAW_TOLD),
        *((OPS.id, f"space.{one}", value, None) for one, value in OPS_TOLD),
    ]
    renamed, _, new, *_, gone = found
    assert (renamed.last_seen, renamed.first_seen, renamed.name) == (day(0), day(2), "Engineering")
    assert (new.existed_before, new.exists_after, new.last_seen, new.first_seen) == (False, True, None, day(2))
    assert (gone.existed_before, gone.exists_after, gone.last_seen, gone.first_seen) == (True, False, day(1), day(2))
    keep(history, 3, [ENG, LAW])
    assert ENG.id not in {one.subject.id for one in history.space_changes(ORG, 1, 4)}


LAW_TOLD = (("key", "LAW"), ("name", "The LAW"), ("type", "global"), ("status", "current"))
OPS_TOLD = (("key", "OPS"), ("name", "The OPS"), ("type", "global"), ("status", "current"))


def test_what_a_first_listing_shows_is_not_new(history: History) -> None:
    keep(history, 0, None)
    keep(history, 1, [ENG], PARTIAL)
    keep(history, 2, [ENG, OPS])
    assert list(history.space_changes(ORG, 1, 3)) == []
    keep(history, 3, [ENG, OPS, LAW])
    assert {one.subject.id for one in history.space_changes(ORG, 1, 4)} == {LAW.id}
    assert list(history.space_changes(ORG, 2, 2)) == []
    with pytest.raises(UsageError, match="newer"):
        list(history.space_changes(ORG, 2, 1))


def test_changes_come_page_by_page(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contribaudit.store.changes._PAGE", 2)
    some = [space(key) for key in ("K0", "K1", "K2", "Ärzte", "ß", "ÄB", "a\\b", "юг", '"q"')]
    keep(history, 0, some)
    keep(history, 1, [replace(one, name="new") for one in some])
    told = [one.subject.id for one in history.space_changes(ORG, 1, 2)]
    assert sorted(told) == sorted(one.id for one in some), "none twice, none left out, whatever an ID is spelt with"


def test_pages_and_places_follow_the_order_of_the_whole(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a key is spelt with: no page repeats a space or leaves one out."""
    monkeypatch.setattr("contribaudit.store.spaces._PAGE", 2)
    keep(history, 0, [space(key) for key in ("ENG", "eng", "Ärzte", "ß", "ops", "ÄB", '"q"', "a\\b", "юг")])
    book = history.spaces(ORG)
    whole = list(book.of(WIKI))
    assert len({one.space.id for one in whole}) == len(whole) == book.count(WIKI) == 9
    assert [one for offset in range(0, 12, 4) for one in book.page(WIKI, offset, 4)] == whole
    assert [book.position(one.space) for one in whole] == list(range(9))
    assert book.position(LAW) is None
    assert book.page(JIRA, 0, 4) == book.page(WIKI, 0, 0) == ()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("ng", ["Ärzte", "ENG"]),
        ("STRASSE", ["ß"]),
        ("straße", ["ß"]),
        ("ä", ["Ärzte"]),
        ('"', ['"q"']),
        ("\\", ["a\\b"]),
        ("100%", ["pc"]),
        ("_", ["us_er"]),
        ("k", ["KELVIN"]),
        ("%", ["pc"]),
        ("", []),
    ],
)
def test_a_search_finds_what_folds_alike(history: History, wanted: str, found: list[str]) -> None:
    """Key or name, in any case and any script; no character is a pattern."""
    named = {
        "ENG": "x", "Ärzte": "Leitung", "ß": "Hauptstraße", '"q"': "x", "a\\b": "x", "pc": "100%", "us_er": "x",
        "KELVIN": "\N{KELVIN SIGN}",
    }  # fmt: skip
    keep(history, 0, [space(key, name=name) for key, name in named.items()])
    assert sorted(one.space.key for one in history.spaces(ORG).search(wanted)) == sorted(found)

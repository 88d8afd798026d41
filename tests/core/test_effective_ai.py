"""Whom AI reaches: the rules as a table, one row a line, and what no combination of inputs may do."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from random import Random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contribaudit.core.model import names
from contribaudit.core.model.observation import CONFLICT_CODE, Attester, Grade, Observation, SettingId, Value
from contribaudit.core.model.observation import Observed as Seen
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.effective import AI_PROCESSING, effective_of
from contribaudit.core.resolve.effective_ai import ai
from contribaudit.core.resolve.reasons import Effective
from contribaudit.core.resolve.state import State
from tests.builders import ORG, UNREAD, Gone, app, collection, collections, facts, observed, state_of, unavailable

ORGANIZATION = organization_subject(ORG)
HOST = "acme.atlassian.net"
TYPES = {"jira": "jira-software", "jsm": "jira-servicedesk", "assets": "assets", "wiki": "confluence"}
CONNECTOR = Subject(ORG, Kind.CONNECTOR, "Figma")
STATES = ("connected", "hidden", "disconnecting", "disconnected", "not read", "stale")
SUBJECTS: Mapping[str, Subject] = {
    "organization": ORGANIZATION,
    "processing": ORGANIZATION,
    "site": Subject(ORG, Kind.SITE, HOST),
    "wiki space": Subject(ORG, Kind.SPACE, f"{HOST}/confluence/ENG"),
    "stray space": Subject(ORG, Kind.SPACE, "ari:cloud:confluence::space/7"),
    "connector": CONNECTOR,
    **{name: app(name) for name in (*TYPES, "other")},
}


def rows() -> list[dict[str, str]]:
    with Path(__file__).with_name("effective_ai.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def attested(setting: SettingId, word: str, subject: Subject) -> list[Observation]:
    match word:
        case "not read" | "":
            return []
        case "stale":
            return [unavailable(setting, subject, "plan_changed")]
        case "conflict":
            return [unavailable(setting, subject, CONFLICT_CODE)]
        case "predicted":
            return [observed(setting, subject, "blocked", grade=Grade.PREDICTED)]
        case "null":
            return [observed(setting, subject, None, grade=Grade.ATTESTED)]
    return [observed(setting, subject, word, grade=Grade.ATTESTED)]


def switches(cell: str, subject: Subject) -> list[Observation]:
    """ "blocked own off": Rovo access, and after "own" the app's own switch."""
    access, _, own = cell.partition("own ")
    return [
        *attested(names.AI_ACCESS, access.strip(), subject),
        *attested(names.AI_OWN_SETTING, own, subject),
    ]


def plan_of(cell: str, name: str) -> Value | Gone:
    if cell == "unread":
        return UNREAD
    return "Free" if cell.startswith("free") and not (name == "wiki" and "one paid" in cell) else "Premium"


def state_of_row(cells: Mapping[str, str], seed: int | None = None) -> State:
    found: list[Observation] = []
    for name, type_key in TYPES.items():
        if cells[name] != "absent":
            place = {"type_key": type_key, "host": HOST, "alias": f"app:{HOST}/{type_key}"}
            found += facts(app(name), **{**place, "plan": plan_of(cells["plans"], name)})
            found += switches(cells[name], app(name))
    other = cells["other"]
    if other in STATES:
        found += attested(names.CONNECTOR_STATE, other, CONNECTOR)
    elif other != "absent":
        kind, _, word = (
            other.replace("jira of another site", "jira@elsewhere")
            .replace("jira without site", "jira@nowhere")
            .partition(" ")
        )
        type_key, _, where = kind.partition("@")
        host: dict[str, Value | Gone] = {"host": "acme-2.atlassian.net"} if where == "elsewhere" else {}
        if type_key == "strange":
            host = {"host": HOST}
        known = {"jira": "jira-software", "strange": "made-up"}.get(type_key, type_key)
        found += facts(app("other"), **{"type_key": known, "plan": plan_of(cells["plans"], "other"), **host})
        found += switches(word, app("other"))
    if seed is not None:
        Random(seed).shuffle(found)
    cut = collections(collection("workspaces", "timeout")) if cells["plans"].endswith("cut") else None
    return state_of(*found, runs=cut)


def asked(cells: Mapping[str, str], state: State) -> Effective:
    setting = AI_PROCESSING if cells["of"] == "processing" else names.EFFECTIVE_AI
    return effective_of(state, SUBJECTS[cells["of"]], setting)


@pytest.mark.parametrize(
    "cells", rows(), ids=[f"line {number}: {row['of']} {row['answer']}" for number, row in enumerate(rows(), start=2)]
)
def test_the_table_of_rules(cells: dict[str, str]) -> None:
    """Each line of effective_ai.csv, in which a cell is what a person would say."""
    answer = asked(cells, state_of_row(cells))
    assert (answer.value or str(answer.outcome)) == cells["answer"]
    assert (answer.predicted or "") == cells["predicted"]
    assert answer.chain
    assert all(reason.sentence and reason.source for reason in answer.chain)


def test_the_chain_of_a_blocked_family_holds_every_sibling() -> None:
    """So that a check can ask each for its age, its screenshot and its second person."""
    cells = {"plans": "paid", "jira": "blocked", "jsm": "blocked own off", "assets": "absent", "wiki": "absent"}
    state = state_of_row({**cells, "other": "absent"})
    answer = ai(state, app("jira"))
    access = {one.subject for one in answer.rests_on if one.setting == names.AI_ACCESS}
    assert access == {app("jira"), app("jsm")}
    assert [one.subject for one in answer.rests_on if one.setting == names.AI_OWN_SETTING] == [app("jsm")]
    assert answer.chain is ai(state, app("jsm")).chain


def test_the_observation_is_as_well_witnessed_as_the_worst_of_its_links() -> None:
    """One screenshot does not stand for two looks."""

    def by(name: str, **more: bool | str) -> Attester:
        return Attester(f"{name}@acme.example", **more)  # type: ignore[arg-type]

    witnesses = {"jira": by("a", screenshot=True, confirmed_by="c@acme.example"), "assets": by("b", anchored=True)}
    found: list[Observation] = []
    for name, witness in witnesses.items():
        found += facts(app(name), type_key=TYPES[name], host=HOST)
        one = observed(names.AI_ACCESS, app(name), "blocked", grade=Grade.ATTESTED)
        found.append(Seen(one.setting, one.subject, one.value, one.grade, one.observed_at, one.source, "", witness))
    seen = state_of(*found).read(app("jira"), names.EFFECTIVE_AI)
    assert isinstance(seen, Seen)
    assert seen.witness == Attester("a@acme.example, b@acme.example", None, screenshot=False, anchored=False)


def test_a_kind_that_ai_does_not_reach_has_no_answer() -> None:
    with pytest.raises(ValueError, match="user"):
        ai(state_of(), Subject(ORG, Kind.USER, "u"))
    with pytest.raises(ValueError, match="plan"):
        effective_of(state_of(), ORGANIZATION, names.PLAN)


WORDS = ("allowed", "limited", "blocked", "blocked own off", "blocked own on", "not read", "stale", "conflict", "null")
CELLS = st.fixed_dictionaries(
    {
        "plans": st.sampled_from(("paid", "paid and cut", "free", "free and one paid", "unread")),
        **{name: st.sampled_from(("absent", "predicted", *WORDS)) for name in TYPES},
        "other": st.sampled_from(
            (
                "absent",
                "jira without site blocked",
                "jira of another site allowed",
                "strange not read",
                "trello own off",
            )
        ),
    }
)
SURELY_BLOCKED = ("blocked", "blocked own off", "absent")
OF_JSM = ("blocked own off", "absent")
"""Its own switch, beside Rovo access, must have been seen too."""


@settings(max_examples=300)
@given(CELLS)
def test_nobody_is_out_of_reach_by_what_is_not_known(cells: dict[str, str]) -> None:
    """Not exposed needs each switch that decides, and the whole list of apps where siblings do."""
    state = state_of_row(cells)
    only_free = cells["plans"] == "free" or (cells["plans"] == "free and one paid" and cells["wiki"] == "absent")
    harmless = (*SURELY_BLOCKED, "not read") if only_free else SURELY_BLOCKED
    for name in TYPES:
        if cells[name] == "absent" or ai(state, app(name)).value != "not_exposed":
            continue
        assert cells[name] in (OF_JSM if name == "jsm" else SURELY_BLOCKED)
        if name != "wiki":
            assert all(cells[sibling] in harmless for sibling in ("jira", "jsm", "assets"))
            assert cells["jsm"] in OF_JSM or only_free
            assert cells["other"] != "strange not read" or only_free
            assert not cells["plans"].endswith("cut")
    for whole in ("site", "organization"):
        if ai(state, SUBJECTS[whole]).value == "not_exposed":
            assert all(cells[name] in harmless for name in TYPES)
            assert cells["jsm"] in OF_JSM or only_free


@settings(max_examples=100)
@given(CELLS, st.integers())
def test_the_order_of_observations_changes_nothing(cells: dict[str, str], seed: int) -> None:
    state, again = state_of_row(cells), state_of_row(cells, seed)
    for subject in SUBJECTS.values():
        one, other = ai(state, subject), ai(again, subject)
        assert one == other


def test_two_hundred_thousand_spaces_and_a_site_of_many_apps_take_no_square_of_time() -> None:
    """Ten times the items take less than forty times as long: lists, siblings and plans are looked up once."""

    def seconds(count: int) -> float:
        found: list[Observation] = []
        for number in range(count // 100):
            one = app(str(number))
            found += facts(one, type_key="jira-software", host=HOST, alias=f"app:{HOST}/{number}")
            found += attested(names.AI_ACCESS, "blocked", one)
        found += attested(names.IN_APP, "on", ORGANIZATION)
        listed = tuple(f"space:{HOST}/confluence/{number}" for number in range(count // 100))
        found.append(observed(names.EXCLUDED, ORGANIZATION, listed, grade=Grade.ATTESTED))
        found += facts(app("wiki"), host=HOST, alias=f"app:{HOST}/confluence")
        begun = process_time()
        state = state_of(*found)
        for number in range(count):
            space = Subject(ORG, Kind.SPACE, f"{HOST}/confluence/{number}")
            value = effective_of(state, space, names.EFFECTIVE_IN_APP).value
            assert value == ("not_contributed" if number < count // 100 else "contributed")
        return process_time() - begun

    assert seconds(40_000) < 40 * max(seconds(4_000), 0.02)

"""What is contributed: the rules as a table, one row a line, and what no combination of inputs may do."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contribaudit.core.model import names
from contribaudit.core.model.observation import (
    CONFLICT_CODE,
    Grade,
    Observation,
    Observed,
    SettingId,
    Unavailable,
    Value,
)
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.effective import effective_of
from contribaudit.core.resolve.effective_contribution import in_app, metadata
from contribaudit.core.resolve.reasons import Effective
from contribaudit.core.resolve.state import State
from tests.builders import NOW, ORG, UNREAD, Gone, app, facts, observed, state_of, unavailable

ORGANIZATION = organization_subject(ORG)
HOST = "acme.atlassian.net"
APPS: Mapping[str, Mapping[str, Value | Gone]] = {
    "jira": {"type_key": "jira-software", "alias": f"app:{HOST}/jira-software", "host": HOST},
    "wiki": {"type_key": "confluence", "alias": f"app:{HOST}/confluence", "host": HOST},
    "assets": {"type_key": "assets", "alias": "app:acme-assets.atlassian.net/assets"},
    "trello": {"type_key": "trello", "alias": "app:trello/ari:cloud:trello"},
    "strange": {"type_key": "made-up", "alias": "app:acme-new.atlassian.net/made-up"},
    "untold": {"type_key": UNREAD},
    "sandbox": {"type_key": "confluence", "alias": "app:acme-box.atlassian.net/confluence", "sandbox": "CHILD"},
}
SUBJECTS: Mapping[str, Subject] = {
    "organization": ORGANIZATION,
    "site": Subject(ORG, Kind.SITE, HOST),
    "wiki ENG": Subject(ORG, Kind.SPACE, f"{HOST}/confluence/ENG"),
    "wiki OPS": Subject(ORG, Kind.SPACE, f"{HOST}/confluence/OPS"),
    "stray space": Subject(ORG, Kind.SPACE, "ari:cloud:confluence::space/7"),
    "figma": Subject(ORG, Kind.CONNECTOR, "Figma"),
    "not offered": Subject(ORG, Kind.CONNECTOR, "Fax"),
    **{name: app(name) for name in APPS},
}
LISTED = {
    "jira": f"app:{HOST}/jira-software",
    "wiki": f"app:{HOST}/confluence",
    "wiki by ARI": "ari:cloud:wiki",
    "WIKI IN CAPITALS": f"APP:{HOST.upper()}/CONFLUENCE",
    "wiki ENG": f"space:{HOST}/confluence/ENG",
    "wiki OPS": f"space:{HOST}/confluence/OPS",
    "assets": "app:acme-assets.atlassian.net/assets",
    "sandbox": "app:acme-box.atlassian.net/confluence",
    "figma": "connector:figma",
    "typo": f"app:{HOST}/conflunece",
}
CODES = {"stale": "signal_moved", "conflict": CONFLICT_CODE, "signal unread": "signal_unread", "revoked": "revoked"}
LISTS = (names.INCLUDED, names.EXCLUDED)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    line: int
    cells: Mapping[str, str]

    def __getattr__(self, name: str) -> str:
        return self.cells[name]


def rows() -> list[Row]:
    with Path(__file__).with_name("effective_contribution.csv").open(encoding="utf-8", newline="") as file:
        return [Row(number, cells) for number, cells in enumerate(csv.DictReader(file), start=2)]


def attested(setting: SettingId, word: str, subject: Subject = ORGANIZATION) -> list[Observation]:
    """What a cell of the table says of the setting."""
    if word == "not read":
        return []
    if word in CODES:
        return [unavailable(setting, subject, CODES[word])]
    grade = Grade.ATTESTED
    for weak in (Grade.INFERRED, Grade.PREDICTED):
        if word == weak or word.startswith(f"{weak} "):
            grade, word = weak, word.removeprefix(f"{weak}").strip() or "off"
    if word == "null":
        return [observed(setting, subject, None, grade=grade)]
    if setting in LISTS:
        return [observed(setting, subject, () if word == "empty" else (LISTED[word],), grade=grade)]
    return [observed(setting, subject, word, grade=grade)]


def plans(cell: str) -> list[Observation]:
    """Every app on the plan; Jira in a trial of it, and the wiki surely not where the cell says "beside"."""
    plan, _, trial = cell.partition(" ")
    value: Value | Gone = UNREAD if plan == "unread" else plan
    found: list[Observation] = []
    for name, said in APPS.items():
        found += facts(app(name), **{"plan": value, **said})
    if trial:
        found += attested(names.TRIAL, "running", app("jira"))
    keys = [attested(names.BYOK, "active", app(name)) for name in APPS]
    tags = [attested(names.HIPAA_TAGGED, "yes", app(name)) for name in APPS]
    found += [one for said in (*keys, *tags) for one in said]
    if trial == "trial beside":
        found += attested(names.TRIAL, "none", app("wiki"))
    return found


def state_of_row(cells: Mapping[str, str]) -> State:
    found = plans(cells["plan"])
    for column, setting in (
        ("exemption", names.EXEMPTION),
        ("metadata", names.METADATA),
        ("in_app", names.IN_APP),
        ("included", names.INCLUDED),
        ("excluded", names.EXCLUDED),
    ):
        found += attested(setting, cells[column])
    found += attested(names.CONTRIBUTION_OFFERED, "no", SUBJECTS["not offered"])
    return state_of(*found, as_of=datetime.fromisoformat(f"{cells['day']}T00:00:00+00:00").astimezone(UTC), at=NOW)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"line {row.line}: {row.of} {row.asks} {row.answer}")
def test_the_table_of_rules(row: Row) -> None:
    """Each line of effective_contribution.csv, in which a cell is what a person would say."""
    answer = effective_of(state_of_row(row.cells), SUBJECTS[row.of], SettingId(f"effective.{row.asks}"))
    assert (answer.value or str(answer.outcome)) == row.answer
    assert (answer.predicted or "") == row.predicted
    assert {True: "yes", False: "no", None: ""}[answer.changeable] == row.changeable
    assert ("yes" if answer.fragile else "no") == row.fragile
    assert answer.chain
    assert all(reason.sentence and reason.source for reason in answer.chain)


def test_the_table_is_long_enough_and_says_nothing_twice() -> None:
    found = rows()
    asked = [tuple(row.cells[name] for name in list(row.cells)[:9]) for row in found]
    assert len(found) >= 80
    assert len(set(asked)) == len(asked)


def test_the_weakest_and_the_oldest_link_stand_for_the_chain() -> None:
    """The list was inferred, the switch attested long ago, the app's type is documented."""
    old = datetime(2026, 11, 1, tzinfo=UTC)
    state = state_of(
        *facts(app(), alias="app:a/confluence"),
        observed(names.EXEMPTION, ORGANIZATION, "none", grade=Grade.ATTESTED, at=datetime(2026, 1, 1, tzinfo=UTC)),
        observed(names.IN_APP, ORGANIZATION, "off", grade=Grade.ATTESTED, at=old),
        observed(names.INCLUDED, ORGANIZATION, (), grade=Grade.INFERRED),
    )
    answer = in_app(state, app())
    assert (answer.grade, answer.observed_at) == (Grade.INFERRED, old)
    assert [one.setting for one in answer.rests_on] == [names.APP_TYPE_KEY, names.IN_APP, names.INCLUDED]
    assert state.read(app(), names.EFFECTIVE_IN_APP) == Observed(
        names.EFFECTIVE_IN_APP, app(), "not_contributed", Grade.INFERRED, old, "computed, rulebook 2026.11"
    )


def test_an_answer_that_is_no_value_is_unavailable_to_checks_with_its_code() -> None:
    """Its outcome, or the code of what stopped it, so that stale stays stale."""
    for cells, code in (
        ({"exemption": "other"}, "exempt"),
        ({"in_app": "stale"}, "signal_moved"),
        ({"in_app": "conflict"}, CONFLICT_CODE),
        ({"day": "2026-01-01"}, "not_yet_effective"),
    ):
        seen = state_of_row({**DEFAULTS, **cells}).read(app("wiki"), names.EFFECTIVE_IN_APP)
        assert isinstance(seen, Unavailable)
        assert seen.code == code


def test_two_apps_of_one_name_leave_open_which_of_them_is_listed() -> None:
    """Named by ARI it is certain."""
    twins = [*facts(app("a"), alias="app:x/confluence"), *facts(app("b"), alias="app:x/confluence")]
    off = observed(names.IN_APP, ORGANIZATION, "off", grade=Grade.ATTESTED)
    by_name = observed(names.INCLUDED, ORGANIZATION, ("app:x/confluence",), grade=Grade.ATTESTED)
    by_ari = observed(names.INCLUDED, ORGANIZATION, ("ari:cloud:a",), grade=Grade.ATTESTED)
    assert in_app(state_of(*twins, off, by_name), app("a")).code == "ambiguous_entry"
    assert in_app(state_of(*twins, off, by_ari), app("a")).value == "contributed"
    assert in_app(state_of(*twins, off, by_ari), app("b")).value == "not_contributed"


def test_an_app_that_has_gone_may_stay_on_the_list() -> None:
    """A name known from an earlier run is no stranger."""
    off = observed(names.IN_APP, ORGANIZATION, "off", grade=Grade.ATTESTED)
    gone = observed(names.INCLUDED, ORGANIZATION, ("app:old/confluence",), grade=Grade.ATTESTED)
    here = facts(app(), alias="app:x/confluence")
    assert in_app(state_of(*here, off, gone), app()).code == "unknown_entry"
    state = state_of(*here, off, gone, alias_holders={"app:old/confluence": (("ari:cloud:old", NOW),)})
    assert in_app(state, app()).value == "not_contributed"


@pytest.mark.parametrize(
    ("sandbox", "code", "value"),
    [
        (UNREAD, "wrong_type", None),
        ("CHILD", "sandbox", None),
        ("box", "sandbox", None),
        ("NONE", "not_listed", "not_contributed"),
        (None, "not_listed", "not_contributed"),
    ],
)
def test_an_app_that_may_be_a_sandbox_is_unknown(sandbox: Value | Gone, code: str, value: str | None) -> None:
    """No page says whether a sandbox contributes; where the API gives null, it is none."""
    said = [
        observed(names.IN_APP, ORGANIZATION, "off", grade=Grade.ATTESTED),
        observed(names.INCLUDED, ORGANIZATION, (), grade=Grade.ATTESTED),
    ]
    answer = in_app(state_of(*facts(app(), sandbox=sandbox), *said), app())
    assert (answer.code, answer.value) == (code, value)


def test_a_kind_that_contributes_nothing_has_no_answer() -> None:
    for compute in (metadata, in_app):
        with pytest.raises(ValueError, match="group"):
            compute(state_of(), Subject(ORG, Kind.GROUP, "admins"))


DEFAULTS = {
    "day": "2026-11-21",
    "plan": "premium",
    "exemption": "none",
    "metadata": "not read",
    "in_app": "off",
    "included": "empty",
    "excluded": "not read",
}
GONE = ("not read", "stale", "conflict", "signal unread", "null", "predicted")
CELLS = st.fixed_dictionaries(
    {
        "day": st.sampled_from(("2026-08-16", "2026-08-17", "2026-11-21")),
        "plan": st.sampled_from(("free", "standard", "premium", "enterprise", "enterprise trial", "unread", "gold")),
        "exemption": st.sampled_from(("none", "byok", "revoked", "inferred hipaa", *GONE)),
        "metadata": st.sampled_from(("on", "off", "always", *GONE)),
        "in_app": st.sampled_from(("on", "off", *GONE)),
        "included": st.sampled_from(("empty", "wiki", "wiki ENG", "typo", "figma", "stale", "conflict", "not read")),
        "excluded": st.sampled_from(("empty", "wiki", "wiki OPS", "jira", "stale", "conflict", "not read")),
    }
)
NO_LIST = ("stale", "conflict", "not read")


def summary(answer: Effective) -> tuple[object, ...]:
    """All but the sentences, which name the first of several subjects as it was read."""
    return (
        answer.outcome,
        answer.value,
        answer.code,
        answer.predicted,
        answer.changeable,
        answer.grade,
        answer.observed_at,
        answer.fragile,
        len(answer.chain),
    )


@settings(max_examples=300)
@given(CELLS, st.sampled_from(sorted(SUBJECTS)))
def test_no_value_rests_on_a_needed_input_that_is_not_known(cells: dict[str, str], name: str) -> None:
    """Unread, stale, contradicted, null or merely predicted: then there is no value, and no pass can come of it."""
    state = state_of_row(cells)
    meta, data = metadata(state, SUBJECTS[name]), in_app(state, SUBJECTS[name])
    for answer in (meta, data):
        if answer.value is None:
            continue
        assert cells["day"] >= "2026-08-17"
        assert cells["exemption"] in ("none", "revoked", "not read")
        assert answer.grade in (Grade.ATTESTED, Grade.DOCUMENTED)
        assert name not in ("strange", "untold", "stray space", "trello")
    if meta.value == "not_contributed":
        assert cells["metadata"] == "off"
        assert cells["plan"].startswith("enterprise")
    if data.value is not None:
        assert cells["in_app"] in ("on", "off")
        needed = cells["excluded" if cells["in_app"] == "on" else "included"]
        settled = cells["in_app"] == "on" and name == "organization"
        assert needed not in NO_LIST or settled or name == "assets"
    if data.value == "not_contributed" and name not in ("organization", "assets"):
        assert cells["in_app"] == "off" or name.startswith(cells["excluded"]) or cells["excluded"] == "wiki"
        assert cells["in_app"] == "on" or cells["included"] != "typo"
    for answer in (meta, data):
        if answer.outcome == "exempt":
            assert cells["exemption"] == "byok"


@settings(max_examples=100)
@given(CELLS, st.integers())
def test_the_order_of_observations_changes_nothing(cells: dict[str, str], seed: int) -> None:
    state = state_of_row(cells)
    mixed: Sequence[Observation] = [one for one in state.everything() if not one.setting.startswith("effective.")]
    shuffled = list(mixed)
    Random(seed).shuffle(shuffled)
    again = state_of(
        *(one for one in shuffled if one.setting not in (names.HIGHEST_PLAN, names.PINNED)), as_of=state.as_of
    )
    for subject in SUBJECTS.values():
        for compute in (metadata, in_app):
            assert summary(compute(state, subject)) == summary(compute(again, subject))

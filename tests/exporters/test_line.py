"""The one line says what the dashboard's design says, on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest

from contribaudit.core.advise.report import Report, RunLine
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Observation, Observed, Unavailable
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.state import State
from contribaudit.exporters.json_v1 import lean_document, report_digest
from contribaudit.exporters.monitoring import one_line
from tests.exporters.awkward import (
    NOW,
    ONE,
    TWO,
    app,
    awkward_report,
    change,
    collection,
    described,
    finding,
    seen,
    state_of,
)
from tests.exporters.awkward import report as report_of

APPS = {name: app(name) for name in ("one", "two", "three")}


def whole() -> State:
    """Two sites, three apps, all read."""
    hosts = {"one": "a.atlassian.net", "two": "a.atlassian.net", "three": "b.atlassian.net"}
    return state_of([fact for name, host in hosts.items() for fact in described(APPS[name], name, host)])


def outcomes(*found: Outcome) -> list[Finding]:
    return [finding(app(f"{place}"), outcome) for place, outcome in enumerate(found)]


def ended(code: int, found: Iterable[Finding] = (), **changed: object) -> Report:
    plain = report_of(found, changed.pop("state", None) or whole(), **changed)  # type: ignore[arg-type]
    return replace(plain, run=replace(plain.run, exit_code=code))


def line_of(report: Report) -> str:
    return one_line(lean_document(report), report.manifest_sha256)


def parts(report: Report) -> list[str]:
    return line_of(report).split(" | ")


def test_the_whole_line() -> None:
    """The parts and their order are those of the design."""
    found = outcomes(
        *[Outcome.PASS] * 3, Outcome.WAIVED, Outcome.FAIL, Outcome.FAIL, Outcome.NOT_ACHIEVABLE, Outcome.STALE,
        Outcome.UNKNOWN, Outcome.PENDING, Outcome.NO_SUCH_SETTING,
    )  # fmt: skip
    report = ended(
        1,
        found,
        newly=(found[4], found[7], found[5]),
        key_days_left=12,
        changes=(
            change(APPS["one"], "residency.realm", "EU", "US"),
            change(APPS["two"], "residency.realm", "EU", "US", cause="event"),
            change(APPS["two"], "residency.regions", (), ("x",), cause="event"),
        ),
    )
    assert line_of(report) == (
        "FAIL (high and above); 3 high findings fail, 2 are unverified; exit=1, new: 2 fail, 1 stale "
        "| 10 apply: 3 pass 1 waived 2 fail 1 not_achievable 1 stale 1 unknown "
        "1 pending | 3 changes, 1 no cause | read 1/1 orgs 2/2 sites 3/3 apps | key 12d | #318 "
        + report_digest(lean_document(report))[:32]
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "PASS (high and above); exit=0"),
        (1, "FAIL (high and above); exit=1"),
        (2, "UNVERIFIED (high and above); the API does not know an organization; exit=2"),
        (3, "UNVERIFIED (high and above); a source that the policy needs was not read completely; exit=3"),
        (4, "UNVERIFIED (high and above); the API refused a key; exit=4"),
    ],
)
def test_verdict(code: int, words: str) -> None:
    """Each exit code of a run has its words, with the threshold; nothing new, nothing said."""
    assert parts(ended(code))[0] == words


def test_nothing_applies() -> None:
    """What no app has does not apply, and leaves no dangling colon."""
    assert parts(ended(0, outcomes(Outcome.NO_SUCH_SETTING)))[1] == "0 apply"


def test_every_outcome_that_applies_is_counted() -> None:
    """The numbers add up to how many apply, whatever the outcome."""
    counted = parts(ended(1, outcomes(*Outcome)))[1]
    assert counted.startswith("10 apply: ")
    listed = counted.removeprefix("10 apply: ")
    assert sorted(re.findall(r"1 (\w+)", listed)) == sorted({str(one) for one in Outcome} - {"no_such_setting"})


def test_changes() -> None:
    """The first run is called so; a new or vanished app is one change, not one for each of its values."""
    first = RunLine(1, None, NOW, NOW, True, 0)
    assert parts(replace(ended(0), run=first))[2] == "first run"
    assert parts(ended(0))[2] == "no changes"
    gone = [
        change(APPS["one"], setting, "x", None, exists_after=False, cause="event")
        for setting in (names.PLAN, names.APP_TYPE_KEY, names.APP_HOST)
    ]
    assert parts(ended(0, changes=tuple(gone)))[2] == "1 change"
    new = [
        change(APPS["two"], setting, None, "x", existed_before=False) for setting in (names.APP_TYPE_KEY, names.PLAN)
    ]
    half = [replace(new[0], cause="event"), new[1]]
    assert parts(ended(0, changes=tuple(half)))[2] == "1 change, 1 no cause"
    value_gone = change(APPS["three"], names.PLAN, "x", None, exists_after=False)
    assert parts(ended(0, changes=(*gone, *new, value_gone)))[2] == "3 changes, 2 no cause"


def test_a_list_that_broke_off_may_hold_more() -> None:
    """A partial inventory has a plus, and apps that only earlier runs saw count as not read."""
    facts = described(APPS["one"], "one", "a.atlassian.net")
    unread: list[Observation] = [_unread(fact) for fact in described(APPS["two"], "two", "b.atlassian.net")]
    remembered = described(APPS["two"], "two", "b.atlassian.net")
    cut = state_of([*facts, *unread], {ONE: [collection(status=CollectionStatus.PARTIAL)]})
    state = State(
        as_of=cut.as_of,
        rulebook=cut.rulebook,
        organizations=cut.organizations.values(),
        observations=cut.everything(),
        remembered=remembered,
    )
    assert parts(ended(3, state=state))[3] == "read 0/1 orgs 1/2+ sites 1/2+ apps"


def _unread(fact: Observed) -> Unavailable:
    return Unavailable(fact.setting, fact.subject, "timeout", "no answer", fact.observed_at, "workspaces")


def test_several_organizations() -> None:
    """Organizations are counted whole or not; one that was not read may hold anything."""
    facts = described(app("a", ONE), "a", "a.atlassian.net") + described(app("b", TWO), "b", "b.atlassian.net")
    both = state_of(facts, {ONE: [collection(ONE)], TWO: [collection(TWO)]})
    assert parts(ended(0, state=both))[3] == "read 2/2 orgs 2/2 sites 2/2 apps"
    failed = collection(TWO, "policies", CollectionStatus.FAILED)
    partly = state_of(facts, {ONE: [collection(ONE)], TWO: [collection(TWO), failed]})
    assert parts(ended(3, state=partly))[3] == "read 1/2 orgs 2/2 sites 2/2 apps"
    unread = state_of(facts[:6], {ONE: [collection(ONE)]}, {TWO: "no key"})
    assert parts(ended(3, state=unread))[3] == "read 1/2 orgs 1/1+ sites 1/1+ apps"


def test_organizations_weakest_first() -> None:
    """What fails, then what nobody read, then what is unverified; a name cannot add to the line."""
    facts = [
        *described(app("a", ONE), "a", "a.atlassian.net"),
        *described(app("b", TWO), "b", "b.atlassian.net"),
        seen(organization_subject(TWO), names.ORGANIZATION_NAME, "Ü | exit=0; Labs"),
    ]
    both = state_of(facts, {ONE: [collection(ONE)], TWO: [collection(TWO)]})
    found = [finding(app("a", ONE), Outcome.UNKNOWN), finding(app("b", TWO), Outcome.FAIL)]
    assert parts(ended(1, found, state=both))[4] == "weakest first: exit 0 Labs: 1 fail; Name of org-one: 1 unverified"
    unread = state_of(facts, {ONE: [collection(ONE)]}, {TWO: "no key: none was found"})
    found = [finding(app("a", ONE), Outcome.UNKNOWN), finding(app("a", ONE), Outcome.UNKNOWN)]
    told = parts(ended(3, found, state=unread))[4]
    assert told == "weakest first: exit 0 Labs: not read, nothing open; Name of org-one: 2 unverified"
    assert not any(part.startswith("weakest") for part in parts(ended(0, found)))


@pytest.mark.parametrize(("days", "word"), [(12, "key 12d"), (0, "key 0d"), (-3, "key expired 3d ago")])
def test_key(days: int, word: str) -> None:
    """Days left on the key, or how long it has been over."""
    assert parts(ended(0, key_days_left=days))[4] == word


def test_without_a_key_that_ends() -> None:
    """Where no API tells, nothing is said of the key."""
    assert "key" not in line_of(ended(0))


def test_one_line_whatever_was_observed(drifted_report: Report) -> None:
    """No observed name can break the line, colour it or add to it."""
    for report in (awkward_report(), drifted_report):
        assert re.fullmatch(r"(PASS|FAIL|UNVERIFIED) \([ -~]+; exit=\d+[ -~]*", line_of(report))
        assert "=1+1" not in line_of(report)
        assert re.fullmatch(r"#\d+ [0-9a-f]{32}", parts(report)[-1])

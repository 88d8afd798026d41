"""contribution.csv: what of an organization is contributed, by plan, switches, lists, exemption, trial, day and app.

A line is a whole organization, judged by the checks that a policy asks for: a cell is what a person would say. `of` is
the thing of it whose own answer the line tells as well; `fragile` names the checks that pass on something that a trial
or a default holds up.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import (
    CONFLICT_CODE,
    Attester,
    Grade,
    Observation,
    Observed,
    SettingId,
    Unavailable,
    Value,
)
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.effective import effective_of
from contribaudit.core.resolve.effective_contribution import content_of_no_app
from contribaudit.core.resolve.reasons import Effective
from contribaudit.core.resolve.state import State
from tests.builders import (
    ORG,
    UNREAD,
    Gone,
    app,
    collection,
    collections,
    evaluated,
    facts,
    policy_of,
    rule,
    state_of,
)

Line = Mapping[str, str]
HOST = "acme.atlassian.net"
ORGANIZATION = organization_subject(ORG)
CHECKS = ("DC-01", "DC-02", "DC-03", "DC-04", "DR-10")
ALWAYS_THERE = {"Confluence": "confluence", "Jira": "jira-software", "JSM": "jira-servicedesk"}
ALSO = {
    "Loom": "loom",
    "Trello": "trello",
    "Bitbucket": "bitbucket",
    "Guard": "guard",
    "Assets": "assets",
    "an app that nobody knows": "made-up",
    "a sandbox": "confluence",
}
SANDBOX_HOST = "acme-sandbox.atlassian.net"
SPACES = {"space ENG": f"{HOST}/confluence/ENG", "space OPS": f"{HOST}/confluence/OPS"}
LISTED = {
    **{name: f"app:{HOST}/{type_key}" for name, type_key in {**ALSO, **ALWAYS_THERE}.items()},
    **{name: f"space:{path}" for name, path in SPACES.items()},
    "sandbox": f"app:{SANDBOX_HOST}/confluence",
    "Confluence by ARI": "ari:cloud:Confluence",
    "Confluence in capitals": f"APP:{HOST}/CONFLUENCE".upper(),
    "connector drive": "connector:drive",
    "connector unheard of": "connector:unheard",
    "typo": f"app:{HOST}/conflunece",
}
WITHOUT_VALUE = {
    "moved": "signal_moved",
    "disputed": CONFLICT_CODE,
    "unreadable": "signal_unread",
    "revoked": "revoked",
}
AGES = {" 40 days ago": 40}
SCREEN = " on the encryption screen"
DRIVE = Subject(ORG, Kind.CONNECTOR, "drive")


def lines() -> list[Line]:
    with Path(__file__).with_name("contribution.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def said(setting: SettingId, cell: str, now: datetime, subject: Subject = ORGANIZATION) -> Iterator[Observation]:
    """What a cell says of a setting."""
    if cell == "unseen":
        return
    if cell in WITHOUT_VALUE:
        yield Unavailable(setting, subject, WITHOUT_VALUE[cell], "it does not count any more", now, "attested by ann")
        return
    grade, days, screen = Grade.ATTESTED, 0, ""
    for one in (Grade.INFERRED, Grade.DECODED, Grade.PREDICTED):
        if cell.startswith(f"{one} "):
            grade, cell = one, cell.removeprefix(f"{one} ")
    for age, number in AGES.items():
        if cell.endswith(age):
            days, cell = number, cell.removesuffix(age)
    if cell.endswith(SCREEN):
        screen, cell = "encryption", cell.removesuffix(SCREEN)
    value: Value = None if cell == "null" else cell
    if value is not None and setting in (names.INCLUDED, names.EXCLUDED):
        value = entries(cell)
    look = Attester("ann@acme.example", screen=screen) if grade is Grade.ATTESTED else None
    yield Observed(setting, subject, value, grade, now - timedelta(days=days), "the console", witness=look)


def entries(cell: str) -> tuple[str, ...]:
    if cell == "empty":
        return ()
    if cell == "everything":
        return (*(LISTED[name] for name in ALWAYS_THERE), "connector:drive")
    return tuple(LISTED[name] for name in cell.split(" and "))


def exemption(cell: str, apps: Mapping[str, Subject], now: datetime) -> Iterator[Observation]:
    """The exemption, and what the apps show of it: "byok with some keys", "hipaa with Jira untagged"."""
    word, _, rest = cell.partition(" with ")
    word, _, nothing = word.partition(" without ")
    yield from said(names.EXEMPTION, word.removesuffix(" alone"), now)
    setting, has, lacks = (names.BYOK, "active", "none") if "byok" in word else (names.HIPAA_TAGGED, "yes", "no")
    if not rest and not nothing:
        return
    without = set(apps) if nothing else {"Jira"} if rest in ("some keys", "Jira untagged") else set()
    for name, subject in apps.items():
        yield from said(setting, lacks if name in without else has, now, subject)


def organization_of(line: Line) -> State:
    """The organization of a line."""
    now = datetime.combine(datetime.fromisoformat(line["day"]).date(), time(12), UTC)
    plan: Value | Gone = UNREAD if line["plan"] == "unread" else line["plan"]
    apps = {name: app(name) for name in ALWAYS_THERE}
    there = dict(ALWAYS_THERE)
    found: list[Observation] = []
    called, _, own_plan = line["also"].partition(" on ")
    if called in ALSO:
        name = "sandbox" if called == "a sandbox" else called
        apps[name], there[name] = app(name), ALSO[called]
    for name, subject in apps.items():
        host = SANDBOX_HOST if name == "sandbox" else HOST
        about: dict[str, Value | Gone] = {"type_key": there[name], "alias": f"app:{host}/{there[name]}", "host": host}
        about["plan"] = own_plan if own_plan and name == called else plan
        about["sandbox"] = "CHILD" if name == "sandbox" else "NONE"
        found += facts(subject, **about)
    on_trial, _, others = line["trial"].partition(" ")
    if on_trial:
        found += said(names.TRIAL, "running", now, apps[on_trial])
    if others == "beside bought ones":
        found += [
            one for name in ALWAYS_THERE if name != on_trial for one in said(names.TRIAL, "none", now, apps[name])
        ]
    found += exemption(line["exemption"], apps, now)
    for column, setting in (
        ("metadata", names.METADATA),
        ("in_app", names.IN_APP),
        ("included", names.INCLUDED),
        ("excluded", names.EXCLUDED),
    ):
        found += said(setting, line[column], now)
    found += said(names.CONTRIBUTION_OFFERED, "yes", now, DRIVE)
    cut = line["also"] == "a cut list of apps"
    runs = collections(collection("workspaces", "count_mismatch", at=now), at=now) if cut else None
    return state_of(*(_at(one, now) for one in found), as_of=now, at=now, runs=runs)


def _at(one: Observation, now: datetime) -> Observation:
    """What the API told is as new as the line's day."""
    if isinstance(one, Observed) and one.grade is Grade.DOCUMENTED:
        return Observed(one.setting, one.subject, one.value, one.grade, now, one.source, one.response)
    return one


def findings_of(state: State) -> dict[str, Finding]:
    """Every check's finding on the organization."""
    found = evaluated(state, policy_of(*(rule(check) for check in CHECKS))).findings
    return {one.check: one for one in found if one.subject == ORGANIZATION}


def answer_of(state: State, line: Line) -> Effective:
    """The in-app answer of the thing that the line is also about."""
    if line["of"] == "organization content":
        return content_of_no_app(state, ORG)
    if line["of"] in SPACES:
        subject = Subject(ORG, Kind.SPACE, SPACES[line["of"]])
    elif line["of"] == "connector drive":
        subject = DRIVE
    elif line["of"] == "site":
        subject = Subject(ORG, Kind.SITE, HOST)
    else:
        subject = app(line["of"])
    return effective_of(state, subject, names.EFFECTIVE_IN_APP)


def word(answer: Effective) -> str:
    return answer.value or str(answer.outcome)


@pytest.mark.parametrize("number", range(len(lines())), ids=lambda number: f"line {number + 2}")
def test_the_table(number: int) -> None:
    """Findings and effective answers of the organization, and the answer of one thing of it."""
    line = lines()[number]
    state = organization_of(line)
    found = findings_of(state)
    said = {check: str(found[check].outcome) for check in CHECKS}
    wanted = {check: line[check] for check in CHECKS if check != "DC-02"} | {"DC-02": line["DC-01"]}
    assert said == wanted, {check: one.reason for check, one in found.items()}
    metadata, in_app = (
        effective_of(state, ORGANIZATION, one) for one in (names.EFFECTIVE_METADATA, names.EFFECTIVE_IN_APP)
    )
    assert (word(metadata), word(in_app)) == (line["metadata is"], line["in-app data is"])
    assert word(answer_of(state, line)) == line["of it in-app data is"]
    fragile = {one.check for one in found.values() if one.fragile} - {"DC-02"}
    assert fragile == set(line["fragile"].split())


@pytest.mark.parametrize("number", range(len(lines())), ids=lambda number: f"line {number + 2}")
def test_findings_and_effective_answers_agree(number: int) -> None:
    """What is contributed never passes, what passes is not contributed, and exempt is exempt in both."""
    state = organization_of(lines()[number])
    found = findings_of(state)
    for check, setting in (("DC-01", names.EFFECTIVE_METADATA), ("DC-03", names.EFFECTIVE_IN_APP)):
        answer, finding = effective_of(state, ORGANIZATION, setting), found[check]
        if answer.value == "contributed":
            assert finding.outcome in (Outcome.FAIL, Outcome.NOT_ACHIEVABLE)
        elif answer.value == "not_contributed":
            assert finding.outcome in (Outcome.PASS, Outcome.STALE)
        else:
            assert finding.outcome in (answer.outcome, Outcome.STALE)
    if found["DR-10"].outcome is Outcome.PASS:
        assert found["DC-01"].outcome is found["DC-03"].outcome is Outcome.PASS


def test_every_line_is_another_organization_and_says_why() -> None:
    asked = [tuple(line[name] for name in list(line)[:10]) for line in lines()]
    assert len(asked) >= 110
    assert len(set(asked)) == len(asked)
    assert all(line["why"] and not line["why"].endswith(".") for line in lines())

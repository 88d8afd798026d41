"""expect.csv: what a statement of [expect] makes of an organization, as a person would say it.

A line is a whole organization, judged by the rules that the statement expands to. It is as it should be (Jira,
Confluence and Jira Service Management on one site, pinned in the EU, AI blocked, nothing contributed, no trial) but for
what the line changes: "Jira: ai.access=allowed; organization: contribution.in_app=on". "unseen" is nobody's look,
"<code>" a look that does not count any more, "a|b" a list. `by` names findings that must be there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from contribaudit import wiring
from contribaudit.core.advise.verdict import exit_code, verdict_word
from contribaudit.core.judge.evaluate import Evaluation
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Observation, SettingId, Value
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.effective import effective_of
from contribaudit.core.resolve.state import State
from contribaudit.policy_file.statements import STATEMENTS
from tests.builders import (
    ABSENT,
    ORG,
    RULEBOOK,
    SETTINGS,
    UNREAD,
    Gone,
    app,
    collection,
    collections,
    evaluated,
    facts,
    policy_list,
    state_of,
)
from tests.checks.attested import ORGANIZATION, said

HOST = "acme.atlassian.net"
TYPES = {
    "Jira": "jira-software",
    "Confluence": "confluence",
    "JSM": "jira-servicedesk",
    "JPD": "jira-product-discovery",
    "Trello": "trello",
    "Loom": "loom",
    "Bitbucket": "bitbucket",
    "Assets": "assets",
    "Statuspage": "statuspage",
    "New app": "made-up",
    "Labs": "confluence",
    "Labs Jira": "jira-software",
    "Sandbox": "confluence",
}
HOSTS = {"Labs": "labs.atlassian.net", "Labs Jira": "labs.atlassian.net", "Sandbox": "acme-sandbox.atlassian.net"}
NO_RESIDENCY: Mapping[str, Value | Gone] = {"realm": None, "move": ABSENT, "policies": ABSENT, "policy_realms": ABSENT}
ALWAYS_THERE = ("Jira", "Confluence", "JSM")
OF_ORGANIZATION: Mapping[str, Value] = {
    "contribution.metadata": "off",
    "contribution.in_app": "off",
    "contribution.in_app.included": (),
    "ai.agents.default_access": (),
    "ai.web_search": "off",
    "ai.mcp.supported_domains": "blocked",
    "ai.mcp.domains": (),
    "ai.mcp.api_tokens": "off",
    "ai.mcp.write": "blocked",
    "residency.default_realm": "EU",
}
OF_APP: Mapping[str, Mapping[str, Value]] = {
    name: {"trial": "none", **own}
    for name, own in {
        **{name: {"ai.access": "blocked"} for name in TYPES},
        "JSM": {"ai.access": "blocked", "ai.own_setting": "off", "ai.portal_customers": "off"},
        "Bitbucket": {"ai.own_setting": "off"},
        "Trello": {"ai.own_setting": "off"},
        "Loom": {"ai.own_setting": "off"},
        "New app": {},
    }.items()
}


def lines() -> list[dict[str, str]]:
    with Path(__file__).with_name("expect.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def value_of(text: str) -> Value:
    if text == "empty":
        return ()
    several = "|" in text or text.startswith(("app:", "connector:", "space:"))
    return tuple(one for one in text.split("|") if one) if several else text


def world(changes: str) -> State:
    """The organization of a line."""
    there = list(ALWAYS_THERE)
    documented: dict[str, dict[str, Value | Gone]] = {}
    attested: dict[tuple[str, str], Value] = {("organization", key): value for key, value in OF_ORGANIZATION.items()}
    cut = False
    steps = [one.strip() for one in changes.split(";") if one.strip()]
    for step in steps:
        if step.startswith("+"):
            there.append(step[1:])
    for name in there:
        attested |= {(name, key): value for key, value in OF_APP[name].items()}
    for step in steps:
        if step.startswith("+"):
            continue
        if step == "a cut list of apps":
            cut = True
            continue
        about, _, rest = step.partition(": ")
        setting, _, text = rest.partition("=")
        for name in there if about == "every app" else [about]:
            if setting in SETTINGS:
                documented.setdefault(name, {})[setting] = {"unread": UNREAD, "null": None}.get(text, value_of(text))
            elif text == "unseen":
                attested.pop((name, setting), None)
            else:
                attested[name, setting] = value_of(text)
    found: list[Observation] = [policy_list("p-eu")]
    for name in there:
        found += facts(app(name), **(described(name) | documented.get(name, {})))
    found += [said(SettingId(key), value, subject_of(name)) for (name, key), value in attested.items()]
    runs = collections(collection("workspaces", "count_mismatch")) if cut else None
    return state_of(*found, runs=runs)


def described(name: str) -> dict[str, Value | Gone]:
    host = HOSTS.get(name, HOST)
    type_key = TYPES[name]
    known = RULEBOOK.app(type_key)
    outside = NO_RESIDENCY if known is None or known.residency != "yes" else {}
    about: dict[str, Value | Gone] = {"type_key": type_key, "plan": "Enterprise", "host": host, "site": host}
    about |= {"alias": f"app:{host}/{type_key}", "sandbox": "CHILD" if name == "Sandbox" else "NONE", **outside}
    return about


def subject_of(name: str) -> Subject:
    return ORGANIZATION if name == "organization" else app(name)


def policy(statements: str) -> AuditPolicy:
    """The policy of the file that holds these statements and nothing else."""
    body = "\n".join(one.strip() for one in statements.split(";"))
    return wiring.load_policy(Path("policy.toml"), RULEBOOK, text=f"[expect]\n{body}\n")


def verdict(evaluation: Evaluation) -> str:
    return verdict_word(exit_code(evaluation.findings, Severity.HIGH, ()))


@pytest.mark.parametrize("number", range(len(lines())), ids=lambda number: f"line {number + 2}")
def test_the_table(number: int) -> None:
    line = lines()[number]
    evaluation = evaluated(world(line["given"]), policy(line["expect"]))
    bad = {
        f"{one.check} {one.outcome}": one.reason
        for one in evaluation.findings
        if one.outcome.violates or one.outcome.unproven
    }
    assert verdict(evaluation) == line["verdict"], bad
    assert set(wanted(line["by"])) <= bad.keys(), bad


WORLDS = sorted({line["given"] for line in lines()})


@pytest.mark.parametrize("number", range(len(WORLDS)), ids=lambda number: WORLDS[number] or "as it should be")
def test_what_passes_is_so_by_the_effective_answers(number: int) -> None:
    """In every world of the table a statement passes only where nothing is contributed, exposed, or elsewhere."""
    state = world(WORLDS[number])
    apps = state.subjects(Kind.APP, ORG)

    def answers(setting: SettingId, subjects: Sequence[Subject]) -> set[str | None]:
        return {effective_of(state, one, setting).value for one in subjects}

    if verdict(evaluated(state, policy('contribution = "none"'))) == "PASS":
        exempt = effective_of(state, ORGANIZATION, names.EFFECTIVE_IN_APP).outcome is Outcome.EXEMPT
        for setting in (names.EFFECTIVE_METADATA, names.EFFECTIVE_IN_APP):
            assert exempt or answers(setting, [ORGANIZATION]) == {"not_contributed"}
            assert "contributed" not in answers(setting, apps)
    if verdict(evaluated(state, policy('ai = "blocked"'))) == "PASS":
        assert answers(names.EFFECTIVE_AI, [ORGANIZATION, *apps]) == {"not_exposed"}
    if verdict(evaluated(state, policy('location = ["EEA"]'))) == "PASS":
        assert {str(seen.value) for app in apps if (seen := state.value(app, names.REALM))} <= {"EU", "DE"}
        assert all((seen := state.value(app, names.PINNED)) is not None and seen.value is True for app in apps)


def wanted(by: str) -> Iterator[str]:
    yield from (one.strip() for one in by.split(",") if one.strip())


def test_every_line_is_another_case_and_says_why() -> None:
    asked = [(line["expect"], line["given"]) for line in lines()]
    assert len(asked) >= 60
    assert len(set(asked)) == len(asked)
    assert all(line["why"] for line in lines())
    asked_of = {part.split("=")[0].strip() for line in lines() for part in line["expect"].split(";")}
    assert asked_of == {*STATEMENTS, "reason"}

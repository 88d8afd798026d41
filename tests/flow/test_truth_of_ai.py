"""The rules of AI as a table that a compliance person can read: one organization a line, and what each check says.

`ai.csv` is written from the rules. Each app is named with its Rovo access, and after "own" with the switch in its own
administration; the first app is the one that AI-01, AI-02, AI-04, AI-05, AI-19 and effective.ai are asked of, and it is
tagged for HIPAA where it can be. DR-09 and DC-17 are asked of the organization. "ways out" are MCP and web search.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.observation import Grade, Observation, SettingId
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.effective_ai import ai
from contribaudit.core.resolve.state import State
from tests.builders import app, collection, collections, evaluated, facts, observed, policy_of, rule, state_of
from tests.checks.attested import ORGANIZATION, said, seen

TYPES = {
    "Jira": "jira-software",
    "JSM": "jira-servicedesk",
    "JPD": "jira-product-discovery",
    "JWM": "jira-core",
    "CSM": "customer-service-management",
    "New app": "made-up",
}
"""Type keys of the apps; of others the key is the name."""
TAGGABLE = ("Jira", "JSM", "Confluence", "New app")
CLOSED: Mapping[str, str | tuple[str, ...]] = {
    "ai.mcp.supported_domains": "blocked",
    "ai.mcp.domains": (),
    "ai.mcp.api_tokens": "off",
    "ai.web_search": "off",
}
OTHERWISE: Mapping[str, tuple[str, str | tuple[str, ...]]] = {
    "supported domains allowed": ("ai.mcp.supported_domains", "allowed"),
    "own domain listed": ("ai.mcp.domains", ("mcp.acme.example",)),
    "domains unseen": ("ai.mcp.domains", "unseen"),
    "tokens on": ("ai.mcp.api_tokens", "on"),
    "tokens unseen": ("ai.mcp.api_tokens", "unseen"),
    "tokens stale": ("ai.mcp.api_tokens", "<signal_moved>"),
    "web search on": ("ai.web_search", "on"),
    "web search unseen": ("ai.web_search", "unseen"),
}
NO_VALUE = {"no_such_setting": "no setting"}
OWN_WORDS = {"": None, "limited": "limited", "allowed": "on"}


def rows() -> list[dict[str, str]]:
    with Path(__file__).with_name("ai.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def switch(setting: SettingId, cell: str, subject: Subject) -> Iterator[Observation]:
    """What a person recorded of a switch, as the cell says it."""
    match cell.split():
        case [] | ["unseen"]:
            return
        case ["stale"]:
            yield said(setting, "<signal_moved>", subject)
        case ["conflict"]:
            yield said(setting, "<attestations_differ>", subject)
        case ["null"]:
            yield seen(setting, None, subject)
        case ["predicted", word]:
            yield observed(setting, subject, word, grade=Grade.PREDICTED)
        case ["old", word]:
            yield seen(setting, word, subject, days_ago=31)
        case [word]:
            yield seen(setting, word, subject)
        case _:
            raise ValueError(f"{cell!r} is no position of a switch")


def one_app(number: int, cell: str, cells: Mapping[str, str]) -> Iterator[Observation]:
    """An app of the line: "JSM@other blocked, own off"."""
    name = next(one for one in (*TYPES, cell.split()[0].split("@")[0]) if cell.startswith((f"{one} ", f"{one}@")))
    where, _, words = cell.removeprefix(name).partition(" ")
    words = f", {words}" if words.startswith("own ") else words
    access, _, own = words.partition(", own ")
    subject = app(f"app-{number}")
    host = {"@other": {"host": "acme-2.example"}, "@nowhere": {}}.get(where, {"host": "acme.example"})
    plan = cells["plan"].split(",")[0]
    if plan == "Free beside Premium":
        plan = "Premium" if number else "Free"
    yield from facts(subject, type_key=TYPES.get(name, name.casefold()), plan=plan, alias=f"app:{name}", **host)
    yield from switch(names.AI_ACCESS, access, subject)
    yield from switch(names.AI_OWN_SETTING, own, subject)
    if number == 0:
        yield seen("trial", cells["trial"], subject)
        if name in TAGGABLE:
            yield seen("hipaa.tagged", "yes", subject)


def state_of_row(cells: Mapping[str, str]) -> State:
    found = [one for number, cell in enumerate(cells["apps"].split("; ")) for one in one_app(number, cell, cells)]
    metadata = cells["plan"].partition("metadata ")[2] or "on"
    found += switch(names.METADATA, metadata, ORGANIZATION)
    ways = dict(CLOSED)
    if cells["ways out"] == "unseen":
        ways = {}
    elif cells["ways out"] != "closed":
        setting, word = OTHERWISE[cells["ways out"]]
        ways[setting] = word
    found += [said(setting, word) for setting, word in ways.items() if word != "unseen"]
    cut = collections(collection("workspaces", "timeout")) if cells["plan"].endswith("list cut") else None
    return state_of(*found, runs=cut)


def told(findings: list[Finding], subject: Subject, *checks: str) -> str:
    """What the checks say of the subject, in the table's words; "-" where none of them is asked of it."""
    said_by = {
        "fragile" if one.fragile else NO_VALUE.get(one.outcome, str(one.outcome))
        for one in findings
        if one.subject == subject and one.check in checks
    }
    return "; ".join(sorted(said_by)) or "-"


@pytest.mark.parametrize(
    "cells", rows(), ids=[f"line {number}: {row['plan']}, {row['apps']}" for number, row in enumerate(rows(), start=2)]
)
def test_the_table_holds(cells: dict[str, str]) -> None:
    state = state_of_row(cells)
    takes = cells["policy takes"]
    own = OWN_WORDS[takes]
    policy = policy_of(
        rule("AI-01", expect=takes or None),
        rule("AI-04", expect=own),
        rule("AI-05", expect=own),
        *(rule(check) for check in ("AI-02", "AI-19", "DR-09", "DC-17")),
    )
    findings = list(evaluated(state, policy).findings)
    first = app("app-0")
    answer = ai(state, first)
    said_of_it = {
        "effective.ai": (answer.value or NO_VALUE.get(str(answer.outcome), str(answer.outcome))).replace("_", " "),
        "AI-01": told(findings, first, "AI-01"),
        "AI-02": told(findings, first, "AI-02"),
        "AI-04 or AI-05": told(findings, first, "AI-04", "AI-05"),
        "AI-19": told(findings, first, "AI-19"),
        "DR-09": told(findings, ORGANIZATION, "DR-09"),
        "DC-17": told(findings, ORGANIZATION, "DC-17"),
    }
    assert said_of_it == {name: cells[name] for name in said_of_it}, cells["why"]


def test_the_table_is_large_and_repeats_nothing() -> None:
    lines = rows()
    assert len(lines) >= 80
    assert len(
        {tuple(line[name] for name in ("plan", "apps", "ways out", "trial", "policy takes")) for line in lines}
    ) == len(lines)

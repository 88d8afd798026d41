"""Checks, known words and files for the policy file's tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from contribaudit import checks, policy_file
from contribaudit.core.judge.check import Check, CheckContext, Expectation, Shape, Verdict, by_id, check
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import Kind
from contribaudit.errors import PolicyFileError
from contribaudit.policy_file import KnownWords
from tests.builders import RULEBOOK

SLUGS = {one.id: one.slug for one in checks.ALL}
ESSENTIALS = ("DC-06", "DC-07", "DC-09", "DC-10", "DC-18", "AI-20", "DR-04", "DR-13", "GV-01", "GV-06")
REALMS = ("EU", "DE", "US", "Global")
SETTINGS = frozenset({"contribution.in_app", "app.status"})

RULE = '[[rule]]\ncheck = "DR-01"\n'
WAIVER = {
    "check": '"DR-01"',
    "subject": '"app:acme-us.atlassian.net/confluence"',
    "reason": '"US subsidiary"',
    "requested_by": '"it@acme.example"',
    "approved_by": '"ciso@acme.example"',
    "approved_at": "2026-11-02",
    "expires": "2027-01-31",
}
DECISION = {
    "setting": '"contribution.in_app"',
    "value": '"off"',
    "by": '"dpo@acme.example"',
    "second": '"ciso@acme.example"',
    "date": "2026-06-02",
    "ticket": '"GRC-207"',
}
DOCUMENTED = """\
version = 1
name = "Acme data contribution policy"
extends = ["essentials"]   # shipped packs, or paths
written_for_plan = "Enterprise"

[evidence]
accept = ["documented", "decoded", "attested", "inferred"]
max_age_days = { documented = 2, decoded = 2, attested = 30, attested_anchored = 30, inferred = 180 }
screenshot = "critical"
second_person = "critical"

[[rule]]
check = "DR-01"
expect = ["EU", "DE"]
severity = "critical"
where = { app = ["jira-software", "confluence"], site = "acme*", sandbox = false }

[[waiver]]
check = "DR-01"
subject = "app:acme-us.atlassian.net/confluence"
observed = ["US"]                         # binds to this value; another one fails again
reason = "US subsidiary, contract 2026-114"
requested_by = "it@acme.example"
approved_by = "ciso@acme.example"         # another person, on approved_at
approved_at = 2026-11-02
review_every_days = 90
ticket = "GRC-311"
expires = 2027-01-31                      # required

[[decision]]
setting = "contribution.in_app"
value = "off"
by = "dpo@acme.example"
second = "ciso@acme.example"
date = 2026-06-02
ticket = "GRC-207"
"""


def fake(identifier: str, shape: Shape = Shape.NOTHING, vocabulary: str = "") -> Check:
    """A check that always passes, of the slug that the real one has."""

    def judge(_case: CheckContext) -> Verdict:
        return Verdict(Outcome.PASS, "fine", "all is fine")

    as_check = check(
        identifier, SLUGS[identifier], Kind.APP, outcomes={Outcome.PASS}, expectation=Expectation(shape, vocabulary)
    )
    return as_check(judge)


CHECKS = by_id(
    [
        *(fake(identifier) for identifier in ESSENTIALS),
        fake("DR-01", Shape.WORDS, "realms"),
        fake("DC-01", Shape.WORD),
        fake("DC-02", Shape.WORD, "plans"),
        fake("DC-11", Shape.WORDS),
    ]
)
KNOWN = KnownWords(
    replace(
        RULEBOOK,
        realms=tuple(
            replace(one, words=frozenset({one.code.casefold()})) for one in RULEBOOK.realms if one.code in REALMS
        ),
        realm_groups={},
    ),
    CHECKS,
    SETTINGS,
)


def load(path: Path | None) -> AuditPolicy:
    """The policy of this file, with the checks above."""
    return policy_file.load(path, KNOWN)


def load_with_packs(path: Path | None, packs: Mapping[str, str]) -> AuditPolicy:
    """The policy of this file, where these are the shipped packs."""
    return policy_file.load(path, KNOWN, packs=packs)


def write(folder: Path, text: str, name: str = "policy.toml") -> Path:
    """A file with this text."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def problems(path: Path) -> list[str]:
    """What is wrong with this file, a line each, paths shortened to the file's folder; nothing when it loads."""
    try:
        load(path)
    except PolicyFileError as error:
        return error.message.replace(f"{path.parent}/", "").splitlines()
    return []


def table(name: str, keys: dict[str, str], changes: dict[str, str]) -> str:
    """A table with these keys, changed; an empty text takes a key out."""
    lines = [f"{key} = {value}" for key, value in {**keys, **changes}.items() if value]
    return f"[[{name}]]\n" + "\n".join(lines) + "\n"

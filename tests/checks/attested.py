"""What people attested, as the state holds it, for the tables of the checks."""

from __future__ import annotations

from datetime import timedelta

from contribaudit.core.model.observation import Attester, Grade, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.subject import Subject, organization_subject
from tests.builders import NOW, ORG

ORGANIZATION = organization_subject(ORG)
ANN = Attester(
    "ann@acme.example",
    console_path="Atlassian Administration > Security > Data contribution",
    generation="since May 2026",
)


def seen(setting: str, value: Value, subject: Subject = ORGANIZATION, *, days_ago: float = 0) -> Observed:
    """A value that somebody looked up in the console."""
    moment = NOW - timedelta(days=days_ago)
    return Observed(SettingId(setting), subject, value, Grade.ATTESTED, moment, "attested by ann", witness=ANN)


def gone(setting: str, code: str, subject: Subject = ORGANIZATION) -> Unavailable:
    """A value that was attested and does not count: "signal_moved", "attestations_differ" and the like."""
    return Unavailable(
        SettingId(setting), subject, code, "it was attested, and something moved", NOW, "attested by ann"
    )


def said(setting: str, value: Value | str, subject: Subject = ORGANIZATION) -> Observation:
    """`seen`, or for a text in angle brackets ("<signal_moved>") `gone`."""
    if isinstance(value, str) and value.startswith("<"):
        return gone(setting, value.strip("<>"), subject)
    return seen(setting, value, subject)

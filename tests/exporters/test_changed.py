"""Changes in words: each by the title of what changed, never by its ID."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contribaudit import catalogue
from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.subject import COMPANY, Kind, Subject
from contribaudit.exporters.changed import called_in, grouped_changes, setting_and_values
from tests.builders import NOW, ORG


@pytest.mark.parametrize(
    ("setting", "before", "after", "said"),
    [
        (names.POLICY_DIGEST, "3" * 64, "b" * 64, ("Policy", f"{'3' * 12} -> {'b' * 12}")),
        (names.RULEBOOK_DIGEST, "3" * 64, "b" * 64, ("Rulebook", f"{'3' * 12} -> {'b' * 12}")),
        (names.TOOL_VERSION, "0.1.0", "0.2.0", ("Version of contribaudit", "0.1.0 -> 0.2.0")),
    ],
)
def test_what_judged_a_run_has_a_title(setting: SettingId, before: Value, after: Value, said: tuple[str, str]) -> None:
    change = Change(COMPANY, setting, before, after, True, True, NOW, NOW - timedelta(days=1))
    (group,) = grouped_changes([change])
    assert (catalogue.find(setting).title, setting_and_values(group)[1]) == said


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (Kind.APP, "acme.atlassian.net/confluence", "Confluence on acme.atlassian.net"),
        (Kind.SPACE, "space:acme.atlassian.net/confluence/HR", "space HR in Confluence on acme.atlassian.net"),
        (Kind.APP, "acme.atlassian.net/sim-made-up", "acme.atlassian.net/sim-made-up"),
        (Kind.SITE, "acme.atlassian.net", "acme.atlassian.net"),
        (Kind.ORGANIZATION, "Acme", "Acme"),
        (Kind.APP, "", "ari:cloud:one"),
    ],
)
def test_a_change_calls_its_subject_as_people_do(kind: Kind, name: str, said: str) -> None:
    """By the app's title where its type is known, else as it is named."""
    subject = Subject(ORG, kind, "ari:cloud:one")
    assert called_in(Change(subject, names.REALM, "EU", "US", True, True, NOW, None, name=name)) == said

"""Changes in words: each by the title of what changed, never by its ID."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contribaudit import catalogue
from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.subject import COMPANY
from contribaudit.exporters.changed import grouped_changes, setting_and_values
from tests.builders import NOW


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

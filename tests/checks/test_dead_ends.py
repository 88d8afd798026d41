"""An organization with every app that the rulebook knows, all of it attested as it should be: what still stays open.

What no look and no source can answer is told once, here with its reason, or has no setting.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from contribaudit import catalogue
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.observation import Observation, SettingId, Value
from contribaudit.core.model.provisions import NO_DOCUMENTS, Archive
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import State
from contribaudit.policy_file import reading
from tests.builders import ORG, RULEBOOK, app, evaluated, facts, observed, policy_list, state_of
from tests.checks.attested import ORGANIZATION, seen
from tests.checks.test_attested_words import GOOD
from tests.checks.test_packs import load

CONNECTOR = Subject(ORG, Kind.CONNECTOR, "drive")
COMPLIANT: dict[str, Value] = {**GOOD, "contribution.exemption": "none", "hipaa.baa": "none", "spaces.count": 3}


def every_app(documents: Archive = NO_DOCUMENTS, rulebook: Rulebook = RULEBOOK) -> State:
    """One app of each type on one site, on Enterprise and held in the EU, with what each screen shows of it."""
    found: list[Observation] = [policy_list("p-eu"), observed(SettingId("ai.access.role_groups"), ORGANIZATION, ())]
    apps = {one.type_key: app(one.type_key) for one in RULEBOOK.apps.values() if not one.pseudo}
    for key, subject in apps.items():
        found += facts(subject, type_key=key, plan="Enterprise", host="acme.example", alias=f"app:acme.example/{key}")
    for setting, value in COMPLIANT.items():
        kind = next(one for one in catalogue.ALL if one.id == setting).kinds[0]
        shown = [one for one in RULEBOOK.screens if setting in one.settings]
        if kind is Kind.ORGANIZATION:
            found.append(seen(setting, value))
        elif kind is Kind.CONNECTOR:
            found.append(seen(setting, value, CONNECTOR))
        else:
            found += [
                seen(setting, value, subject)
                for key, subject in apps.items()
                if any(not one.apps or key in one.apps for one in shown)
            ]
    return state_of(*found, documents=documents, rulebook=rulebook)


OPEN = {
    ("AI-14", "nothing_looked_at"): "the only connector is disconnected",
    ("AI-15", "nothing_looked_at"): "the only connector is disconnected",
    ("DC-06", "policy_names_no_plan"): "the policy is to name a plan",
    ("DC-01", "screenshot_missing"): "these attestations have none",
    ("DC-03", "screenshot_missing"): "these attestations have none",
    ("DC-21", "day_of_change_not_known"): "nobody looked before the day from which data is used",
    ("DC-22", "opt_out_not_dated"): "the policy is to date the opt-out by a decision",
    ("DR-03", "unknown_app"): "of these apps no page says whether residency reaches them",
    (
        "DR-06",
        "unknown_app",
    ): "of these apps no page says whether residency reaches them",
    ("DR-08", "not_verifiable_today"): "no source tells of Forge remotes",
    ("DR-09", "no_statement_on_ai"): "of Statuspage and its like no page says whether AI reaches them: told once",
    ("GV-02", "not_read"): "nobody asked who administers the organization",
    ("GV-03", "nothing_to_compare"): "there is one run alone",
    ("GV-05", "no_record"): "the policy is to name the records",
    ("GV-06", "pages_not_archived"): "no page was archived",
    ("DC-19", "pages_not_archived"): "no page was archived",
    ("GV-07", "never_exported"): "nothing was exported",
    ("GV-08", "no_documents"): "no page was archived",
    ("SP-01", "never_imported"): "no list of sub-processors was imported",
    ("SP-02", "never_imported"): "no list of sub-processors was imported",
    ("SP-06", "never_imported"): "no list of sub-processors was imported",
}
"""Why each stays open. A look that nobody can take is not among them."""


@pytest.mark.parametrize("pack", reading.NAMES)
def test_nothing_stays_open_but_what_is_named_here(tmp_path: Path, pack: str) -> None:
    findings = evaluated(every_app(), load(tmp_path, pack)).findings
    left = {(one.check, one.reason_code) for one in findings if one.outcome.unproven}
    assert left <= set(OPEN)


def test_no_app_waits_for_a_look_that_no_screen_offers(tmp_path: Path) -> None:
    """Product Discovery has no key and no tag, Statuspage is not listed under Rovo access, and each says so."""
    without = {
        (one.check, one.subject.id.removeprefix("ari:cloud:"))
        for pack in reading.NAMES
        for one in evaluated(every_app(), load(tmp_path, pack)).findings
        if one.reason_code == "no_screen"
    }
    product_discovery = "jira-product-discovery"
    assert without >= {("DR-12", product_discovery), ("AI-19", product_discovery), ("AI-01", "statuspage")}
    assert ("DR-07", "jira-core") in without
    assert not {app_key for check, app_key in without if check == "AI-01"} & {"jira-software", "confluence", "compass"}


@pytest.mark.parametrize("pack", ["essentials", "no-training"])
def test_no_dead_end_keeps_a_run_from_ending_well(tmp_path: Path, pack: str) -> None:
    """What is open at the default threshold and above is settled by an entry of the policy."""
    grave = {
        one.check
        for one in evaluated(every_app(), load(tmp_path, pack)).findings
        if one.outcome.unproven and one.severity.at_least(Severity.HIGH)
    }
    assert grave <= {"DC-06"}

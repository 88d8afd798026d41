"""What data residency does not reach: AI (DR-09), aggregates (DR-10), the audit log (DR-11), own keys (DR-12)."""

from __future__ import annotations

from dataclasses import replace

from contribaudit.catalogue import ai_access as ai
from contribaudit.catalogue import ai_tools as tools
from contribaudit.catalogue import data_contribution as contribution
from contribaudit.catalogue.data_residency import BYOK
from contribaudit.checks.ai_access.reach import exposure
from contribaudit.checks.contributed import fragile
from contribaudit.checks.data_contribution.switches import in_app_off, metadata_off
from contribaudit.checks.data_residency.pinning import may_have_residency
from contribaudit.checks.data_residency.realm import realm_of, realm_unclear
from contribaudit.checks.parts import evidence_of, rulebook_evidence
from contribaudit.checks.reading import ATTESTED, code_of, fragile_in_trial, gravest, list_of, unless_no_screen, word_of
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_BEFORE = frozenset((Outcome.EXEMPT, Outcome.NOT_YET_EFFECTIVE))


def ai_processing(case: Case) -> Verdict:
    """DR-09: AI is off everywhere, since residency holds stored data and not what models process.

    Tools of others that connect over MCP process it where they run, and web searches go out: both must be closed too.
    No documented option keeps that in a region; a waiver is how it is accepted.
    """
    answer = exposure(case, case.subject)
    if answer.outcome is Outcome.FAIL:
        reason = f"{answer.reason}, and {case.state.rulebook.statements.ai_processing.text}"
        return Verdict(
            Outcome.FAIL, "ai_leaves_realm", reason, answer.setting, answer.expected, answer.observed, answer.evidence
        )
    parts = [answer, *(_way_out(case, *way) for way in _WAYS_OUT), _own_domains(case)]
    if answer.outcome is Outcome.NO_SUCH_SETTING:
        parts = [one for one in parts if one.setting != tools.WEB_SEARCH.id]  # Rovo is what searches
    worst = gravest(parts)
    if worst is None or worst.outcome is not Outcome.PASS:
        return worst or answer
    evidence = tuple(evidence for one in parts for evidence in one.evidence)
    if answer.outcome is not Outcome.PASS:
        return replace(answer, evidence=evidence)
    reason = f"AI is off everywhere ({answer.reason}), no tool connects over MCP, and web search is off"
    return Verdict(Outcome.PASS, "ai_off", reason, answer.setting, answer.expected, answer.observed, evidence)


_WAYS_OUT = (
    (
        tools.MCP_SUPPORTED_DOMAINS,
        "blocked",
        "mcp_open",
        "tools of the domains that Atlassian supports may connect over MCP and process data where they run",
    ),
    (
        tools.MCP_API_TOKENS,
        "off",
        "mcp_open",
        "tools that sign in with an API token may connect over MCP and process data where they run",
    ),
    (tools.WEB_SEARCH, "off", "web_search_on", "the web search option is on: queries go out to the web"),
)


def _way_out(case: Case, setting: Setting, closed: str, code: str, opened: str) -> Verdict:
    word = word_of(case.state, case.subject, setting, closed)
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    if word == closed:
        return Verdict(Outcome.PASS, code_of(setting, word), "", setting.id, closed, word, evidence)
    return Verdict(Outcome.FAIL, code, opened, setting.id, closed, word, evidence)


def _own_domains(case: Case) -> Verdict:
    setting = tools.MCP_DOMAINS
    listed = list_of(case.state, case.subject, setting, ())
    if isinstance(listed, Verdict):
        return listed
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    if not listed:
        return Verdict(Outcome.PASS, "no_domains", "", setting.id, (), listed, evidence)
    reason = f"tools may connect over MCP from {', '.join(listed)} and process data where they run"
    return Verdict(Outcome.FAIL, "mcp_open", reason, setting.id, (), listed, evidence)


def aggregates(case: Case) -> Verdict:
    """DR-10: nothing is contributed, since no realm holds what is de-identified and aggregated."""
    answers = (metadata_off(case), in_app_off(case))
    settled = next((one for one in answers if one.outcome in _BEFORE), None)
    impossible = next((one for one in answers if one.outcome is Outcome.NOT_ACHIEVABLE), None)
    worst = settled or impossible or gravest(answers)
    if worst is not None and worst.outcome is not Outcome.PASS:
        also = [one.reason for one in answers if one is not worst and one.outcome is Outcome.FAIL]
        return replace(worst, reason="; ".join((worst.reason, *also)))
    evidence = tuple(evidence for one in answers for evidence in one.evidence)
    reason = "nothing is contributed, so nothing is aggregated outside the realm from now on"
    undone = [one.reason for one in answers if one.fragile]
    verdict = Verdict(Outcome.PASS, "contribution_off", reason, contribution.METADATA.id, "off", "off", evidence)
    return fragile(verdict, "; ".join(undone)) if undone else verdict


def audit_log(case: Case) -> Verdict:
    """DR-11: no plan holds the audit log in a realm; a waiver is how that is accepted."""
    reason = "data residency is not available for the audit log on any plan"
    return Verdict(Outcome.NOT_ACHIEVABLE, "no_residency", reason, None, None, None, rulebook_evidence(case))


def own_key(case: Case) -> Verdict:
    """DR-12: an app with a customer-managed key is in a realm of the rule's `expect`: no move is possible any more."""
    setting = BYOK
    key = word_of(case.state, case.subject, setting)
    if isinstance(key, Verdict):
        return unless_no_screen(case, setting, key)
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    if key == "none":
        reason = "it has no customer-managed key: its location can still be chosen"
        return Verdict(Outcome.PASS, "no_key", reason, setting.id, None, key, evidence)
    wanted = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    allowed = case.state.rulebook.realm_codes(wanted)
    if not allowed:
        reason = "the policy names no realm: set expect in its rule"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_realm", reason, names.REALM)
    realm, seen = realm_of(case.state, case.subject)
    if realm is None:
        return realm_unclear(seen, wanted)
    evidence += evidence_of(seen)
    if realm.code in allowed:
        reason = f"it has a customer-managed key, and its realm is {realm.code}"
        return Verdict(Outcome.PASS, "location_first", reason, names.REALM, wanted, realm.code, evidence)
    reason = f"its realm is {realm.code}, and with a customer-managed key it cannot be moved any more"
    return Verdict(Outcome.NOT_ACHIEVABLE, "cannot_be_moved", reason, names.REALM, wanted, realm.code, evidence)


DR_09 = Check(
    id="DR-09",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(
        ai.ACCESS.id,
        tools.OWN_SETTING.id,
        tools.MCP_SUPPORTED_DOMAINS.id,
        tools.MCP_DOMAINS.id,
        tools.MCP_API_TOKENS.id,
        tools.WEB_SEARCH.id,
    ),
    outcomes=ATTESTED | {Outcome.NO_SUCH_SETTING},
    judge=fragile_in_trial(ai_processing),
)
DR_10 = Check(
    id="DR-10",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(contribution.METADATA.id, contribution.IN_APP.id, names.INCLUDED, names.HIGHEST_PLAN, names.EXEMPTION),
    outcomes=ATTESTED | _BEFORE | {Outcome.NOT_ACHIEVABLE},
    judge=aggregates,
)
DR_11 = Check(
    id="DR-11",
    family=Family.DATA_RESIDENCY,
    kind=Kind.ORGANIZATION,
    reads=(),
    outcomes=frozenset((Outcome.NOT_ACHIEVABLE,)),
    judge=audit_log,
)
DR_12 = Check(
    id="DR-12",
    family=Family.DATA_RESIDENCY,
    kind=Kind.APP,
    reads=(BYOK.id, names.REALM, names.APP_TYPE_KEY),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.NOT_ACHIEVABLE, Outcome.NO_SUCH_SETTING},
    judge=own_key,
    applies=may_have_residency,
    expectation=Expectation(Shape.WORDS, "realms"),
)

"""STEP 4: what the policy says about the state, one finding per check and subject.

Each verdict is held to the policy's evidence terms: evidence that is not good and fresh enough proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from contribaudit.core.judge.baseline import uncovered
from contribaudit.core.judge.check import Check, CheckContext, Verdict
from contribaudit.core.judge.selectors import (
    Attributes,
    attributes_of,
    is_ambiguous,
    matches,
    names_one_app,
    rule_for,
    rules_that_may_hold,
    surely_matches,
    why_never,
)
from contribaudit.core.judge.waivers import WaiverMatcher
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Finding, Outcome, Severity
from contribaudit.core.model.observation import SettingId, Unavailable
from contribaudit.core.model.phrases import counted, first_of, grouped
from contribaudit.core.model.policy import AuditPolicy, Rule, Terms, Where
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.contribution_lists import app_of_space
from contribaudit.core.resolve.provisions import RULE_UNDER_REVIEW
from contribaudit.core.resolve.state import State, TermsOf
from contribaudit.errors import UsageError

_NEEDS_NO_EVIDENCE = (Outcome.UNKNOWN, Outcome.NOT_YET_EFFECTIVE)
RULE_NOT_CERTAIN = "rule_not_certain"
"""Code of a verdict that would differ under another rule, which may be the one that holds."""
_STAYS_WHEN_OLD = (Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE, Outcome.STALE)


def apply_terms(verdict: Verdict, case: CheckContext) -> Verdict:
    """The verdict if its evidence meets the policy's terms, otherwise `unknown` or `stale` in its place.

    No evidence, a grade that the policy does not accept, and a time in the future make it `unknown`; age makes a
    good answer `stale`. A bad answer stays bad when its evidence ages, since age does not improve a setting.
    """
    if verdict.outcome in _NEEDS_NO_EVIDENCE:
        return verdict
    if not verdict.evidence and verdict.outcome not in (Outcome.STALE, Outcome.CONFLICT):
        return replace(verdict, outcome=Outcome.UNKNOWN, reason_code="no_evidence", reason="no evidence was read")
    terms = Terms.of(case.policy, case.rule, case.severity)
    shortcoming = terms.shortcoming(
        verdict.reason, verdict.evidence, case.as_of, lasting=verdict.outcome in _STAYS_WHEN_OLD
    )
    if shortcoming is None:
        return verdict
    return replace(verdict, outcome=shortcoming.outcome, reason_code=shortcoming.code, reason=shortcoming.reason)


def evidence_terms(policy: AuditPolicy, checks: Iterable[Check]) -> TermsOf:
    """The evidence terms of each effective answer: those of the check whose verdict it is.

    An answer about a subject of another kind falls under the same check, as far as its rules match that subject. Where
    none does, or it is off, the policy's own terms count, at the check's severity.
    """
    answering: dict[SettingId, dict[Kind, str]] = {}
    for check in checks:
        if check.answers is not None:
            answering.setdefault(check.answers, {}).setdefault(check.kind, check.id)
    rules = grouped(policy.rules, lambda rule: rule.check)
    made: dict[tuple[str, int], Terms] = {}

    def under(state: State, check: str, rule: Rule | None) -> Terms:
        rule = rule if rule is not None and rule.enabled else None
        severity = (rule.severity if rule is not None else None) or state.rulebook.words[check].severity
        return made.setdefault((check, id(rule)), Terms.of(policy, rule, severity))

    def terms(state: State, subject: Subject, setting: SettingId) -> Sequence[Terms]:
        kinds = answering.get(setting)
        if kinds is None:
            return (Terms.of(policy, None, Severity.INFO),)
        check = kinds.get(subject.kind) or next(iter(kinds.values()))
        if all(rule.where == _ANYTHING for rule in rules.get(check, ())):
            return (under(state, check, next(reversed(rules.get(check, ())), None)),)
        about = (app_of_space(state, subject) if subject.kind is Kind.SPACE else None) or subject
        attributes = attributes_of(state, about)
        holding = rule_for(policy, check, attributes)
        others = rules_that_may_hold(policy, check, attributes)
        return [under(state, check, one) for one in (holding, *others) if one is holding or (one and one.enabled)]

    return terms


def strongest_first(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The evidence in the order of reports: by grade, then by time, repeated pieces once."""
    return tuple(sorted(dict.fromkeys(evidence), key=lambda one: (one.grade.rank, one.observed_at, one.source)))


@dataclass(frozen=True, slots=True)
class Selection:
    """The checks to which a run is limited; empty means all that the policy asks for."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def __contains__(self, check: str) -> bool:
        return (not self.only or check in self.only) and check not in self.skip

    def __str__(self) -> str:
        parts = [
            f"--{word} {ids}"
            for word, checks in (("only", self.only), ("skip", self.skip))
            for ids in _id_ranges(checks)
        ]
        return " ".join(parts)


_FEWEST_IN_A_RUN = 3


def _id_ranges(checks: Iterable[str]) -> list[str]:
    """The check IDs, with three or more consecutive ones as a range: "AI-01", "AI-07 to AI-25"."""
    runs: list[list[str]] = []
    for check in checks:
        family, _, number = check.partition("-")
        before = f"{family}-{int(number) - 1:02}" if number.isdecimal() else ""
        if runs and runs[-1][-1] == before:
            runs[-1].append(check)
        else:
            runs.append([check])
    return [text for run in runs for text in ([f"{run[0]} to {run[-1]}"] if len(run) >= _FEWEST_IN_A_RUN else run)]


EVERYTHING = Selection()
_ANYTHING = Where()
"""The `where` of a rule that names no subjects: it gets no warning in an organization that has none."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Findings in the order of the checks, then of the subjects, and warnings about the policy."""

    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]


def require_checks(policy: AuditPolicy, checks: Iterable[Check], selection: Selection = EVERYTHING) -> list[Check]:
    """The checks that the policy and the selection ask for. Raises UsageError when there is none."""
    enabled = {rule.check for rule in policy.rules if rule.enabled}
    selected = [check for check in checks if check.id in selection and check.id in enabled]
    if not selected:
        raise UsageError(
            "No check would run",
            hint="Ask for checks in the policy file (see `contribaudit checks list`), or widen --only and --skip",
        )
    return selected


def evaluate(
    state: State,
    policy: AuditPolicy,
    checks: Iterable[Check],
    find_setting: Callable[[SettingId], Setting],
    selection: Selection = EVERYTHING,
) -> Evaluation:
    """Judge every subject by every check that the policy asks for.

    A check that finds no subject in an organization answers for the organization: as its `when_none` says, else
    `unknown`. Raises UsageError when not one check was evaluated.
    """
    checks = tuple(checks)
    waivers = WaiverMatcher(state, policy.waivers, find_setting)
    findings: list[Finding] = []
    warnings: list[str] = [f"This run is limited by {selection}."] if str(selection) else []
    used: set[int] = set()
    for check in require_checks(policy, checks, selection):
        off = 0
        for organization, subjects in _population(check, state):
            answered = 0
            for subject in subjects:
                attributes = attributes_of(state, subject)
                rule = rule_for(policy, check.id, attributes)
                if rule is None:
                    continue
                used.add(id(rule))
                answered += 1
                if not rule.enabled:
                    off += 1
                    continue
                case = CheckContext(subject, state, rule, policy)
                finding = _finding(case, _judge(check, case, attributes), _severity(case, attributes))
                findings.append(waivers.apply(finding, attributes))
            if not answered and organization is not None:
                attributes = attributes_of(state, organization_subject(organization))
                rule = _rule_without_subjects(policy, check, attributes)
                if rule is not None:
                    case = CheckContext(organization_subject(organization), state, rule, policy)
                    verdict = _without_subjects(check, case, bool(subjects))
                    findings.append(waivers.apply(_finding(case, verdict, case.severity), attributes))
        if off:
            title = state.rulebook.words[check.id].title
            warnings.append(f'The policy switches "{title}" ({check.id}) off for {counted(off, "subject")}.')
    kinds = {check.id: check.kind for check in checks}
    ambiguous, nameless = _ambiguous_rules(state, policy)
    warnings += nameless
    warnings += _unused_rules(state, policy, used | ambiguous, selection, kinds)
    if not findings:
        raise UsageError("No check ran", hint="Enable a rule of the policy.")
    return Evaluation(tuple(findings), (*warnings, *waivers.warnings()))


def _unused_rules(
    state: State, policy: AuditPolicy, used: set[int], selection: Selection, kinds: Mapping[str, Kind]
) -> list[str]:
    """A warning for each rule that names subjects and matches none; one for all rules of a key of [expect]."""
    idle = [
        one
        for one in policy.rules
        if id(one) not in used
        and one.check in selection
        and (_selector_words(one.where) or _names_nobody(state, one.where) if one.expands else one.where != _ANYTHING)
    ]
    at_work = {(one.expands, one.where) for one in policy.rules if one.expands and id(one) in used}
    warnings = (_match_warning(state, one, kinds) for one in idle if (one.expands, one.where) not in at_work)
    return list(dict.fromkeys(warnings))


def _match_warning(state: State, rule: Rule, kinds: Mapping[str, Kind]) -> str:
    """The warning about a rule that matches no subject."""
    if not rule.expands:
        return f"The rule {rule.check} ({rule.origin}) matches nothing{_reason_for_no_match(state, rule, kinds)}."
    origin = f"{rule.expands} ({rule.origin})"
    if _names_nobody(state, rule.where):
        return f"{origin} is for {' and '.join(rule.where.organization)}, which matches no organization."
    return f"{origin} names {_selector_words(rule.where)}, which matches nothing{_nearest(state, rule.where)}."


def _names_nobody(state: State, where: Where) -> bool:
    """Whether it names organizations but none of the configuration, those included that this run leaves out."""
    if not where.organization:
        return False
    asked = Where(organization=where.organization)
    known = [Attributes(one, state.organization_name(one)) for one in state.organizations]
    return not any(matches(asked, one) for one in known)


def _ambiguous_rules(state: State, policy: AuditPolicy) -> tuple[set[int], list[str]]:
    """The rules that name one app where several have that name (as `id(rule)`), and a warning for each name."""
    ambiguous: set[int] = set()
    warnings: dict[str, None] = {}
    named = [rule for rule in policy.rules if names_one_app(rule)]
    for attributes in [attributes_of(state, app) for app in state.subjects(Kind.APP)] if named else ():
        for rule in named:
            if is_ambiguous(rule, attributes) and matches(rule.where, attributes):
                ambiguous.add(id(rule))
                apps = f"{len(attributes.twins)} apps: {', '.join(attributes.twins)}"
                warnings[
                    f"{rule.expands} ({rule.origin}) does not count for {_selector_words(rule.where)}, which names "
                    f"{apps}. Accept the one that you mean with a [[waiver]] on its ID."
                ] = None
    return ambiguous, list(warnings)


def _reason_for_no_match(state: State, rule: Rule, kinds: Mapping[str, Kind]) -> str:
    never = why_never(rule.where, kinds[rule.check]) if rule.check in kinds else ""
    return f": {never}" if never else _nearest(state, rule.where)


def _nearest(state: State, where: Where) -> str:
    """ "; did you mean acme.atlassian.net?" for a site or app that was not seen but resembles one that was."""
    apps = [attributes_of(state, app) for app in state.subjects(Kind.APP)]
    for patterns, seen in ((where.site, {one.site for one in apps}), (where.app, {one.app for one in apps})):
        names_seen = sorted(name.casefold() for name in seen if name)
        if patterns and not any(fnmatchcase(name, one.casefold()) for name in names_seen for one in patterns):
            near = next((one for word in patterns for one in get_close_matches(word.casefold(), names_seen, n=1)), "")
            return f"; did you mean {near}?" if near else ""
    return ""


def _selector_words(where: Where) -> str:
    return " on ".join((*where.app[:1], *where.site))


def _judge(check: Check, case: CheckContext, attributes: Attributes) -> Verdict:
    """The verdict under the rule that holds; a pass counts only if no rule that may hold says otherwise.

    Where an attribute was not read, a laxer rule may match in place of the one that would otherwise hold.
    """
    verdict = _unless_under_review(
        _in_baseline(_of_this_organization(apply_terms(check.judge(case), case), case), case), case
    )
    if verdict.outcome.is_open:
        return verdict
    for other in rules_that_may_hold(case.policy, check.id, attributes):
        if other is case.rule or not other.enabled:
            continue
        strict = replace(case, rule=other)
        answer = apply_terms(check.judge(strict), strict)
        if answer.outcome.is_open:
            reason = f"which rule applies depends on {attributes.doubt}; under {other.origin}: {answer.reason}"
            return replace(verdict, outcome=Outcome.UNKNOWN, reason_code=RULE_NOT_CERTAIN, reason=reason)
    return verdict


def _of_this_organization(verdict: Verdict, case: CheckContext) -> Verdict:
    """The verdict; `unknown` in place of a good one about an app that may belong to another organization.

    The app's own entry says so, and outweighs whatever policies or people say about the app.
    """
    if case.subject.kind is not Kind.APP or verdict.outcome.is_open:
        return verdict
    seen = case.state.read(case.subject, names.APP_TYPE_KEY)
    if not isinstance(seen, Unavailable) or seen.code != names.OTHER_ORGANIZATION:
        return verdict
    return replace(verdict, outcome=Outcome.UNKNOWN, reason_code=seen.code, reason=seen.reason)


def _in_baseline(verdict: Verdict, case: CheckContext) -> Verdict:
    """The verdict; `unknown` in place of a pass about a subject outside the baseline."""
    if verdict.outcome is not Outcome.PASS:
        return verdict
    outside = uncovered(case.state, case.subject)
    if outside is None:
        return verdict
    reason = f"{verdict.reason}, but {outside.reason}"
    return replace(verdict, outcome=Outcome.UNKNOWN, reason_code=outside.code, reason=reason)


def _unless_under_review(verdict: Verdict, case: CheckContext) -> Verdict:
    """The verdict; `unknown` in place of a good one while a changed provision puts the rule behind it under review.

    The evidence is unchanged; the rule may no longer hold. So the verdict is not `stale`, which another look would
    mend. A bad answer stays, and says that its rule is under review.
    """
    doubtful = case.state.under_review(case.rule.check)
    if not doubtful or verdict.outcome.unproven:
        return verdict
    why = f"the rule behind it is under review: {first_of([one.sentence() for one in doubtful])}"
    if verdict.outcome.violates:
        return replace(verdict, reason=f"{verdict.reason}; {why}")
    return replace(
        verdict, outcome=Outcome.UNKNOWN, reason_code=RULE_UNDER_REVIEW, reason=f"{verdict.reason}, but {why}"
    )


def _severity(case: CheckContext, attributes: Attributes) -> Severity:
    """The rule's severity; the highest among all rules that may hold, where an attribute was not read."""
    own = case.state.rulebook.words[case.rule.check].severity
    may_hold = [one for one in rules_that_may_hold(case.policy, case.rule.check, attributes) if one.enabled]
    return min((one.severity or own for one in (case.rule, *may_hold)), key=lambda severity: severity.rank)


def _population(check: Check, state: State) -> list[tuple[str | None, list[Subject]]]:
    """The subjects that the check is about, by organization; for the company, the organization is None."""
    if check.kind is Kind.COMPANY:
        return [(None, state.subjects(Kind.COMPANY))]
    return [
        (one, [subject for subject in state.subjects(check.kind, one) if check.applies(state, subject)])
        for one in (place.id for place in state.looked_at)
    ]


def _without_subjects(check: Check, case: CheckContext, some: bool) -> Verdict:
    """The verdict about an organization where the check judges nothing, although it has `some` subject or not."""
    organization = case.subject.id
    verdict = None if some else check.when_none(case.state, organization)
    if verdict is None:
        reason = (
            "no rule selects anything in this organization"
            if some
            else case.state.organization(organization).why_not(names.WORKSPACES)
            or f"no {check.kind} was seen that this check covers"
        )
        verdict = Verdict(Outcome.UNKNOWN, "nothing_looked_at", reason)
    return _unless_under_review(apply_terms(verdict, case), case)


def _rule_without_subjects(policy: AuditPolicy, check: Check, organization: Attributes) -> Rule | None:
    """The last rule that may select something in the organization; None where the policy asks nothing there."""
    for rule in reversed(policy.rules):
        whole = Where(organization=rule.where.organization)
        if rule.check != check.id:
            continue
        if rule.enabled and matches(whole, organization):
            return rule
        if not rule.enabled and rule.where == whole and surely_matches(whole, organization):
            return None
    return None


def _finding(case: CheckContext, verdict: Verdict, severity: Severity) -> Finding:
    rule, policy = case.rule, case.policy
    words = case.state.rulebook.words[rule.check]
    return Finding(
        check=rule.check,
        title=words.title,
        severity=severity,
        outcome=verdict.outcome,
        underlying_outcome=verdict.outcome,
        reason_code=verdict.reason_code,
        reason=verdict.reason,
        subject=case.subject,
        setting=verdict.setting,
        expected=verdict.expected,
        observed=verdict.observed,
        evidence=strongest_first(verdict.evidence),
        fragile=verdict.fragile and verdict.outcome is Outcome.PASS,
        due_at=verdict.due_at,
        remediation="" if verdict.outcome is Outcome.PASS else words.remediation,
        console_path=words.console_path,
        controls=words.controls,
        rule=policy.place(rule),
        owner=(rule.owner or policy.evidence.owner) if verdict.outcome.is_open else "",
        due_days=(rule.due_days or policy.evidence.due_days) if verdict.outcome.is_open else None,
    )

"""Sub-processor checks: whether the vendor's list is current, reviewed and understood, and what it means for us.

A list shipped with the rulebook, or one that is too old, never leads to a pass, because later additions are unknown. A
problem that an old list shows remains a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from contribaudit.catalogue.data_contribution import SUB_PROCESSOR_NOTICES as NOTICES
from contribaudit.checks.reading import compared
from contribaudit.core.judge.check import Check, CheckContext, Expectation, Judge, Shape, Verdict, check
from contribaudit.core.judge.selectors import attributes_of, rule_for
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade, Value
from contribaudit.core.model.phrases import counted, some
from contribaudit.core.model.subject import Kind
from contribaudit.core.model.subprocessors import EEA, Place, Processor, SubprocessorList
from contribaudit.core.resolve.subprocessor_changes import ListChange, list_changes, same_name, version_before
from contribaudit.core.resolve.subprocessor_exposure import (
    Exposure,
    Touches,
    exposures,
    list_in_force,
    processors,
)

_IMPORT = "run `contribaudit subprocessors import`"
_TRAINING = "training"
_Touching: TypeAlias = list[tuple[Processor, Exposure]]


def _evidence(case: CheckContext, listed: SubprocessorList) -> tuple[Evidence, ...]:
    """The list as evidence dated now, because it is kept verbatim; SP-01 asks how old it is."""
    called = f"sub-processors in force since {listed.effective}"
    return (Evidence(Grade.DOCUMENTED, called, case.as_of, listed.sha256),)


def _expected_by(case: CheckContext, check: str) -> Value:
    """The value that a check's rule expects of the subject; None without an enabled rule."""
    own = case.rule.check == check
    rule = case.rule if own else rule_for(case.policy, check, attributes_of(case.state, case.subject))
    return rule.expect if rule is not None and rule.enabled else None


def _days_allowed(case: CheckContext) -> int:
    """Days for which an import counts as current: SP-01's rule, or the rulebook's period without one."""
    given = _expected_by(case, "SP-01")
    return int(given) if isinstance(given, str) and given.isdecimal() else case.state.rulebook.subprocessors.list_days


def _age_problem(case: CheckContext, listed: SubprocessorList) -> tuple[str, str] | None:
    """Code and reason why the list is not current; None when it is."""
    if listed.imported is None:
        return "never_imported", f"no list was imported; the shipped one is of {listed.effective}: {_IMPORT}"
    age = case.as_of - listed.imported.at
    limit = _days_allowed(case)
    if age > timedelta(days=limit):
        ago = f"{counted(age.days, 'day')} ago, and counts for {limit}"
        return "list_too_old", f"the list of {listed.effective} was last imported {ago}: {_IMPORT}"
    return None


@check(
    "SP-01",
    "subprocessor-list-current",
    Kind.COMPANY,
    outcomes={Outcome.PASS, Outcome.STALE},
    expectation=Expectation(
        Shape.DAYS,
        means="days for which an imported list counts as current",
        default="90",
        example='"30"',
    ),
)
def list_current(case: CheckContext) -> Verdict:
    """SP-01: the vendor's list was imported within the period; the shipped list never counts."""
    listed = list_in_force(case.state)
    expected = f"imported at most {counted(_days_allowed(case), 'day')} ago"
    if listed is None:
        return Verdict(Outcome.STALE, "never_imported", f"no list was imported: {_IMPORT}", None, expected)
    observed = listed.imported.at.date().isoformat() if listed.imported is not None else "never"
    problem = _age_problem(case, listed)
    evidence = _evidence(case, listed)
    if problem is not None:
        return Verdict(Outcome.STALE, problem[0], problem[1], None, expected, observed, evidence)
    assert listed.imported is not None
    reason = f"the list in force since {listed.effective} was imported on {observed} by {listed.imported.by}"
    return Verdict(Outcome.PASS, "list_current", reason, None, expected, observed, evidence)


@check(
    "SP-02",
    "subprocessor-changes-reviewed",
    Kind.COMPANY,
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE},
)
def changes_reviewed(case: CheckContext) -> Verdict:
    """SP-02: a person reviewed each list's changes, those of the newest within the objection period after import."""
    history = case.state.subprocessors
    rules = case.state.rulebook.subprocessors
    expected = f"reviewed within {rules.objection_days} days of the import"
    versions = history.versions
    if not versions:
        reason = f"no list was imported, so what changed since {rules.baseline.effective if rules.baseline else 'then'}"
        return Verdict(Outcome.UNKNOWN, "never_imported", f"{reason} is not known: {_IMPORT}", None, expected)
    # Changes of an earlier list still need a review after a later list was reviewed.
    newest = versions[-1]
    listed = next((one for one in versions if _list_changes(case, one) and history.reviewed(one) is None), newest)
    assert listed.imported is not None
    changes = _list_changes(case, listed)
    names_changed = tuple(dict.fromkeys(one.name for one in changes))
    evidence = _evidence(case, listed)
    before = version_before(history, listed, rules.baseline)
    due = listed.imported.at + rules.objection_period
    about = None, expected, names_changed, evidence
    since = f"since {before.effective}" if before is not None else "in it"
    count = f"{counted(len(changes), 'change')} {since}"
    review = history.reviewed(listed)
    if not changes:
        return _if_current(case, newest, Verdict(Outcome.PASS, "no_change", f"nothing changed {since}", *about))
    if review is None:
        reason = f"{count} of the list of {listed.effective} not reviewed: {some(names_changed)}"
        reason += "" if listed is newest else f"; run `contribaudit subprocessors review --list {listed.effective}`"
        if case.as_of <= due:
            return Verdict(Outcome.FAIL, "not_reviewed", reason, *about, due_at=due)
        reason += f"; the {rules.objection_days} days to object ended on {due:%Y-%m-%d}"
        return Verdict(Outcome.FAIL, "review_overdue", reason, *about)
    reviewed = f"reviewed by {review.signed.by} on {review.signed.at:%Y-%m-%d}"
    if review.signed.at > due:
        reason = f"{count}, {reviewed}, after the {rules.objection_days} days to object had ended on {due:%Y-%m-%d}"
        return Verdict(Outcome.FAIL, "reviewed_late", reason, *about)
    return _if_current(case, newest, Verdict(Outcome.PASS, "reviewed", f"{count}, {reviewed}", *about))


def _list_changes(case: CheckContext, listed: SubprocessorList) -> Sequence[ListChange]:
    """The changes that a list made; for the first list, those since the rulebook's list."""
    before = version_before(case.state.subprocessors, listed, case.state.rulebook.subprocessors.baseline)
    if before is None:
        return ()
    key = ("changes of a list", listed.sha256, listed.effective, before.sha256)
    return case.state.once(key, lambda: list_changes(processors(case.state, before), processors(case.state, listed)))


def _if_current(case: CheckContext, listed: SubprocessorList, verdict: Verdict) -> Verdict:
    """The verdict, or `stale` in place of a pass when the list is not current."""
    if verdict.outcome is not Outcome.PASS:
        return verdict
    last = list_in_force(case.state) or listed
    problem = _age_problem(case, last)
    if problem is None:
        return verdict
    return replace(verdict, outcome=Outcome.STALE, reason_code=problem[0], reason=f"{verdict.reason}, but {problem[1]}")


def _touching(case: CheckContext, rows: Iterable[Processor]) -> _Touching:
    """Rows that affect or may affect an app of the organization, each with its most certain exposure.

    Two rows of one company stay separate, because each has its own products, purposes and locations.
    """
    apps = case.state.subjects(Kind.APP, case.subject.organization)
    most_certain: dict[int, tuple[Processor, Exposure]] = {}
    for exposure in exposures(case.state, list(rows), apps):
        if exposure.touches is Touches.NO:
            continue
        earlier = most_certain.get(id(exposure.processor))
        if earlier is None or (earlier[1].touches is Touches.MAY and exposure.touches is Touches.YES):
            most_certain[id(exposure.processor)] = exposure.processor, exposure
    return list(most_certain.values())


def _company_names(rows: Iterable[tuple[Processor, Exposure]]) -> tuple[str, ...]:
    """Company names, each once, in order."""
    return tuple(dict.fromkeys(processor.name for processor, _ in rows))


def _apps_unread(case: CheckContext) -> str:
    """Why the list of apps is incomplete or empty; "" when a row that matches no app can be ruled out."""
    place = case.state.organizations[case.subject.organization]
    return place.apps_unread or ("" if case.state.subjects(Kind.APP, place.id) else "the list of apps is empty")


def _by_list(judge: Callable[[CheckContext, _Touching], Verdict]) -> Judge:
    """Decorates a judge with the rows of the list in force that affect the organization; `unknown` without a list.

    The list is the evidence. A pass becomes `unknown` when apps may be missing, and `stale` when the list is not
    current.
    """

    def judged(case: CheckContext) -> Verdict:
        listed = list_in_force(case.state)
        if listed is None:
            return Verdict(Outcome.UNKNOWN, "no_list", "the rulebook ships no list, and none was imported")
        answer = judge(case, _touching(case, processors(case.state, listed)))
        verdict = replace(answer, evidence=_evidence(case, listed))
        unread = _apps_unread(case)
        if verdict.outcome is Outcome.PASS and unread:
            reason = f"{verdict.reason}, but {unread}"
            return replace(verdict, outcome=Outcome.UNKNOWN, reason_code="apps_unread", reason=reason)
        return _if_current(case, listed, verdict)

    return judged


def _reviewed(case: CheckContext, processor: Processor) -> bool:
    """Whether a person reviewed the sub-processor's row in the list in force."""
    listed = list_in_force(case.state)
    return listed is not None and case.state.subprocessors.reviewed(listed, processor.name) is not None


def _accepted(case: CheckContext, name: str) -> bool:
    """Whether the policy accepts the sub-processor, which SP-04's rule does by name."""
    accepted = _expected_by(case, "SP-04")
    return isinstance(accepted, tuple) and any(same_name(name, one) for one in accepted)


@check(
    "SP-03",
    "subprocessor-locations-allowed",
    reads=(names.EFFECTIVE_AI,),
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE},
    expectation=Expectation(
        Shape.WORDS,
        vocabulary="places",
        means="locations in which sub-processors may work on your data",
        default="none: the check is unknown until its rule names locations",
        example='["EEA", "UK"]',
    ),
)
@_by_list
def locations_allowed(case: CheckContext, touching: _Touching) -> Verdict:
    """SP-03: every sub-processor that affects an app works only in allowed locations, or is accepted.

    Locations under a condition count, since support may be asked for. The check compares the company on the list,
    whichever models it hosts.
    """
    if not case.listed:
        reason = "the policy names no locations: set expect in its rule, or subprocessor_locations in [expect]"
        return Verdict(Outcome.UNKNOWN, "no_places_named", reason)
    allowed = _codes(case, case.listed)
    outside: dict[Touches, list[str]] = {Touches.YES: [], Touches.MAY: []}
    unclear: list[str] = []
    for processor, exposure in touching:
        name = processor.name
        if _accepted(case, name):
            continue
        elsewhere = [place for place in processor.places if not _within(case, place, allowed) and place.countries]
        if elsewhere:
            places = ", ".join(place.text for place in elsewhere)
            outside[exposure.touches].append(f"{name} ({places})")
        elif any(one.startswith("locations:") for one in processor.needs_review):
            unclear.append(name)
    if outside[Touches.YES]:
        reason = f"outside {', '.join(case.listed)}: {some(outside[Touches.YES])}"
        observed = tuple(outside[Touches.YES])
        return Verdict(Outcome.FAIL, "outside_allowed", reason, None, case.listed, observed)
    if outside[Touches.MAY]:
        first = next(one for _, one in touching if one.touches is Touches.MAY)
        reason = f"may be outside {', '.join(case.listed)}: {some(outside[Touches.MAY])}; {first.because[0]}"
        observed = tuple(outside[Touches.MAY])
        return Verdict(Outcome.UNKNOWN, "may_be_outside", reason, None, case.listed, observed)
    if unclear:
        reason = f"where they process is not understood: {some(unclear)}"
        return Verdict(Outcome.UNKNOWN, "places_not_understood", reason, None, case.listed, tuple(unclear))
    count = counted(len(_company_names(touching)), "sub-processor")
    reason = f"{count} touch the organization's apps, each in allowed locations or accepted"
    return Verdict(Outcome.PASS, "all_within", reason, None, case.listed, _company_names(touching))


def _codes(case: CheckContext, words: Iterable[str]) -> frozenset[str]:
    """Codes of the places that a policy names; the EEA includes its countries."""
    rules = case.state.rulebook.subprocessors
    codes = {code for word in words if (code := rules.place_of(word)) is not None}
    return frozenset(codes | rules.eea if EEA in codes else codes)


def _within(case: CheckContext, place: Place, allowed: frozenset[str]) -> bool:
    eea = case.state.rulebook.subprocessors.eea
    return all(code in allowed or (code == EEA and eea <= allowed) for code in place.countries)


@check(
    "SP-04",
    "subprocessor-training-accepted",
    reads=(names.EFFECTIVE_AI,),
    outcomes={Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE},
    expectation=Expectation(
        Shape.WORDS,
        means="sub-processors that are accepted, training included, by their names in the list",
        default="none",
        example='["Databricks, Inc."]',
    ),
)
@_by_list
def training_accepted(case: CheckContext, touching: _Touching) -> Verdict:
    """SP-04: the policy accepts every sub-processor that trains models and affects an app.

    Training that is limited to products with AI stays in question while the row affects an app at all, because blocking
    AI does not rule it out.
    """
    training = [one for one in touching if _TRAINING in one[0].purpose_kinds]
    open_ones = [one for one in training if not _accepted(case, one[0].name)]
    sure = [one for one in open_ones if one[1].touches is Touches.YES]
    if sure:
        first, _ = sure[0]
        purpose = next(one.text for one in first.purposes if one.kind == _TRAINING)
        reason = f"not accepted, with a purpose of training: {some(_company_names(sure))}; {first.name}: {purpose}"
        return Verdict(Outcome.FAIL, "training_not_accepted", reason, None, case.listed, _company_names(sure))
    if open_ones:
        _, one = open_ones[0]
        named = _company_names(open_ones)
        reason = f"may touch the organization's apps, with a purpose of training: {some(named)}; {one.because[0]}"
        return Verdict(Outcome.UNKNOWN, "training_may_apply", reason, None, case.listed, named)
    unclear = tuple(
        processor.name
        for processor, _ in touching
        if not _accepted(case, processor.name)
        and any(one.startswith("purposes:") for one in processor.needs_review)
        and not _reviewed(case, processor)
    )
    if unclear:
        reason = f"what they are for is not understood: {some(unclear)}"
        return Verdict(Outcome.UNKNOWN, "purpose_not_understood", reason, None, case.listed, unclear)
    if not training:
        reason = "no sub-processor that touches the apps trains models"
        return Verdict(Outcome.PASS, "no_training", reason, None, case.listed, ())
    accepted = _company_names(training)
    return Verdict(Outcome.PASS, "training_accepted", f"accepted: {some(accepted)}", None, case.listed, accepted)


@check("SP-05", "subprocessor-notices-subscribed", reads=(NOTICES.id,))
def notices_subscribed(case: CheckContext) -> Verdict:
    """SP-05: somebody receives the vendor's notices, which start the objection period."""
    says = {
        "subscribed": "subscribed to the vendor's notices of new sub-processors",
        "not_subscribed": "nobody is subscribed to the vendor's notices of new sub-processors",
    }
    return compared(case, NOTICES, "subscribed", says)


@check(
    "SP-06",
    "subprocessor-rows-understood",
    reads=(names.EFFECTIVE_AI,),
    outcomes={Outcome.PASS, Outcome.UNKNOWN, Outcome.STALE},
)
@_by_list
def rows_understood(case: CheckContext, touching: _Touching) -> Verdict:
    """SP-06: every row that affects or may affect an app is understood, or a person reviewed it."""
    unclear = [one for one in touching if one[0].needs_review and not _reviewed(case, one[0])]
    if unclear:
        first, _ = unclear[0]
        named = _company_names(unclear)
        reason = f"not understood and not reviewed: {some(named)}; {first.name}: {first.needs_review[0]}"
        return Verdict(Outcome.UNKNOWN, "not_understood", reason, None, (), named)
    reason = f"{counted(len(touching), 'row')} about the organization's apps, all understood or reviewed"
    return Verdict(Outcome.PASS, "all_understood", reason, None, (), ())


ALL: tuple[Check, ...] = (
    list_current,
    changes_reviewed,
    locations_allowed,
    training_accepted,
    notices_subscribed,
    rows_understood,
)

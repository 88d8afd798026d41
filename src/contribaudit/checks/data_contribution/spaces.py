"""Whether spaces contribute: sensitive spaces in the policy (DC-11), and spaces created since the review (DC-12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from contribaudit.catalogue import data_contribution as contribution
from contribaudit.catalogue.organization import SPACE_COUNT
from contribaudit.checks.contributed import BEFORE, once_in_force
from contribaudit.checks.data_contribution.plans import fragile_by_switch
from contribaudit.checks.data_contribution.switches import switch_and_list
from contribaudit.checks.reading import fragile_in_deciding_trial, none_among_apps, of_apps, unknown_app, unread
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade, Observed
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import limits_of
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.snapshot import CollectionStatus, SpaceList
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import (
    alias_of,
    apps_named,
    find_spaces,
    holds_spaces,
    listed_whole,
    where_it_would_be,
)
from contribaudit.core.resolve.contribution_lists import Listed, contribution_list, keys_of
from contribaudit.core.resolve.contribution_scope import Scope, scope_of
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED, in_app
from contribaudit.core.resolve.reasons import Stop
from contribaudit.core.resolve.state import State

_IN_APP = contribution.IN_APP
_LISTS = (_IN_APP.id, names.INCLUDED, names.EXCLUDED, names.EXEMPTION)
_NAMED = 5
"""How many new spaces a reason names at most."""
ADD_A_TOKEN = "add a [sites] table to the configuration and a token with `contribaudit login --site all`"  # noqa: S105


@dataclass(frozen=True, slots=True)
class _Position:
    """The in-app switch, the list that applies to its position, and the evidence of both."""

    switch: str
    setting: Setting
    entries: tuple[str, ...]
    listed: Listed
    evidence: tuple[Evidence, ...]

    @property
    def off(self) -> bool:
        return self.switch == "off"

    @property
    def closed(self) -> bool:
        """True when no space contributes, whichever spaces exist."""
        return self.off and not self.entries


def _position(case: CheckContext) -> _Position | Verdict:
    switch_list = switch_and_list(case)
    if isinstance(switch_list, Verdict):
        return switch_list
    switch, setting, entries, evidence = switch_list
    organization = case.subject.organization
    listed = contribution_list(case.state, organization, setting.id)
    if isinstance(listed, Stop):
        return Verdict(Outcome.UNKNOWN, listed.code, listed.reason.sentence, setting.id)
    return _Position(switch, setting, entries, listed, evidence)


@check(
    "DC-11",
    "sensitive-spaces-not-contributed",
    reads=_LISTS,
    outcomes=ATTESTED | BEFORE,
    decisions=(_IN_APP.id,),
    expectation=Expectation(
        Shape.WORDS,
        means="sensitive spaces, by key or name",
        default="none: the check is unknown until its rule names one",
        example='["space:acme.atlassian.net/confluence/HR"]',
    ),
)
@fragile_in_deciding_trial
@fragile_by_switch
@once_in_force(contribution.EXCLUDED)
def sensitive_spaces(case: CheckContext) -> Verdict:
    """DC-11: no space in the rule's `expect` contributes, by its own entry or by its app's entry.

    Keys can be reused, so the lists of spaces decide which space a name means. Without them, there is an answer only
    when it is the same for every space of the app. When no source says whether the app contributes, as for a sandbox,
    the result is `unknown`, whatever the switch.
    """
    sensitive = case.listed
    if not sensitive:
        reason = "the policy names no sensitive space; set expect in its rule"
        return Verdict(Outcome.UNKNOWN, "policy_names_no_space", reason, contribution.EXCLUDED.id)
    position = _position(case)
    if isinstance(position, Verdict):
        return position
    answers = {space: _contributes(case, position, space) for space in sensitive}
    whole = [one for one in case.state.spaces(case.subject.organization).lists().values() if _is_complete(one)]
    evidence = position.evidence
    if whole:
        evidence += _listing_evidence(case.state, counted(len(whole), "app"), whole[0])
    common = position.setting.id, sensitive, position.entries, evidence
    open_ones = [space for space, answer in answers.items() if answer is True]
    if open_ones:
        how = "kept out of the include list" if position.off else "excluded"
        reason = f"the switch is {position.switch}, and these are not {how}: {', '.join(open_ones)}"
        return Verdict(Outcome.FAIL, "sensitive_space_contributes", reason, *common)
    for space, answer in answers.items():
        if isinstance(answer, tuple):
            code, why = answer
            return Verdict(Outcome.UNKNOWN, code, f"unknown whether {space} contributes: {why}", *common)
    reason = f"the switch is {position.switch}, and no sensitive space contributes"
    return Verdict(Outcome.PASS, "sensitive_spaces_kept_out", reason, *common)


def _contributes(case: CheckContext, position: _Position, text: str) -> bool | tuple[str, str]:
    """Whether the space that the policy names contributes; a code and a reason when that is unknown."""
    state, organization = case.state, case.subject.organization
    bare = text.strip().removeprefix(f"{organization}:")
    lists = state.spaces(organization).lists()
    matches = [one for one in find_spaces(state, organization, bare) if _is_complete(lists.get(one.space.app))]
    if len(matches) > 1:
        return "space_ambiguous", f"it names several: {', '.join(sorted(one.space.id for one in matches))}"
    if matches:
        return _known_contributes(state, matches[0].space.subject)
    around = where_it_would_be(state, organization, bare)
    if listed_whole(state, organization, around):
        return "space_not_found", "no list of spaces shows it: it was renamed or removed; name it again in the policy"
    holders = _holders(state, organization, bare)
    if not holders:
        return "space_not_found", "no app of this organization can hold it; name it again in the policy"
    answers = {_app_contributes(state, position, app) for app in holders if _has_setting(state, app)} or {False}
    known_answers = answers - {None}
    unclear = sorted(one for one in known_answers if isinstance(one, tuple))
    if unclear:
        return unclear[0]
    if known_answers == answers and len(answers) == 1:
        return True in answers
    why = next((one.reason or one.code for app in around if (one := lists.get(app)) is not None and one.code), "")
    return "spaces_not_read", f"its list of spaces was not read{f' ({why})' if why else ''}; {ADD_A_TOKEN}"


def _is_complete(listing: SpaceList | None) -> bool:
    return listing is not None and listing.complete


def _holders(state: State, organization: str, bare: str) -> list[Subject]:
    """The apps that may hold the space: those that fit its full name, or every app with spaces for a bare key."""
    placed = bare.casefold().startswith("space:") and bare.count("/") > 1
    apps = apps_named(state, organization, bare) if placed else state.subjects(Kind.APP, organization)
    return [app for app in apps if holds_spaces(state, app) is not False]


def _has_setting(state: State, app: Subject) -> bool:
    scope = scope_of(state, app)
    return not (isinstance(scope, Stop) and scope.outcome is Outcome.NO_SUCH_SETTING)


def _app_contributes(state: State, position: _Position, app: Subject) -> bool | tuple[str, str] | None:
    """Whether every space of the app contributes, in the form of `_contributes`; None when spaces may differ."""
    scope = scope_of(state, app)
    if isinstance(scope, Stop):
        return _code_and_reason(scope)
    if _names_app(position.listed, keys_of(state, app)):
        return position.off
    if passed_on := _name_passed_on(state, position.listed, app):
        return passed_on
    if scope.sandbox is not None:
        return _code_and_reason(scope.sandbox)
    return not position.off if position.listed.apps_only else None


def _code_and_reason(stop: Stop) -> tuple[str, str]:
    return stop.code, stop.reason.sentence


def _known_contributes(state: State, space: Subject) -> bool | tuple[str, str]:
    answer = in_app(state, space)
    if answer.value is None and answer.outcome is not Outcome.NO_SUCH_SETTING:
        return answer.code, answer.reason
    return answer.value == CONTRIBUTED


def _names_app(listed: Listed, keys: frozenset[str]) -> bool:
    return bool(keys & listed.entries - listed.ambiguous - listed.reused)


def _name_passed_on(state: State, listed: Listed, app: Subject) -> tuple[str, str] | None:
    """Code and reason where the list names the app only by a name that another app had when it was recorded."""
    hits = keys_of(state, app) & listed.entries
    if not hits or not hits <= listed.reused:
        return None
    return "app_name_reused", f"the list names {min(hits)}, which another app was when the list was recorded"


def _listing_evidence(state: State, whose: str, listing: SpaceList) -> tuple[Evidence, ...]:
    """The list of spaces from this run as evidence."""
    read_at = state.spaces(listing.app.organization).read_at()
    source = f"spaces of {whose}, as {_account(listing)} sees them"
    return (Evidence(Grade.DOCUMENTED, source, read_at),) if read_at is not None else ()


def _account(listing: SpaceList) -> str:
    return listing.visible_to or "the token's owner"


@check(
    "DC-12",
    "new-spaces-reviewed",
    Kind.APP,
    reads=(names.APP_TYPE_KEY, *_LISTS, SPACE_COUNT.id),
    outcomes=ATTESTED | BEFORE,
    decisions=(_IN_APP.id,),
    applies=of_apps(lambda app: bool(app.spaces) and app.contribution in ("own", "unknown")),
    when_none=none_among_apps("has spaces that the lists can name"),
)
@fragile_in_deciding_trial
@fragile_by_switch
@once_in_force(contribution.EXCLUDED)
def new_spaces(case: CheckContext) -> Verdict:
    """DC-12: no space created since the last review of the list contributes without a decision.

    A listing shows only what the token's owner may see, so it counts only together with the number of spaces that the
    app's own administration shows.
    """
    state, app = case.state, case.subject
    if holds_spaces(state, app) is None:
        return unknown_app(case, "spaces")
    position = _position(case)
    if isinstance(position, Verdict):
        return position
    setting = position.setting.id
    scope = scope_of(state, app)
    if isinstance(scope, Scope) and scope.sandbox is not None and not _names_app(position.listed, keys_of(state, app)):
        evidence = case.evidence(names.APP_SANDBOX)
        return Verdict(Outcome.UNKNOWN, *_code_and_reason(scope.sandbox), names.APP_SANDBOX, evidence=evidence)
    listing = state.spaces(app.organization).lists().get(app)
    if listing is None:
        if position.closed:
            return _kept_out_verdict(position)
        return Verdict(Outcome.UNKNOWN, "spaces_not_read", f"its spaces were not read: {ADD_A_TOKEN}", setting)
    review = state.read(organization_subject(app.organization), setting)
    assert isinstance(review, Observed)
    reviewed_at, reviewed = _review(case, review)
    fresh = _since_review(case, position, reviewed_at, review.observed_at)
    around = keys_of(state, app) & position.listed.entries
    if around and around <= position.listed.ambiguous:
        reason = f"the list names {min(around)}, and several apps have that name"
        return Verdict(Outcome.UNKNOWN, "ambiguous_entry", reason, setting, None, position.entries, position.evidence)
    if passed_on := _name_passed_on(state, position.listed, app):
        return Verdict(Outcome.UNKNOWN, *passed_on, setting, None, position.entries, position.evidence)
    contributes = bool(around) is position.off
    evidence = (*position.evidence, *_listing_evidence(state, "the app", listing))
    text = f"{_space_count(fresh.number)} new since {reviewed}"
    if fresh.new and contributes and listing.status is not CollectionStatus.FAILED:
        named = f"{', '.join(fresh.new)}{' and others' if fresh.number > len(fresh.new) else ''}"
        reason = f"{text}, and each contributes from the start: {named}"
        return Verdict(Outcome.FAIL, "new_spaces_contribute", reason, setting, 0, fresh.number, evidence)
    counted = _whole_listing(case, listing)
    if isinstance(counted, Verdict):
        return _kept_out_verdict(position) if position.closed else counted
    evidence = (*evidence, *counted)
    if contributes and fresh.undated:
        reason = (
            f"what existed at the review is not known: the spaces were first read after {reviewed}, and "
            f"{fresh.undated} of them have no date; review the list again"
        )
        return Verdict(Outcome.UNKNOWN, "review_before_first_listing", reason, setting, None, None, evidence)
    if not contributes and position.off and position.listed.unknown_entries:
        reason = f"the include list names {position.listed.unknown_entries[0]!r}, which is not known here"
        return Verdict(Outcome.UNKNOWN, "unknown_entry", reason, setting, None, position.entries, evidence)
    if not contributes and fresh.number:
        how = "the switch is off and does not include its app" if position.off else "its app is excluded"
        return Verdict(Outcome.PASS, "new_spaces_kept_out", f"{text}, and {how}", setting, None, fresh.number, evidence)
    reason = f"{text}, as {_account(listing)} sees them"
    return Verdict(Outcome.PASS, "no_new_spaces", reason, setting, 0, fresh.number, evidence)


def _kept_out_verdict(position: _Position) -> Verdict:
    reason = "the switch is off and the include list is empty, so a new space is kept out until somebody lists it"
    return Verdict(Outcome.PASS, "new_spaces_kept_out", reason, position.setting.id, (), (), position.evidence)


@dataclass(frozen=True, slots=True)
class _NewSpaces:
    """New spaces in the listings since the review."""

    number: int
    new: tuple[str, ...]
    """Names of the first few new spaces."""
    undated: int
    """Spaces without a date that were already in the first listing, which was read after the review."""


def _review(case: CheckContext, look: Observed) -> tuple[datetime, str]:
    """When the spaces were last reviewed, and how: by a look at the list, or by a baseline approved after it."""
    approved = case.state.baseline(case.subject.organization)
    if approved is None or approved.expired(case.as_of) or approved.looked_at <= look.observed_at:
        return look.observed_at, f"the list was checked on {look.observed_at:%Y-%m-%d}"
    return approved.looked_at, f"run {approved.baseline.run} of {approved.looked_at:%Y-%m-%d}, which is the baseline"


def _since_review(case: CheckContext, position: _Position, reviewed_at: datetime, looked_at: datetime) -> _NewSpaces:
    """Spaces that first appeared in a run after the review.

    A space created before the list was checked does not count as new. A baseline reviews only the spaces that its run
    saw: any other space counts as new, however old, unless it was created before the list was checked.
    """
    number = undated = 0
    named: list[str] = []
    for sighting in case.state.spaces(case.subject.organization).since(case.subject, reviewed_at):
        if sighting.space.id.casefold() in position.listed.entries - position.listed.reused:
            continue
        if sighting.space.created_at is None and sighting.from_the_start:
            undated += 1
        elif sighting.space.created_at is None or sighting.space.created_at > looked_at:
            number += 1
            if len(named) < _NAMED:
                named.append(sighting.space.key or sighting.space.id)
    return _NewSpaces(number, tuple(named), undated)


def _whole_listing(case: CheckContext, listing: SpaceList) -> tuple[Evidence, ...] | Verdict:
    """The evidence that the listing shows every space; a verdict when it does not, or when nobody counted them."""
    uncounted = SPACE_COUNT.id, None, listing.read
    if not _is_complete(listing):
        reason = f"its spaces were not read completely: {listing.reason or listing.code}"
        if listing.code in ("no_token", "no_cloud_id"):
            reason += f"; {ADD_A_TOKEN}"
        return Verdict(Outcome.UNKNOWN, "spaces_not_read", reason, *uncounted)
    seen = case.state.read(case.subject, SPACE_COUNT.id)
    alias = alias_of(case.state, case.subject)
    again = f"a list of spaces shows only what {_account(listing)} may see; attest {SPACE_COUNT.id} of {alias}"
    if not isinstance(seen, Observed) or not isinstance(seen.value, int) or isinstance(seen.value, bool):
        if not isinstance(seen, Observed) and seen.code not in ("not_read", "revoked"):
            return unread(seen)
        return Verdict(Outcome.UNKNOWN, "spaces_not_counted", again, *uncounted)
    limits = limits_of(case.policy, case.rule)
    anchored = seen.witness is not None and seen.witness.anchored
    limit = limits["attested_anchored" if anchored else seen.grade]
    if case.as_of - seen.observed_at > timedelta(days=limit):
        accepted = f"the policy accepts {counted(limit, 'day')}"
        reason = f"the count of {seen.observed_at:%Y-%m-%d} is too old: {accepted}; {again} again"
        return Verdict(Outcome.UNKNOWN, "spaces_not_counted", reason, *uncounted)
    then = listing.read - sum(
        1
        for one in case.state.spaces(case.subject.organization).since(case.subject, seen.observed_at)
        if (not one.from_the_start if one.space.created_at is None else one.space.created_at > seen.observed_at)
    )
    if seen.value > then:
        reason = (
            f"{_account(listing)} cannot see {seen.value - then:,} of {counted(seen.value, 'space')}; use the token "
            "of an account that sees them all, or count again if spaces were added or removed meanwhile"
        )
        return Verdict(Outcome.UNKNOWN, "spaces_unseen", reason, SPACE_COUNT.id, seen.value, then, Evidence.of(seen))
    return Evidence.of(seen)


def _space_count(number: int) -> str:
    return counted(number, "space is", "spaces are") if number else "no space is"


ALL: tuple[Check, ...] = (
    sensitive_spaces,
    new_spaces,
)

"""What is contributed to Atlassian's apps and AI after all rules: metadata and in-app data.

The date, an exemption, and whether the subject has the settings at all decide before any switch:
https://support.atlassian.com/security-and-access-policies/docs/understand-data-contribution/
Plans and switches: https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TypeAlias, TypeVar

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed, SettingId
from contribaudit.core.model.phrases import either, some
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.contribution_lists import Listed, contribution_list, keys_of
from contribaudit.core.resolve.contribution_scope import Scope, first_of_all, scope_of
from contribaudit.core.resolve.inventory import apps_of_site
from contribaudit.core.resolve.plans import (
    Deciding,
    deciding_plan,
    highest_known,
    offers_choice,
    plans_by_console,
    possible_plans,
    rests_on_default,
    trial_behind,
)
from contribaudit.core.resolve.reasons import (
    Effective,
    Reason,
    Stop,
    answered,
    fact,
    list_unread,
    rank_of,
    read_word,
    rule,
    stopped,
    together,
)
from contribaudit.core.resolve.state import State, once_per_state

CONTRIBUTED = "contributed"
NOT_CONTRIBUTED = "not_contributed"
_SWITCH = {"on": CONTRIBUTED, "always": CONTRIBUTED, "off": NOT_CONTRIBUTED}
_NAMED = 3
"""How many of the things that a list opens are named in a sentence."""
_T = TypeVar("_T")
_ListAnswer: TypeAlias = tuple[str, str, tuple[Reason, ...]]
"""The value, its code, and the links that lead from the switch to it."""


def metadata(state: State, subject: Subject) -> Effective:
    """Whether the metadata of the organization, or of something in it, is contributed.

    On a plan without the choice it always is, and a switch seen off there contradicts the plan; on any other plan the
    observed switch decides. Nothing smaller than the organization can be excluded. Where the plan is not known, an
    answer is given if it is the same on all possible plans.
    """
    setting = names.EFFECTIVE_METADATA
    plan = deciding_plan(state, subject.organization)
    possible = plans_by_console(state, subject.organization)
    predicted = _common(_SWITCH.get(one.metadata.default) for one in possible)
    begun = _links_to_switch(state, subject, predicted, plan, setting)
    if isinstance(begun, Effective):
        return begun
    chain, scope = begun
    if scope.sandbox is not None:
        links = (*chain, plan.reason) if isinstance(plan, Deciding) else chain
        return stopped(subject, setting, scope.sandbox, links, predicted=predicted)
    changeable = _common(one.metadata.changeable for one in possible)
    seen = read_word(
        state, organization_subject(subject.organization), names.METADATA, _SWITCH, "the organization's metadata switch"
    )
    if possible and not any(offers_choice(one) for one in possible):
        return _without_choice(state, subject, possible, seen, (*chain, plan.reason))
    off = isinstance(seen, Stop) or _SWITCH[seen[0]] == NOT_CONTRIBUTED
    if isinstance(plan, Stop) and off and not (possible and all(map(offers_choice, possible))):
        # Off counts on some plans only, and on means the same on each.
        return stopped(subject, setting, plan, chain, predicted=predicted, changeable=changeable)
    chain = (*chain, replace(plan.reason, decisive=isinstance(plan, Deciding)))
    if isinstance(seen, Stop):
        return stopped(subject, setting, seen, chain, predicted=predicted, changeable=changeable)
    word, observation = seen
    value = _SWITCH[word]
    fragile = ""
    forced = [one.name for one in state.rulebook.plans if not offers_choice(one)]
    if isinstance(plan, Deciding) and value == NOT_CONTRIBUTED and plan.trial and forced:
        fragile = f"{plan.trial}, and on {', '.join(forced)} metadata is always contributed"
    chain = (*chain, fact(f"the organization's metadata switch is {word}", observation))
    return answered(subject, setting, value, "switch", chain, changeable=changeable, fragile_because=fragile)


def _without_choice(
    state: State,
    subject: Subject,
    possible: Sequence[Plan],
    seen: tuple[str, Observed] | Stop,
    chain: tuple[Reason, ...],
) -> Effective:
    """The answer on plans that always contribute metadata: contributed, unless a switch was seen off."""
    plan_names = either([one.name for one in possible])
    always = rule(state, f"the {plan_names} plan always contributes metadata and has no switch for it")
    if len(possible) > 1:
        chain = (*chain, highest_known(state, subject.organization))
    if not isinstance(seen, Stop) and possible != possible_plans(state, subject.organization):
        chain = (*chain, fact(f"the console shows metadata as {seen[0]}, so the highest plan is {plan_names}", seen[1]))
    if not isinstance(seen, Stop) and _SWITCH[seen[0]] == NOT_CONTRIBUTED:
        contrary = fact(
            f"the metadata switch is attested as {seen[0]}, but the {plan_names} plan always contributes metadata",
            seen[1],
        )
        stop = Stop(Outcome.CONFLICT, "switch_against_plan", contrary, before=(always,))
        return stopped(subject, names.EFFECTIVE_METADATA, stop, chain, predicted=CONTRIBUTED, changeable=False)
    return answered(
        subject, names.EFFECTIVE_METADATA, CONTRIBUTED, "plan_always_contributes", (*chain, always), changeable=False
    )


def _common(values: Iterable[_T]) -> _T | None:
    """The value that all share; None if they differ or there are none."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def in_app(state: State, subject: Subject) -> Effective:
    """Whether the in-app data of an app, space or connector is contributed; for a site, that of any of its apps.

    For the organization: whether any in-app data is. The switch alone decides for content that belongs to no space or
    app; while it is off, the include list may still open an app, space or connector.
    """
    if subject.kind is Kind.ORGANIZATION:
        return _anything_of(state, subject)
    if subject.kind is Kind.SITE:
        apps = [_in_app_answer(state, app) for app in apps_of_site(state, subject)]
        return together(state, subject, names.EFFECTIVE_IN_APP, apps, risk=CONTRIBUTED, safe=NOT_CONTRIBUTED)
    return _in_app_answer(state, subject)


def content_of_no_app(state: State, organization: str) -> Effective:
    """Whether content that belongs to no space or app is contributed, site-wide configuration for instance."""
    return _in_app_answer(state, organization_subject(organization))


def _in_app_answer(state: State, subject: Subject) -> Effective:
    """The answer by the switch and, where lists can name the subject, by the list that goes with its position."""
    setting = names.EFFECTIVE_IN_APP
    plan = deciding_plan(state, subject.organization)
    possible = plans_by_console(state, subject.organization)
    predicted = _common(_SWITCH.get(one.in_app.default) for one in possible)
    changeable = _common(one.in_app.changeable for one in possible)
    begun = _links_to_switch(state, subject, predicted, plan, setting)
    if isinstance(begun, Effective):
        return begun
    chain, scope = begun
    switch = _in_app_switch(state, subject.organization)
    if isinstance(switch, Stop):
        return stopped(subject, setting, switch, chain, predicted=predicted, changeable=changeable)
    word, link = switch
    chain = (*chain, link)
    answer: _ListAnswer | Stop = (
        _by_list(state, subject, scope, word) if scope.listable else (_SWITCH[word], "switch", ())
    )
    if isinstance(answer, tuple) and scope.sandbox is not None and answer[1] not in ("listed", "space_listed"):
        answer = scope.sandbox
    if isinstance(answer, Stop):
        return stopped(subject, setting, answer, chain, predicted=predicted, changeable=changeable)
    value, code, links = answer
    fragile = ""
    if value == NOT_CONTRIBUTED:
        trial = trial_behind(state, subject.organization)
        if trial:
            fragile = f"{trial}, and what then becomes of the switch is not documented"
        elif isinstance(plan, Deciding) and code in ("switch", "not_listed"):
            fragile = rests_on_default(state, plan.plan, word)
    return answered(subject, setting, value, code, (*chain, *links), changeable=changeable, fragile_because=fragile)


@once_per_state
def _anything_of(state: State, organization: Subject) -> Effective:
    """The organization's answer: by the switch and, while that is off, by what the include list still opens."""
    wide = _in_app_answer(state, organization)
    if wide.value != NOT_CONTRIBUTED:
        return wide
    opened = _opened_by_list(state, organization.id)
    if isinstance(opened, Stop):
        predicted = _common(_SWITCH.get(one.in_app.default) for one in plans_by_console(state, organization.id))
        return stopped(organization, wide.setting, opened, wide.chain, predicted=predicted, changeable=wide.changeable)
    value, code, links = opened
    fragile = wide.fragile_because if value == NOT_CONTRIBUTED else ""
    chain = (*wide.chain, *links)
    return answered(organization, wide.setting, value, code, chain, changeable=wide.changeable, fragile_because=fragile)


def _opened_by_list(state: State, organization: str) -> _ListAnswer | Stop:
    """What the include list opens in the organization while the switch is off.

    An unlisted app of which it is unknown whether it contributes at all does not change the answer: a sandbox (DC-23
    reports it), or an app that the rulebook does not know (DC-18 does). If such an app has the setting, the switch is
    off for it as well.
    """
    listed = contribution_list(state, organization, names.INCLUDED)
    if isinstance(listed, Stop):
        return listed
    opened: list[str] = []
    without_setting: list[str] = []
    unknown: list[tuple[Subject, Stop]] = []
    undecided: list[str] = []
    by_space = 0
    spaces = sorted(listed.apps_of_spaces.items())
    for subject in (*state.subjects(Kind.APP, organization), *state.subjects(Kind.CONNECTOR, organization)):
        keys = keys_of(state, subject)
        own = keys & listed.entries
        if own and own <= listed.reused:
            unknown.append((subject, _passed_on(listed, own)))
            continue
        space = next((text for key, text in spaces if key in keys), "")
        hit = own or space
        scope = scope_of(state, subject)
        if isinstance(scope, Stop) and scope.outcome is not Outcome.NO_SUCH_SETTING:
            if hit:
                unknown.append((subject, scope))
            else:
                undecided.append(alias_of(state, subject))
        elif hit and isinstance(scope, Stop):
            without_setting.append(alias_of(state, subject))
        elif hit and isinstance(scope, Scope) and scope.listable:
            opened.append(alias_of(state, subject) if own else space)
            by_space += not own
        elif isinstance(scope, Scope) and scope.sandbox is not None:
            undecided.append(alias_of(state, subject))
    known_keys = {key for subject in state.subjects(Kind.CONNECTOR, organization) for key in keys_of(state, subject)}
    opened += sorted(key for key in listed.entries - known_keys if key.startswith("connector:"))
    if opened:
        code = "space_listed" if by_space == len(opened) else "listed"
        return CONTRIBUTED, code, (_link(listed, f"and opens {some(sorted(opened), _NAMED)}"),)
    if listed.unknown_entries:
        unmatched = f"including {listed.unknown_entries[0]!r}, which matches nothing known here and may open anything"
        return Stop(Outcome.UNKNOWN, "unknown_entry", _link(listed, unmatched))
    if without_setting:
        contrary = f"including {without_setting[0]}, which has no such setting according to the rulebook"
        return Stop(Outcome.UNKNOWN, "listed_without_setting", _link(listed, contrary))
    unread = list_unread(state, organization)
    if unread is not None:
        return unread
    if unknown:
        subject, stop = min(unknown, key=lambda pair: (rank_of(pair[1].outcome), pair[0]))
        sentence = f"{called(state, subject)}: {stop.reason.sentence}"
        return replace(stop, reason=replace(stop.reason, sentence=sentence))
    nothing = _link(listed, "and opens nothing in this organization")
    if undecided:
        sentence = f"{nothing.sentence}; whether {some(sorted(undecided), _NAMED)} can contribute at all is unknown"
        nothing = replace(nothing, sentence=sentence)
    return NOT_CONTRIBUTED, "not_listed", (nothing,)


def _links_to_switch(
    state: State, subject: Subject, predicted: str | None, plan: Deciding | Stop, setting: SettingId
) -> tuple[tuple[Reason, ...], Scope] | Effective:
    """The links up to the switch, and the subject's scope; or the answer, where no switch is needed."""
    first = first_of_all(state, subject.organization)
    if isinstance(first, Stop) and first.outcome in (Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT):
        trial = plan.trial if isinstance(plan, Deciding) and first.outcome is Outcome.EXEMPT else ""
        fragile = f"{trial}, and the exemption may end with it" if trial else ""
        return stopped(subject, setting, first, fragile_because=fragile)
    scope = scope_of(state, subject)
    if isinstance(scope, Stop):
        # Without the setting nothing is used, whether or not there is an exemption.
        return stopped(subject, setting, scope, () if isinstance(first, Stop) else first)
    if isinstance(first, Stop):
        return stopped(subject, setting, first, scope.chain, predicted=predicted)
    return (*first, *scope.chain), scope


@once_per_state
def _in_app_switch(state: State, organization: str) -> tuple[str, Reason] | Stop:
    subject = organization_subject(organization)
    seen = read_word(state, subject, names.IN_APP, ("on", "off"), "the organization's in-app switch")
    if isinstance(seen, Stop):
        return seen
    return seen[0], fact(f"the organization's in-app switch is {seen[0]}", seen[1])


def _by_list(state: State, subject: Subject, scope: Scope, word: str) -> _ListAnswer | Stop:
    """The value by the list that goes with the switch's position: the exclude list for on, the include list for off.

    No page says which entry wins where both an app and its space are listed. Only one list is in force at a position,
    so either entry is enough. For an app the question is whether any of its data is contributed.
    """
    exclude = word == "on"
    listed = contribution_list(state, subject.organization, names.EXCLUDED if exclude else names.INCLUDED)
    if isinstance(listed, Stop):
        return listed
    own = keys_of(state, subject)
    own_or_app = own | keys_of(state, scope.app) if scope.app is not None else own
    hits = own_or_app & listed.entries
    if hits and hits <= listed.reused:
        return _passed_on(listed, hits)
    hits -= listed.reused
    if hits:
        if hits <= listed.ambiguous:
            several = _link(listed, f"including {min(hits)}, a name that several apps have")
            return Stop(Outcome.UNKNOWN, "ambiguous_entry", several)
        which = "this one" if hits & own else "its app"
        value = NOT_CONTRIBUTED if exclude else CONTRIBUTED
        return value, "listed", (_link(listed, f"including {which}"),)
    if exclude:
        return CONTRIBUTED, "not_listed", (_link(listed, "not this one"),)
    if subject.kind is Kind.APP and own & listed.apps_of_spaces.keys():
        return CONTRIBUTED, "space_listed", (_link(listed, "including one of its spaces"),)
    if listed.unknown_entries:
        unmatched = (
            f"including {listed.unknown_entries[0]!r}, which matches nothing known here and may be this or part of it"
        )
        return Stop(Outcome.UNKNOWN, "unknown_entry", _link(listed, unmatched))
    return NOT_CONTRIBUTED, "not_listed", (_link(listed, "not this one"),)


def _passed_on(listed: Listed, hits: AbstractSet[str]) -> Stop:
    """The stop for an entry whose name passed to another space, or to another app, after the list was recorded."""
    if any(one.startswith("app:") for one in hits):
        what = "including its name, which another app had when the list was recorded"
        return Stop(Outcome.UNKNOWN, "app_name_reused", _link(listed, what))
    what = "including its key, which has since been reused for another space"
    return Stop(Outcome.UNKNOWN, "space_key_reused", _link(listed, what))


def _link(listed: Listed, what: str) -> Reason:
    """The reason that the list gives for one subject."""
    if not listed.entries:
        return fact(listed.sentence, listed.observation)
    return fact(f"{listed.sentence}, {what}", listed.observation)

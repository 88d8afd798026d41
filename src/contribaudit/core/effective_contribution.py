"""What is contributed to Atlassian's apps and AI: metadata and in-app data, all rules applied.

Plans and switches: https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/
Lists and platform apps: https://support.atlassian.com/security-and-access-policies/docs/include-or-exclude-in-app-data/
"""

from __future__ import annotations

from typing import TypeAlias

from contribaudit.core import names
from contribaudit.core.effective_lists import Listed, contribution_list, keys_of
from contribaudit.core.effective_plan import Deciding, deciding_plan, rests_on_default
from contribaudit.core.effective_scope import Scope, first_of_all, scope_of
from contribaudit.core.effective_together import apps_of_site, together
from contribaudit.core.finding import Outcome
from contribaudit.core.observation import SettingId
from contribaudit.core.reasons import Effective, Reason, Stop, answered, read_word, rule, stopped, told
from contribaudit.core.state import State
from contribaudit.core.subject import Kind, Subject, organization_subject

CONTRIBUTED = "contributed"
NOT_CONTRIBUTED = "not_contributed"
_SWITCH = {"on": CONTRIBUTED, "always": CONTRIBUTED, "off": NOT_CONTRIBUTED}
_Found: TypeAlias = tuple[str, str, tuple[Reason, ...]]
"""The value, its code, and the links that lead from the switch to it."""


def metadata(state: State, subject: Subject) -> Effective:
    """Whether the metadata of the organization, or of something in it, is contributed.

    Where the plan does not offer the choice it always is, whatever a switch was seen to say; where it does, as the
    observed switch says. Nothing narrower than the organization can be left out of it.
    """
    setting = names.EFFECTIVE_METADATA
    plan = deciding_plan(state, subject.organization)
    predicted = _SWITCH.get(plan.plan.metadata_default) if isinstance(plan, Deciding) else None
    begun = _begin(state, subject, predicted, plan, setting)
    if isinstance(begun, Effective):
        return begun
    chain, scope = begun
    if isinstance(plan, Stop):
        return stopped(subject, setting, plan, chain)
    chain = (*chain, plan.reason)
    if scope.sandbox is not None:
        return stopped(subject, setting, scope.sandbox, chain, predicted=predicted)
    changeable = plan.plan.metadata_changeable
    if not changeable and plan.plan.metadata_default == "always":
        always = rule(state, f"on the {plan.plan.name} plan metadata is always contributed, and no switch changes that")
        return answered(subject, setting, CONTRIBUTED, "plan_always_contributes", (*chain, always), changeable=False)
    seen = read_word(
        state, organization_subject(subject.organization), names.METADATA, _SWITCH, "the organization's metadata switch"
    )
    if isinstance(seen, Stop):
        return stopped(subject, setting, seen, chain, predicted=predicted, changeable=changeable)
    word, observation = seen
    value = _SWITCH[word]
    fragile = ""
    forced = [one.name for one in state.rulebook.plans if not one.metadata_changeable]
    if value == NOT_CONTRIBUTED and plan.trial and forced:
        fragile = f"{plan.trial}, and on {', '.join(forced)} metadata is always contributed"
    chain = (*chain, told(f"the organization's metadata switch is {word}", observation))
    return answered(subject, setting, value, "switch", chain, changeable=changeable, fragile_because=fragile)


def in_app(state: State, subject: Subject) -> Effective:
    """Whether the in-app data of an app, space or connector is contributed; of a site, whether that of any app is.

    Of the organization itself it is the content that belongs to no space or app, for which the switch alone decides.
    """
    setting = names.EFFECTIVE_IN_APP
    if subject.kind is Kind.SITE:
        apps = [in_app(state, app) for app in apps_of_site(state, subject)]
        return together(state, subject, setting, apps, risk=CONTRIBUTED, safe=NOT_CONTRIBUTED)
    plan = deciding_plan(state, subject.organization)
    predicted = _SWITCH.get(plan.plan.in_app_default) if isinstance(plan, Deciding) else None
    changeable = plan.plan.in_app_changeable if isinstance(plan, Deciding) else None
    begun = _begin(state, subject, predicted, plan, setting)
    if isinstance(begun, Effective):
        return begun
    chain, scope = begun
    switch = state.once(("in-app switch", subject.organization), lambda: _in_app_switch(state, subject.organization))
    if isinstance(switch, Stop):
        return stopped(subject, setting, switch, chain, predicted=predicted, changeable=changeable)
    word, link = switch
    chain = (*chain, link)
    found: _Found | Stop = _by_list(state, subject, scope, word) if scope.listable else (_SWITCH[word], "switch", ())
    if isinstance(found, tuple) and scope.sandbox is not None and found[1] not in ("listed", "space_listed"):
        found = scope.sandbox
    if isinstance(found, Stop):
        return stopped(subject, setting, found, chain, predicted=predicted, changeable=changeable)
    value, code, links = found
    fragile = ""
    if value == CONTRIBUTED or isinstance(plan, Stop):
        pass
    elif plan.trial:
        fragile = f"{plan.trial}, and what then becomes of the switch is not documented"
    elif code in ("switch", "not_listed"):
        fragile = rests_on_default(state, plan.plan, word)
    return answered(subject, setting, value, code, (*chain, *links), changeable=changeable, fragile_because=fragile)


def _begin(
    state: State, subject: Subject, predicted: str | None, plan: Deciding | Stop, setting: SettingId
) -> tuple[tuple[Reason, ...], Scope] | Effective:
    """The links up to the switch, and what the subject is to the rules; or the answer that needs no switch."""
    first = first_of_all(state, subject.organization)
    if isinstance(first, Stop) and first.outcome in (Outcome.NOT_YET_EFFECTIVE, Outcome.EXEMPT):
        trial = plan.trial if isinstance(plan, Deciding) and first.outcome is Outcome.EXEMPT else ""
        fragile = f"{trial}, and the exemption may end with it" if trial else ""
        return stopped(subject, setting, first, fragile_because=fragile)
    scope = scope_of(state, subject)
    if isinstance(scope, Stop):
        # Without the setting nothing is used, whatever becomes of an exemption that is not known.
        return stopped(subject, setting, scope, () if isinstance(first, Stop) else first)
    if isinstance(first, Stop):
        return stopped(subject, setting, first, scope.chain, predicted=predicted)
    return (*first, *scope.chain), scope


def _in_app_switch(state: State, organization: str) -> tuple[str, Reason] | Stop:
    subject = organization_subject(organization)
    seen = read_word(state, subject, names.IN_APP, ("on", "off"), "the organization's in-app switch")
    if isinstance(seen, Stop):
        return seen
    return seen[0], told(f"the organization's in-app switch is {seen[0]}", seen[1])


def _by_list(state: State, subject: Subject, scope: Scope, word: str) -> _Found | Stop:
    """By the list that belongs to the switch's position: the exclude list while it is on, else the include list.

    Where both an app and its space could be listed, no page tells which wins; only one kind of list is in force under
    a position, so that either being listed is enough. Of an app it is asked whether anything of it is contributed.
    """
    exclude = word == "on"
    listed = contribution_list(state, subject.organization, names.EXCLUDED if exclude else names.INCLUDED)
    if isinstance(listed, Stop):
        return listed
    own = keys_of(state, subject)
    around = own | keys_of(state, scope.app) if scope.app is not None else own
    hits = around & listed.entries
    if hits and hits <= listed.reused:
        passed_on = _link(listed, "its key among them, which has come to name another space since that was recorded")
        return Stop(Outcome.UNKNOWN, "space_key_reused", passed_on)
    hits -= listed.reused
    if hits:
        if hits <= listed.ambiguous:
            several = _link(listed, f"{min(hits)} among them, and several apps bear that name")
            return Stop(Outcome.UNKNOWN, "ambiguous_entry", several)
        which = "this" if hits & own else "its app"
        value = NOT_CONTRIBUTED if exclude else CONTRIBUTED
        return value, "listed", (_link(listed, f"{which} among them"),)
    if exclude:
        return CONTRIBUTED, "not_listed", (_link(listed, "not this"),)
    if subject.kind is Kind.APP and own & listed.apps_of_spaces:
        return CONTRIBUTED, "space_listed", (_link(listed, "a space of this among them"),)
    if listed.strangers:
        strange = f"{listed.strangers[0]!r} among them, which is nothing known here: it may be this or part of it"
        return Stop(Outcome.UNKNOWN, "unknown_entry", _link(listed, strange))
    return NOT_CONTRIBUTED, "not_listed", (_link(listed, "not this"),)


def _link(listed: Listed, what: str) -> Reason:
    """What the list says of one subject."""
    if not listed.entries:
        return told(listed.sentence, listed.observation)
    return told(f"{listed.sentence}, {what}", listed.observation)

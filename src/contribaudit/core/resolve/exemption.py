"""Whether an exemption that somebody recorded is evidenced, or only claimed.

The organization's own Data contribution screen has to show it, and plan and apps must be able to have it:
https://support.atlassian.com/security-and-access-policies/docs/understand-data-contribution/
"""

from __future__ import annotations

from dataclasses import replace

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, Observation, Observed
from contribaudit.core.model.rulebook import Exemption
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.plans import deciding_plan, plans_of, possible_plans, trial_on
from contribaudit.core.resolve.reasons import Reason, Stop, fact, list_unread, rank_of, read_word, rule
from contribaudit.core.resolve.state import State

NOT_ON_EVERY_APP = "exemption_not_on_every_app"
ON_NO_APP = "exemption_on_no_app"
NOT_ON_PLAN = "exemption_not_on_plan"
IN_TRIAL = "exemption_in_trial"
_GRADES = (Grade.DOCUMENTED, Grade.ATTESTED)


def exempt(state: State, organization: str, word: str, seen: Observed) -> Stop:
    """The stop that a recorded exemption makes: `exempt`, or `unknown` or `conflict` where it is only claimed."""
    known = next((one for one in state.rulebook.exemptions if one.word == word), None)
    if known is None:
        strange = fact(f"the rulebook does not know the exemption {word!r}", seen)
        return Stop(Outcome.UNKNOWN, "unknown_word", strange)
    if seen.grade not in _GRADES:
        sentence = f"the exemption {word} is only {seen.grade}; only the console's own screen shows one"
        return Stop(Outcome.UNKNOWN, "exemption_not_evidenced", fact(sentence, seen))
    elsewhere = _other_screen(state, seen)
    if elsewhere:
        sentence = f"the exemption {word} was read at {elsewhere!r}; only the Data contribution screen shows one"
        return Stop(Outcome.UNKNOWN, "exemption_on_another_screen", fact(sentence, seen))
    claimed = fact(f"the Data contribution screen is attested as showing the exemption {word}", seen)
    links = _by_plan(state, organization, known)
    if isinstance(links, Stop):
        return replace(links, before=(claimed, *links.before))
    by_app = _by_app(state, organization, known) if known.setting is not None else ()
    if isinstance(by_app, Stop):
        return replace(by_app, before=(claimed, *by_app.before))
    shown = fact(f"the console shows this organization as exempt ({word})", seen)
    return Stop(Outcome.EXEMPT, "exempt", shown, before=(*links, *by_app))


def _other_screen(state: State, seen: Observed) -> str:
    """The screen or menu path of the look where it is one of another screen; "" where it is right or not recorded."""
    look = seen.witness
    if look is None:
        return ""
    right = {one.id for one in state.rulebook.screens if names.EXEMPTION in one.settings}
    if look.screen and look.screen not in right:
        return look.screen
    path = look.console_path.strip()
    led_to = {one.id for one in state.rulebook.screens_at(path)} if path else set()
    return path if led_to and not led_to & right else ""


def _by_plan(state: State, organization: str, known: Exemption) -> tuple[Reason, ...] | Stop:
    """Whether a plan that the organization may be on can have it."""
    if not known.plans:
        return ()
    able = {name.casefold() for name in known.plans}
    listed = ", ".join(known.plans)
    plan = deciding_plan(state, organization)
    possible = possible_plans(state, organization)
    if possible and not any(one.name.casefold() in able for one in possible):
        sentence = f"the exemption {known.word} exists on {listed} only, and {plan.reason.sentence}"
        return Stop(Outcome.CONFLICT, NOT_ON_PLAN, replace(plan.reason, sentence=sentence))
    if isinstance(plan, Stop):
        certain = bool(possible) and all(one.name.casefold() in able for one in possible)
        return (plan.reason,) if certain else plan
    if plan.trial and not known.trial:
        sentence = f"no trial comes with {known.title}, and {plan.trial}"
        return Stop(Outcome.UNKNOWN, IN_TRIAL, replace(plan.reason, sentence=sentence))
    return (plan.reason,)


def _by_app(state: State, organization: str, known: Exemption) -> tuple[Reason, ...] | Stop:
    """Whether every app that can show it does."""
    unread = list_unread(state, organization)
    if unread is not None:
        return unread
    assert known.setting is not None
    carriers = [one for one in state.subjects(Kind.APP, organization) if _can_show(state, one, known)]
    links: list[Reason] = []
    without: list[tuple[Subject, Reason]] = []
    unclear: list[Stop] = []
    for app in carriers:
        name = called(state, app)
        found = read_word(state, app, known.setting, (known.value, known.without), f"whether {name} has {known.title}")
        if isinstance(found, Stop):
            unclear.append(found)
        elif found[0] == known.value:
            odd = _beyond_own_plan(state, app, known)
            if odd is not None:
                return replace(odd, before=(fact(f"{name} is attested as having {known.title}", found[1]),))
            links.append(fact(f"{name} has {known.title}", found[1]))
        else:
            without.append((app, fact(f"{name} does not have {known.title}", found[1])))
    if not links and not unclear:
        sentence = f"the exemption {known.word} is attested, but no app has {known.title}"
        none = without[0][1] if without else rule(state, sentence)
        return Stop(Outcome.CONFLICT, ON_NO_APP, replace(none, sentence=sentence))
    if without:
        app, reason = min(without, key=lambda pair: pair[0])
        sentence = (
            f"{reason.sentence}, and Atlassian does not say that an exemption of some apps exempts the organization"
        )
        return Stop(Outcome.UNKNOWN, NOT_ON_EVERY_APP, replace(reason, sentence=sentence))
    if unclear:
        return min(unclear, key=lambda stop: rank_of(stop.outcome))
    return tuple(links)


def _beyond_own_plan(state: State, app: Subject, known: Exemption) -> Stop | None:
    """The stop of an app that has it and, by its own plan, cannot: another app's plan is no help to it."""
    if not known.plans:
        return None
    able = {name.casefold() for name in known.plans}
    mine = plans_of(state, app)
    name = called(state, app)
    if mine and not any(state.rulebook.plans[rank].name.casefold() in able for rank, _ in mine):
        rank, seen = mine[0]
        sentence = (
            f"{name} has the {state.rulebook.plans[rank].name} plan, and {known.title} exists on "
            f"{', '.join(known.plans)} only"
        )
        return Stop(Outcome.CONFLICT, NOT_ON_PLAN, fact(sentence, seen))
    if trial_on(state, app) and not known.trial:
        sentence = f"no trial comes with {known.title}, and a trial is running on {name}"
        return Stop(Outcome.UNKNOWN, IN_TRIAL, fact(sentence, _shows_trial(state, app)))
    return None


def _shows_trial(state: State, app: Subject) -> Observation:
    """The observation of the app's trial: a look, or else the gateway's."""
    look = state.read(app, names.TRIAL)
    return look if isinstance(look, Observed) else state.read(app, names.GATEWAY_TRIAL)


def _can_show(state: State, app: Subject, known: Exemption) -> bool:
    """True for an app that the rulebook names, and for one that it does not know at all."""
    entry = state.app(app)
    return entry is None or entry.type_key in known.apps

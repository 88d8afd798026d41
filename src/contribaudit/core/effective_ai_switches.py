"""Whether AI reaches an app by its own switches, its neighbours apart.

https://support.atlassian.com/organization-administration/docs/manage-rovo-access/: on by default for Standard, Premium
and Enterprise. Some apps have a switch of their own: JSM beside the organization's, Bitbucket, Trello and Loom instead.
Which have one, the rulebook's screens say: those that some screen shows the switch of.
"""

from __future__ import annotations

from contribaudit.core.effective_together import list_unread
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.rulebook import App, Plan
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.reasons import (
    Effective,
    Reason,
    Stop,
    answered,
    gravest,
    never_recorded,
    read_word,
    stop_by,
    stopped,
    told,
)
from contribaudit.core.resolve.screens import screen_for
from contribaudit.core.resolve.state import State

EXPOSED = "exposed"
NOT_EXPOSED = "not_exposed"
BLOCKED = "blocked"
LIMITED = "limited"
OPENNESS = {BLOCKED: 0, "off": 0, LIMITED: 1, "allowed": 2, "on": 2}
"""How far a word lets AI in."""
NO_STATEMENT_ON_AI = "no_statement_on_ai"
_WORDS = {names.AI_ACCESS: ("allowed", LIMITED, BLOCKED), names.AI_OWN_SETTING: ("on", LIMITED, "off")}
_CALLED = {names.AI_ACCESS: "Rovo access", names.AI_OWN_SETTING: "the app's own AI switch"}


def alone(state: State, app: Subject, most: str = BLOCKED) -> Effective:
    """By the app's own switches, siblings apart: exposed where one of them lets AI in further than `most`."""
    return state.once(("effective ai alone", app, most), lambda: _by_switches(state, app, most))


def _by_switches(state: State, app: Subject, most: str) -> Effective:
    setting = names.EFFECTIVE_AI
    type_key = state.read(app, names.APP_TYPE_KEY)
    known = app_known(state, app)
    if known is not None and known.rovo_block == "none":
        without = told(f"{known.title} has no AI of its own to block", type_key)
        return stopped(app, setting, Stop(Outcome.NO_SUCH_SETTING, "no_ai", without))
    decide = _deciding(state, app, known)
    chain = (told(_how(known), type_key),)
    stops: list[Effective] = []
    safe: dict[SettingId, Reason] = {}
    for switch, words in _WORDS.items():
        seen = read_word(state, app, switch, words, _CALLED[switch])
        if isinstance(seen, Stop):
            if not never_recorded(state, app, switch):
                stops.append(stopped(app, setting, seen, chain, predicted=_predicted(state, app)))
            continue
        link = told(f"{_CALLED[switch]} is {seen[0]}", seen[1])
        if OPENNESS[seen[0]] > OPENNESS[most]:
            return answered(app, setting, EXPOSED, "not_blocked", (*chain, link), changeable=True)
        safe[switch] = link
    stop = gravest(stops)
    if stop is not None:
        return stop
    links = tuple(safe[switch] for switch in decide if switch in safe)
    unseen = next((switch for switch in decide if switch not in safe), None)
    if unseen is not None:
        plans_say = names.AI_ACCESS in decide  # of apps outside Rovo access no page tells plans
        return (_unrecorded if plans_say else _unseen)(state, app, unseen, (*chain, *links))
    if known is None:
        # It may be of the Jira family, or have switches elsewhere.
        strange = Stop(Outcome.UNKNOWN, "unknown_app", told("which other switches it has is not known", type_key))
        return stopped(app, setting, strange, (*chain, *links))
    return answered(app, setting, NOT_EXPOSED, "blocked", (*chain, *links), changeable=True)


def _deciding(state: State, app: Subject, known: App | None) -> tuple[SettingId, ...]:
    """The switches that must all be seen closed: Rovo access unless it stands elsewhere, and the app's own."""
    if known is not None and known.rovo_block == "elsewhere":
        return (names.AI_OWN_SETTING,)
    if known is not None and screen_for(state, app, names.AI_OWN_SETTING) is not None:
        return (names.AI_ACCESS, names.AI_OWN_SETTING)
    return (names.AI_ACCESS,)


def _unrecorded(state: State, app: Subject, switch: SettingId, chain: tuple[Reason, ...]) -> Effective:
    """Nobody recorded the switch: without the setting where no plan of the organization has AI, else unknown."""
    setting = names.EFFECTIVE_AI
    free = state.once(("plans without ai", app.organization), lambda: _no_plan_has_ai(state, app.organization))
    plan = state.read(app, names.PLAN)
    offer = _plan(state, app)
    if free:
        without = told("AI is not listed for its plan, nor for that of any other app of the organization", plan)
        return stopped(app, setting, Stop(Outcome.NO_SUCH_SETTING, "plan_without_ai", without), chain)
    if offer is not None and not offer.rovo:
        beside = told(f"no page says whether AI reads an app on {offer.name} beside paid ones", plan)
        return stopped(app, setting, Stop(Outcome.UNKNOWN, "free_beside_paid", beside), chain)
    return _unseen(state, app, switch, chain)


def _unseen(state: State, app: Subject, switch: SettingId, chain: tuple[Reason, ...]) -> Effective:
    known = app_known(state, app)
    if known is not None and known.rovo_block == "unknown":
        sentence = f"no page says whether AI reaches {known.title}, nor how it would be blocked there"
        stop = Stop(Outcome.UNKNOWN, NO_STATEMENT_ON_AI, told(sentence, state.read(app, switch)))
    else:
        stop = stop_by(state.read(app, switch), _CALLED[switch])
    return stopped(app, names.EFFECTIVE_AI, stop, chain, predicted=_predicted(state, app), changeable=True)


def app_known(state: State, app: Subject) -> App | None:
    """What the rulebook says of the app; None for one that it does not know, or whose type was not read."""
    seen = state.value(app, names.APP_TYPE_KEY)
    if seen is None or not isinstance(seen.value, str) or seen.grade is Grade.PREDICTED:
        return None
    return state.rulebook.app(seen.value)


def _how(known: App | None) -> str:
    match known.rovo_block if known is not None else "unlisted":
        case "yes":
            return f"{known.title if known else ''} can be blocked under Rovo access"
        case "elsewhere":
            return f"{known.title if known else ''} has an AI switch in its own administration"
        case "unlisted":
            return "the rulebook does not know which app this is"
        case _:
            return f"no page says how AI is blocked for {known.title if known else ''}"


def _predicted(state: State, app: Subject) -> str | None:
    """What holds where nobody changed anything: on, on a plan that has AI."""
    plan = _plan(state, app)
    return EXPOSED if plan is not None and plan.rovo else None


def _plan(state: State, app: Subject) -> Plan | None:
    seen = state.value(app, names.PLAN)
    return state.rulebook.plan(seen.value) if seen is not None and isinstance(seen.value, str) else None


def _no_plan_has_ai(state: State, organization: str) -> bool:
    """True where the list of apps is whole and every one is on a plan for which AI is not listed."""
    apps = state.subjects(Kind.APP, organization)
    if not apps or list_unread(state, organization) is not None:
        return False
    plans = [_plan(state, app) for app in apps]
    return all(plan is not None and not plan.rovo for plan in plans)

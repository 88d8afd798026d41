"""Whom AI (Rovo, formerly Atlassian Intelligence) reaches: apps, sites, spaces and connectors.

https://support.atlassian.com/organization-administration/docs/manage-rovo-access/: on by default for Standard, Premium
and Enterprise; blocking one app of the Jira family on a site leaves Search, Chat and Create on there while any other
app of the family is not blocked. Some apps have a switch of their own: JSM in addition to the organization's,
Bitbucket, Trello and Loom instead. Which have one, the rulebook's screens say: those that some screen shows the switch
of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.rulebook import App, Plan
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.effective_contribution import app_of_space
from contribaudit.core.resolve.reasons import (
    Effective,
    Reason,
    Stop,
    answered,
    apps_of_site,
    gravest,
    list_unread,
    never_recorded,
    read_word,
    rule,
    sites_index,
    stop_by,
    stopped,
    together,
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


_CONNECTOR = {"connected": EXPOSED, "hidden": EXPOSED, "disconnecting": EXPOSED, "disconnected": NOT_EXPOSED}


def ai(state: State, subject: Subject) -> Effective:
    """Whether AI reaches the subject; a site or organization is exposed as soon as one of its apps is.

    Raises ValueError for a kind that AI does not reach by itself.
    """
    setting = names.EFFECTIVE_AI
    match subject.kind:
        case Kind.APP:
            return ai_of_app(state, subject)
        case Kind.SITE:
            parts = [ai_of_app(state, app) for app in apps_of_site(state, subject)]
        case Kind.ORGANIZATION:
            parts = [ai_of_app(state, app) for app in state.subjects(Kind.APP, subject.organization)]
        case Kind.SPACE:
            app = app_of_space(state, subject)
            if app is None:
                missing = rule(state, f"which app {alias_of(state, subject)} belongs to is not known")
                return stopped(subject, setting, Stop(Outcome.UNKNOWN, "app_of_space_not_known", missing))
            return replace(ai_of_app(state, app), subject=subject)
        case Kind.CONNECTOR:
            return _connector(state, subject)
        case _:
            raise ValueError(f"AI does not reach a {subject.kind} by itself")
    return together(state, subject, setting, parts, risk=EXPOSED, safe=NOT_EXPOSED)


def ai_of_app(state: State, app: Subject, most: str = BLOCKED) -> Effective:
    """By its own switches, and for an app of the Jira family by its siblings on the site too.

    "exposed" is what lets AI in further than `most` ("blocked" or "limited").
    """
    return state.once(("effective ai", app, most), lambda: _of_app(state, app, most))


def _of_app(state: State, app: Subject, most: str) -> Effective:
    own = alone(state, app, most)
    known = app_known(state, app)
    if own.value != NOT_EXPOSED or known is None or not known.jira_family:
        return own
    number = sites_index(state, app.organization).of_app.get(app)
    if number is None:
        missing = rule(state, "its site is not known, and any other app of the Jira family there would keep AI on")
        return stopped(app, names.EFFECTIVE_AI, Stop(Outcome.UNKNOWN, "site_not_known", missing), own.chain)
    key = ("jira family", app.organization, number, most)
    family = state.once(key, lambda: _family(state, app.organization, number, most))
    return _with_family(state, app, own, family, most)


@dataclass(frozen=True, slots=True)
class _Family:
    """The Jira-family apps of one site, by their own switches."""

    open: Effective | None
    """The first that is exposed by its own switches."""
    unknown: Effective | None
    """The gravest of those that are not known."""
    links: tuple[Reason, ...]
    """The chain of the answer where all are blocked. The same for every app: copies would grow with their square."""


def _family(state: State, organization: str, number: int, most: str) -> _Family:
    """Apps of a type that is not known are counted in, and Jira apps of a site that is not known: each may belong."""
    index = sites_index(state, organization)
    homeless = state.once(("jira apps without site", organization), lambda: _homeless(state, organization))
    here = sorted({*index.sites[number].apps, *homeless})
    answers = [_named(state, alone(state, app, most)) for app in here if _may_be_family(app_known(state, app))]
    alike = f"all {len(answers)} apps" if len(answers) > 1 else "the only app"
    closed = BLOCKED if most == BLOCKED else f"{BLOCKED} or {most}"
    whole = rule(state, f"{alike} of the Jira family on the site {'are' if len(answers) > 1 else 'is'} {closed}")
    return _Family(
        min((one for one in answers if one.value == EXPOSED), key=lambda one: one.subject, default=None),
        gravest(answers),
        (*(link for one in answers if one.value == NOT_EXPOSED for link in one.chain), whole),
    )


def _with_family(state: State, app: Subject, own: Effective, family: _Family, most: str) -> Effective:
    setting = names.EFFECTIVE_AI
    if family.open is not None:
        shared = rule(
            state,
            f"{alias_of(state, family.open.subject)} is of the same site's Jira family and not {most}, "
            "so Search, Chat and Create with AI stay on for all of it",
        )
        return answered(
            app,
            setting,
            EXPOSED,
            "jira_family_not_blocked",
            (*(replace(link, decisive=False) for link in own.chain), *family.open.chain, shared),
            changeable=True,
        )
    stop = list_unread(state, app.organization)
    if stop is not None:
        return stopped(app, setting, stop, own.chain, predicted=EXPOSED)
    if family.unknown is not None:
        other = family.unknown
        assert isinstance(other.outcome, Outcome)
        link = Reason(
            f"{other.reason}, and it is or may be of the same site's Jira family",
            other.chain[-1].observation,
            other.chain[-1].source,
        )
        return stopped(app, setting, Stop(other.outcome, other.code, link), own.chain, predicted=other.predicted)
    return answered(app, setting, NOT_EXPOSED, "jira_family_blocked", family.links, changeable=True)


def _named(state: State, answer: Effective) -> Effective:
    """The answer with the app's name before each sentence, for a chain that is about several."""
    called = alias_of(state, answer.subject)
    return replace(answer, chain=tuple(replace(link, sentence=f"{called}: {link.sentence}") for link in answer.chain))


def _may_be_family(known: App | None) -> bool:
    return known is None or known.jira_family


def _homeless(state: State, organization: str) -> tuple[Subject, ...]:
    """Jira-family apps that tell no site: each may be on any."""
    index = sites_index(state, organization)
    found: list[Subject] = []
    for app in state.subjects(Kind.APP, organization):
        known = app_known(state, app)
        if app not in index.of_app and known is not None and known.jira_family:
            found.append(app)
    return tuple(found)


def _connector(state: State, connector: Subject) -> Effective:
    """A connector that is hidden from search, or still disconnecting, is connected."""
    seen = read_word(state, connector, names.CONNECTOR_STATE, _CONNECTOR, "its state")
    if isinstance(seen, Stop):
        return stopped(connector, names.EFFECTIVE_AI, seen)
    link = told(f"the connector is {seen[0]}", seen[1])
    return answered(connector, names.EFFECTIVE_AI, _CONNECTOR[seen[0]], "connector_state", (link,), changeable=True)

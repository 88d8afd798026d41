"""Whom AI (Rovo, formerly Atlassian Intelligence) reaches: apps, sites, spaces and connectors.

https://support.atlassian.com/organization-administration/docs/manage-rovo-access/: on by default for Standard, Premium
and Enterprise; blocking one app of the Jira family on a site leaves Search, Chat and Create on there while any other
app of the family is not blocked. Some apps have a switch of their own: JSM in addition to the organization's,
Bitbucket, Trello and Loom instead. An app has one if a screen in the rulebook shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import SOURCES_DIFFER, Grade, SettingId, Unavailable
from contribaudit.core.model.phrases import every
from contribaudit.core.model.rulebook import App, Plan
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.ai_sources import (
    BLOCKED,
    CALLED,
    GATEWAY_SILENT,
    OPENNESS,
    WORDS,
    gateway,
    main_switch,
    policy_item,
    recorded,
    site_answers,
)
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.contribution_lists import app_of_space
from contribaudit.core.resolve.gateway import RUNNING
from contribaudit.core.resolve.inventory import Site, apps_of_site, site_by_app
from contribaudit.core.resolve.plans import TRIALS
from contribaudit.core.resolve.reasons import (
    NEVER_RECORDED,
    Effective,
    Reason,
    Stop,
    answered,
    fact,
    list_unread,
    most_severe,
    never_recorded,
    not_seen,
    rank_of,
    read_word,
    rule,
    stop_by,
    stopped,
    together,
)
from contribaudit.core.resolve.rovo import Position, position
from contribaudit.core.resolve.state import State, once_per_state, screen_for

EXPOSED = "exposed"
NOT_EXPOSED = "not_exposed"
NO_STATEMENT_ON_AI = "no_statement_on_ai"
_SITE_ON = "Rovo is enabled for the site according to the GraphQL gateway"


@once_per_state
def alone(state: State, app: Subject, most: str) -> Effective:
    """The answer by the app's own switches, without its Jira family: exposed if one lets AI in further than `most`."""
    setting = names.EFFECTIVE_AI
    type_key = state.read(app, names.APP_TYPE_KEY)
    entry = app_known(state, app)
    if entry is not None and entry.rovo_block == "none":
        without = fact(f"{entry.title} has no AI of its own to block", type_key)
        return stopped(app, setting, Stop(Outcome.NO_SUCH_SETTING, "no_ai", without))
    decide = _deciding_switches(state, app, entry)
    chain = (fact(_block_sentence(state, app), type_key),)
    main = main_switch(entry)
    stops: list[Effective] = []
    safe: dict[SettingId, tuple[Reason, ...]] = {}
    for switch in WORDS:
        answer = position(state, app, entry, most) if switch == main else _recorded_position(state, app, switch, most)
        if answer is None:
            continue
        if isinstance(answer, Stop):
            stops.append(stopped(app, setting, answer, chain, predicted=_predicted_default(state, app)))
        elif answer.exposed:
            return answered(app, setting, EXPOSED, "not_blocked", (*chain, *answer.links), changeable=True)
        else:
            safe[switch] = answer.links
    stop = most_severe(stops)
    if stop is not None:
        return stop
    links = tuple(link for switch in decide if switch in safe for link in safe[switch])
    unseen = next((switch for switch in decide if switch not in safe), None)
    if unseen is not None:
        plans_say = names.AI_ACCESS in decide  # no page says which plans give AI to apps outside Rovo access
        return (_unrecorded_switch if plans_say else _unseen_switch)(state, app, unseen, (*chain, *links))
    if entry is None:
        # It may belong to the Jira family, or have switches elsewhere.
        code, why = why_app_not_known(state, app)
        strange = Stop(Outcome.UNKNOWN, code, fact(f"its other AI switches are unknown: {why}", type_key))
        return stopped(app, setting, strange, (*chain, *links))
    return answered(app, setting, NOT_EXPOSED, "blocked", (*chain, *links), changeable=True)


def _recorded_position(state: State, app: Subject, switch: SettingId, most: str) -> Position | Stop | None:
    """The position of a switch that only people can read; None where nobody recorded it."""
    seen = recorded(state, app, switch)
    if isinstance(seen, Stop):
        return None if never_recorded(state, app, switch) else seen
    return Position(OPENNESS[seen[0]] > OPENNESS[most], (fact(f"{CALLED[switch]} is {seen[0]}", seen[1]),))


def _deciding_switches(state: State, app: Subject, entry: App | None) -> tuple[SettingId, ...]:
    """The switches that must all be seen closed: Rovo access if it covers the app, and the app's own if it has one."""
    if entry is not None and entry.rovo_block == "elsewhere":
        return (names.AI_OWN_SETTING,)
    if entry is not None and screen_for(state, app, names.AI_OWN_SETTING) is not None:
        return (names.AI_ACCESS, names.AI_OWN_SETTING)
    return (names.AI_ACCESS,)


def _unrecorded_switch(state: State, app: Subject, switch: SettingId, chain: tuple[Reason, ...]) -> Effective:
    """The answer for an unrecorded switch: no such setting where no plan of the organization has AI, else unknown."""
    setting = names.EFFECTIVE_AI
    free = no_plan_has_ai(state, app.organization)
    plan = state.read(app, names.PLAN)
    offer = _plan(state, app)
    if free:
        trial = trial_with_ai(state, app.organization)
        if trial is not None:
            return stopped(app, setting, trial, chain)
        without = fact("neither its plan nor that of any other app of the organization includes AI", plan)
        return stopped(app, setting, Stop(Outcome.NO_SUCH_SETTING, "plan_without_ai", without), chain)
    if offer is not None and not offer.rovo:
        undocumented = fact(f"Atlassian does not say whether AI reads an app on {offer.name} beside paid apps", plan)
        return stopped(app, setting, Stop(Outcome.UNKNOWN, "free_beside_paid", undocumented), chain)
    return _unseen_switch(state, app, switch, chain)


def _unseen_switch(state: State, app: Subject, switch: SettingId, chain: tuple[Reason, ...]) -> Effective:
    entry = app_known(state, app)
    if entry is not None and entry.rovo_block == "unknown":
        sentence = f"Atlassian does not say whether AI reaches {entry.title} or how to block it there"
        stop = Stop(Outcome.UNKNOWN, NO_STATEMENT_ON_AI, fact(sentence, state.read(app, switch)))
    else:
        seen = state.read(app, switch)
        stop = not_seen(seen, CALLED[switch]) or stop_by(seen, CALLED[switch])
    if switch == main_switch(entry):
        answer, item = gateway(state, app), policy_item(state, app)
        unread_item = state.read(app, names.AI_POLICY_ITEM)
        if isinstance(unread_item, Unavailable) and unread_item.code not in NEVER_RECORDED:
            item_says = f"the app's AI policy item reads as neither on nor off: {unread_item.reason}"
            chain = (*chain, fact(item_says, unread_item, decisive=False))
        if item is not None:
            item_says = f"the app's AI policy item reads as {item[1].value}; nothing in this organization confirms it"
            chain = (*chain, fact(item_says, item[1], decisive=False))
        if answer is not None and answer.yes is None:
            stop = Stop(Outcome.UNKNOWN, GATEWAY_SILENT, answer.link)
    return stopped(app, names.EFFECTIVE_AI, stop, chain, predicted=_predicted_default(state, app), changeable=True)


def app_known(state: State, app: Subject) -> App | None:
    """The rulebook's entry for the app; None for an app that it does not know, or whose type was not read."""
    seen = state.value(app, names.APP_TYPE_KEY)
    if seen is None or not isinstance(seen.value, str) or seen.grade is Grade.PREDICTED:
        return None
    return state.rulebook.app(seen.value)


def why_app_not_known(state: State, app: Subject) -> tuple[str, str]:
    """Why `app_known` is None: a code and a clause. A type that was not read differs from an unknown app."""
    seen = state.read(app, names.APP_TYPE_KEY)
    if isinstance(seen, Unavailable):
        return seen.code, f"the type of this app was not read: {seen.reason}"
    if seen.value is None:
        return "null", "the API gives no type for this app"
    if seen.grade is Grade.PREDICTED:
        return "only_predicted", "the type of this app is only predicted"
    return "unknown_app", "the rulebook does not know this app"


def _block_sentence(state: State, app: Subject) -> str:
    entry = app_known(state, app)
    if entry is None:
        return why_app_not_known(state, app)[1]
    match entry.rovo_block:
        case "yes":
            return f"{entry.title} can be blocked under Rovo access"
        case "elsewhere":
            return f"{entry.title} has an AI switch in its own administration"
        case _:
            return f"Atlassian does not say how to block AI for {entry.title}"


def _predicted_default(state: State, app: Subject) -> str | None:
    """The plan's default: exposed on a plan that has AI; None on any other."""
    plan = _plan(state, app)
    return EXPOSED if plan is not None and plan.rovo else None


def _plan(state: State, app: Subject) -> Plan | None:
    return state.rulebook.plan(state.word(app, names.PLAN))


@once_per_state
def no_plan_has_ai(state: State, organization: str) -> bool:
    """True where the list of apps is complete and no app's plan, trials aside, includes AI."""
    apps = state.subjects(Kind.APP, organization)
    if not apps or list_unread(state, organization) is not None:
        return False
    plans = [_plan(state, app) for app in apps]
    return all(plan is not None and not plan.rovo for plan in plans)


@once_per_state
def trial_with_ai(state: State, organization: str) -> Stop | None:
    """Why apps may have AI that none of their plans includes: a trial runs, or a recorded trial no longer counts."""
    doubts: list[Stop] = []
    for app in sorted(state.subjects(Kind.APP, organization)):
        word = read_word(state, app, names.TRIAL, TRIALS, f"the trial of {called(state, app)}")
        if not isinstance(word, Stop):
            if word[0] == RUNNING:
                sentence = f"a trial is running on {called(state, app)}, and the plan on trial may include AI"
                return Stop(Outcome.UNKNOWN, "trial_may_include_ai", fact(sentence, word[1]))
        elif not never_recorded(state, app, names.TRIAL):
            doubts.append(word)
    return min(doubts, key=lambda stop: rank_of(stop.outcome), default=None)


_CONNECTOR = {"connected": EXPOSED, "hidden": EXPOSED, "disconnecting": EXPOSED, "disconnected": NOT_EXPOSED}


def ai(state: State, subject: Subject) -> Effective:
    """Whether AI reaches the subject; a site or organization is exposed as soon as one of its apps is.

    Raises ValueError for a kind that AI does not reach by itself.
    """
    setting = names.EFFECTIVE_AI
    match subject.kind:
        case Kind.APP:
            return ai_of_app(state, subject, BLOCKED)
        case Kind.SITE:
            return _ai_of_apps(state, subject, apps_of_site(state, subject))
        case Kind.ORGANIZATION:
            return _ai_of_apps(state, subject, state.subjects(Kind.APP, subject.organization))
        case Kind.SPACE:
            app = app_of_space(state, subject)
            if app is None:
                missing = rule(state, f"the app of {called(state, subject)} is unknown")
                return stopped(subject, setting, Stop(Outcome.UNKNOWN, "app_of_space_not_known", missing))
            return replace(ai_of_app(state, app, BLOCKED), subject=subject)
        case Kind.CONNECTOR:
            return _connector(state, subject)
        case _:
            raise ValueError(f"AI does not reach a {subject.kind} by itself")


def _ai_of_apps(state: State, subject: Subject, apps: Collection[Subject]) -> Effective:
    parts = [ai_of_app(state, app, BLOCKED) for app in apps]
    return _one_of_site(state, subject, parts, apps) or together(
        state, subject, names.EFFECTIVE_AI, parts, risk=EXPOSED, safe=NOT_EXPOSED
    )


def _one_of_site(
    state: State, subject: Subject, parts: Sequence[Effective], apps: Collection[Subject]
) -> Effective | None:
    """Exposed where the gateway says that Rovo is on for a site but no app is known to be the open one.

    None where an app is known to be open, and where the sources are in conflict.
    """
    if any(one.value == EXPOSED or one.outcome is Outcome.CONFLICT for one in parts):
        return None
    for site, seen in site_answers(state, subject.organization).items():
        if not set(site.apps) <= set(apps):
            continue
        links = (
            rule(state, f"at least one app of {site.label} is exposed; the API does not say which"),
            fact(_SITE_ON, seen),
        )
        return answered(subject, names.EFFECTIVE_AI, EXPOSED, "site_enabled", links, changeable=True)
    return None


@once_per_state
def ai_of_app(state: State, app: Subject, most: str) -> Effective:
    """The app's answer by its own switches, by the site's Jira family for a Jira app, and by the site's answer.

    An app that lets AI in further than `most` ("blocked" or "limited") is exposed. Rovo being on for a site means that
    at least one app is open: if none is known to be, the only one that can be. Where every app of the site is blocked,
    the sources disagree. The gateway does not say for whom an app is open.
    """
    own = _with_family_of(state, app, most)
    site = site_by_app(state, app.organization).get(app)
    seen = site_answers(state, app.organization).get(site) if site is not None else None
    if site is None or seen is None or most != BLOCKED or not _can_carry(state, app):
        return own
    possibly_open = _possibly_open_apps(state, site)
    if possibly_open is None or own.value == EXPOSED or own.outcome is Outcome.CONFLICT:
        return own
    link = fact(_SITE_ON, seen)
    if not possibly_open and own.value == NOT_EXPOSED:
        sentence = f"the sources disagree: {link.sentence}, and every app of the site is blocked"
        stop = Stop(Outcome.CONFLICT, SOURCES_DIFFER, replace(link, sentence=sentence))
        return stopped(app, names.EFFECTIVE_AI, stop, own.chain)
    if app in possibly_open and (len(possibly_open) == 1 or all(_is_family(state, one) for one in possibly_open)):
        what = "no other app of the site" if len(possibly_open) == 1 else "no app of the site outside the Jira family"
        only = replace(link, sentence=f"{link.sentence}, and {what} can be the one where it is enabled")
        chain = (*(replace(one, decisive=False) for one in own.chain), only)
        return answered(app, names.EFFECTIVE_AI, EXPOSED, "site_enabled", chain, changeable=True)
    return own


@once_per_state
def _possibly_open_apps(state: State, site: Site) -> tuple[Subject, ...] | None:
    """The site's apps for which Rovo may be on; None if it is known to be on for one, or an app may be missing."""
    if list_unread(state, site.organization) is not None or jira_apps_without_site(state, site.organization):
        return None
    answers = [_with_family_of(state, app, BLOCKED) for app in site.apps if _can_carry(state, app)]
    if any(one.value == EXPOSED for one in answers):
        return None
    return tuple(one.subject for one in answers if not one.known)


def _can_carry(state: State, app: Subject) -> bool:
    """Whether Rovo being on for the site can mean this app: not one with its switch elsewhere, or without AI."""
    entry = app_known(state, app)
    return entry is None or entry.rovo_block in ("yes", "unknown")


def _is_family(state: State, app: Subject) -> bool:
    entry = app_known(state, app)
    return entry is not None and entry.jira_family


@once_per_state
def _with_family_of(state: State, app: Subject, most: str) -> Effective:
    own = alone(state, app, most)
    entry = app_known(state, app)
    settled = own.value == EXPOSED or own.outcome in (Outcome.CONFLICT, Outcome.NO_SUCH_SETTING)
    if settled or entry is None or not entry.jira_family:
        return own
    site = site_by_app(state, app.organization).get(app)
    if site is None and not own.known:
        return own
    if site is None:
        missing = rule(state, "its site is unknown; an open app of the Jira family there would keep AI on")
        return stopped(app, names.EFFECTIVE_AI, Stop(Outcome.UNKNOWN, "site_not_known", missing), own.chain)
    return _with_family(state, app, own, _family(state, site, most), most)


@dataclass(frozen=True, slots=True)
class _Family:
    """What the Jira-family apps of one site answer."""

    open: Effective | None
    """The first app that is exposed by its own switches, or else by Jira's gateway field; None if none is."""
    unknown: Effective | None
    """The most serious answer among those that are not known; None if all are known."""
    links: tuple[Reason, ...]
    """The chain of the answer where all are blocked; shared by all apps, since copies would grow quadratically."""


@once_per_state
def _family(state: State, site: Site, most: str) -> _Family:
    """The site's family. It includes apps of unknown type, and Jira apps of unknown site, since each may belong."""
    apps = sorted({*site.apps, *jira_apps_without_site(state, site.organization)})
    answers = [
        _prefix_app_name(state, alone(state, app, most)) for app in apps if _may_be_family(app_known(state, app))
    ]
    every_app = every(len(answers), "app")
    closed = BLOCKED if most == BLOCKED else f"{BLOCKED} or {most}"
    summary = rule(state, f"{every_app} of the Jira family on the site {'are' if len(answers) > 1 else 'is'} {closed}")
    open_ones = [one for one in answers if one.value == EXPOSED] or list(_enabled_by_field(state, answers, most))
    return _Family(
        min(open_ones, key=lambda one: one.subject, default=None),
        most_severe(answers),
        (*(link for one in answers if one.value == NOT_EXPOSED for link in one.chain), summary),
    )


def _enabled_by_field(state: State, answers: Iterable[Effective], most: str) -> Iterator[Effective]:
    """Apps for which Jira's gateway field says yes about the family, although they may not be the open one."""
    for one in answers if most == BLOCKED else ():
        answer = gateway(state, one.subject)
        if answer is not None and answer.yes and one.outcome is not Outcome.CONFLICT:
            enabled = answered(one.subject, names.EFFECTIVE_AI, EXPOSED, "not_blocked", (answer.link,), changeable=True)
            yield _prefix_app_name(state, enabled)


def _with_family(state: State, app: Subject, own: Effective, family: _Family, most: str) -> Effective:
    setting = names.EFFECTIVE_AI
    if family.open is not None:
        shared = rule(
            state,
            f"{called(state, family.open.subject)} belongs to the Jira family of the same site and is not {most}, "
            "so Search, Chat and Create with AI stay on for the whole family",
        )
        return answered(
            app,
            setting,
            EXPOSED,
            "jira_family_not_blocked",
            (*(replace(link, decisive=False) for link in own.chain), *family.open.chain, shared),
            changeable=True,
        )
    if not own.known:
        return own
    stop = list_unread(state, app.organization)
    if stop is not None:
        return stopped(app, setting, stop, own.chain, predicted=EXPOSED)
    if family.unknown is not None:
        other = family.unknown
        assert isinstance(other.outcome, Outcome)
        sentence = f"{other.reason}; it belongs, or may belong, to the Jira family of the same site"
        link = replace(other.chain[-1], sentence=sentence)
        return stopped(app, setting, Stop(other.outcome, other.code, link), own.chain, predicted=other.predicted)
    return answered(app, setting, NOT_EXPOSED, "jira_family_blocked", family.links, changeable=True)


def _prefix_app_name(state: State, answer: Effective) -> Effective:
    """The answer with the app's name before each sentence, for a chain about several apps."""
    name = called(state, answer.subject)
    return replace(answer, chain=tuple(replace(link, sentence=f"{name}: {link.sentence}") for link in answer.chain))


def _may_be_family(entry: App | None) -> bool:
    return entry is None or entry.jira_family


@once_per_state
def jira_apps_without_site(state: State, organization: str) -> tuple[Subject, ...]:
    """Jira-family apps whose site is unknown, so that each may be on any site."""
    placed = site_by_app(state, organization)
    apps = state.subjects(Kind.APP, organization)
    return tuple(app for app in apps if app not in placed and _is_family(state, app))


def _connector(state: State, connector: Subject) -> Effective:
    """The connector's answer. One that is hidden from search, or still disconnecting, counts as connected."""
    seen = read_word(state, connector, names.CONNECTOR_STATE, _CONNECTOR, "the connector's state")
    if isinstance(seen, Stop):
        return stopped(connector, names.EFFECTIVE_AI, seen)
    link = fact(f"the connector is {seen[0]}", seen[1])
    return answered(connector, names.EFFECTIVE_AI, _CONNECTOR[seen[0]], "connector_state", (link,), changeable=True)

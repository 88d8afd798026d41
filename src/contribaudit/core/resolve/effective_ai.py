"""Whom AI (Rovo, formerly Atlassian Intelligence) reaches: apps, sites, spaces and connectors.

https://support.atlassian.com/organization-administration/docs/manage-rovo-access/: on by default for Standard, Premium
and Enterprise; blocking one app of the Jira family on a site leaves Search, Chat and Create on there while any other
app of the family is not blocked. Apps with a switch of their own (JSM beside, Bitbucket, Trello, Loom instead).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from contribaudit.core.alias import alias_of
from contribaudit.core.effective_ai_switches import BLOCKED, EXPOSED, NOT_EXPOSED, alone, app_known
from contribaudit.core.effective_lists import app_of_space
from contribaudit.core.effective_together import apps_of_site, list_unread, sites_index, together
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.rulebook import App
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.reasons import Effective, Reason, Stop, answered, gravest, read_word, rule, stopped, told
from contribaudit.core.resolve.state import State

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

"""One answer over many: a site or an organization is at risk as soon as one of its apps is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contribaudit.core.alias import alias_of
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.inventory import Site, sites_of
from contribaudit.core.resolve.reasons import VALUE, Effective, Reason, Stop, answered, gravest, rule, stopped
from contribaudit.core.resolve.state import State

WORKSPACES = "workspaces"
_SETTLED = (Outcome.EXEMPT, Outcome.NOT_YET_EFFECTIVE, Outcome.NO_SUCH_SETTING)


def together(
    state: State, subject: Subject, setting: SettingId, parts: Sequence[Effective], *, risk: str, safe: str
) -> Effective:
    """`risk` where one part has it; `safe` only where every part is known, the list of apps is whole and one is safe.

    The order of the parts does not matter.
    """
    predicted = risk if any(risk in (one.value, one.predicted) for one in parts) else None
    at_risk = [one for one in parts if one.value == risk]
    if at_risk:
        first = min(at_risk, key=lambda one: (len(one.chain), one.subject))
        count = rule(
            state, f"{alias_of(state, first.subject)} is {risk}, 1 of {len(at_risk)} among {_apps(len(parts))}"
        )
        return answered(
            subject,
            setting,
            risk,
            first.code,
            (count, *first.chain),
            changeable=first.changeable,
        )
    unread = list_unread(state, subject.organization)
    if unread is not None:
        return stopped(subject, setting, unread, predicted=predicted)
    open_one = gravest(parts)
    if open_one is not None:
        assert isinstance(open_one.outcome, Outcome)
        last = Reason(
            f"{alias_of(state, open_one.subject)}: {open_one.reason}",
            open_one.chain[-1].observation,
            open_one.chain[-1].source,
        )
        return stopped(
            subject, setting, Stop(open_one.outcome, open_one.code, last), open_one.chain[:-1], predicted=predicted
        )
    if not any(one.outcome == VALUE for one in parts):
        return _settled(state, subject, setting, parts)
    fragile = sorted(one.fragile_because for one in parts if one.fragile)
    whole = rule(state, f"not one of {_apps(len(parts))} is {risk}")
    return answered(
        subject, setting, safe, "every_app", (*_links(parts), whole), fragile_because=fragile[0] if fragile else ""
    )


def list_unread(state: State, organization: str) -> Stop | None:
    """The stop that an unfinished list of apps makes: what is not in it may be otherwise."""
    place = state.organizations.get(organization)
    if place is not None and place.completed(WORKSPACES):
        return None
    why = place.why_not(WORKSPACES) if place is not None else "the organization was not read"
    return Stop(Outcome.UNKNOWN, "apps_unread", Reason(f"not every app was read: {why}", None, WORKSPACES))


@dataclass(frozen=True, slots=True)
class Sites:
    """The organization's sites, and where each app stands."""

    sites: tuple[Site, ...]
    of_app: Mapping[Subject, int]
    """Which of the sites; an app that tells neither cloud ID nor host is missing."""


def sites_index(state: State, organization: str) -> Sites:
    """The sites with their apps. Looked up once for the whole organization."""

    def look() -> Sites:
        sites = tuple(sites_of(state, organization))
        return Sites(sites, {app: number for number, site in enumerate(sites) for app in site.apps})

    return state.once(("sites", organization), look)


def apps_of_site(state: State, site: Subject) -> tuple[Subject, ...]:
    """The apps of a site, named by cloud ID or host; none for a site that is not known."""
    wanted = site.id.casefold()
    for one in sites_index(state, site.organization).sites:
        if wanted in (one.id.casefold(), one.host.casefold()):
            return one.apps
    return ()


def _settled(state: State, subject: Subject, setting: SettingId, parts: Sequence[Effective]) -> Effective:
    """Where no part has a value: all are exempt, not in force yet, or without the setting."""
    for outcome in _SETTLED:
        alike = [one for one in parts if one.outcome is outcome]
        if alike:
            first = min(alike, key=lambda one: one.subject)
            links = _links(parts)
            last = rule(state, f"all {_apps(len(parts))} are alike" if len(parts) > 1 else "its only app is so")
            return stopped(subject, setting, Stop(outcome, first.code, last), links)
    return stopped(subject, setting, Stop(Outcome.UNKNOWN, "no_apps", rule(state, "it has no app that was seen")))


def _links(parts: Sequence[Effective]) -> tuple[Reason, ...]:
    """Every link of every part, each once, part by part in the order of subjects."""
    chains = {id(one.chain): one.chain for one in sorted(parts, key=lambda part: part.subject)}
    return tuple({id(link): link for chain in chains.values() for link in chain}.values())


def _apps(count: int) -> str:
    return "1 app" if count == 1 else f"{count} apps"

"""Aliases: the subject, or subjects, that a text such as "app:acme.atlassian.net/confluence" names.

A space is named by its ARI, or by `space:HOST/TYPEKEY/KEY` with its present or a former key. People rarely know which
app of the Jira family a project belongs to, so the type key of any of the site's Jira apps finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model import names
from contribaudit.core.model.snapshot import KnownSpace
from contribaudit.core.model.subject import COMPANY, Kind, Subject, organization_subject
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.state import State, once_per_state
from contribaudit.errors import AmbiguousSubject

_PREFIX = "space:"


@dataclass(frozen=True, slots=True)
class TextMeaning:
    """The spaces that a text meant when it was written."""

    known: tuple[KnownSpace, ...] = ()
    """The spaces among them that are known now."""
    ids: frozenset[str] = frozenset()
    """IDs of all spaces that it may mean: several where the key is ambiguous or was given to another space."""
    reused: bool = False
    """True where the key may name another space since."""


def holds_spaces(state: State, app: Subject) -> bool | None:
    """Whether the app has spaces of its own; None for an app that the rulebook does not know."""
    entry = state.app(app)
    return None if entry is None else bool(entry.spaces)


def find_spaces(state: State, organization: str, text: str) -> list[KnownSpace]:
    """The spaces that the text names now: none, one, or several where a key is ambiguous."""
    book = state.spaces(organization)
    bare = _without_prefix(text)
    if bare.startswith("ari:"):
        return list(book.find(bare))
    host, _, key = _split(bare)
    type_keys = dict.fromkeys(state.recall(app, names.APP_TYPE_KEY) for app in apps_named(state, organization, bare))
    spaces = [one for type_key in type_keys for one in book.find(f"{_PREFIX}{host}/{type_key}/{key}")]
    return list({one.space.id: one for one in spaces}.values())


def space_of(state: State, subject: Subject) -> KnownSpace | None:
    """The space in the listings, however the subject is written; None where they show none or several."""

    def look() -> KnownSpace | None:
        spaces = find_spaces(state, subject.organization, subject.id)
        return spaces[0] if len(spaces) == 1 else None

    return state.once(("space", subject), look)


def remember(state: State, known_space: KnownSpace) -> None:
    """Give `space_of` its answer for a space that a page of the index has just shown, to save the query."""
    state.once(("space", known_space.space.subject), lambda: known_space)


def apps_named(state: State, organization: str, text: str) -> list[Subject]:
    """The apps that a space written `HOST/TYPEKEY/KEY` may belong to: that one, or the site's whole Jira family."""
    host, type_key, key = _split(_without_prefix(text))
    if not (host and type_key and key):
        return []
    return _apps(state, organization, host, type_key)


@once_per_state
def _apps(state: State, organization: str, host: str, type_key: str) -> list[Subject]:
    named_entry = state.rulebook.app(type_key)
    apps: list[Subject] = []
    for app, own_key in _apps_by_host(state, organization).get(host, ()):
        entry = state.rulebook.app(own_key)
        family = entry is not None and named_entry is not None and entry.jira_family and named_entry.jira_family
        if own_key == type_key or family or (entry is not None and entry == named_entry):
            apps.append(app)
    return apps


def listed_whole(state: State, organization: str, apps: Sequence[Subject]) -> bool:
    """True when the spaces of all these apps that may have any were listed to the end; False if none may have any."""
    lists = state.spaces(organization).lists()
    carriers = [app for app in apps if holds_spaces(state, app) is not False]
    return bool(carriers) and all(app in lists and lists[app].complete for app in carriers)


def where_it_would_be(state: State, organization: str, text: str) -> list[Subject]:
    """The apps whose listings would show the space that the text names; for an ARI, all apps with spaces."""
    if not _without_prefix(text).startswith("ari:"):
        return apps_named(state, organization, text)
    return [app for app in state.subjects(Kind.APP, organization) if holds_spaces(state, app)]


def meant(state: State, organization: str, text: str, written_at: datetime) -> TextMeaning:
    """What the text meant when it was written: an ARI means itself, a key the space that had it then.

    It still means a space that has lost the key. Where another space has the key now, or the space was only made
    since, nobody can know which of them the text is about.
    """
    present = tuple(find_spaces(state, organization, text))
    bare = _without_prefix(text)
    if bare.startswith("ari:"):
        return TextMeaning(present, frozenset((bare,)))
    ids = frozenset(one.space.id for one in present)
    if len(present) > 1:
        return TextMeaning(present, ids)
    book = state.spaces(organization)
    key = _split(bare)[2]
    bearers = [one for app in apps_named(state, organization, bare) for one in book.bearers(app, key)]
    earlier_ids = [space for space, since in sorted(bearers, key=lambda one: one[1]) if since <= written_at]
    if not present:
        former = book.find(earlier_ids[-1]) if earlier_ids else ()
        return TextMeaning(tuple(former), frozenset(earlier_ids[-1:]))
    (bearer,) = present
    made_since = bearer.space.created_at is not None and bearer.space.created_at > written_at
    if (earlier_ids and earlier_ids[-1] != bearer.space.id) or (not earlier_ids and made_since):
        return TextMeaning(present, ids | frozenset(earlier_ids), reused=True)
    return TextMeaning(present, ids)


def _without_prefix(text: str) -> str:
    stripped = text.strip()
    return stripped[len(_PREFIX) :] if stripped[: len(_PREFIX)].casefold() == _PREFIX else stripped


def _split(bare: str) -> tuple[str, str, str]:
    """Host and type key in lower case, and the key; each "" where it is missing."""
    host, _, rest = bare.partition("/")
    type_key, _, key = rest.partition("/")
    return host.casefold(), type_key.casefold(), key


@once_per_state
def _apps_by_host(state: State, organization: str) -> dict[str, list[tuple[Subject, str]]]:
    """By host in lower case: its apps, each with its type key in lower case."""
    by_host: dict[str, list[tuple[Subject, str]]] = {}
    for app in state.subjects(Kind.APP, organization):
        host = state.recall(app, names.APP_HOST).casefold()
        by_host.setdefault(host, []).append((app, state.recall(app, names.APP_TYPE_KEY).casefold()))
    return by_host


def resolve_alias(state: State, text: str) -> Subject | None:
    """The subject that the text names; None when there is none.

    Accepts an ARI or ID, `company`, `organization`, `organization:ID`, `site:HOST` (or its cloud ID),
    `app:HOST/TYPEKEY`, `app:TYPEKEY/ID`, `space:HOST/TYPEKEY/KEY`, `connector:NAME`, each with the prefix `ORG_ID:`
    where several organizations are in reach. A space of a known app is
    accepted unseen unless the listing is complete. Raises AmbiguousSubject, which lists the ARIs, for several matches.
    """
    organization, rest = _split_prefix(state, text.strip())
    subjects = list(dict.fromkeys(_candidates(state, rest, organization)))
    if len(subjects) > 1:
        alike = len({subject.id for subject in subjects}) < len(subjects)
        listed = ", ".join(sorted(f"{one.organization}:{one.id}" if alike else one.id for one in subjects))
        raise AmbiguousSubject(
            f"The subject `{text}` names several: {listed}", hint="Write the one that you mean by its ID."
        )
    return subjects[0] if subjects else None


def alias_of(state: State, subject: Subject) -> str:
    """The text by which people name the subject, as reports print it."""
    if subject.kind is Kind.COMPANY:
        return "company"
    if subject.kind is Kind.ORGANIZATION:
        return "organization" if len(state.organizations) == 1 else f"organization:{subject.id}"
    if subject.kind is Kind.SPACE:
        space = space_of(state, subject)
        return space.alias if space is not None else f"space:{subject.id}"
    return state.recall(subject, names.APP_ALIAS) or f"{subject.kind}:{subject.id}"


def spoken(subject: Subject, alias: str, name: str, type_key: str, title: str) -> str:
    """The name of a subject in prose: "Jira on acme.atlassian.net", "space ENG in Confluence on acme.atlassian.net".

    `alias` is the one in reports, `title` the rulebook's title for the app's type key ("" if unknown). An organization
    goes by its name, and a subject without a better name by its alias.
    """
    kind, _, rest = alias.partition(":")
    product = title or type_key
    match subject.kind:
        case Kind.ORGANIZATION | Kind.GROUP:
            return name or subject.id
        case Kind.COMPANY:
            return "all organizations together"
        case Kind.SITE | Kind.CONNECTOR if rest and kind == subject.kind:
            return rest if subject.kind is Kind.SITE else f"connector {rest}"
        case Kind.SPACE if product and f"/{type_key}/" in rest:
            place, _, key = rest.partition(f"/{type_key}/")
            return f"space {key} in {product} on {place}"
        case Kind.APP if product and rest.endswith(f"/{type_key}"):
            return f"{product} on {rest.removesuffix(f'/{type_key}')}"
        case Kind.APP if product and kind == subject.kind:
            return f"{product} ({name or subject.id})"
        case _:
            return alias


def called(state: State, subject: Subject) -> str:
    """The name that people use for the subject, from the state and its rulebook."""
    place = state.place(subject)
    entry = state.rulebook.app(place.app)
    title = entry.title if entry is not None else ""
    return spoken(subject, alias_of(state, subject), place.name, place.app, title)


def _split_prefix(state: State, text: str) -> tuple[str | None, str]:
    head, colon, rest = text.partition(":")
    return (head, rest) if colon and head in state.organizations and rest else (None, text)


def _candidates(state: State, text: str, organization: str | None) -> list[Subject]:
    folded = text.casefold()
    if folded == "company":
        return [COMPANY]
    if folded == "organization":
        return [organization_subject(one) for one in ([organization] if organization else state.organizations)]
    if folded.startswith("organization:"):
        identity = text.partition(":")[2]
        return [organization_subject(identity)] if identity in state.organizations else []
    if text in state.organizations:
        return [organization_subject(text)]
    by_id, by_alias = _apps_by_name(state, organization)
    subjects = [*by_id.get(text, ()), *by_alias.get(folded, ())]
    for one in (organization,) if organization else [place.id for place in state.looked_at]:
        subjects += _site_space_or_connector(state, text, folded, one)
    return subjects


@once_per_state
def _apps_by_name(state: State, organization: str | None) -> tuple[dict[str, list[Subject]], dict[str, list[Subject]]]:
    """Every app by its ID, with and without "app:" before it, and by its alias in lower case."""
    by_id: dict[str, list[Subject]] = {}
    by_alias: dict[str, list[Subject]] = {}
    for app in state.subjects(Kind.APP, organization):
        for text in (app.id, f"app:{app.id}"):
            by_id.setdefault(text, []).append(app)
        by_alias.setdefault(state.recall(app, names.APP_ALIAS).casefold(), []).append(app)
    return by_id, by_alias


def _site_space_or_connector(state: State, text: str, folded: str, organization: str) -> list[Subject]:
    """The sites, spaces, or recorded connectors that the text names."""
    kind, _, name = folded.partition(":")
    match kind:
        case "site":
            return [one.subject for one in sites_of(state, organization) if name and one.goes_by(name)]
        case "connector":
            listed = state.subjects(Kind.CONNECTOR, organization)
            return [one for one in listed if name in (one.id.casefold(), one.id.casefold().removeprefix("connector:"))]
        case "space" | "ari":
            return _space(state, text, organization)
        case _:
            return []


def _space(state: State, text: str, organization: str) -> list[Subject]:
    spaces = find_spaces(state, organization, text)
    if spaces or not text.casefold().startswith("space:"):
        return [one.space.subject for one in spaces]
    named = Subject(organization, Kind.SPACE, text[len("space:") :].strip())
    recorded = [one for one in state.subjects(Kind.SPACE, organization) if one.id.casefold() == named.id.casefold()]
    if recorded or listed_whole(state, organization, where_it_would_be(state, organization, named.id)):
        return recorded
    return [named] if apps_named(state, organization, named.id) else []

"""What in the inventory a text means: organizations, sites, apps, connectors, groups, and spaces of the history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from rich.text import Text

from contribaudit.core.alias import alias_of
from contribaudit.core.effective_together import sites_index
from contribaudit.core.model.snapshot import KnownSpace
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import plain
from contribaudit.tui.widgets.grid import Column

COLUMNS = (Column("kind", 12), Column("name", 24, flexible=True), Column("where", 20, flexible=True))
MOST = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that the text may mean."""

    subject: Subject
    name: str
    """Plain."""
    where: str
    """Plain."""
    space: KnownSpace | None = None


def hits(state: State, text: str, most: int = MOST) -> list[Hit]:
    """What bears the text in its key, name or ID, without case: the wider things first, then spaces by key.

    Asks the history: not for the screen's thread.
    """
    wanted = text.strip().casefold()
    if not wanted:
        return []
    bare = wanted.partition(":")[2] if wanted.startswith(("app:", "site:", "connector:")) else wanted
    found = list(islice((one for one in _known(state) if _bears(one, bare)), most))
    for place in state.looked_at:
        found += [_space_hit(one) for one in _spaces(state, place.id, text.strip(), most - len(found))]
    return found[:most]


def cells(hit: Hit) -> list[Text]:
    """One row of what was found."""
    return [Text(hit.subject.kind.value), Text(hit.name), Text(hit.where, "dim")]


def _spaces(state: State, organization: str, text: str, most: int) -> list[KnownSpace]:
    book = state.spaces(organization)
    if most <= 0:
        return []
    if text.casefold().startswith(("ari:", "space:")):
        exact = list(book.find(text))
        if exact:
            return exact[:most]
        text = text.rpartition("/")[2]
    found = list(book.search(text, most)) if text else []
    folded = text.casefold()
    return sorted(found, key=lambda one: one.space.key.casefold() != folded)


def _space_hit(one: KnownSpace) -> Hit:
    name = f"{one.space.key}  {one.space.name}" if one.space.key else one.space.name or one.space.id
    return Hit(one.space.subject, plain(name), plain(f"{one.host or one.space.app.id}/{one.type_key}"), one)


def _known(state: State) -> Iterator[Hit]:
    for organization in state.organizations:
        name = plain(state.organization_name(organization))
        yield Hit(organization_subject(organization), name, plain(organization))
        for site in sites_index(state, organization).sites:
            yield Hit(Subject(organization, Kind.SITE, site.host or site.id), plain(site.host or site.id), name)
        for app in state.apps_named_anywhere(organization):
            alias = plain(alias_of(state, app)).removeprefix("app:")
            yield Hit(app, alias, plain(f"{state.place(app).name}  {app.id}"))
        for kind in (Kind.CONNECTOR, Kind.GROUP):
            for one in state.subjects(kind, organization):
                yield Hit(one, plain(state.place(one).name), name)
        for gone in state.departed(organization).apps:
            yield Hit(gone.app, plain(gone.alias).removeprefix("app:"), f"left, last seen {gone.last_seen:%Y-%m-%d}")


def _bears(hit: Hit, wanted: str) -> bool:
    named = (hit.name, hit.subject.id, hit.where if hit.subject.kind is Kind.APP else "")
    return any(wanted in one.casefold() for one in named)

"""The inventory's tree as numbered lines: only open nodes are built, and large groups are counted, never built.

The levels are organization, site, app and space; connectors, groups and missing apps have folders of their own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of, holds_spaces, space_of
from contribaudit.core.resolve.inventory import site_by_app, sites_of, spaces_counted
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import safe_text

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the tree with a label of its own: a subject, a folder or a remark."""

    path: Path
    """The names of all nodes above, then this node's name among its siblings."""
    label: str
    """Plain text."""
    subject: Subject | None = None
    """None for a folder or a remark."""
    note: str = ""
    """A remark behind the label, plain text; "" for none."""
    opens: bool = False
    many: int = 0
    """How many leaves, asked for by number alone, follow the node's own children."""

    @property
    def depth(self) -> int:
        """0 for the outermost."""
        return len(self.path) - 1


@dataclass(frozen=True, slots=True)
class Leaf:
    """One of the many numbered lines beneath a node."""

    parent: Node
    number: int
    """From 0."""

    @property
    def depth(self) -> int:
        """One more than the depth of the parent."""
        return self.parent.depth + 1


class Outline:
    """Lines by number. `children` gives the nodes beneath a node (None: the outermost), and is called when it opens."""

    def __init__(self, children: Callable[[Node | None], Sequence[Node]]) -> None:
        self._children = children
        self._known: dict[Path | None, Sequence[Node]] = {}
        self._open: set[Path] = set()
        self._lines: list[Node] = []
        """The nodes, each a second time for its leaves; the place of that second entry is in `_stretches`."""
        self._stretches: set[int] = set()
        self._starts: list[int] = []
        """The number of the first line of each entry in `_lines`."""
        self._count = 0
        self._build()

    def __len__(self) -> int:
        return self._count

    @property
    def opened(self) -> frozenset[Path]:
        """The open nodes, including those inside closed ones."""
        return frozenset(self._open)

    def line(self, number: int) -> Node | Leaf:
        """The line with this number. Raises IndexError if there is none."""
        if not 0 <= number < self._count:
            raise IndexError(number)
        place = bisect_right(self._starts, number) - 1
        node = self._lines[place]
        first = self._starts[place]
        return Leaf(node, number - first) if place in self._stretches else node

    def is_open(self, path: Path) -> bool:
        """Whether the node is open."""
        return path in self._open

    def open(self, *paths: Path) -> None:
        """Show the lines beneath these nodes."""
        self._open.update(paths)
        self._build()

    def close(self, path: Path) -> None:
        """Hide the lines beneath the node; nodes open among them stay so for the next time."""
        self._open.discard(path)
        self._build()

    def number_of(self, path: Path, leaf: int | None = None) -> int | None:
        """The number of the line of a node, or of one of its leaves; None if no line shows it."""
        for place, node in enumerate(self._lines):
            if node.path == path and (place in self._stretches) is (leaf is not None):
                return self._starts[place] + (leaf or 0)
        return None

    def children_of(self, node: Node | None) -> Sequence[Node]:
        """The nodes beneath a node, made when they are first asked for."""
        key = None if node is None else node.path
        if key not in self._known:
            self._known[key] = self._children(node)
        return self._known[key]

    def _build(self) -> None:
        self._lines, self._starts, self._stretches = [], [], set()
        count = 0
        waiting: list[tuple[Node, bool]] = [(one, False) for one in reversed(self.children_of(None))]
        while waiting:
            node, many = waiting.pop()
            if many:
                self._stretches.add(len(self._lines))
            self._lines.append(node)
            self._starts.append(count)
            count += node.many if many else 1
            if not many and node.path in self._open:
                if node.many:
                    waiting.append((node, True))
                waiting += [(one, False) for one in reversed(self.children_of(node))]
        self._count = count


NOT_READ = "spaces were not read"
ADD_TOKENS = "add [sites] to the configuration and a token with `contribaudit login --site all`"
_ALL_SITES_OPEN = 4
"""Up to this many sites are open at first."""


class Places:
    """Makes the nodes of the inventory for an `Outline`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def children(self, node: Node | None) -> Sequence[Node]:
        """The nodes beneath a node in reading order; for None, the organizations."""
        if node is None:
            return [self._organization(one) for one in self._state.organizations]
        return list(self._beneath(node))

    def opened_at_first(self) -> list[Path]:
        """Every organization, and the sites if they are few."""
        paths: list[Path] = [(one,) for one in self._state.organizations]
        sites = [
            (organization, f"site {number}")
            for organization in self._state.organizations
            for number in range(len(sites_of(self._state, organization)))
        ]
        return paths + (sites if len(sites) <= _ALL_SITES_OPEN else [])

    def path_of(self, subject: Subject) -> Path | None:
        """The path of the subject, or of a space's app. None for a subject that is not in the tree."""
        organization = subject.organization
        if organization not in self._state.organizations:
            return None
        match subject.kind:
            case Kind.ORGANIZATION:
                return (organization,)
            case Kind.SITE:
                for number, site in enumerate(sites_of(self._state, organization)):
                    if site.goes_by(subject.id):
                        return organization, f"site {number}"
            case Kind.APP:
                return self._path_of_app(subject)
            case Kind.SPACE:
                space = space_of(self._state, subject)
                return None if space is None else self._path_of_app(space.space.app)
            case Kind.CONNECTOR if subject in self._state.subjects(Kind.CONNECTOR, organization):
                return organization, "connectors", subject.id
            case Kind.GROUP if subject in self._state.subjects(Kind.GROUP, organization):
                return organization, "groups", subject.id
        return None

    def _path_of_app(self, app: Subject) -> Path | None:
        site = site_by_app(self._state, app.organization).get(app)
        if site is not None:
            return app.organization, f"site {sites_of(self._state, app.organization).index(site)}", app.id
        if app in self._outside_sites(app.organization):
            return app.organization, app.id
        if app in self._apps_outside_inventory(app.organization):
            return app.organization, "others", app.id
        left = any(one.app == app for one in self._state.organization(app.organization).departures.apps)
        return (app.organization, "left", app.id) if left else None

    def _organization(self, organization: str) -> Node:
        entry = self._state.organizations[organization]
        label = safe_text(self._state.organization_name(organization))
        unread = entry.unread_reason or entry.apps_unread
        why = "left out of this run" if entry.left_out else unread
        return Node((organization,), label, organization_subject(organization), safe_text(why), opens=True)

    def _beneath(self, node: Node) -> Iterator[Node]:
        organization, *rest = node.path
        match rest:
            case []:
                yield from self._of_organization(node, organization)
            case ["connectors"]:
                for subject in self._state.subjects(Kind.CONNECTOR, organization):
                    yield Node((*node.path, subject.id), safe_text(subject.id.removeprefix("connector:")), subject)
            case ["groups"]:
                for subject in self._state.subjects(Kind.GROUP, organization):
                    yield Node((*node.path, subject.id), safe_text(self._state.place(subject).name), subject)
            case ["others"]:
                for subject in self._apps_outside_inventory(organization):
                    pseudo = self._state.in_inventory(subject)
                    why = "an entry in the list that is not an app" if pseudo else "named only by a policy"
                    yield Node((*node.path, subject.id), safe_text(self._state.place(subject).name), subject, why)
            case ["left"]:
                for gone in self._state.organization(organization).departures.apps:
                    when = f"last seen {gone.last_seen:%Y-%m-%d}, missing since {gone.first_missing:%Y-%m-%d}"
                    yield Node((*node.path, gone.app.id), safe_text(gone.alias).removeprefix("app:"), gone.app, when)
            case [site] if site.startswith("site "):
                number = int(site.removeprefix("site "))
                for app in sites_of(self._state, organization)[number].apps:
                    yield self._app(node, app)
            case _ if node.subject is not None and node.subject.kind is Kind.APP:
                yield from self._remarks(node, node.subject)

    def _of_organization(self, node: Node, organization: str) -> Iterator[Node]:
        for number, site in enumerate(sites_of(self._state, organization)):
            apps = counted(len(site.apps), "app")
            yield Node((*node.path, f"site {number}"), safe_text(site.label), site.subject, apps, opens=True)
        for app in self._outside_sites(organization):
            yield self._app(node, app)
        folders = (
            ("connectors", self._state.subjects(Kind.CONNECTOR, organization), "recorded by people: no API lists them"),
            ("groups", self._state.subjects(Kind.GROUP, organization), "with an AI role, according to the API"),
            ("others", self._apps_outside_inventory(organization), "not counted as apps"),
            ("left", self._state.organization(organization).departures.apps, "no longer in the last complete list"),
        )
        titles = {"others": "other entries", "left": "no longer in the inventory"}
        for name, members, note in folders:
            if members:
                label = f"{titles.get(name, name)} ({len(members):,})"
                yield Node((*node.path, name), label, None, note, opens=True)

    def _app(self, above: Node, app: Subject) -> Node:
        alias = safe_text(alias_of(self._state, app)).removeprefix("app:")
        on_site = above.subject is not None and above.subject.kind is Kind.SITE
        place = self._state.place(app)
        app_type = self._state.rulebook.app(place.app)
        title, part = app_type.title if app_type is not None else place.app, alias.partition("/")[2]
        on_its_own = title if title == place.name else f"{title or alias}  {place.name}"
        label = safe_text((title if part == place.app else part) if on_site else on_its_own)
        seen = self._state.read(app, names.APP_TYPE_KEY)
        unseen = "" if isinstance(seen, Observed) else f"not seen in this run: {seen.reason}"
        book = self._state.spaces(app.organization)
        count = book.count(app)
        opens = bool(count or app in book.lists() or holds_spaces(self._state, app))
        spaces = counted(count, "space") if count else ""
        return Node(
            (*above.path, app.id), label or safe_text(app.id), app, safe_text(unseen) or spaces, opens=opens, many=count
        )

    def _remarks(self, node: Node, app: Subject) -> Iterator[Node]:
        """A remark on the app's list of spaces, shown above or instead of them."""
        listing = self._state.spaces(app.organization).lists().get(app)
        if listing is None:
            yield Node((*node.path, "remark"), NOT_READ, note=ADD_TOKENS)
        elif not listing.complete:
            yield Node((*node.path, "remark"), "not read completely", note=safe_text(listing.reason or listing.code))
        elif not node.many:
            yield Node((*node.path, "remark"), "no spaces", note="its listing was read completely")

    def _outside_sites(self, organization: str) -> list[Subject]:
        placed = site_by_app(self._state, organization)
        return [app for app in self._state.subjects(Kind.APP, organization) if app not in placed]

    def _apps_outside_inventory(self, organization: str) -> list[Subject]:
        state = self._state
        return [
            app for app in state.apps_named_anywhere(organization) if not state.in_inventory(app) or state.pseudo(app)
        ]


def listing_text(state: State, app: Subject) -> str:
    """How much of the app's list of spaces was read, as plain text: "9,012 of 9,040 spaces, 28 not visible to …"."""
    listing = state.spaces(app.organization).lists().get(app)
    in_all = state.spaces(app.organization).count(app)
    if listing is None:
        earlier = f"; {counted(in_all, 'space')} known from earlier runs" if in_all else ""
        return f"{NOT_READ}: {ADD_TOKENS}{earlier}"
    of = spaces_counted(state, app)
    of = listing.announced if of is None else of
    unseen = max(0, of - listing.read) if of is not None else 0
    text = f"{listing.read:,} of {of:,} spaces" if of is not None else counted(listing.read, "space")
    if unseen:
        text += f", {unseen:,} not visible to {listing.visible_to or 'the token'}"
    elif listing.visible_to:
        text += f", as visible to {listing.visible_to}"
    if of is None:
        text += "; not counted in the console"
    if not listing.complete:
        text += f"; not read completely: {listing.reason or listing.code}"
    if in_all > listing.read:
        text += f"; {in_all:,} known, including earlier runs"
    return safe_text(text)

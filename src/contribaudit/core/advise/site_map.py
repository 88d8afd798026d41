"""The map on one page: how many apps keep their data in which location, then every site by seven questions.

A cell shows what was seen in the site's apps and, where the policy asks, how that was judged. Worst sites come first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Observed, SettingId
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.state import State

UNKNOWN = "unknown"
"""In place of a value that was not read, or is null."""


@dataclass(frozen=True, slots=True)
class MapQuestion:
    """A column of the map."""

    name: str
    setting: SettingId
    """The setting that is shown for each app."""
    judged_by: tuple[SettingId, ...]
    """Settings whose findings answer it."""
    risky: frozenset[str] = frozenset()
    """Values that a careful company does not want; they are listed first."""


LOCATION = MapQuestion("location", names.REALM, (names.REALM, names.REGIONS, names.MOVE))
QUESTIONS = (
    MapQuestion(
        "metadata",
        names.EFFECTIVE_METADATA,
        (names.EFFECTIVE_METADATA, names.METADATA),
        frozenset(("contributed",)),
    ),
    MapQuestion(
        "in-app",
        names.EFFECTIVE_IN_APP,
        (names.EFFECTIVE_IN_APP, names.IN_APP, names.INCLUDED, names.EXCLUDED),
        frozenset(("contributed",)),
    ),
    MapQuestion(
        "AI",
        names.EFFECTIVE_AI,
        (names.EFFECTIVE_AI, names.AI_ACCESS, names.AI_OWN_SETTING, SettingId("ai.portal_customers")),
        frozenset(("exposed",)),
    ),
    LOCATION,
    MapQuestion("pinned", names.PINNED, (names.PINNED,), frozenset(("no",))),
    MapQuestion("trial", names.TRIAL, (names.TRIAL,), frozenset(("running",))),
    MapQuestion("BYOK", names.BYOK, (names.BYOK,)),
)
"""In reading order."""
_ANSWERS = frozenset((names.EFFECTIVE_METADATA, names.EFFECTIVE_IN_APP, names.EFFECTIVE_AI))
_NO_VALUE = frozenset((Outcome.EXEMPT, Outcome.NO_SUCH_SETTING, Outcome.NOT_YET_EFFECTIVE))
NO_FINDING = "no finding"
GROUPS = {
    "fail": (Outcome.FAIL, Outcome.CONFLICT),
    "not achievable": (Outcome.NOT_ACHIEVABLE,),
    "unverified": (Outcome.UNKNOWN, Outcome.STALE),
    "settled": (Outcome.WAIVED, Outcome.PENDING, Outcome.EXEMPT, Outcome.NOT_YET_EFFECTIVE),
    "pass": (Outcome.PASS,),
    NO_FINDING: (Outcome.NO_SUCH_SETTING,),
}
"""The outcomes that count alike on the map, by the name of their group, worst first."""
_RANK = {outcome: rank for rank, outcomes in enumerate(GROUPS.values()) for outcome in outcomes}
_NOT_ASKED = len(GROUPS)


_Named: TypeAlias = Subject | str
_Outcomes: TypeAlias = Mapping[tuple[str, _Named, str], Sequence[Outcome]]
"""By organization, app or site, and question."""


@dataclass(frozen=True, slots=True)
class Location:
    """One segment of the bar: a location, and how many apps keep their data there."""

    name: str
    """The rulebook's code for it; the API's word where the rulebook has none; UNKNOWN where no location was read."""
    title: str
    """Its description, "Frankfurt and Dublin"; "" where the rulebook has none."""
    apps: int
    pinned: int
    """How many of them are known to be pinned there."""
    outcome: Outcome | None
    """The worst outcome about the location of these apps; None where the policy does not ask."""


@dataclass(frozen=True, slots=True)
class MapCell:
    """One question at one site."""

    outcome: Outcome | None
    """The worst outcome among the findings that answer it; None where the policy does not ask."""
    findings: int
    """How many findings answer it, including those about the whole organization that count here."""
    wide: bool
    """True where the outcome comes from the whole organization, and no finding about the site itself is as bad."""
    values: tuple[tuple[str, int], ...]
    """Each value and the number of apps that have it: risky values first, then UNKNOWN, then the most frequent."""


@dataclass(frozen=True, slots=True)
class MapRow:
    """One site, or the apps of an organization that belong to none."""

    organization: str
    """The organization's ID."""
    site: str
    """The site's host, or its cloud ID where no host is known; "" for apps without a site, and where none was read."""
    apps: int
    cells: tuple[MapCell, ...]
    """One for each of QUESTIONS."""


@dataclass(frozen=True, slots=True)
class SiteMap:
    """The map: locations of the apps, and one row for each site."""

    locations: tuple[Location, ...]
    """Most apps first, UNKNOWN last."""
    rows: tuple[MapRow, ...]
    """Worst first."""

    @property
    def apps(self) -> int:
        """How many apps the map covers."""
        return sum(one.apps for one in self.locations)


def site_map(state: State, findings: Iterable[Finding], only: Collection[str] = ()) -> SiteMap:
    """The map of every organization that was read; `only` limits it to sites of these hosts, in lower case."""
    outcomes, wide = _outcomes_by_place(state, findings)
    rows: list[MapRow] = []
    words: dict[Subject, str] = {}
    for organization in state.looked_at:
        apps = state.subjects(Kind.APP, organization.id)
        sites = [(site.label, site.id, site.apps) for site in sites_of(state, organization.id)]
        placed = {app for _, _, members in sites for app in members}
        alone = tuple(app for app in apps if app not in placed)
        if alone or not sites:
            sites.append(("", "", alone))
        for name, identity, members in sites:
            if only and name.casefold() not in only:
                continue
            words |= {app: _cell_word(state, app, LOCATION) for app in members}
            cells = []
            for question in QUESTIONS:
                keys: tuple[_Named, ...] = (*members, *({name, identity} - {""}))
                own = [one for key in keys for one in outcomes.get((organization.id, key, question.name), ())]
                seen = Counter(
                    words[app] if question is LOCATION else _cell_word(state, app, question) for app in members
                )
                cells.append(_cell(question, seen, own, wide.get((organization.id, question.name), ())))
            rows.append(MapRow(organization.id, name, len(members), tuple(cells)))
    return SiteMap(_locations(state, words, outcomes), tuple(sorted(rows, key=_worst_first)))


def _outcomes_by_place(
    state: State, findings: Iterable[Finding]
) -> tuple[_Outcomes, Mapping[tuple[str, str], Sequence[Outcome]]]:
    """Outcomes by organization, app (or site) and question; and those about a whole organization."""
    questions = {setting: one.name for one in QUESTIONS for setting in one.judged_by}
    by_place: dict[tuple[str, _Named, str], list[Outcome]] = defaultdict(list)
    wide: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for finding in findings:
        question = questions.get(finding.setting) if finding.setting is not None else None
        if question is None:
            continue
        subject = finding.subject
        if subject.kind is Kind.ORGANIZATION:
            wide[subject.organization, question].append(finding.outcome)
        elif subject.kind is Kind.APP:
            by_place[subject.organization, subject, question].append(finding.outcome)
        else:
            site = subject.id if subject.kind is Kind.SITE else state.place(subject).site
            by_place[subject.organization, site, question].append(finding.outcome)
    return by_place, wide


def _cell(question: MapQuestion, seen: Counter[str], own: Sequence[Outcome], wide: Sequence[Outcome]) -> MapCell:
    """The cell. A finding about the organization counts at every site, except one whose own answers are all good."""
    good = bool(question.risky) and not any(word in question.risky or word == UNKNOWN for word in seen)
    counting = [one for one in wide if not (good and _RANK[one] <= _RANK[Outcome.UNKNOWN])]
    both = [*own, *counting]
    worst = min(both, key=lambda one: _RANK[one], default=None)
    is_wide = worst is not None and all(_RANK[one] > _RANK[worst] for one in own)
    values = sorted(seen.items(), key=lambda one: (one[0] not in question.risky, one[0] != UNKNOWN, -one[1], one[0]))
    return MapCell(worst, len(both), is_wide, tuple(values))


def _cell_word(state: State, app: Subject, question: MapQuestion) -> str:
    if question is LOCATION:
        return state.location(app) or UNKNOWN
    seen = state.read(app, question.setting)
    if not isinstance(seen, Observed):
        if question.setting in _ANSWERS and seen.code in _NO_VALUE:
            return Outcome(seen.code).words
        return UNKNOWN
    value = seen.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    word = value.strip() if isinstance(value, str) else ""
    return word.casefold().replace("_", " ") or UNKNOWN


def _locations(state: State, words: Mapping[Subject, str], outcomes: _Outcomes) -> tuple[Location, ...]:
    locations = []
    for word, members in grouped(words, words.__getitem__).items():
        realm = state.rulebook.realm(word)
        judged = [one for app in members for one in outcomes.get((app.organization, app, "location"), ())]
        pinned = sum(
            1 for app in members if (seen := state.value(app, names.PINNED)) is not None and seen.value is True
        )
        worst = min(judged, key=lambda one: _RANK[one], default=None)
        locations.append(Location(word, realm.title if realm is not None else "", len(members), pinned, worst))
    return tuple(sorted(locations, key=lambda one: (one.name == UNKNOWN, -one.apps, one.name)))


def _worst_first(row: MapRow) -> tuple[object, ...]:
    ranks = Counter(_NOT_ASKED if cell.outcome is None else _RANK[cell.outcome] for cell in row.cells)
    return (*(-ranks[rank] for rank in range(3)), row.site == "", row.site.casefold(), row.organization)

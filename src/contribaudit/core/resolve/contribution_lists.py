"""The include and exclude lists of in-app data contribution: what each of them names, and how a subject is matched.

The lists name apps, spaces and connectors by ARI or alias, and platform apps:
https://support.atlassian.com/security-and-access-policies/docs/include-or-exclude-in-app-data/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, Observed, SettingId
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of, meant, space_of
from contribaudit.core.resolve.reasons import (
    Stop,
    not_seen,
    stop_by,
)
from contribaudit.core.resolve.state import State, once_per_state

_LISTED_KINDS = (Kind.SPACE, Kind.CONNECTOR)


@dataclass(frozen=True, slots=True)
class Listed:
    """One of the two lists, as last recorded."""

    sentence: str
    """Which list it is, and how many items it has."""
    observation: Observed
    entries: frozenset[str]
    """Keys of the listed subjects."""
    apps_of_spaces: Mapping[str, str]
    """By the key of an app with a listed space: the first of its listed spaces, as written."""
    unknown_entries: tuple[str, ...]
    """Entries, as written, that match nothing known in the organization, and so may mean anything in it."""
    ambiguous: frozenset[str]
    """Keys that several apps or spaces have."""
    reused: frozenset[str]
    """Keys of spaces and apps that an entry may mean, because its name passed from one to another."""
    apps_only: bool
    """True when the list names only known apps and connectors, so that no space is listed individually."""


def keys_of(state: State, subject: Subject) -> frozenset[str]:
    """All keys by which a list can name the subject; a space that a listing shows is matched by its ID alone."""
    if subject.kind is Kind.APP:  # asked again for each of its spaces
        return state.once(("keys", subject), lambda: _subject_keys(state, subject))
    if subject.kind is Kind.SPACE:
        listed_space = space_of(state, subject)
        if listed_space is not None:
            return frozenset((listed_space.space.id.casefold(),))
    return _subject_keys(state, subject)


def app_of_space(state: State, space: Subject) -> Subject | None:
    """The app of a space, by the listing or else by `space:HOST/TYPEKEY/KEY`; None where neither gives one."""
    listed_space = space_of(state, space)
    if listed_space is not None:
        return listed_space.space.app
    holders = _apps_by_key(state, space.organization)
    apps = holders.get(_app_key(_spelling_key(state, alias_of(state, space))), [])
    return apps[0] if len(apps) == 1 else None


def _subject_keys(state: State, subject: Subject) -> frozenset[str]:
    return frozenset((subject.id.casefold(), _spelling_key(state, alias_of(state, subject))))


@once_per_state
def contribution_list(state: State, organization: str, setting: SettingId) -> Listed | Stop:
    """The list, computed once for the whole organization; a stop where it was not seen."""
    seen = state.read(organization_subject(organization), setting)
    list_name = "the include list" if setting == names.INCLUDED else "the exclude list"
    if not (isinstance(seen, Observed) and isinstance(seen.value, tuple)) or seen.grade is Grade.PREDICTED:
        return not_seen(seen, list_name) or stop_by(seen, list_name)
    written = {text: _spelling_key(state, text, organization) for text in seen.value}
    apps = _apps_by_key(state, organization)
    all_keys = _known_keys(state, organization, apps)
    entries = set(written.values())
    placed, ambiguous, reused = set[str](), set[str](), set[str]()
    of_spaces: dict[str, str] = {}
    for text, key in written.items():
        if key.startswith("app:") and len(apps.get(key, ())) < 2:  # else the name is ambiguous now
            holders = _holders_at(state, organization, key, seen.observed_at)
            entries |= {holder.casefold() for holder in holders} if len(holders) == 1 else set()
            taken_over = any(_took_over(state, one, seen.observed_at) for one in apps.get(key, ()))
            reused |= {key} if taken_over or len(holders) > 1 else set()
        if key in apps or not key.startswith(("space:", "ari:")):
            continue
        meaning = meant(state, organization, text.strip().removeprefix(f"{organization}:"), seen.observed_at)
        ids = {space.casefold() for space in meaning.ids}
        if meaning.known or (ids and key.startswith("space:")):
            placed.add(text)
        entries |= ids
        taken_over = any(_took_over(state, one.space.app, seen.observed_at) for one in meaning.known)
        reused |= ids if meaning.reused or (taken_over and key.startswith("space:")) else set()
        ambiguous |= ids if len(ids) > 1 else set()
        app_keys = {_app_key(key), *(name for space in meaning.known for name in keys_of(state, space.space.app))}
        of_spaces |= {name: of_spaces.get(name, text) for name in app_keys if name}
    count = len(written)
    size = f"has {counted(count, 'item')}" if count else "is empty"
    return Listed(
        f"{list_name} {size}",
        seen,
        frozenset(entries),
        of_spaces,
        tuple(
            sorted(text for text, key in written.items() if text not in placed and not _belongs_to_known(key, all_keys))
        ),
        frozenset(ambiguous | {key for key, holders in apps.items() if len(holders) > 1}),
        frozenset(reused),
        all(key in apps or key.startswith("connector:") for key in written.values()),
    )


def _holders_at(state: State, organization: str, key: str, moment: datetime) -> tuple[str, ...]:
    """The IDs of the apps that had the name at the moment, usually one; none where no run had seen it by then."""
    held_by = [one for one in _holders_by_key(state, organization).get(key, ()) if one[1] <= moment]
    return tuple(holder for holder, since in held_by if since == held_by[-1][1])


def _took_over(state: State, app: Subject, moment: datetime) -> bool:
    """Whether the app came to its name after the moment: another app had it then, or this one did not exist."""
    holders = _holders_at(state, app.organization, _spelling_key(state, alias_of(state, app)), moment)
    if holders:
        return app.id not in holders
    created_at = state.moment(app, names.APP_CREATED_AT)
    return created_at is not None and created_at > moment


@once_per_state
def _holders_by_key(state: State, organization: str) -> dict[str, list[tuple[str, datetime]]]:
    """By key of an app's name: the IDs of the apps that had it, each with the first run that saw it, oldest first."""
    by_key: dict[str, list[tuple[str, datetime]]] = {}
    for alias, held_by in state.organization(organization).alias_holders.items():
        by_key.setdefault(_spelling_key(state, alias), []).extend(held_by)
    return {key: sorted(held_by, key=lambda one: one[1]) for key, held_by in by_key.items()}


def _known_keys(state: State, organization: str, apps: Iterable[str]) -> frozenset[str]:
    """Keys of everything known in the organization, including aliases of earlier runs."""
    former = (_spelling_key(state, alias) for alias in state.organization(organization).alias_holders)
    others = (
        key for kind in _LISTED_KINDS for one in state.subjects(kind, organization) for key in keys_of(state, one)
    )
    return frozenset((*apps, *former, *others))


def _belongs_to_known(key: str, keys: frozenset[str]) -> bool:
    return key in keys or key.startswith("connector:") or (key.startswith("space:") and _app_key(key) in keys)


@once_per_state
def _apps_by_key(state: State, organization: str) -> dict[str, list[Subject]]:
    by_key: dict[str, list[Subject]] = {}
    for app in state.subjects(Kind.APP, organization):
        for key in keys_of(state, app):
            by_key.setdefault(key, []).append(app)
    return by_key


def _app_key(space_key: str) -> str:
    """ "app:HOST/TYPEKEY" of "space:HOST/TYPEKEY/KEY"; "" for a key of another form."""
    kind, _, path = space_key.partition(":")
    parts = path.split("/", 2)
    return f"app:{parts[0]}/{parts[1]}" if kind == "space" and len(parts) == 3 else ""


def _spelling_key(state: State, text: str, organization: str = "") -> str:
    """The form in which all spellings of a name are equal: lower case, no prefix, the rulebook's own type key."""
    folded = text.strip().removeprefix(f"{organization}:").casefold()
    kind, _, path = folded.partition(":")
    if kind not in ("app", "space"):
        return folded
    if path.startswith("ari:"):
        return path
    host, _, rest = path.partition("/")
    type_key, slash, key = rest.partition("/")
    app = state.rulebook.app(type_key)
    return f"{kind}:{host}/{app.type_key if app is not None else type_key}{slash}{key}"

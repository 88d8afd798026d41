"""The interface of collectors, what becomes of a failed one, and their shared parts: signals, and whose an entry is.

A signal is the digest of one owner's raw objects in canonical form, with when they were written and whether they are in
force. Fields that change without meaning are left out, on the object and in its `attributes`. The digested content is
kept under its digest, so the parts of a signal can be looked up later.
"""

from __future__ import annotations

import re
import traceback
from asyncio import Task, create_task
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.paging import one_spelling
from contribaudit.catalogue.signals import revision, settled
from contribaudit.core.model import names
from contribaudit.core.model.audit_log import NEVER_READ, NO_LOG_RULES, AuditEvent, LogPosition, LogReading, LogRules
from contribaudit.core.model.canonical import canonical_json, digest, letters, stable
from contribaudit.core.model.observation import Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.snapshot import Surprise
from contribaudit.core.model.subject import Subject, organization_subject
from contribaudit.core.resolve.signals import UNSETTLED_WORDS, newest
from contribaudit.errors import AdminApiError, ContribauditError, UnexpectedAnswer

T = TypeVar("T")

_LONGEST_KEY = 100
"""A longer key is not a spelling of a known key."""


@dataclass(slots=True)
class Kept:
    """What a collector keeps besides observations: raw objects by digest, and forms of answer that are new to us."""

    collector: str
    raw: dict[str, bytes] = field(init=False, default_factory=dict)
    surprises: dict[str, Surprise] = field(init=False, default_factory=dict)

    def keep(self, value: Any) -> str:
        """Keep an object in canonical form under its digest, and return the digest."""
        body = canonical_json(value)
        name = digest(body)
        self.raw.setdefault(name, body)
        return name

    def surprise(self, where: str, response: str) -> None:
        """Report a form of answer that this version does not know, only once however often it occurs."""
        self.surprises.setdefault(where, Surprise(self.collector, where, response))


@dataclass(slots=True)
class Reading(Kept):
    """One collector's run: its inputs, and what it records in addition to its observations."""

    client: AdminClient
    call: Call
    started_at: datetime
    key_label: str = ""
    """The label of the key in use, as the console shows it; "" when the configuration does not say."""
    log_position: LogPosition = NEVER_READ
    """How far the audit log has been read, according to the history."""
    log_rules: LogRules = NO_LOG_RULES
    """Which events of the audit log matter."""
    plan_of: Callable[[str], Plan | None] = lambda _word: None
    """The plan that the rulebook gives for a word; None for a word that it does not know."""
    asked: dict[str, Task[Any]] = field(default_factory=dict)
    """Requests that several collectors of one run share, by call."""
    announced: int | None = None
    entries: int = 0
    """Entries read, including repeated ones."""
    unique: int = 0
    pages: int = 0
    shortfalls: list[tuple[str, str]] = field(default_factory=list)
    """(code, reason) of each thing that makes this reading incomplete."""
    events: dict[str, AuditEvent] = field(default_factory=dict)
    """Events of the audit log to keep, by ID."""
    log_reading: LogReading | None = None
    """How far the audit log was read; None until it was."""
    source: str = field(init=False)
    organization: Subject = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.call.title
        self.organization = organization_subject(self.client.organization)

    async def together(self, call: Call, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of `ask`, which runs once for all collectors that need it. Raises what `ask` raises."""
        if call.name not in self.asked:
            self.asked[call.name] = create_task(ask())
        result: T = await self.asked[call.name]
        return result

    async def listed(self, known: frozenset[str]) -> AsyncIterator[tuple[dict[str, Any], str]]:
        """Every entry of the collector's list, with the digest under which it is kept; unknown keys are reported."""
        async for page in self.client.pages(self.call):
            self.pages += 1
            self.announced = page.announced
            for entry in page.items:
                self.entries += 1
                response = self.keep(entry)
                self.known_keys("", entry, known, response)
                if doubt := not_ours(self.client.organization, entry, owner_is_organization=False):
                    self.fall_short(*doubt)
                yield entry, response

    def identity(self, entry: Any, key: str = "id", what: str = "an entry") -> str:
        """The ID under `key`; "" for an entry without one, which makes the reading incomplete."""
        identity = id_in(entry, key)
        if not identity:
            self.fall_short("entry_without_id", f"{what} has no `{key}`")
        return identity

    def fall_short(self, code: str, reason: str) -> None:
        """Record that something was not read; the reading continues."""
        self.shortfalls.append((code, reason))

    def observed(self, setting: Setting, subject: Subject, value: Value, response: str = "") -> Observed:
        """A value from the source, at the setting's own grade."""
        return Observed(setting.id, subject, value, setting.grade, self.started_at, self.source, response)

    def unavailable(self, setting: Setting, subject: Subject, code: str, reason: str) -> Unavailable:
        """A value that the source should have given but did not."""
        return Unavailable(setting.id, subject, code, reason, self.started_at, self.source)

    def known_keys(self, where: str, found: Mapping[str, Any], known: frozenset[str], response: str) -> None:
        """Report undocumented keys; one that contradicts a known key in another spelling is a shortfall."""
        for key in found:
            if key not in known:
                self.surprise(f"{where}.{key}" if where else key, response)
        if not found.keys() <= known:
            for key in known & found.keys():
                if doubt := in_two_spellings(found, key):
                    self.fall_short("contradicting_entries", f"an entry {doubt}")

    def text(
        self, setting: Setting, subject: Subject, holder: Mapping[str, Any], key: str, response: str
    ) -> Observation:
        """The text or null under `key`; unavailable for a missing or contradicted key and for another type.

        A word outside `setting.words` remains the observed value, and is reported as a surprise.
        """
        if key not in holder:
            return self.unavailable(setting, subject, "missing_key", f"the answer has no `{key}`")
        if doubt := in_two_spellings(holder, key):
            return self.unavailable(setting, subject, "contradicting_entries", f"the answer {doubt}")
        value = holder[key]
        if value is not None and not isinstance(value, str):
            self.surprise(f"{key}: {type(value).__name__}", response)
            return self.unavailable(setting, subject, "wrong_type", f"`{key}` is a {type(value).__name__}, not a text")
        if isinstance(value, str) and setting.words and value.casefold() not in setting.folded_words:
            self.surprise(f"{key}={value[:60]}", response)
        return self.observed(setting, subject, value, response)

    def texts(
        self, setting: Setting, subject: Subject, holder: Mapping[str, Any], key: str, response: str
    ) -> Observation:
        """The list of texts, or null, under `key`."""
        if key not in holder:
            return self.unavailable(setting, subject, "missing_key", f"the answer has no `{key}`")
        if doubt := in_two_spellings(holder, key):
            return self.unavailable(setting, subject, "contradicting_entries", f"the answer {doubt}")
        value = holder[key]
        if value is None:
            return self.observed(setting, subject, None, response)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.surprise(f"{key}: not a list of texts", response)
            return self.unavailable(setting, subject, "wrong_type", f"`{key}` is not a list of texts")
        return self.observed(setting, subject, tuple(value), response)


@dataclass(frozen=True, slots=True)
class Collector:
    """One source of settings. `promises` lists what it must report for every subject that it reaches."""

    name: str
    call: Call
    promises: tuple[SettingId, ...]
    read: Callable[[Reading], AsyncIterator[Observation]]
    proves: str
    """What the source's answer proves, and what it does not; shown in the documentation."""
    further: tuple[Call, ...] = ()
    """Further calls for each entry of the first call."""

    @property
    def optional(self) -> bool:
        """True for a source that not every plan or key has; a run without it still counts as complete."""
        return self.name in names.OPTIONAL_COLLECTORS

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call of this collector."""
        return (self.call, *self.further)


_spelling = lru_cache(maxsize=1000)(letters)
"""Cached, because all entries of a list have the same keys."""


def in_two_spellings(entry: Mapping[str, Any], key: str) -> str:
    """A clause for a key that another spelling (`Realm`, `realm `) contradicts; "" if none does or `key` is absent."""
    if key in entry:
        spelling = _spelling(key)
        for name in entry:
            if name != key and len(name) <= _LONGEST_KEY and _spelling(name) == spelling and entry[name] != entry[key]:
                return f"has `{key}` in two spellings with different values"
    return ""


def id_in(entry: Any, key: str = "id") -> str:
    """The ID under `key` as the entry writes it; "" for none, a blank one or one with hidden characters."""
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if isinstance(value, str) and value.isprintable() and one_spelling(value) else ""


def broken_by(error: Exception, call: Call) -> AdminApiError:
    """A collector's own bug, triggered by an unexpected answer, as the error of a failed reading.

    Errors that must stop a run are raised again.
    """
    if isinstance(error, ContribauditError):
        raise error
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in last)
    what = f"{call.title} gave an unexpected answer ({type(error).__name__}{where}); report this"
    return UnexpectedAnswer(what, call=call.title, hint="Run it again with --verbose and report its output")


def promises_of(collectors: Sequence[Collector]) -> dict[str, tuple[SettingId, ...]]:
    """The settings that each collector promises, by collector name."""
    return {collector.name: collector.promises for collector in collectors}


def signal(
    reading: Reading, setting: Setting, owner: Subject, objects: Sequence[Any], response: str
) -> Iterator[Observation]:
    """The signal of these objects, its revision, and that it is not settled while a change is being applied."""
    updates: list[str] = []
    states = [reading.keep(stable(value, updates)) for value in objects]
    yield reading.observed(setting, owner, tuple(sorted(states)), response)
    if updates:
        yield reading.observed(revision(setting), owner, newest(updates), response)
    for value in objects:
        if _being_applied(value):
            yield reading.observed(settled(setting), owner, False, response)
            break


def _being_applied(value: Any) -> bool:
    """True for a resource with a change in progress, and for a policy that holds such a resource.

    An app's resource unsettles only that app's signal; a resource without an ID belongs to its policy, and so unsettles
    the organization's signal.
    """
    if type(value) is not dict:
        return False
    status = value.get("applicationStatus")
    if status is not None:
        return isinstance(status, str) and status.casefold() in UNSETTLED_WORDS
    attributes = value.get("attributes")
    own = attributes.get("resources") if type(attributes) is dict else None
    return isinstance(own, list) and any(map(_being_applied, own))


_OWNER = re.compile(r"^owner(id|ari)?$")
_ORGANIZATION_KEY = re.compile(r"^(owner|owning|parent|tenant)?org(ani[sz]ation)?s?(id|ari|uuid)?$")
_SELF = re.compile(r"/orgs/([^/?#]+)")
_IN_TEXT = re.compile(r"(?:\borg(?:anization)?s?[:/]+|/o/)([^:/?#\s]+)(?=[/?#]|$)", re.IGNORECASE)
_BARE = re.compile(r"[^:/?#\s]+")
_LONG_ID = re.compile(r"[0-9a-z]{8}(-[0-9a-z]{4}){3}-[0-9a-z]{12}", re.IGNORECASE)
_LONGEST_SHOWN = 60
_LINK = "links.self"


def not_ours(organization: str, entry: Mapping[str, Any], *, owner_is_organization: bool) -> tuple[str, str] | None:
    """Code and reason why the entry may belong to another organization; None when nothing suggests that.

    Only an app's `owner` is documented: as text or null here, as the organization's ARI in the GraphQL gateway. Other
    keys never prove that an entry is ours, but may show that it is not.

    With `owner_is_organization`, any word as the entry's owner names an organization, as for an app. For other entries,
    the kind of owner (a person, a site) is not documented: only text in the form of an organization's ID counts as one.
    """
    for key, value in _owner_entries(entry):
        folded = letters(key)
        owner = _OWNER.match(folded) is not None
        strict = owner and owner_is_organization
        for text in (value if isinstance(value, str) else None,) if strict else _texts(value):
            if text is None:
                return "wrong_type", f"the `{key}` of an entry is not a text, so its organization is unknown"
            word = text.strip()
            match = (_SELF if key == _LINK else _IN_TEXT).search(word)
            if match is not None:
                named = match.group(1)
            elif strict or (not owner and folded.endswith(("id", "ari"))):
                named = word if _BARE.fullmatch(word) else ""
            elif not owner and _LONG_ID.fullmatch(word):
                named = word
            else:
                continue
            if named and one_spelling(named) != one_spelling(organization):
                what = f"an entry's `{key}` names another organization, {named[:_LONGEST_SHOWN]!r}"
                return names.OTHER_ORGANIZATION, what
    return None


def _owner_entries(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    holders = [entry, *(entry[name] for name in ("attributes", "relationships") if isinstance(entry.get(name), dict))]
    for holder in holders:
        for key, value in holder.items():
            if value is not None and (_OWNER.match(letters(key)) or _ORGANIZATION_KEY.match(letters(key))):
                yield key, value
    links = entry.get("links")
    if isinstance(links, dict) and isinstance(links.get("self"), str):
        yield _LINK, links["self"]


def _texts(value: Any) -> Iterator[str | None]:
    """The IDs in a value: the text itself, or the `id` of an object or of each in a list; None for any other value."""
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        content = value.get("data", value)
        identity = content.get("id") if isinstance(content, dict) else None
        yield identity if isinstance(identity, str) else None
    else:
        yield value if isinstance(value, str) else None

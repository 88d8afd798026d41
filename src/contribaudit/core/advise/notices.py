"""Notifications: what an audit has to report, given what was reported before.

A matter is one thing that is not as it should be: a finding that fails, a signal that moved, a source that cannot be
read, a date that is near. Each of its states is reported once, by whichever runner; it has recovered only when it was
verified to be right again. What could not be verified is neither bad news nor good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from contribaudit.core.advise.deadlines import Deadline, DeadlineKind
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.observation import STALE_CODES, SettingId
from contribaudit.core.model.phrases import and_more, counted, grouped
from contribaudit.core.model.snapshot import Collection
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.signals import signal_name

_RIGHT = (Outcome.PASS, Outcome.EXEMPT, Outcome.NO_SUCH_SETTING)
"""Outcomes that verify a recovery. A waiver, a date or a running window does not; it only ends the reports."""
_LISTED = 12
_APPS_NAMED = 4


class Event(StrEnum):
    """The kinds of messages, in sending order. `first` and `test` are sent whatever the configuration asks for."""

    FIRST = "first"
    FAILURES = "failures"
    STALE = "stale"
    UNREADABLE = "unreadable"
    EXPIRING = "expiring"
    DOCUMENTS = "documents"
    RECOVERED = "recovered"
    DIGEST = "digest"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that people should know about.

    `state` is a word that stays the same as long as there is nothing new to report; "" where the event says it all.
    """

    key: str
    event: Event
    state: str
    group: str
    """The heading under which matters are reported together: a check's title, "Signals", "Sources"."""
    text: str
    """What is particular to this matter: the app, and what was seen."""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class ReportedMatter:
    """What was reported about a matter, and when."""

    event: Event
    state: str
    group: str
    text: str
    told_at: datetime
    times: int
    """How often it was reported in the last weeks; what comes and goes is reported less and less often."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What one run found in one organization."""

    bad: tuple[Matter, ...]
    good: frozenset[str]
    """Keys of matters that were verified to be right."""
    whole: bool
    """Whether everything was read, so that a matter in neither of them is gone."""


@dataclass(frozen=True, slots=True)
class News:
    """What to report now, and which earlier reports are resolved or forgotten."""

    tell: tuple[Matter, ...] = ()
    recovered: tuple[tuple[str, ReportedMatter], ...] = ()
    forget: frozenset[str] = frozenset()
    held: tuple[Matter, ...] = ()
    """News that waits because the same matter has come and gone too often."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: what happened, who did it, where to look."""

    event: Event
    title: str
    lines: tuple[str, ...]
    critical: bool = False
    facts: Mapping[str, object] = field(default_factory=dict)
    """The same facts for programs; see docs/notifications.md."""

    @property
    def text(self) -> str:
        """The body as plain text."""
        return "\n".join(self.lines)


def situation(
    organization: str,
    findings: Iterable[Finding],
    changes: Iterable[Change],
    collections: Iterable[Collection],
    deadlines: Iterable[Deadline],
    *,
    fail_on: Severity,
    as_of: datetime,
    named: Mapping[str, str],
) -> Situation:
    """What a run found in the organization. `named` gives the name of each subject by its ID.

    A finding below `fail_on` is reported only in the digest. An unverified one is left out while a source could not
    be read completely: then the source is the news.
    """
    bad: list[Matter] = []
    good: set[str] = set()
    sources = [one for one in collections if not one.optional]
    for source in sources:
        key = f"source:{organization}:{source.collector}"
        if source.complete:
            good.add(key)
        else:
            text = f"{source.collector}: {source.reason or source.status}"
            bad.append(Matter(key, Event.UNREADABLE, source.code or str(source.status), "Sources", text))
    good.add(f"source:{organization}:*")
    whole = all(source.complete for source in sources)
    changed: dict[tuple[Subject, SettingId | None], Change] = {
        (change.subject, change.setting): change for change in changes if not _is_signal(change)
    }
    for finding in findings:
        if finding.subject.organization not in (organization, ""):
            continue
        key = f"finding:{finding.id}"
        if finding.outcome in _RIGHT:
            good.add(key)
        elif finding.severity.at_least(fail_on) and (
            finding.outcome.violates or (finding.outcome.unproven and (whole or finding.reason_code in STALE_CODES))
        ):
            bad.append(_of_finding(key, finding, changed, named))
    bad.extend(_of_signal(change, named) for change in changes if _is_signal(change))
    bad.extend(_of_deadlines(deadlines, as_of))
    return Situation(tuple(bad), frozenset(good), whole)


def unreached(organization: str, code: str, reason: str) -> Situation:
    """The situation of an organization of which nothing could be read."""
    return Situation(
        (Matter(f"source:{organization}:*", Event.UNREADABLE, code, "Sources", reason),), frozenset(), False
    )


def _is_signal(change: Change) -> bool:
    return change.setting.startswith("signal.") and not change.setting.endswith((".revision", ".settled"))


def _of_finding(
    key: str, finding: Finding, changed: Mapping[tuple[Subject, SettingId | None], Change], named: Mapping[str, str]
) -> Matter:
    change = changed.get((finding.subject, finding.setting))
    # A different wrong value is news again.
    state = change.id if change is not None and finding.outcome.violates else ""
    name = named.get(finding.subject.id, "")
    text = f"{name}: {finding.reason}" if name and name not in finding.reason else finding.reason
    if change is not None and change.cause:
        text += f" ({change.cause})"
    event = Event.FAILURES if finding.outcome.violates else Event.STALE
    return Matter(key, event, state, finding.title, text, finding.severity)


def _of_signal(change: Change, named: Mapping[str, str]) -> Matter:
    name = named.get(change.subject.id) or change.name
    what = f"{name or 'the organization'}: {signal_name(change.setting)} moved"
    text = f"{what} ({change.cause})" if change.cause else f"{what}, no cause found"
    return Matter(f"signal:{change.id}", Event.STALE, "moved", "Signals that moved", text)


_WARNED = {
    DeadlineKind.API_KEY: ("API keys", (30, 14, 7, 1)),
    DeadlineKind.ATTESTATION: ("Attested values", (7, 1)),
    DeadlineKind.WAIVER: ("Waivers", (14, 3)),
    DeadlineKind.TRIAL: ("Trials", (7, 1)),
    DeadlineKind.BASELINE: ("Baselines", (14, 3)),
}
"""The heading of each kind of deadline, and how many days before its end people are notified."""


def _of_deadlines(deadlines: Iterable[Deadline], as_of: datetime) -> Iterable[Matter]:
    for deadline in deadlines:
        left, (group, steps) = deadline.days_left(as_of), _WARNED.get(deadline.kind, ("", ()))
        passed = [step for step in steps if left is not None and left <= step]
        if left is None or deadline.ends_at is None or not passed:
            continue
        day = deadline.ends_at.date()
        state = f"{day}:{'over' if left < 0 else min(passed)}"
        when = "over" if left < 0 else "today" if left == 0 else f"in {left} days" if left > 1 else "tomorrow"
        text = f"{deadline.what}: {day}, {when}" + (f"; {deadline.next_step}" if deadline.next_step else "")
        severity = Severity.CRITICAL if deadline.kind is DeadlineKind.API_KEY and left <= 1 else None
        yield Matter(f"deadline:{deadline.id}", Event.EXPIRING, state, group, text, severity)


def news(reported: Mapping[str, ReportedMatter], current: Situation, now: datetime) -> News:
    """What was not reported yet, and which reported matters are resolved, forgotten or held back."""
    tell: list[Matter] = []
    held_back: list[Matter] = []
    for matter in current.bad:
        before = reported.get(matter.key)
        if before is not None and before.event is matter.event and matter.state in ("", before.state):
            continue
        if before is not None and now < before.told_at + back_off(before.times):
            held_back.append(matter)
        else:
            tell.append(matter)
    recovered = tuple(
        (key, before)
        for key, before in reported.items()
        if key in current.good and before.event in (Event.FAILURES, Event.STALE, Event.UNREADABLE)
    )
    present = {matter.key for matter in current.bad} | current.good
    forget = {key for key in reported if key not in present and (current.whole or not key.startswith("finding:"))}
    kept = {key for key in forget if key.startswith(("signal:", "source:"))}
    return News(tuple(tell), recovered, frozenset(forget - kept), tuple(held_back))


def back_off(times: int) -> timedelta:
    """How long to wait before a matter that was reported `times` times is reported in another state."""
    return timedelta(0) if times < 3 else timedelta(days=min(2 ** (times - 3), 7))


def message_of(event: Event, matters: Sequence[Matter], called: str) -> Message:
    """One message about all matters of an event. `called` is the organization's name."""
    critical = any(matter.severity is Severity.CRITICAL for matter in matters)
    title = f"contribaudit: {called}: {_count_of_event(event, len(matters))}"
    return Message(
        event, title, tuple(_matter_lines(matters)), critical, {"matters": [_as_facts(one) for one in matters]}
    )


def recovered_of(recovered: Sequence[tuple[str, ReportedMatter]], called: str) -> Message:
    """The message that these reported matters are verified to be resolved."""
    matters = [Matter(key, Event.RECOVERED, "recovered", reported.group, reported.text) for key, reported in recovered]
    return message_of(Event.RECOVERED, matters, called)


def summary_of(current: Situation, called: str) -> Message:
    """The first message about an organization: its matters in numbers. Nothing in it is reported again."""
    counts = Counter(matter.event for matter in current.bad)
    lines = [_count_of_event(event, counts[event]) for event in _COUNTED if counts[event]] or ["nothing fails"]
    worst = sorted(current.bad, key=_most_severe_first)[:_LISTED]
    facts = {"matters": [_as_facts(matter) for matter in current.bad]}
    summed = (f"Found: {', '.join(lines)}.", "", *_matter_lines(worst))
    return Message(Event.FIRST, f"contribaudit: {called}: first audit", summed, False, facts)


_COUNTED = {
    Event.FAILURES: ("finding fails", "findings fail"),
    Event.STALE: ("value must be checked again", "values must be checked again"),
    Event.UNREADABLE: ("source cannot be read", "sources cannot be read"),
    Event.EXPIRING: ("deadline is near", "deadlines are near"),
    Event.DOCUMENTS: ("document changed", "documents changed"),
    Event.RECOVERED: ("problem is resolved", "problems are resolved"),
}


def _count_of_event(event: Event, number: int) -> str:
    return counted(number, *_COUNTED[event])


def _most_severe_first(matter: Matter) -> tuple[int, str, str]:
    return matter.severity.rank if matter.severity is not None else len(Severity), matter.group, matter.text


def _matter_lines(matters: Sequence[Matter]) -> Iterable[str]:
    """The matters by group, most severe first; groups and members are limited so that a chat shows everything."""
    groups = grouped(sorted(matters, key=_most_severe_first), lambda matter: matter.group)
    for number, (group, members) in enumerate(groups.items()):
        if number == _LISTED:
            yield and_more(sum(map(len, list(groups.values())[_LISTED:])))
            return
        severity = f"{members[0].severity.value}: " if members[0].severity is not None else ""
        yield f"{severity}{group}"
        yield from (f"  {matter.text}" for matter in members[:_APPS_NAMED])
        if len(members) > _APPS_NAMED:
            yield f"  {and_more(len(members) - _APPS_NAMED)}"


def _as_facts(matter: Matter) -> dict[str, object]:
    severity = matter.severity.value if matter.severity is not None else None
    return {
        "key": matter.key,
        "event": matter.event.value,
        "group": matter.group,
        "text": matter.text,
        "severity": severity,
    }


def quiet_until(now: datetime, quiet: tuple[time, time] | None, zone: tzinfo) -> datetime | None:
    """The end of the quiet hours that contain `now`; None outside them. Quiet hours may span midnight."""
    if quiet is None or quiet[0] == quiet[1]:
        return None
    local = now.astimezone(zone)
    begins, ends = quiet
    clock = local.time()
    inside = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not inside:
        return None
    day = local.date() if clock < ends else local.date() + timedelta(days=1)
    return datetime.combine(day, ends, zone)


def last_slot(now: datetime, weekday: int, at: time, zone: tzinfo) -> datetime:
    """When the weekly digest was last due, at or before `now`. `weekday` is 0 for Monday."""
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=(local.weekday() - weekday) % 7)
    slot = datetime.combine(day, at, zone)
    return slot if slot <= local else datetime.combine(day - timedelta(days=7), at, zone)

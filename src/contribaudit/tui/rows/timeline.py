"""The lines of the timeline, day by day: changes with their causes, runs, and gaps without observations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Literal

from rich.text import Text

from contribaudit import catalogue
from contribaudit.core.advise.gaps import Gap
from contribaudit.core.advise.verdict import limitation
from contribaudit.core.model.change import Cause, CauseKind, Change, Match
from contribaudit.core.model.phrases import counted, some
from contribaudit.core.model.subject import Kind
from contribaudit.exporters.changed import ChangeGroup, called_in, grouped_changes, setting_and_values
from contribaudit.exporters.text import safe_text, words
from contribaudit.store.records import RunRecord
from contribaudit.tui.rows.signs import short_host, title_of
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("", 1),
    Column("seen between", 15),
    Column("subject", 14, flexible=True),
    Column("what, before -> after", 18, flexible=True),
    Column("cause", 14, flexible=True),
    Column("ticket", 10, drop_below=100),
)
NO_SITE = ""
_ID_SHOWN = 8


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """Everything that the timeline shows. Two trails are equal only if they are the same object."""

    changes: Sequence[Change]
    """Changes with their causes, in no particular order."""
    runs: Sequence[RunRecord]
    """Oldest first."""
    gaps: Sequence[Gap]
    """Periods without a complete reading of an organization, oldest first."""
    until: datetime
    """The moment up to which the history is known."""
    whole: bool = True
    """False if only the content of one report is known; then there are no gaps."""


class LineKind(StrEnum):
    """The kinds of line in the timeline."""

    DAY = "day"
    RUN = "run"
    CHANGE = "change"
    GAP = "gap"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A line of the timeline, with the text to search. Fields of other kinds of line are None."""

    what: LineKind
    at: datetime
    """The time by which lines are sorted; the start of a gap."""
    moment: datetime
    """The moment whose state Enter shows."""
    family: str = ""
    site: str = NO_SITE
    hay: str = ""
    happening: ChangeGroup | None = None
    run: RunRecord | None = None
    gap: Gap | None = None
    text: str = ""
    """For a day, a summary of its changes."""
    alike: tuple[object, ...] = ()
    """Changes with an equal value here can be folded into one line; () for other lines."""
    folded: tuple[Entry, ...] = ()
    """The changes that a folded line stands for; empty for other lines."""

    @property
    def day(self) -> date:
        """The day of the entry in UTC."""
        return self.at.astimezone(UTC).date()

    @property
    def main(self) -> Change | None:
        """The group's change that an event explains, else its first one; None for other lines."""
        return self.happening.main if self.happening is not None else None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which changes to show. Gaps are always shown, since a hidden gap would look like a watched period."""

    text: str = ""
    family: str = ""
    """"" for all."""
    site: str = ""
    """"" for all."""
    unexplained: bool = False
    """Show only changes without a known cause."""
    runs: bool = False
    """Show runs too, if the filter hides nothing else."""

    @property
    def on(self) -> bool:
        """Whether the filter hides any change."""
        return bool(self.text.strip() or self.family or self.site or self.unexplained)

    def fits(self, entry: Entry) -> bool:
        """Whether the entry is a change that the filter shows."""
        happening = entry.happening
        if happening is None or (self.unexplained and happening.has_cause):
            return False
        if (self.family and entry.family != self.family) or (self.site and entry.site != self.site):
            return False
        return all(word in entry.hay for word in self.text.casefold().split())


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What is known of each day, for the strip of days."""

    first: date
    last: date
    read: dict[date, str] = field(default_factory=dict)
    """"=" for a day with a complete run, "~" for one with incomplete runs only; no entry without a run."""
    changes: dict[date, int] = field(default_factory=dict)
    unexplained: frozenset[date] = frozenset()
    """Days with a change without a known cause."""


def entries_of(trail: Trail) -> list[Entry]:
    """Every change, run and gap, oldest first; the changes that a run found follow it."""
    seen = attrgetter("first_seen")  # all changes that one run found for a new app form one group
    lines = [_changed(one) for _, its in groupby(sorted(trail.changes, key=seen), seen) for one in grouped_changes(its)]
    lines += [Entry(LineKind.RUN, run.started_at, run.finished_at, run=run) for run in trail.runs]
    lines += [Entry(LineKind.GAP, gap.since, gap.since, gap=gap) for gap in trail.gaps]
    return sorted(lines, key=lambda one: (one.at, _RANK.index(one.what)))


_RANK = (LineKind.RUN, LineKind.CHANGE, LineKind.GAP)
_NEWEST_RANK = (LineKind.GAP, LineKind.RUN, LineKind.CHANGE)
"""Which of several lines of the same moment comes first."""


def _newest_order(entry: Entry) -> tuple[float, int]:
    return -entry.at.timestamp(), _NEWEST_RANK.index(entry.what)


FOLD_FROM = 3
"""At least this many equal changes are folded into one line."""


def lines_of(
    entries: Sequence[Entry], criteria: Filter, *, newest_first: bool, opened: Collection[tuple[object, ...]] = ()
) -> list[Entry]:
    """The entries that the filter shows, with a line above each day; equal changes are folded unless in `opened`."""
    runs = criteria.runs and not criteria.on
    left = [one for one in entries if one.what is LineKind.GAP or (criteria.fits(one) if one.happening else runs)]
    lines: list[Entry] = []
    days = [(day, list(day_entries)) for day, day_entries in groupby(left, key=lambda one: one.day)]
    for day, day_entries in reversed(days) if newest_first else days:
        end = datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=UTC)
        lines.append(Entry(LineKind.DAY, day_entries[0].at, end, text=_day_text(day_entries)))
        lines += _folded(sorted(day_entries, key=_newest_order) if newest_first else day_entries, opened)
    return lines


def _folded(entries: Sequence[Entry], opened: Collection[tuple[object, ...]]) -> Iterator[Entry]:
    """The entries with equal changes folded into a line in place of the first; opened ones follow that line."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        if entry.alike:
            groups.setdefault(entry.alike, []).append(entry)
    for entry in entries:
        members = groups.get(entry.alike, [])
        if len(members) < FOLD_FROM:
            yield entry
        elif members[0] is entry:
            yield replace(entry, folded=tuple(members))
            if entry.alike in opened:
                yield from members


def count_changes(lines: Iterable[Entry], opened: Collection[tuple[object, ...]] = ()) -> int:
    """How many changes the lines show, folded ones included."""
    return sum(
        1 if not one.folded else 0 if one.alike in opened else len(one.folded)
        for one in lines
        if one.what is LineKind.CHANGE
    )


def days_of(entries: Sequence[Entry], until: datetime) -> Days:
    """The days from the first entry to `until`."""
    last = until.astimezone(UTC).date()
    read: dict[date, str] = {}
    changes: dict[date, int] = {}
    unexplained: set[date] = set()
    for entry in entries:
        if entry.run is not None and read.get(entry.day) != "=":
            read[entry.day] = "=" if entry.run.complete else "~"
        if entry.happening is not None:
            changes[entry.day] = changes.get(entry.day, 0) + 1
            if not entry.happening.has_cause:
                unexplained.add(entry.day)
    return Days(min((entry.day for entry in entries), default=last), last, read, changes, frozenset(unexplained))


def values_of(entries: Iterable[Entry], name: Literal["family", "site"]) -> list[str]:
    """The families or the sites of the changes, sorted, each once."""
    return sorted({getattr(one, name) for one in entries} - {""})


def cells(entry: Entry) -> list[Text]:
    """The texts of one line."""
    if entry.happening is not None:
        return _change_cells(entry.happening, entry.folded)
    if entry.run is not None:
        run = entry.run
        read = Text("complete" if run.complete else "partial", "" if run.complete else "yellow")
        sign = Text("=", "green") if run.complete else Text("~", "yellow")
        begun, ended = f"{run.started_at:%H:%M}", f"{run.finished_at:%H:%M}"
        when = Text(begun if begun == ended else f"{begun}-{ended}", "dim")
        by = safe_text(", ".join(part for part in (run.trigger, run.account) if part))
        return [sign, when, Text(f"run #{run.id}", "dim"), read, Text(by, "dim"), Text()]
    if entry.gap is not None:
        gap = entry.gap
        when = Text(f"{gap.since:%d %b} - {'now' if gap.open else f'{gap.until:%d %b}'}", "yellow")
        lasted = Text(f"no observations for {gap.hours:,.0f} h", "yellow")
        return [Text(".", "bold yellow"), when, Text(safe_text(gap.why), "yellow"), lasted, Text(), Text()]
    return [Text(), Text(f"{entry.day:%a %d %b %Y}", "bold"), Text(entry.text, "bold"), Text(), Text(), Text()]


def gap_text(gap: Gap) -> str:
    """The gap as plain text: "no run 13 Nov 02:05Z - 14 Nov 02:00Z (24 h): no observations"."""
    until = "now" if gap.open else f"{gap.until:%d %b %H:%M}Z"
    return safe_text(f"{gap.why} {gap.since:%d %b %H:%M}Z - {until} ({gap.hours:.0f} h): no observations")


def time_span(change: Change) -> str:
    """When the change happened, in a short form for a line below its day: "02:00-16:04", "by 02:00".

    If the two days differ, only the days, without the times, which the detail shows: "19 Nov - 20 Nov".
    """
    end = f"{change.first_seen:%H:%M}"
    if change.last_seen is None:
        return f"by {end}"
    if change.last_seen.date() == change.first_seen.date():
        return f"{change.last_seen:%H:%M}-{end}"
    return f"{change.last_seen:%d %b} - {change.first_seen:%d %b}"


def change_text(group: ChangeGroup) -> tuple[str, str]:
    """The setting that changed, and its old and new value, as plain text."""
    kind, old_and_new = setting_and_values(group)
    return safe_text(kind), safe_text(old_and_new)


def cause_text(change: Change) -> str:
    """The cause in a few words. Plain text."""
    why = change.why
    if why is None:
        return safe_text(change.cause or "cause not looked up")
    if why.kind is CauseKind.EVENT:
        who = why.actor or "somebody"
        site = ", by site" if why.match is Match.SITE else ""
        return safe_text(f"{who}, event {(why.event_id or '')[:_ID_SHOWN]}{site}")
    if why.kind is CauseKind.NO_EVENT_FOUND:
        return "no event found"
    return safe_text(why.sentence)


def proof_lines(why: Cause) -> Iterator[str]:
    """The proof of a cause, sentence by sentence, as plain text."""
    if why.event_id:
        yield safe_text(f"Event {why.event_id}" + (f" of {why.at:%Y-%m-%d %H:%M:%S}Z" if why.at is not None else ""))
    if why.actor:
        yield safe_text(f"By {why.actor}")
    if why.match is Match.EXACT:
        yield "The event names exactly this setting and subject"
    elif why.match is Match.SITE:
        yield "The event names only the site, app or organization: it may concern something else there"
    if why.others:
        yield safe_text(f"Other matching events: {', '.join(why.others)}")
    if why.interval is not None:
        after, until = why.interval
        begin = f"after {after:%Y-%m-%d %H:%M}Z and " if after is not None else ""
        yield f"It happened {begin}no later than {until:%Y-%m-%d %H:%M}Z"
    if why.kind is CauseKind.NO_EVENT_FOUND or why.actions_searched:
        log = "log read without gaps" if why.covered else "the log was not read for the whole period, or may have gaps"
        yield safe_text(f"{log}, {counted(len(why.actions_searched), 'action')} searched")
        if why.actions_searched:
            yield safe_text(f"Searched for: {', '.join(why.actions_searched)}")


def _changed(group: ChangeGroup) -> Entry:
    first = group.changes[0]
    name = first.name or first.subject.id
    kind, old_and_new = setting_and_values(group)
    parts = [name, called_in(first), first.subject.id, kind, old_and_new, first.subject.organization]
    for change in group.changes:
        parts += [
            change.setting,
            catalogue.find(change.setting).title,
            change.cause or "",
            change.actor or "",
            change.event_id or "",
        ]
        parts += [change.ticket, change.id]
    family = catalogue.find(first.setting).family.value
    head, slash, _ = name.removeprefix("space:").partition("/")
    site = head if first.subject.kind is Kind.SITE or (slash and "." in head) else NO_SITE
    hay = safe_text(" ".join(parts)).casefold()
    at, main = first.first_seen, group.main
    alike = (at, main.subject.kind, kind, group.appeared, group.vanished, group.has_cause, cause_text(main))
    return Entry(LineKind.CHANGE, at, at, family, safe_text(site), hay, happening=group, alike=alike)


def _change_cells(group: ChangeGroup, folded: Sequence[Entry]) -> list[Text]:
    main = group.main
    kind, old_and_new = change_text(group)
    sign = Text("+", "green") if group.appeared else Text("-", "red") if group.vanished else Text("*")
    if not group.has_cause:
        sign = Text("!", "bold yellow")
    kind = title_of(kind)
    what = Text(f"{kind}: ").append(old_and_new, "bold")
    ticket = group.ticket
    cause = Text(cause_text(main), "" if group.has_cause else "yellow")
    name = Text(short_host(called_in(main), 1))
    if folded:
        name = Text(f"{len(folded):,} {main.subject.kind.value}s", "bold")
        several = len({change_text(each.happening)[1] for each in folded if each.happening is not None}) > 1
        what = Text(f"{kind}: ").append("different values" if several else old_and_new, "bold")
        ticket = ""
    return [sign, Text(time_span(main)), name, what, cause, Text(safe_text(ticket))]


def _day_text(entries: Sequence[Entry]) -> str:
    changes = [one.happening for one in entries if one.happening is not None]
    without = sum(1 for one in changes if not one.has_cause)
    parts = [counted(len(changes), "change")] if changes else []
    parts += [f"{without} without a known cause"] if without else []
    return ", ".join(parts)


_VALUES = 40
_NAMED = 12


def change_detail(entry: Entry) -> Text:
    """Everything known about a line, paragraph by paragraph."""
    content = Text()
    if entry.folded:
        names = [called_in(one.main) for one in entry.folded if one.main is not None]
        content.append(f"{len(names):,} EQUAL CHANGES (space opens them)\n", "bold")
        content.append(safe_text(some(names, _NAMED, "\n"), keep_lines=True) + "\n\n")
    for title, text in _paragraphs(entry):
        content.append(f"{title}\n", "bold").append(f"{text}\n\n")
    content.rstrip()
    return content


def _paragraphs(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.run is not None:
        run = entry.run
        whole = "complete"
        if not run.complete:
            whole = "partial: what it did not see counts neither as gone nor as new"
        yield f"RUN #{run.id}", f"{run.started_at:%Y-%m-%d %H:%M:%S}Z to {run.finished_at:%H:%M:%S}Z, {whole}"
        yield "BY", safe_text(f"{run.trigger}, {run.account} on {run.host}, contribaudit {run.tool_version}")
        outcomes = ", ".join(f"{count} {words(word)}" for word, count in run.summary.items())
        limited = f", {limitation(run.selection)}" if run.selection else ""
        verdict = f"exit code {run.exit_code}{limited}: {outcomes}" if run.exit_code is not None else "not judged yet"
        yield "JUDGED", safe_text(f"{verdict} (policy {run.policy_name}, {run.policy_sha256})")
    elif entry.gap is not None:
        yield "NO OBSERVATIONS", gap_text(entry.gap)
        yield "OF", safe_text(entry.gap.organization)
        yield (
            "WHAT THAT MEANS",
            "a change in this period is dated by the runs around it; one that was undone in between was not seen",
        )
    elif entry.happening is not None:
        yield from _happening(entry.happening)
    else:
        yield f"{entry.day:%A %d %B %Y}", entry.text or "nothing changed"
        yield "ENTER", "shows every screen as of the end of this day"


def _happening(group: ChangeGroup) -> Iterator[tuple[str, str]]:
    main = group.main
    kind, old_and_new = change_text(group)
    subject = safe_text(f"{main.subject.kind.value} {main.subject.id}")
    yield called_in(main), f"{title_of(kind)}: {old_and_new}\n{subject}"
    for annotation in main.annotations:
        by = annotation.by
        note = f"{annotation.note}\n" if annotation.note else ""
        yield (
            f"TICKET {safe_text(annotation.ticket)}",
            safe_text(
                f"{note}{by.by or 'nobody named'}, {by.account} on {by.host}, {by.at:%Y-%m-%d %H:%M}Z", keep_lines=True
            ),
        )
    if not main.annotations and main.ticket:
        yield "TICKET", safe_text(main.ticket)
    since = f"last seen with the old value {main.last_seen:%Y-%m-%d %H:%M}Z, " if main.last_seen is not None else ""
    yield "WHEN", f"{since}first seen with the new one {main.first_seen:%Y-%m-%d %H:%M}Z"
    proof = list(proof_lines(main.why)) if main.why is not None else []
    yield "CAUSE", "\n".join([safe_text(main.cause or "cause not looked up"), *proof])
    if len(group.changes) > 1:
        values = [f"{one.setting}: {_change_values(one)}" for one in group.changes[:_VALUES]]
        yield "ITS VALUES", "\n".join(values)
    yield "CHANGE", safe_text(f"{main.id} ({main.setting})")


def _change_values(change: Change) -> str:
    return change_text(ChangeGroup(change.subject, (change,)))[1]

"""The history day by day: changes with their causes, runs, and the stretches in which nobody looked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import groupby

from rich.text import Text

from contribaudit import catalogue
from contribaudit.core.advise.gaps import Gap
from contribaudit.core.model.change import Cause, CauseKind, Change, Match
from contribaudit.exporters.text import plain
from contribaudit.exporters.text_table import what_happened
from contribaudit.exporters.words import Happening, counted, happenings
from contribaudit.store.records import RunRecord
from contribaudit.tui.trail import Trail
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("", 1),
    Column("seen between", 18),
    Column("subject", 14, flexible=True),
    Column("what, before -> after", 18, flexible=True),
    Column("cause", 14, flexible=True),
    Column("ticket", 10, drop_below=100),
)
NO_SITE = ""
_ID_SHOWN = 8
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


class What(StrEnum):
    """The kinds of line."""

    DAY = "day"
    RUN = "run"
    CHANGE = "change"
    GAP = "gap"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One line, ready to be searched. What it does not concern is None."""

    what: What
    at: datetime
    """Where it stands in the order; of a gap its start."""
    moment: datetime
    """The moment whose state it stands for."""
    family: str = ""
    site: str = NO_SITE
    hay: str = ""
    happening: Happening | None = None
    run: RunRecord | None = None
    gap: Gap | None = None
    told: str = ""
    """Of a day: what happened on it."""

    @property
    def day(self) -> date:
        """In UTC."""
        return self.at.astimezone(UTC).date()

    @property
    def main(self) -> Change | None:
        """Of a happening, the change that an event explains, else the first."""
        if self.happening is None:
            return None
        changes = self.happening.changes
        return next((one for one in changes if one.why is not None and one.event_id), changes[0])


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show of the changes. Gaps are always shown: leaving one out would make them look watched."""

    text: str = ""
    family: str = ""
    """"" for all."""
    site: str = ""
    """"" for all."""
    unexplained: bool = False
    """Only those without a known cause."""

    @property
    def on(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text.strip() or self.family or self.site or self.unexplained)

    def fits(self, entry: Entry) -> bool:
        """Whether a change has all of it."""
        happening = entry.happening
        if happening is None or (self.unexplained and happening.has_cause):
            return False
        if (self.family and entry.family != self.family) or (self.site and entry.site != self.site):
            return False
        return all(word in entry.hay for word in self.text.casefold().split())


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What is known of each day, for the strip above."""

    first: date
    last: date
    read: dict[date, str] = field(default_factory=dict)
    """"=" where a run read everything, "~" where one came part of the way; nothing where none was."""
    changes: dict[date, int] = field(default_factory=dict)
    unexplained: frozenset[date] = frozenset()
    """Days with a change without a known cause."""


def entries_of(trail: Trail) -> list[Entry]:
    """Every change, run and gap, oldest first; what a run showed stands after it."""
    ordered = sorted(trail.changes, key=_first_seen)  # what one run showed of a new app is one happening
    found = [_changed(one) for _, its in groupby(ordered, key=_first_seen) for one in happenings(its)]
    found += [Entry(What.RUN, run.started_at, run.finished_at, run=run) for run in trail.runs]
    found += [Entry(What.GAP, gap.since, gap.since, gap=gap, told=gap_told(gap)) for gap in trail.gaps]
    return sorted(found, key=_order)


def lines_of(entries: Sequence[Entry], wanted: Filter, *, newest_first: bool) -> list[Entry]:
    """What the filter leaves, with a line above each day. Runs are left out while a filter is on."""
    left = [one for one in entries if one.what is What.GAP or (wanted.fits(one) if one.happening else not wanted.on)]
    lines: list[Entry] = []
    days = [(day, list(its)) for day, its in groupby(left, key=lambda one: one.day)]
    for day, its in reversed(days) if newest_first else days:
        end = datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=UTC)
        lines.append(Entry(What.DAY, its[0].at, end, told=_day_told(its)))
        lines += sorted(its, key=_newest_order) if newest_first else its
    return lines


def days_of(entries: Sequence[Entry], until: datetime) -> Days:
    """The days from the first entry to the moment."""
    last = until.astimezone(UTC).date()
    read: dict[date, str] = {}
    changes: dict[date, int] = {}
    unexplained: set[date] = set()
    for one in entries:
        if one.run is not None and read.get(one.day) != "=":
            read[one.day] = "=" if one.run.complete else "~"
        if one.happening is not None:
            changes[one.day] = changes.get(one.day, 0) + 1
            if not one.happening.has_cause:
                unexplained.add(one.day)
    return Days(min((one.day for one in entries), default=last), last, read, changes, frozenset(unexplained))


def families_of(entries: Iterable[Entry]) -> list[str]:
    """Of the changes, by name."""
    return sorted({one.family for one in entries if one.family})


def sites_of(entries: Iterable[Entry]) -> list[str]:
    """Of the changes, by name."""
    return sorted({one.site for one in entries if one.site})


def cells(entry: Entry) -> list[Text]:
    """The texts of one line."""
    match entry.what:
        case What.DAY:
            return [Text(), Text(f"{entry.day:%a %d %b %Y}", "bold"), Text(entry.told, "bold"), Text(), Text(), Text()]
        case What.RUN:
            run = entry.run
            assert run is not None
            read = Text("read everything" if run.complete else "read in part", "" if run.complete else "yellow")
            sign = Text("=", "green") if run.complete else Text("~", "yellow")
            begun, ended = f"{run.started_at:%H:%M}", f"{run.finished_at:%H:%M}"
            when = Text(begun if begun == ended else f"{begun}-{ended}", "dim")
            by = plain(", ".join(part for part in (run.trigger, run.account) if part))
            return [sign, when, Text(f"run #{run.id}", "dim"), read, Text(by, "dim"), Text()]
        case What.GAP:
            gap = entry.gap
            assert gap is not None
            when = Text(f"{gap.since:%d %b} - {'now' if gap.open else f'{gap.until:%d %b}'}", "yellow")
            lasted = Text(f"nothing observed for {gap.hours:,.0f} h", "yellow")
            return [Text(".", "bold yellow"), when, Text(plain(gap.why), "yellow"), lasted, Text(), Text()]
        case What.CHANGE:
            return _change_cells(entry)


def gap_told(gap: Gap) -> str:
    """ "no run 13 Nov 02:05Z - 14 Nov 02:00Z (24 h): nothing observed". Plain text."""
    until = "now" if gap.open else f"{gap.until:%d %b %H:%M}Z"
    return plain(f"{gap.why} {gap.since:%d %b %H:%M}Z - {until} ({gap.hours:.0f} h): nothing observed")


def span_of(change: Change) -> str:
    """When it happened, as short as it can be said beside its day: "02:00-16:04", "19 Nov 02:00-02:00", "by 02:00"."""
    end = f"{change.first_seen:%H:%M}"
    if change.last_seen is None:
        return f"by {end}"
    same = change.last_seen.date() == change.first_seen.date()
    return f"{change.last_seen:%H:%M}-{end}" if same else f"{change.last_seen:%d %b %H:%M}-{end}"


def told_of(one: Happening) -> tuple[str, str]:
    """What changed, and from what to what; of a digest as much as tells two apart. Plain text."""
    kind, told = what_happened(one)
    return plain(kind), _DIGEST.sub(r"\1…", plain(told))


def cause_told(change: Change) -> str:
    """The cause in a few words. Plain text."""
    why = change.why
    if why is None:
        return plain(change.cause or "nobody looked for a cause")
    if why.kind is CauseKind.EVENT:
        who = why.actor or "somebody"
        site = ", by site" if why.match is Match.SITE else ""
        return plain(f"{who}, event {(why.event_id or '')[:_ID_SHOWN]}{site}")
    if why.kind is CauseKind.NO_EVENT_FOUND:
        return "no event found"
    return plain(why.sentence)


def proof_of(why: Cause) -> Iterator[str]:
    """What stands behind a cause, sentence by sentence. Plain text."""
    if why.event_id:
        yield plain(f"Event {why.event_id}" + (f" of {why.at:%Y-%m-%d %H:%M:%S}Z" if why.at is not None else ""))
    if why.actor:
        yield plain(f"By {why.actor}")
    if why.match is Match.EXACT:
        yield "The event names exactly this"
    elif why.match is Match.SITE:
        yield "The event names its site, app or organization only: it may have been about something else there"
    if why.others:
        yield plain(f"Further events that fit: {', '.join(why.others)}")
    if why.interval is not None:
        after, until = why.interval
        begin = f"after {after:%Y-%m-%d %H:%M}Z and " if after is not None else ""
        yield f"It happened {begin}not later than {until:%Y-%m-%d %H:%M}Z"
    if why.kind is CauseKind.NO_EVENT_FOUND or why.actions_searched:
        log = "log read, no holes" if why.covered else "the log was not read for all of that time, or may have holes"
        yield plain(f"{log}, {counted(len(why.actions_searched), 'action')} looked for")
        if why.actions_searched:
            yield plain(f"Looked for: {', '.join(why.actions_searched)}")


def _changed(one: Happening) -> Entry:
    first = one.changes[0]
    name = first.name or first.subject.id
    kind, told = what_happened(one)
    parts = [name, first.subject.id, kind, told, first.subject.organization]
    for change in one.changes:
        parts += [change.setting, change.cause or "", change.actor or "", change.event_id or ""]
        parts += [change.ticket, change.id]
    family = catalogue.find(first.setting).family.value
    head, slash, _ = name.removeprefix("space:").partition("/")
    site = head if slash and "." in head else NO_SITE
    hay = plain(" ".join(parts)).casefold()
    return Entry(What.CHANGE, first.first_seen, first.first_seen, family, plain(site), hay, happening=one)


def _change_cells(entry: Entry) -> list[Text]:
    one, main = entry.happening, entry.main
    assert one is not None
    assert main is not None
    kind, told = told_of(one)
    sign = Text("+", "green") if one.appeared else Text("-", "red") if one.vanished else Text("*")
    if not one.has_cause:
        sign = Text("!", "bold yellow")
    what = Text(f"{kind}: ").append(told, "bold")
    ticket = next((change.ticket for change in one.changes if change.ticket), "")
    cause = Text(cause_told(main), "" if one.has_cause else "yellow")
    name = Text(plain(main.name or main.subject.id))
    return [sign, Text(span_of(main)), name, what, cause, Text(plain(ticket))]


def _first_seen(change: Change) -> datetime:
    return change.first_seen


_RANK = {What.RUN: 0, What.CHANGE: 1, What.GAP: 2}
_NEWEST_RANK = {What.GAP: 0, What.RUN: 1, What.CHANGE: 2}


def _order(entry: Entry) -> tuple[datetime, int]:
    return entry.at, _RANK[entry.what]


def _newest_order(entry: Entry) -> tuple[float, int]:
    return -entry.at.timestamp(), _NEWEST_RANK[entry.what]


def _day_told(its: Sequence[Entry]) -> str:
    changes = [one.happening for one in its if one.happening is not None]
    without = sum(1 for one in changes if not one.has_cause)
    parts = [counted(len(changes), "change")] if changes else []
    parts += [f"{without} without a known cause"] if without else []
    return ", ".join(parts)

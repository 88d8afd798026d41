"""One line for a log, a cron mail or a chat: headline, exit code, what is new, counts, what was read.

It holds no observed text, only our words, numbers and a digest: nothing in it can pretend to be something else.
"""

from __future__ import annotations

from collections import Counter
from typing import TextIO

from contribaudit.core.advise.report import Report
from contribaudit.core.model.canonical import LEAST_DIGITS
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.resolve.plans import WORKSPACES
from contribaudit.exporters.json_v1 import report_digest
from contribaudit.exporters.text import ORDER, happenings, plural, spaces_read


def one_line(report: Report) -> str:
    """The line, without its newline. What no app has is not counted among what applies.

    It ends with the digest of the exported evidence's manifest, where there is one, so that a chat keeps it out of the
    reach of whoever owns history and key; else with the report's own.
    """
    counts = Counter(finding.outcome for finding in report.findings)
    applying = sum(number for outcome, number in counts.items() if outcome is not Outcome.NO_SUCH_SETTING)
    listed = _listed(counts, " ")
    new = _listed(Counter(finding.outcome for finding in report.newly), ", ")
    parts = [
        f"{report.headline}; exit={report.run.exit_code}" + (f", new: {new}" if new else ""),
        f"{applying} apply: {listed}" if listed else f"{applying} apply",
        _changes(report),
        read_of(report),
        _key(report.key_days_left),
        f"#{report.run.id} {(report.manifest_sha256 or report_digest(report))[:LEAST_DIGITS]}",
    ]
    return " | ".join(part for part in parts if part)


def write(report: Report, out: TextIO) -> None:
    """The line and a newline."""
    out.write(one_line(report) + "\n")


def _listed(counts: Counter[Outcome], separator: str) -> str:
    return separator.join(f"{counts[outcome]} {outcome}" for outcome in ORDER if counts[outcome])


def _changes(report: Report) -> str:
    happened = happenings(report.changes)
    if not happened:
        return "no changes" if report.run.previous is not None else "first run"
    uncaused = sum(1 for one in happened if not one.has_cause)
    return plural(len(happened), "change") + (f", {uncaused} no cause" if uncaused else "")


def read_of(report: Report) -> str:
    """How much of it was read: "read 2/2 orgs 14/14 sites 60/60 apps 9,012 of 9,040 spaces (28 unseen)"."""
    state = report.state
    whole = [
        place.id
        for place in state.looked_at
        if place.collections and all(one.status is CollectionStatus.OK for one in place.collections.values())
    ]
    cut = any(not place.completed(WORKSPACES) for place in state.looked_at)
    # A list that broke off may hold more than anybody ever saw.
    more = "+" if cut else ""
    held = report.counts
    spaces = spaces_read(held)
    return (
        f"read {len(whole)}/{len(state.looked_at)} orgs {held.sites_read}/{held.sites}{more} sites "
        f"{held.apps_read}/{held.apps}{more} apps{f' {spaces}' if spaces else ''}"
    )


def _key(days_left: int | None) -> str:
    if days_left is None:
        return ""
    return f"key {days_left}d" if days_left >= 0 else f"key ended {-days_left}d ago"

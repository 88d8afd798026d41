"""One line for a log, a cron mail or a chat: verdict, exit code, what is new, counts, what was read."""

from __future__ import annotations

from collections import Counter
from typing import TextIO

from contribaudit.core import names
from contribaudit.core.finding import Outcome
from contribaudit.core.inventory import sites_of
from contribaudit.core.report import Report
from contribaudit.core.resolve import WORKSPACES
from contribaudit.core.snapshot import CollectionStatus
from contribaudit.core.subject import Kind
from contribaudit.exporters.json_v1 import report_digest

_VERDICTS = {0: "OK", 1: "NOT OK", 2: "WRONGLY SET UP", 3: "UNPROVEN", 4: "NO ACCESS", 5: "DAMAGED"}
_ORDER = (
    Outcome.PASS,
    Outcome.WAIVED,
    Outcome.EXEMPT,
    Outcome.FAIL,
    Outcome.CONFLICT,
    Outcome.NOT_ACHIEVABLE,
    Outcome.STALE,
    Outcome.UNKNOWN,
    Outcome.PENDING,
    Outcome.NOT_YET_EFFECTIVE,
)


def one_line(report: Report) -> str:
    """The line, without its newline. What no app has is not counted among what applies."""
    counts = Counter(finding.outcome for finding in report.findings)
    applying = sum(number for outcome, number in counts.items() if outcome is not Outcome.NO_SUCH_SETTING)
    listed = " ".join(f"{counts[outcome]} {outcome}" for outcome in _ORDER if counts[outcome])
    new = Counter(finding.outcome for finding in report.newly)
    parts = [
        f"{_VERDICTS.get(report.run.exit_code, 'ERROR')} exit={report.run.exit_code}"
        + (f" new: {', '.join(f'{new[outcome]} {outcome}' for outcome in _ORDER if new[outcome])}" if new else ""),
        f"{applying} apply: {listed}",
        _changes(report),
        _read(report),
    ]
    if report.key_days_left is not None:
        parts.append(f"key {report.key_days_left}d")
    parts.append(f"#{report.run.id} {report_digest(report)[:8]}")
    return " | ".join(part for part in parts if part)


def write(report: Report, out: TextIO) -> None:
    """The line and a newline."""
    out.write(one_line(report) + "\n")


def _changes(report: Report) -> str:
    if not report.changes:
        return "no changes" if report.run.previous is not None else "first run"
    uncaused = sum(1 for change in report.changes if change.cause is None)
    word = "change" if len(report.changes) == 1 else "changes"
    return f"{len(report.changes)} {word}" + (f", {uncaused} no cause" if uncaused else "")


def _read(report: Report) -> str:
    state = report.state
    whole = [
        place.id
        for place in state.organizations.values()
        if place.collections and all(one.status is CollectionStatus.OK for one in place.collections.values())
    ]
    apps = state.subjects(Kind.APP)
    seen = {app for app in apps if state.value(app, names.APP_TYPE_KEY) is not None}
    sites = [site for organization in state.organizations for site in sites_of(state, organization)]
    seen_sites = sum(1 for site in sites if seen.issuperset(site.apps))
    cut = any(not place.completed(WORKSPACES) for place in state.organizations.values())
    # A list that broke off may hold more than anybody ever saw.
    more = "+" if cut else ""
    return (
        f"read {len(whole)}/{len(state.organizations)} orgs {seen_sites}/{len(sites)}{more} sites "
        f"{len(seen)}/{len(apps)}{more} apps"
    )

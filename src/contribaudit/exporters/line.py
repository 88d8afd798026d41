"""One line for a log, a cron mail or a chat: headline, exit code, what is new, counts, what was read.

It holds no observed text, only our words, numbers and a digest: nothing in it can pretend to be something else.
"""

from __future__ import annotations

from collections import Counter
from typing import TextIO

from contribaudit.core.model.canonical import LEAST_DIGITS
from contribaudit.exporters.json_v1 import report_digest
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import Overview
from contribaudit.exporters.text import ORDER, plural


def one_line(document: ReportV1, manifest_sha256: str = "") -> str:
    """The line, without its newline. What no app has is not counted among what applies.

    It ends with the digest of the exported evidence's manifest, where there is one, so that a chat keeps it out of the
    reach of whoever owns history and key; else with the report's own.
    """
    about, run = Overview(document), document["run"]
    listed = _listed(about.counts, " ")
    new = _listed(about.newly, ", ")
    parts = [
        f"{about.headline}; exit={run['exit_code']}" + (f", new: {new}" if new else ""),
        f"{about.applies} apply: {listed}" if listed else f"{about.applies} apply",
        _changes(about),
        f"read {about.read}",
        _key(document["key_days_left"]),
        f"#{run['id']} {(manifest_sha256 or report_digest(document))[:LEAST_DIGITS]}",
    ]
    return " | ".join(part for part in parts if part)


def write(document: ReportV1, out: TextIO) -> None:
    """The line and a newline."""
    out.write(one_line(document) + "\n")


def _listed(counts: Counter[str], separator: str) -> str:
    return separator.join(f"{counts[outcome.value]} {outcome}" for outcome in ORDER if counts[outcome.value])


def _changes(about: Overview) -> str:
    happened = about.changes()
    if not happened:
        return "no changes" if about.document["run"]["previous"] is not None else "first run"
    uncaused = sum(1 for one in happened if not one.explained)
    return plural(len(happened), "change") + (f", {uncaused} no cause" if uncaused else "")


def _key(days_left: int | None) -> str:
    if days_left is None:
        return ""
    return f"key {days_left}d" if days_left >= 0 else f"key ended {-days_left}d ago"

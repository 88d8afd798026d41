"""One line for a log, a cron mail or a chat: headline, exit code, what is new, counts, what was read.

It holds our words, numbers and a digest. Of what was observed it holds the names of organizations alone, where there
are several, and of those only ASCII letters, digits and blanks: nothing in it can pretend to be something else.
"""

from __future__ import annotations

from collections import Counter
from typing import TextIO

from contribaudit.core.model.canonical import LEAST_DIGITS
from contribaudit.core.model.several import counted
from contribaudit.exporters.json_v1 import report_digest
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import Overview
from contribaudit.exporters.tally import Place
from contribaudit.exporters.text import ORDER

_NAMED, _LONGEST = 6, 32
"""Of a board with many organizations, how many are named, and how long a name may be."""


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
        _board(about),
        _key(document["key_days_left"]),
        f"#{run['id']} {(manifest_sha256 or report_digest(document))[:LEAST_DIGITS]}",
    ]
    return " | ".join(part for part in parts if part)


def write(document: ReportV1, out: TextIO) -> None:
    """The line and a newline."""
    out.write(one_line(document) + "\n")


def _listed(counts: Counter[str], separator: str) -> str:
    return separator.join(f"{counts[outcome.value]} {outcome}" for outcome in ORDER if counts[outcome.value])


def _board(about: Overview) -> str:
    """Organizations, weakest first, where there are several."""
    places = [one for one in about.map() if one.organization]
    if len(places) < 2:
        return ""
    told = [f"{_name(one)}: {_state(one)}" for one in places[:_NAMED]]
    more = [f"and {len(places) - _NAMED} more"] if len(places) > _NAMED else []
    return "weakest first: " + "; ".join([*told, *more])


def _state(place: Place) -> str:
    tally = place.whole
    parts = [(tally.failed, "fail"), (tally.unreachable, "not achievable"), (tally.unproven, "unverified")]
    counts = ", ".join(f"{number} {word}" for number, word in parts if number) or "nothing open"
    return f"not read, {counts}" if place.unread else counts


def _name(place: Place) -> str:
    """What is left of its name, or else of its ID."""
    for text in (place.name, place.organization):
        left = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-.") else " " for letter in text)
        if words := left.split():
            return " ".join(words)[:_LONGEST].rstrip()
    return "unnamed"


def _changes(about: Overview) -> str:
    happened = about.changes()
    if not happened:
        return "no changes" if about.document["run"]["previous"] is not None else "first run"
    uncaused = sum(1 for one in happened if not one.explained)
    return counted(len(happened), "change") + (f", {uncaused} no cause" if uncaused else "")


def _key(days_left: int | None) -> str:
    if days_left is None:
        return ""
    return f"key {days_left}d" if days_left >= 0 else f"key ended {-days_left}d ago"

"""Output for monitoring: one line for a log, a small JSON summary, and gauges for Prometheus.

The line contains our own words, numbers and a digest. The only observed text in it is the names of organizations, if
there are several, reduced to ASCII letters, digits, "-", "." and blanks, so that no name can imitate another field.
docs/monitoring.md lists the keys of the summary and the gauges; their only observed text is organization IDs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from contribaudit.core.advise.verdict import FAIL, PASS, UNVERIFIED
from contribaudit.core.model.canonical import LEAST_DIGITS
from contribaudit.core.model.phrases import counted, some
from contribaudit.exporters.json_v1 import report_digest
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import Overview
from contribaudit.exporters.tally import Place
from contribaudit.exporters.text import ORDER

SCHEMA = "contribaudit.summary/1"
_NAMED, _LONGEST = 6, 32
"""How many organizations the line names, and how long a name may be."""
_SECONDS_PER_DAY = 86_400


# ── One line, for a log, a cron mail or a chat ────────────────────────────────────────────────────────


def one_line(document: ReportV1, manifest_sha256: str = "") -> str:
    """The line, without a newline. Findings with "no setting" do not count as applicable.

    It ends with the digest of the manifest of the exported evidence, if any, so that a chat stores it out of reach of
    whoever owns the history and the key; otherwise with the digest of the report.
    """
    about, run = Overview(document), document["run"]
    listed = _join_counts(about.counts, " ")
    new = _join_counts(about.newly, ", ")
    parts = [
        f"{about.headline}; exit={run['exit_code']}" + (f", new: {new}" if new else ""),
        f"{about.applies} apply: {listed}" if listed else f"{about.applies} apply",
        _changes(about),
        f"read {about.read}",
        _board(about),
        _key_words(document["key_days_left"]),
        f"#{run['id']} {(manifest_sha256 or report_digest(document))[:LEAST_DIGITS]}",
    ]
    return " | ".join(part for part in parts if part)


def _join_counts(counts: Counter[str], separator: str) -> str:
    return separator.join(f"{counts[outcome.value]} {outcome}" for outcome in ORDER if counts[outcome.value])


def _board(about: Overview) -> str:
    """Organizations, weakest first, if there are several."""
    places = [one for one in about.map() if one.organization]
    if len(places) < 2:
        return ""
    return "weakest first: " + some([f"{_ascii_name(one)}: {_state_words(one)}" for one in places], _NAMED, "; ")


def _state_words(place: Place) -> str:
    tally = place.whole
    parts = [(tally.failed, "fail"), (tally.unreachable, "not achievable"), (tally.unproven, "unverified")]
    counts = ", ".join(f"{number} {word}" for number, word in parts if number) or "nothing open"
    return f"not read, {counts}" if place.unread else counts


def _ascii_name(place: Place) -> str:
    """The organization's name, or else its ID, in ASCII letters, digits, "-" and "."; "unnamed" if neither has any."""
    for text in (place.name, place.organization):
        plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-.") else " " for letter in text)
        if words := plain.split():
            return " ".join(words)[:_LONGEST].rstrip()
    return "unnamed"


def _changes(about: Overview) -> str:
    changes = about.changes()
    if not changes:
        return "no changes" if about.document["run"]["previous"] is not None else "first run"
    uncaused = sum(1 for one in changes if not one.explained)
    return counted(len(changes), "change") + (f", {uncaused} no cause" if uncaused else "")


def _key_words(days_left: int | None) -> str:
    if days_left is None:
        return ""
    return f"key {days_left}d" if days_left >= 0 else f"key expired {-days_left}d ago"


# ── A summary, and gauges ─────────────────────────────────────────────────────────────────────────────


def summary(document: ReportV1, manifest_sha256: str = "") -> dict[str, object]:
    """The run in numbers; docs/monitoring.md explains each key."""
    about, run = Overview(document), document["run"]
    return {
        "schema": SCHEMA,
        "verdict": about.word,
        "headline": about.headline,
        "exit_code": run["exit_code"],
        "fail_on": run["fail_on"],
        "run": {key: run[key] for key in ("id", "previous", "started_at", "finished_at", "complete", "selection")},
        "policy": document["policy"],
        "organizations": [one["id"] for one in document["organizations"]],
        "inventory": document["inventory"],
        "by_outcome": dict(about.ordered_counts),
        "by_severity": {severity: dict(sorted(counts.items())) for severity, counts in about.by_severity()},
        "new": dict(sorted((outcome, number) for outcome, number in about.newly.items() if number)),
        "changes": len(about.changes()),
        "key_days_left": document["key_days_left"],
        "manifest_sha256": manifest_sha256,
        "weakest_first": [
            {"organization": one.organization, "read": not one.unread, "by_outcome": _outcomes(one)}
            for one in about.map()
            if one.organization
        ],
    }


def _outcomes(place: Place) -> dict[str, int]:
    return dict(sorted((outcome, number) for outcome, number in place.whole.by_outcome.items() if number))


def metrics(document: ReportV1, manifest_sha256: str = "", last_success: datetime | None = None) -> str:
    """The run as gauges in Prometheus' text format, for a textfile collector. Ends in a newline.

    `last_success` is the end of the newest run with exit code 0 and without --only and --skip; None before the first.
    """
    about, run = Overview(document), document["run"]
    places = [place for place in about.map() if place.organization]
    finished, days_left, oldest = _seconds(run["finished_at"]), document["key_days_left"], about.oldest
    labels = {
        "run": str(run["id"]),
        "policy_sha256": document["policy"]["sha256"],
        "version": document["tool"]["version"],
        "manifest_sha256": manifest_sha256,
    }
    gauges: list[tuple[str, str, float | _Samples | None]] = [
        (
            "verdict",
            "1 for the verdict of the last run, 0 for the others.",
            [({"verdict": one}, int(one == about.word)) for one in (PASS, FAIL, UNVERIFIED)],
        ),
        (
            "last_success_timestamp_seconds",
            "When the newest run that ended with 0 and was not limited ended, Unix time.",
            last_success.timestamp() if last_success is not None else None,
        ),
        (
            "organization_read",
            "1 for an organization of which something was read in this run.",
            [({"organization": place.organization}, int(not place.unread)) for place in places],
        ),
        (
            "organization_findings",
            "Findings of each organization by outcome.",
            [
                ({"organization": place.organization, "outcome": outcome}, number)
                for place in places
                for outcome, number in _outcomes(place).items()
            ],
        ),
        ("info", "The run, its policy and the version that judged it.", [(labels, 1)]),
        ("exit_code", "The exit code of the last run: 0 verified, 1 findings.", run["exit_code"]),
        ("run_limited", "1 when --only or --skip limited what the last run judged.", int(bool(run["selection"]))),
        ("run_timestamp_seconds", "When the last run ended, Unix time.", finished),
        ("run_duration_seconds", "How long it took.", finished - _seconds(run["started_at"])),
        ("run_complete", "1 when every source was read completely.", int(run["complete"])),
        (
            "findings",
            "Findings by severity and outcome.",
            [
                ({"severity": severity, "outcome": outcome}, number)
                for severity, counts in about.by_severity()
                for outcome, number in sorted(counts.items())
            ],
        ),
        (
            "findings_new",
            "Findings that are newly failing or unverified since the last complete run.",
            about.newly.total(),
        ),
        ("changes", "Changes since the previous run.", len(about.changes())),
        (
            "source_complete",
            "1 for a source that was read completely.",
            [
                ({"organization": row["organization"], "collector": row["collector"]}, int(row["status"] == "ok"))
                for row in document["collection"]
            ],
        ),
        (
            "key_expires_seconds",
            "Time until the first API key in use expires.",
            days_left * _SECONDS_PER_DAY if days_left is not None else None,
        ),
        (
            "oldest_evidence_age_seconds",
            "Age of the oldest evidence of a pass.",
            _seconds(document["as_of"]) - _seconds(oldest[0]) if oldest is not None else None,
        ),
    ]
    lines = (line for name, meaning, value in gauges if value is not None for line in _gauge(name, meaning, value))
    return "".join(f"{line}\n" for line in lines)


_Samples = Sequence[tuple[Mapping[str, str], float]]
"""A value for each set of labels."""


def _gauge(name: str, meaning: str, value: float | _Samples) -> Iterator[str]:
    """The lines for help, type and samples."""
    yield f"# HELP contribaudit_{name} {meaning}"
    yield f"# TYPE contribaudit_{name} gauge"
    for labels, number in [({}, value)] if isinstance(value, (int, float)) else value:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"contribaudit_{name}{'{' + inside + '}' if inside else ''} {number:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).astimezone(UTC).timestamp()

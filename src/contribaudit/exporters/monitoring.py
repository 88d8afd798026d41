"""What monitoring reads of a run: a small JSON summary, and gauges in Prometheus' text format for a textfile collector.

docs/monitoring.md lists both. Neither holds observed text but the IDs of organizations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from contribaudit.core.advise.verdict import FAIL, PASS, UNVERIFIED
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import Overview
from contribaudit.exporters.tally import Place

SCHEMA = "contribaudit.summary/1"
_SECONDS_PER_DAY = 86_400


def summary(document: ReportV1, manifest_sha256: str = "") -> dict[str, object]:
    """The run in numbers; see docs/monitoring.md for each key."""
    about, run = Overview(document), document["run"]
    return {
        "schema": SCHEMA,
        "verdict": about.word,
        "headline": about.headline,
        "exit_code": run["exit_code"],
        "fail_on": run["fail_on"],
        "run": {key: run[key] for key in ("id", "previous", "started_at", "finished_at", "complete")},
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
    """The same as gauges; every family has its help and type. Ends in a newline.

    `last_success` is when the newest run that ended with 0 ended, None before the first.
    """
    return "".join(f"{line}\n" for line in _lines(document, manifest_sha256, last_success))


def _lines(document: ReportV1, manifest_sha256: str, last_success: datetime | None) -> Iterator[str]:
    about, run = Overview(document), document["run"]
    finished = _seconds(run["finished_at"])
    yield from _gauge(
        "verdict",
        "1 for the verdict of the last run, 0 for the others.",
        [({"verdict": one}, int(one == about.word)) for one in (PASS, FAIL, UNVERIFIED)],
    )
    if last_success is not None:
        told = "When the newest run that ended with 0 ended, Unix time."
        yield from _gauge("last_success_timestamp_seconds", told, [({}, last_success.timestamp())])
    places = [one for one in about.map() if one.organization]
    yield from _gauge(
        "organization_read",
        "1 for an organization of which something was read in this run.",
        [({"organization": one.organization}, int(not one.unread)) for one in places],
    )
    yield from _gauge(
        "organization_findings",
        "Findings of each organization by outcome.",
        [
            ({"organization": one.organization, "outcome": outcome}, number)
            for one in places
            for outcome, number in _outcomes(one).items()
        ],
    )
    yield from _gauge(
        "info",
        "The run, its policy and the version that judged it.",
        [
            (
                {
                    "run": str(run["id"]),
                    "policy_sha256": document["policy"]["sha256"],
                    "version": document["tool"]["version"],
                    "manifest_sha256": manifest_sha256,
                },
                1,
            )
        ],
    )
    yield from _gauge("exit_code", "The exit code of the last run: 0 verified, 1 findings.", [({}, run["exit_code"])])
    yield from _gauge("run_timestamp_seconds", "When the last run ended, Unix time.", [({}, finished)])
    duration = finished - _seconds(run["started_at"])
    yield from _gauge("run_duration_seconds", "How long it took.", [({}, duration)])
    yield from _gauge("run_complete", "1 when every source was read completely.", [({}, int(run["complete"]))])
    yield from _gauge(
        "findings",
        "Findings by severity and outcome.",
        [
            ({"severity": severity, "outcome": outcome}, number)
            for severity, counts in about.by_severity()
            for outcome, number in sorted(counts.items())
        ],
    )
    yield from _gauge(
        "findings_new",
        "Findings that fail or are unverified and did not in the last complete run.",
        [({}, about.newly.total())],
    )
    yield from _gauge("changes", "Changes since the previous run.", [({}, len(about.changes()))])
    yield from _gauge(
        "source_complete",
        "1 for a source that was read completely.",
        [
            ({"organization": row["organization"], "collector": row["collector"]}, int(row["status"] == "ok"))
            for row in document["collection"]
        ],
    )
    if document["key_days_left"] is not None:
        left = document["key_days_left"] * _SECONDS_PER_DAY
        yield from _gauge("key_expires_seconds", "Time until the first API key in use expires.", [({}, left)])
    if about.oldest is not None:
        age = _seconds(document["as_of"]) - _seconds(about.oldest[0])
        yield from _gauge("oldest_evidence_age_seconds", "Age of the oldest evidence of a pass.", [({}, age)])


def _gauge(name: str, told: str, samples: list[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    yield f"# HELP contribaudit_{name} {told}"
    yield f"# TYPE contribaudit_{name} gauge"
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"contribaudit_{name}{'{' + inside + '}' if inside else ''} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).astimezone(UTC).timestamp()

"""A sheet for re-performance: findings drawn by a seed, for an auditor to look up in the console.

Method: findings are grouped by outcome. One is drawn from each group, from the largest groups first if the sample is
smaller than the number of groups. The rest is distributed in proportion to what is left of each group (largest
remainder). Within a group, findings are drawn in ascending order of the SHA-256 over seed, a line break and finding ID:
anyone with the seed draws the same findings, and nobody can predict them before the seed is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any

from contribaudit.core.model.phrases import grouped
from contribaudit.exporters.csv_evidence import lines, value_of
from contribaudit.exporters.text import Cell

COLUMNS = (
    "number", "run_id", "finding_id", "check_id", "check_title", "severity", "outcome", "subject", "setting",
    "console_path", "expected", "our_value", "our_evidence", "observed_at", "evidence_sha256", "reason",
    "auditor_value", "agrees", "auditor_initials", "looked_on",
)  # fmt: skip
_EMPTY = 4
"""How many columns at the end the auditor fills in."""


def draw(findings: Sequence[Mapping[str, Any]], size: int, seed: str) -> list[Mapping[str, Any]]:
    """At most `size` findings (as in report.json), by outcome, then in the order of drawing."""
    groups: dict[str, list[Mapping[str, Any]]] = grouped(findings, itemgetter("outcome"))
    shares = _shares({outcome: len(group) for outcome, group in groups.items()}, min(size, len(findings)))
    return [
        one
        for outcome in sorted(groups)
        for one in sorted(groups[outcome], key=lambda finding: _rank(seed, finding["id"]))[: shares[outcome]]
    ]


def _rank(seed: str, finding: str) -> str:
    return sha256(f"{seed}\n{finding}".encode("utf-8", "surrogatepass")).hexdigest()


def _shares(sizes: Mapping[str, int], number: int) -> dict[str, int]:
    """How many to draw from each group: one each, the rest in proportion; if too few, the largest groups first."""
    ordered = sorted(sizes, key=lambda name: (-sizes[name], name))
    shares = {name: int(place < number) for place, name in enumerate(ordered)}
    rest = number - sum(shares.values())
    left = {name: sizes[name] - shares[name] for name in ordered}
    total = sum(left.values())
    if rest <= 0 or not total:
        return shares
    for name in ordered:
        shares[name] += rest * left[name] // total
    missing = number - sum(shares.values())
    by_remainder = sorted(ordered, key=lambda name: (-(rest * left[name] % total), name))
    for name in [name for name in by_remainder if shares[name] < sizes[name]][:missing]:
        shares[name] += 1
    return shares


def sheet(run: int, drawn: Sequence[Mapping[str, Any]]) -> str:
    """The sheet as CSV."""
    rows = ((*_cells(number, run, one), *[None] * _EMPTY) for number, one in enumerate(drawn, 1))
    return "".join(lines([COLUMNS, *rows]))


def _cells(number: int, run: int, finding: Mapping[str, Any]) -> tuple[Cell, ...]:
    evidence = finding["evidence"][0] if finding["evidence"] else {}
    subject = finding["subject"]
    return (
        number,
        run,
        finding["id"],
        finding["check"],
        finding["title"],
        finding["severity"],
        finding["outcome"],
        subject["alias"] or subject["name"] or subject["id"],
        finding["setting"],
        finding["console_path"],
        value_of(finding["expected"]),
        value_of(finding["observed"]),
        evidence.get("source"),
        evidence.get("observed_at"),
        evidence.get("sha256"),
        finding["reason"],
    )

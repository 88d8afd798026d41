"""Where report.json has what a column of a table has, so that a row can be compared with its entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contribaudit.evidence.pack import ListedPack
from contribaudit.exporters.csv_evidence import value_of
from contribaudit.exporters.text import csv_cell

Look = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
"""A value of a row, given one entry of the report and the report's head."""


def _first(key: str) -> Look:
    return lambda one, _head: one["evidence"][0][key] if one["evidence"] else None


def _later(look: Look) -> Look:
    """None where a report of an older version does not have the key."""

    def found(one: Mapping[str, Any], head: Mapping[str, Any]) -> Any:
        try:
            return look(one, head)
        except KeyError:
            return None

    return found


LATER = ("owner", "due_days", "attestation_id")
"""Columns that the first packs did not have."""


def _waiver(key: str) -> Look:
    return lambda one, _head: one["waiver"][key] if one["waiver"] else None


def _at(*keys: str) -> Look:
    def look(one: Mapping[str, Any], _head: Mapping[str, Any]) -> Any:
        value: Any = one
        for key in keys:
            value = value[key]
        return value

    return look


def _called(one: Mapping[str, Any], head: Mapping[str, Any]) -> str:
    return next(
        (place["name"] or place["id"] for place in head["organizations"] if place["id"] == one["organization"]), ""
    )


FINDING: dict[str, Look] = {
    "run_id": lambda _one, head: head["run"]["id"],
    "run_finished_at": lambda _one, head: head["run"]["finished_at"],
    "organization_id": _at("organization"),
    "organization_name": _called,
    "site": _at("subject", "site"),
    "app": _at("subject", "app"),
    "subject_kind": _at("subject", "kind"),
    "subject_id": _at("subject", "id"),
    "subject_name": _at("subject", "name"),
    "check_id": _at("check"),
    "check_title": _at("title"),
    **{
        key: _at(key)
        for key in (
            "severity", "outcome", "underlying_outcome", "reason_code", "setting", "expected", "observed", "fragile",
            "due_at", "reason", "remediation", "controls",
        )
    },
    "evidence_grade": _first("grade"),
    "evidence_source": _first("source"),
    "evidence_observed_at": _first("observed_at"),
    "attested_by": _first("attested_by"),
    "evidence_sha256": _first("sha256"),
    "waiver_reason": _waiver("reason"),
    "waiver_approved_by": _waiver("approved_by"),
    "waiver_ticket": _waiver("ticket"),
    "waiver_expires": _waiver("expires"),
    "attestation_id": _later(_first("attestation_id")),
    **{key: _later(_at(key)) for key in ("owner", "due_days")},
    "policy_sha256": lambda _one, head: head["policy"]["sha256"],
    "rulebook_version": lambda _one, head: head["rulebook"]["version"],
}  # fmt: skip
COLLECTION: dict[str, Look] = {
    "organization_id": _at("organization"),
    "reason_code": _at("code"),
    **{
        key: _at(key)
        for key in (
            "collector", "status", "announced", "read", "reason", "missing_scope", "started_at", "requests", "seconds",
        )
    },
}  # fmt: skip
POPULATION: dict[str, Look] = {key: COLLECTION[key] for key in ("status", "requests", "announced", "read", "reason")}
CHANGE: dict[str, Look] = {
    "organization_id": _at("organization"),
    "subject_kind": _at("subject", "kind"),
    "subject_id": _at("subject", "id"),
    "change_id": _at("id"),
    **{
        key: _at(key)
        for key in (
            "setting", "before", "after", "existed_before", "exists_after", "last_seen", "first_seen", "cause", "actor",
            "event_id", "cause_code", "match", "other_events", "ticket",
        )
    },
}  # fmt: skip
PERSONS = frozenset(
    ("attested_by", "owner", "waiver_approved_by", "actor", "requested_by", "approved_by", "decided_by", "second")
)
"""Columns that hold nothing but a person: in a pack without names a table has a stand-in where a text may have part."""


def other_columns(
    looks: Mapping[str, Look],
    row: Mapping[str, str],
    one: Mapping[str, Any],
    head: Mapping[str, Any],
    held: ListedPack,
) -> Iterator[str]:
    """Columns whose value is not the report's."""
    for column, look in looks.items():
        if column in PERSONS and not held.named:
            continue
        missing = column not in row and column not in LATER
        if missing or not equal(row.get(column, ""), look(one, head)):
            yield column


def equal(cell: str, value: Any) -> bool:
    """Whether the cell is how the value is written; apostrophes, which guard against formulas, apart."""
    return cell.replace("'", "") == cell_of(value).replace("'", "")


def cell_of(value: Any) -> str:
    """A value of the report as a table has it."""
    return csv_cell(value_of(value))

"""CSV evidence: fixed columns, one header row, CRLF, UTF-8, and no cell that a spreadsheet would run as a formula.

Columns for people come first, IDs and digests last; scripts should use the column names, which are stable. Rows are
sorted, findings by check and subject, so that two runs can be compared line by line. The text equals that of
`csv.writer` for cells from `csv_cell`, but takes only one join per row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, TextIO, TypeVar

from contribaudit import catalogue
from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import Observed, Value
from contribaudit.core.resolve.inventory import inventory_rows
from contribaudit.core.resolve.state import State
from contribaudit.exporters.report_v1 import FindingV1, JsonValue, ReportV1, by_check_and_subject
from contribaudit.exporters.text import Cell, csv_cell, row_of, value_cell

if TYPE_CHECKING:
    from contribaudit.atlassian.calls import Call

_Source = TypeVar("_Source")
KEPT = 1024
"""How many fields are cached at a time."""
LONGEST = 256
"""The longest field, in characters, that is cached."""
_LASTING = frozenset((str, tuple, datetime, date, type(None)))
"""Types whose equal cells have equal fields. Numbers are not among them: 1, 1.0 and True are equal."""


def lines(rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Each row as a line that ends in CRLF, made on demand. A line break in a cell is kept, in quotes.

    Memory does not grow with the number of rows: only KEPT repeated fields are cached.
    """
    field_text = _Fields().__getitem__
    for row in rows:
        line = ",".join(map(field_text, row))
        yield line + "\r\n" if line else '""\r\n'  # a row of one empty cell must not become an empty line


def field(cell: Cell) -> str:
    """A cell as written between two commas."""
    text = csv_cell(cell)
    return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text or "\n" in text else text


class _Fields(dict[Cell, str]):
    """Fields by cell, with recent ones cached."""

    def __missing__(self, cell: Cell) -> str:
        text = field(cell)
        if type(cell) in _LASTING and len(text) <= LONGEST:
            if len(self) >= KEPT:
                self.clear()
            self[cell] = text
        return text


@dataclass(frozen=True, slots=True)
class Sheet(Generic[_Source]):
    """One CSV file: its columns, and a function that makes its rows from the published document or a run's state."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[_Source], Iterable[tuple[Cell, ...]]]

    def write(self, source: _Source, out: TextIO) -> None:
        """Write header and rows; `out` must not translate newlines."""
        out.writelines(lines([self.columns]))
        out.writelines(lines(self.rows(source)))


def _findings(document: ReportV1) -> Iterable[tuple[Cell, ...]]:
    return map(finding_cells(document), by_check_and_subject(document["findings"]))


def finding_cells(document: ReportV1) -> Callable[[FindingV1], tuple[Cell, ...]]:
    """A function that turns a finding of this document into its row of findings.csv."""
    names = {one["id"]: one["name"] for one in document["organizations"]}
    run, policy, rulebook = document["run"], document["policy"]["sha256"], document["rulebook"]["version"]

    def cells(finding: FindingV1) -> tuple[Cell, ...]:
        subject, waiver = finding["subject"], finding["waiver"]
        first = finding["evidence"][0] if finding["evidence"] else None
        return (
            finding["check"],
            finding["title"],
            finding["severity"],
            finding["outcome"],
            names.get(finding["organization"], finding["organization"]),
            subject["site"],
            subject["app"],
            subject["kind"],
            subject["name"],
            finding["setting"],
            value_of(finding["expected"]),
            value_of(finding["observed"]),
            finding["reason"],
            finding["remediation"],
            finding["owner"],
            finding["due_days"],
            finding["due_at"],
            finding["fragile"],
            finding["underlying_outcome"],
            finding["reason_code"],
            waiver["reason"] if waiver else None,
            waiver["approved_by"] if waiver else None,
            waiver["ticket"] if waiver else None,
            waiver["expires"] if waiver else None,
            tuple(finding["controls"]),
            first["grade"] if first else None,
            first["source"] if first else None,
            first["observed_at"] if first else None,
            first["attested_by"] if first else None,
            run["id"],
            run["finished_at"],
            rulebook,
            finding["id"],
            finding["organization"],
            subject["id"],
            first["attestation_id"] if first else None,
            first["sha256"] if first else None,
            policy,
        )

    return cells


def value_of(value: JsonValue) -> Value:
    """A value from JSON, with lists as tuples."""
    return tuple(value) if isinstance(value, list) else value


def change_row(columns: Iterable[str], change: Change, **cells: Cell) -> tuple[Cell, ...]:
    """A row of these columns about a change; `cells` are those that the change does not know."""
    why = change.why
    after, until = why.interval if why and why.interval else (None, None)
    noted = change.annotations[-1] if change.annotations else None
    return row_of(
        columns,
        change,
        change_id=change.id,
        organization_id=change.subject.organization,
        subject_kind=change.subject.kind.value,
        subject_id=change.subject.id,
        subject_name=change.name or change.subject.id,
        cause_code=why.kind.value if why else None,
        match=why.match.value if why and why.match else None,
        event_at=why.at if why else None,
        other_events=why.others if why else (),
        searched_from=after,
        searched_until=until,
        log_readable=why.covered if why else None,
        actions_searched=why.actions_searched if why else (),
        noted_by=noted.by.by if noted else None,
        noted_at=noted.by.at if noted else None,
        note=noted.note if noted else None,
        **cells,
    )


def published_collection_cells(collection: Mapping[str, Any]) -> dict[str, Any]:
    """One collector's run of a report by column; it also holds the keys of the report."""
    return {
        **collection,
        "organization_id": collection["organization"],
        "reason_code": collection["code"],
    }


def published_change_cells(change: Mapping[str, Any]) -> dict[str, Any]:
    """One change of a report by column, as far as a report has these; it also holds the keys of the report."""
    subject = {f"subject_{key}": value for key, value in change["subject"].items()}
    return {
        **{key: value_of(value) for key, value in change.items()},
        **subject,
        "change_id": change["id"],
        "organization_id": change["organization"],
    }


def _inventory(state: State) -> Iterable[tuple[Cell, ...]]:
    for row in inventory_rows(state):
        yield row_of(INVENTORY.columns, row, kind=row.kind.value, organization_id=row.organization)


def _settings(state: State) -> Iterable[tuple[Cell, ...]]:
    for seen in sorted(state.everything(), key=lambda one: (one.subject, one.setting)):
        place = state.place(seen.subject)
        common = (str(seen.subject.kind), place.name, seen.setting)
        ids = (seen.subject.organization, seen.subject.id)
        unit = catalogue.find(seen.setting).unit
        if isinstance(seen, Observed):
            value = value_cell(seen.value)
            read: tuple[Cell, ...] = (True, value, seen.value is None, unit, str(seen.grade), seen.source)
            yield (*common, *read, seen.observed_at, None, None, None, *ids, seen.response)
        else:
            unread: tuple[Cell, ...] = (False, None, None, unit, None, seen.source, seen.attempted_at)
            yield (*common, *unread, seen.code, seen.reason, seen.missing_scope, *ids, None)


def _collection(document: ReportV1) -> Iterable[tuple[Cell, ...]]:
    calls_by_name = calls()
    for row in document["collection"]:
        call = calls_by_name.get(row["collector"])
        cells = published_collection_cells(row)
        cells |= {"endpoint": call.title if call else None, "scope": call.scope if call else None}
        yield tuple(cells[name] for name in COLLECTION.columns)


def calls() -> dict[str, Call]:
    """By name of each collector, its API call."""
    from contribaudit import collectors  # they import the network client, which checking a folder does not need

    return {one.name: one.call for one in collectors.ALL} | {one.name: one.call for one in collectors.SPACES}


FINDINGS = Sheet(
    "findings.csv",
    (
        "check_id", "check_title", "severity", "outcome", "organization_name", "site", "app", "subject_kind",
        "subject_name", "setting", "expected", "observed", "reason", "remediation", "owner", "due_days", "due_at",
        "fragile", "underlying_outcome", "reason_code", "waiver_reason", "waiver_approved_by", "waiver_ticket",
        "waiver_expires", "controls", "evidence_grade", "evidence_source", "evidence_observed_at", "attested_by",
        "run_id", "run_finished_at", "rulebook_version", "finding_id", "organization_id", "subject_id",
        "attestation_id", "evidence_sha256", "policy_sha256",
    ),
    _findings,
)  # fmt: skip
INVENTORY = Sheet(
    "inventory.csv",
    (
        "organization_name", "kind", "name", "site", "type_key", "plan", "status", "sandbox", "realm", "regions",
        "pinned", "created_at", "note", "spaces", "spaces_counted", "organization_id", "id",
    ),
    _inventory,
)  # fmt: skip
SETTINGS = Sheet(
    "settings.csv",
    (
        "subject_kind", "subject_name", "setting", "read", "value", "value_is_null", "unit", "grade", "source",
        "observed_at", "reason_code", "reason", "missing_scope", "organization_id", "subject_id", "sha256",
    ),
    _settings,
)  # fmt: skip
COLLECTION = Sheet(
    "collection.csv",
    (
        "collector", "endpoint", "scope", "status", "announced", "read", "reason_code", "reason", "missing_scope",
        "started_at", "requests", "seconds", "organization_id",
    ),
    _collection,
)  # fmt: skip


def write(document: ReportV1, out: TextIO) -> None:
    """Write the findings, which is what `--format csv` prints."""
    FINDINGS.write(document, out)

"""Reads a report from a file, an evidence folder or archive, and checks it against the published form.

The result is the document that every exporter takes. Changes, map and organizations can be turned back into values.
"""

from __future__ import annotations

import json
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contribaudit.core.advise.site_map import SiteMap
from contribaudit.core.model.change import Change
from contribaudit.core.model.phrases import first_of, grouped
from contribaudit.core.model.snapshot import Collection
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import OrganizationState
from contribaudit.errors import EvidenceDamaged, EvidenceNewer, UsageError
from contribaudit.exporters.report_v1 import SCHEMA, ChangeV1, MapV1, ReportV1, SubjectV1

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def subject_of(organization: str, described: SubjectV1) -> Subject:
    """The subject that a document describes."""
    return Subject(organization, Kind(described["kind"]), described["id"])


def changes_of(changes: Iterable[ChangeV1]) -> tuple[Change, ...]:
    """The changes of a document as `Change` values."""
    read: tuple[Change, ...] = _adapter(tuple[Change, ...]).validate_python([change_fields(one) for one in changes])
    return read


def map_of(document: MapV1) -> SiteMap:
    """The map of a document as a `SiteMap`."""
    rows = [
        {**row, "cells": [{**cell, "values": tuple(cell["values"].items())} for cell in row["cells"]]}
        for row in document["sites"]
    ]
    read: SiteMap = _adapter(SiteMap).validate_python({"locations": document["locations"], "rows": rows})
    return read


def organizations_of(document: ReportV1) -> list[OrganizationState]:
    """The organizations of a document with the results of their collectors, and without anything that was observed."""
    rows: list[Collection] = _adapter(list[Collection]).validate_python(document["collection"])
    collections = grouped(rows, lambda row: row.organization)
    return [
        OrganizationState(
            one["id"],
            one["name"],
            {row.collector: row for row in collections.get(one["id"], ())},
            one["unread_reason"],
            one["left_out"],
        )
        for one in document["organizations"]
    ]


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def change_fields(change: ChangeV1) -> dict[str, Any]:
    """The fields of a change and its cause, from a document."""
    why = {
        "kind": change["cause_code"],
        "sentence": change["cause"] or "",
        "match": change["match"] or None,
        "others": change["other_events"],
    }
    return {
        **change,
        "subject": subject_of(change["organization"], change["subject"]),
        "name": change["subject"]["name"],
        "why": None if change["cause_code"] is None else {**change, **why},
    }


REPORT = "report.json"
_FAMILY, _, _VERSION = SCHEMA.rpartition("/")
_HINT = "Name the JSON of an audit (`audit --format json`), or an evidence folder or .zip"
_ORIGINAL = "Ask for the original"
_SMALL_BYTES = 1 << 26
_DENSEST = 200
"""How many times its packed size a large report may have; a report of a million findings has about forty times."""
_LONE = re.compile("[\ud800-\udfff]")


def load(place: Path, *, agreement: bool = True) -> ReportV1:
    """The report at this place: a JSON file, a folder with `report.json`, or a `.zip` with one.

    Raises UsageError for anything that is not a report (the message says where it deviates), EvidenceNewer for a later
    schema, EvidenceDamaged for an unreadable archive and, with `agreement`, for a report whose counts do not match its
    findings.
    """
    return parse(_bytes(place), str(place), agreement=agreement)


def parse(data: bytes, called: str, *, agreement: bool = True) -> ReportV1:
    """The report in `data`; error messages call it `called`."""
    try:
        document = json.loads(data, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{called} is not JSON{where}", hint=_HINT) from None
    _require_schema(document, called)
    _require_shape(document, called)
    if agreement:
        _require_agreement(document, called)
    report: ReportV1 = document
    return report


def no_number(word: str) -> Any:
    """Refuse NaN and the infinities, which JSON does not have. Raises ValueError."""
    raise ValueError(f"{word} is not a number")


def _bytes(place: Path) -> bytes:
    try:
        if place.is_dir():
            report = place / REPORT
            if report.exists() and (report.is_symlink() or not report.is_file()):
                raise EvidenceDamaged(f"{report} is not a regular file", hint=_ORIGINAL)
            return report.read_bytes()
        if place.is_file() and zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                return _read_archived_report(archive, place)
        return _read_regular_file(place)
    except (KeyError, FileNotFoundError):
        missing = f"{place} holds no {REPORT}" if place.exists() else f"{place} does not exist"
        raise UsageError(missing, hint=_HINT) from None
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError) as error:
        raise EvidenceDamaged(f"{place} cannot be read: {error}", hint=_ORIGINAL) from None
    except OSError as error:
        raise UsageError(f"{place} cannot be read: {error.strerror or error}", hint=_HINT) from None


def _read_archived_report(archive: zipfile.ZipFile, place: Path) -> bytes:
    """The report in the archive. Raises EvidenceDamaged when it unpacks to a suspicious size, or occurs twice."""
    if archive.namelist().count(REPORT) > 1:
        raise EvidenceDamaged(f"{place} holds {REPORT} twice", hint=_ORIGINAL)
    info = archive.getinfo(REPORT)
    packed = min(info.compress_size, place.stat().st_size)
    if info.file_size > _SMALL_BYTES and info.file_size > packed * _DENSEST:
        raise EvidenceDamaged(f"{REPORT} in {place} unpacks to {info.file_size:,} bytes", hint=_ORIGINAL)
    return archive.read(info)


def _read_regular_file(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is a pipe or a device, not a file", hint=_HINT)
    return path.read_bytes()


def _require_schema(document: object, called: str) -> None:
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or not schema.startswith(f"{_FAMILY}/"):
        problem = f"its schema is {schema[:60]!r}" if isinstance(schema, str) else 'it has no "schema"'
        raise UsageError(f"{called} is not a report of contribaudit: {problem}", hint=_HINT)
    version = schema.removeprefix(f"{_FAMILY}/")
    if version != _VERSION:
        if version.isascii() and version.isdecimal() and int(version[:9]) > int(_VERSION):
            raise EvidenceNewer(
                f"{called} has the schema {schema[:60]}; this version reads up to {SCHEMA}",
                hint="Read it with a newer version of contribaudit",
            )
        raise UsageError(f"{called} has the schema {schema[:60]!r}, which never existed", hint=_HINT)


def _require_shape(document: dict[str, Any], called: str) -> None:
    from pydantic import ValidationError

    try:
        _adapter(ReportV1).validate_python(_without_lone(document), strict=True)
    except RecursionError:
        raise UsageError(f"{called} is not a report of contribaudit: it is nested too deeply", hint=_HINT) from None
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        where = ".".join(str(step) for step in errors[0]["loc"])
        message = first_of([one["msg"] for one in errors])
        raise UsageError(f"{called} is not a report of contribaudit: {where}: {message}", hint=_HINT) from None


def _without_lone(value: Any) -> Any:
    """The value without lone surrogates, which pydantic does not accept as text."""
    match value:
        case str():
            return value if value.isascii() else _LONE.sub("?", value)
        case dict():
            return {key: _without_lone(one) for key, one in value.items()}
        case list():
            return [_without_lone(one) for one in value]
        case _:
            return value


def _require_agreement(document: dict[str, Any], called: str) -> None:
    findings = document["findings"]
    hint = "Somebody edited it: ask for the original, and check it with `contribaudit evidence verify`"
    if len({one["id"] for one in findings}) != len(findings):
        twice, _ = Counter(one["id"] for one in findings).most_common(1)[0]
        raise EvidenceDamaged(f"{called} holds the finding {twice[:16]} twice", hint=hint)
    counted = Counter(one["outcome"] for one in findings)
    if counted != document["summary"]["by_outcome"]:
        raise EvidenceDamaged(f"the summary of {called} does not match its findings", hint=hint)

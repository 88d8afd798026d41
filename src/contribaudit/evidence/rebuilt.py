"""Rebuilds a run from a pack's files alone: the rulebook and policy that judged it, and the state that it saw.

The values come from settings.csv, attestations.csv and the tables of vendor publications; names from earlier runs come
from inventory.csv and the report. Nothing here uses the history.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path

from contribaudit import catalogue, checks, policy_file
from contribaudit.core.judge.check import by_id
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.provisions import (
    Archive,
    Look,
    LookOutcome,
    Note,
    Provision,
    ProvisionKind,
)
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.subprocessors import NO_LISTS, ListHistory, Review, SubprocessorList
from contribaudit.core.resolve.state import State
from contribaudit.errors import EvidenceDamaged
from contribaudit.evidence.manifest import ASK
from contribaudit.evidence.pack import ListedPack
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.saved import organizations_of
from contribaudit.exporters.text import csv_text
from contribaudit.rulebook import decoders, loader
from contribaudit.vendors.subprocessor_csv import read_csv

NO_STATE = (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, csv.Error)
"""Errors caused by values that no export writes."""


def rules(pack: ListedPack, folder: Path) -> tuple[Rulebook, AuditPolicy]:
    """The rulebook and the policy that judged the run, unpacked into the folder.

    Raises RulebookError for a rulebook that this version cannot read, one of `NO_STATE` for what no export writes.
    """
    for path in pack.files:
        if path.startswith(("rulebook/", "decoders/")) or path == "policy.toml":
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with pack.open(path) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
    own = folder / "decoders"
    rulebook = decoders.with_folder(loader.load(folder / "rulebook"), own if own.is_dir() else None, catalogue.ALL)
    known = policy_file.KnownWords(rulebook, by_id(checks.ALL), checks.DECIDABLE)
    return rulebook, policy_file.load(folder / "policy.toml", known)


def rebuilt_state(pack: ListedPack, document: ReportV1, rulebook: Rulebook) -> State:
    """The state that the run saw, without any history.

    Raises EvidenceDamaged for attestations that nobody can have recorded, one of `NO_STATE` for other values that no
    export writes.
    """
    documents = _documents(pack)
    try:
        recorded = grouped(_attestations(pack), lambda row: row.subject.organization)
    except NO_STATE as error:
        raise EvidenceDamaged(
            f"attestations.csv holds entries that nobody can have recorded: {error}", hint=ASK
        ) from error
    return State(
        as_of=_time(document["as_of"]),
        rulebook=rulebook,
        organizations=[replace(one, attestations=recorded.get(one.id, ())) for one in organizations_of(document)],
        observations=sorted(_observations(pack), key=_listed_order(pack)),
        remembered=list(_remembered_names(pack, document)),
        documents=lambda: documents,
        subprocessors=cache(partial(_subprocessors, pack)),
    )


def _attestations(pack: ListedPack) -> Iterator[Attestation]:
    """What people recorded, revoked and superseded values included, without the states that anchor them.

    settings.csv says how much each counts; a value that no longer counts still shows what the last look saw.
    """
    for row in _texts(pack, "attestations.csv"):
        setting = SettingId(row["setting"])
        revoked = row["revoked_at"]
        yield Attestation(
            row["attestation_id"],
            setting,
            Subject(row["organization_id"], Kind(row["subject_kind"]), row["subject_id"]),
            _value_of_cell(setting, row["value"]),
            row["looked_by"],
            _time(row["observed_at"]),
            Signature(row["recorded_by"], _time(row["recorded_at"]), row["recorded_account"], row["recorded_host"]),
            row["look"],
            revoked=Signature(row["revoked_by"], _time(revoked), "", "") if revoked else None,
        )


def _subprocessors(pack: ListedPack) -> ListHistory:
    """The list in force and its reviews; NO_LISTS when no list was imported."""
    first = next(pack.table("subprocessors.csv"), None)
    if first is None or not first["imported_at"]:
        return NO_LISTS
    parsed = read_csv(pack.read("subprocessors.csv").decode("utf-8-sig"))
    imported = Signature(first["imported_by"], _time(first["imported_at"]), "", "")
    return ListHistory.of(
        [SubprocessorList(parsed.effective, parsed.rows, first["source"], first["sha256"], imported)],
        [
            Review(
                date.fromisoformat(review["effective"]),
                review["row"],
                Signature(review["reviewed_by"], _time(review["reviewed_at"]), review["account"], review["host"]),
                review["note"],
            )
            for review in pack.table("subprocessor_reviews.csv")
        ],
    )


def _documents(pack: ListedPack) -> Archive:
    """The watched documents in the pack's tables."""
    texts: dict[int, list[Provision]] = {}
    for row in _texts(pack, "provisions.csv"):
        provision = Provision(ProvisionKind(row["kind"]), tuple(json.loads(row["heading"])), row["text"])
        texts.setdefault(int(row["look"]), []).append(provision)
    looks = grouped(map(_look_of_row, _texts(pack, "terms.csv")), lambda look: look.document)
    notes = [
        Note(
            number,
            row["document"],
            row["anchor"],
            row["provision"],
            row["text_sha256"],
            row["holds"] == "true",
            row["note"],
            Signature(row["signed_by"], _time(row["signed_at"]), row["account"], row["host"]),
        )
        for number, row in enumerate(_texts(pack, "terms_notes.csv"), 1)
    ]
    by_look = {look: tuple(provisions) for look, provisions in texts.items()}
    return Archive(looks, notes, lambda look: by_look.get(look, ()))


def _look_of_row(row: Mapping[str, str]) -> Look:
    return Look(
        id=int(row["look"]),
        document=row["document"],
        outcome=LookOutcome(row["outcome"]),
        code=row["code"],
        reason=row["reason"],
        retrieved_at=_time(row["retrieved_at"]),
        source=row["source"],
        fetched=row["fetched"] == "true",
        sha256=row["sha256"],
        text_sha256=row["text_sha256"],
        size_bytes=int(row["size_bytes"]),
        stated_on=date.fromisoformat(row["stated_on"]) if row["stated_on"] else None,
        redirects=tuple(json.loads(row["redirects"])),
        recorded=Signature(row["recorded_by"], _time(row["recorded_at"]), row["account"], row["host"]),
        accepted=row["accepted"] == "true",
    )


def _texts(pack: ListedPack, name: str) -> Iterator[Mapping[str, str]]:
    """The rows of a table, without the apostrophes that guard against formulas."""
    for row in pack.table(name):
        yield {column: csv_text(cell) for column, cell in row.items()}


def _remembered_names(pack: ListedPack, document: ReportV1) -> Iterator[Observed]:
    """The names of apps and groups from earlier runs, for those whose names this run could not read.

    Such names only identify an app and are not judged. The report has them verbatim, the table in safe form.
    """
    called: dict[Subject, dict[SettingId, str]] = {}
    rows = list(_texts(pack, "inventory.csv"))
    sites = {(row["organization_id"], row["site"]): row["id"] for row in rows if row["kind"] == Kind.SITE.value}
    for row in rows:
        if row["kind"] == Kind.APP.value:
            subject = Subject(row["organization_id"], Kind.APP, row["id"])
            site = sites.get((row["organization_id"], row["site"]), "")
            listed = {names.APP_NAME: row["name"], names.APP_HOST: row["site"], names.APP_TYPE_KEY: row["type_key"]}
            alias = f"app:{row['site'] or row['type_key']}/{row['type_key'] if row['site'] else row['id']}"
            listed[names.APP_ALIAS] = alias if row["type_key"] else ""
            called[subject] = {**listed, names.APP_SITE: "" if site == row["site"] else site}
    for finding in document["findings"]:
        about = finding["subject"]
        subject = Subject(finding["organization"], Kind(about["kind"]), about["id"])
        if subject.kind is Kind.APP:
            reported = {names.APP_NAME: about["name"], names.APP_HOST: about["site"], names.APP_TYPE_KEY: about["app"]}
            called.setdefault(subject, {}).update({**reported, names.APP_ALIAS: about["alias"]})
        elif subject.kind is Kind.GROUP:
            called[subject] = {names.GROUP_NAME: about["name"]}
    as_of = _time(document["as_of"])
    for subject, values in called.items():
        for setting, value in values.items():
            if value and value not in (subject.id, f"{subject.kind}:{subject.id}"):
                yield Observed(setting, subject, value, Grade.DOCUMENTED, as_of, "an earlier run")


def _listed_order(pack: ListedPack) -> Callable[[Observation], int]:
    """A sort key for the order in which the API listed apps: a finding names the first app with a given value."""
    order = {(row["organization_id"], row["id"]): number for number, row in enumerate(pack.table("inventory.csv"))}
    return lambda seen: order.get((seen.subject.organization, seen.subject.id), len(order))


def _observations(pack: ListedPack) -> Iterator[Observation]:
    for row in pack.table("settings.csv"):
        text = {name: csv_text(cell) for name, cell in row.items()}
        setting = SettingId(text["setting"])
        subject = Subject(text["organization_id"], Kind(text["subject_kind"]), text["subject_id"])
        seen_at = _time(text["observed_at"])
        if row["read"] != "true":
            missing = (text["reason_code"], text["reason"], seen_at, text["source"], text["missing_scope"] or None)
            yield Unavailable(setting, subject, *missing)
            continue
        value = None if row["value_is_null"] == "true" else _value_of_cell(setting, row["value"])
        yield Observed(setting, subject, value, Grade(text["grade"]), seen_at, text["source"], text["sha256"])


def _value_of_cell(setting: SettingId, cell: str) -> Value:
    """The value of a cell, typed by its appearance: `value_cell` writes a text that looks like another type as JSON."""
    if cell.startswith('"'):
        return str(json.loads(cell))
    if cell in ("true", "false"):
        return cell == "true"
    if cell.startswith("[") and (catalogue.find(setting).is_list or cell.endswith("]")):
        return tuple(json.loads(cell))
    return int(cell) if cell.isascii() and cell.removeprefix("-").isdigit() else csv_text(cell)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

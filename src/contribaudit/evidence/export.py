"""Writes an evidence folder: every file, README.txt, then the manifest that lists them and names its predecessor.

The digest of the tool's own code identifies the build that wrote the folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from pathlib import Path

from contribaudit import __version__
from contribaudit.audit.job import Operator
from contribaudit.core.model.provisions import LookOutcome
from contribaudit.errors import StoreDamaged
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.folder import EvidenceFolder
from contribaudit.evidence.manifest import SCHEMA, Judged, Manifest, Scope, Tool, code_sha256, plain_path
from contribaudit.evidence.pack import bundles
from contribaudit.evidence.readme import About, contents, data_dictionary, readme_text
from contribaudit.evidence.sheets import Sheet
from contribaudit.evidence.sheets.people import ATTESTATIONS, CHANGES, DECISIONS, SEGREGATION, WAIVERS
from contribaudit.evidence.sheets.report import (
    CONTROLS,
    EXPOSURE,
    FINDINGS,
    FROM_REPORT,
    REVIEWS,
    SPACES,
    SUBPROCESSORS,
    TERMS,
    TERMS_NOTES,
    TERMS_PROVISIONS,
    basis,
    finding_rows,
)
from contribaudit.evidence.sheets.runs import GAPS, LEDGER, OUTCOMES, POPULATION, RUNS
from contribaudit.evidence.signing import Signer
from contribaudit.evidence.start import BOOK, PAGE, Start, write_book, write_page
from contribaudit.exporters import json_v1
from contribaudit.exporters.text import csv_cell, rfc3339, safe_text
from contribaudit.rulebook import decoders, loader
from contribaudit.store.records import ExportedManifest

ALL = (
    FINDINGS, CONTROLS, *FROM_REPORT, SPACES, CHANGES, ATTESTATIONS, WAIVERS, DECISIONS, SEGREGATION, RUNS, GAPS,
    OUTCOMES, POPULATION, LEDGER, SUBPROCESSORS, EXPOSURE, REVIEWS, TERMS, TERMS_PROVISIONS, TERMS_NOTES,
)  # fmt: skip
"""Every CSV file of the folder, in the order of the data dictionary."""
_AT_ONCE = 200
"""How many raw answers are in memory together."""


@dataclass(frozen=True, slots=True)
class Form:
    """Options for writing the folder that do not affect its content."""

    archive: bool = False
    """Write one `.zip` instead of a folder."""
    csv_bom: bool = False
    """Begin each CSV file with a byte order mark, by which Excel recognizes UTF-8."""
    signer: Signer | None = None
    rulebook_folder: Path | None = None
    """The user's rulebook files that replaced the built-in ones when the run was judged."""
    decoders_folder: Path | None = None
    mode: int = 0o700
    """Mode of the folders; files get the same without execute permission."""


PLAIN = Form()


@dataclass(frozen=True, slots=True)
class Exported:
    """The result of an export."""

    place: Path
    manifest: Manifest


def export(dossier: Dossier, place: Path, *, now: datetime, operator: Operator, form: Form = PLAIN) -> Exported:
    """Write the dossier to `place`, a folder or a .zip, and record its manifest in the history.

    Raises UsageError when `place` exists, OutputError when the disk refuses, StoreError for the history. The folder is
    written whole or not at all; if the history can be written, only together with the record of its manifest. Hold
    `History.exporting` from before the dossier is gathered, otherwise runs that it names may be removed meanwhile.
    """
    place = place.absolute()
    now = max(now, dossier.report.run.finished_at)  # the clock may have been set back since
    store, mark = dossier.store, "\ufeff" if form.csv_bom else ""
    with EvidenceFolder(place, archive=form.archive, mode=form.mode) as folder:

        def write(sheet: Sheet) -> None:
            with folder.text(sheet.name) as out:
                out.write(mark)
                sheet.write(dossier, out)

        for sheet in ALL:
            if sheet is not FINDINGS:  # written later, because it names other files by their digests
                write(sheet)
        head = dossier.cast.document({**dossier.document, "findings": []})
        start = Start()
        with folder.text("report.json") as out:
            findings = map(dossier.cast.document, dossier.document["findings"])
            out.writelines(json_v1.pieces(head, start.taking(findings)))
        _put_what_judged(folder, dossier, form)
        digests = _put_what_was_seen(folder, dossier)
        rests = basis(dossier, digests)
        write(replace(FINDINGS, rows=lambda _: finding_rows(dossier, folder.sha256_of, rests)))
        folder.put("data-dictionary.csv", f"{mark}{data_dictionary()}".encode())
        about = About(head, _scope(dossier), _run_signature(dossier), form.signer is not None, min(digests, default=""))
        folder.put("README.txt", readme_text(about).encode())
        folder.put("csv.jq", resources.files("contribaudit.evidence").joinpath("csv.jq").read_bytes())
        shown = start.shown(about, rests)
        with folder.binary(BOOK) as file:
            write_book(shown, file)
        with folder.text(PAGE) as out:
            write_page(shown, contents(folder.paths), out)
        before = dossier.store.manifests(dossier.organizations)
        manifest = _manifest(dossier, folder, now, before[-1] if before else None, form.signer)
        noted = ExportedManifest(
            organizations=dossier.organizations,
            kind=manifest.scope.kind,
            run=dossier.report.run.id,
            sha256=manifest.sha256,
            previous=manifest.previous.sha256 if manifest.previous else None,
            written_at=now,
            signed_with=manifest.signed_with,
            account=operator.account,
            host=operator.host,
            place=str(place),
        )
        # The next export cannot name a pack that the history does not know: the chain would fork.
        folder.finish(manifest, form.signer, note=lambda: None if store.read_only else store.record_manifest(noted))
    return Exported(place, manifest)


def _put_what_judged(folder: EvidenceFolder, dossier: Dossier, form: Form) -> None:
    """The policy, the rulebook and the user's decoders."""
    folder.put("policy.toml", dossier.cast.text(dossier.policy.resolved_toml).encode())
    for name, text in loader.sources(form.rulebook_folder):
        folder.put(f"rulebook/{name}", dossier.cast.text(text).encode())
    for number, (name, body) in enumerate(decoders.sources(form.decoders_folder), 1):
        path = f"decoders/{name}"
        if not (dossier.cast.named and plain_path(path)):  # users may give their files any name
            path = f"decoders/{number:03}.toml"
        folder.put(path, dossier.cast.text(body.decode()).encode())


def _put_what_was_seen(folder: EvidenceFolder, dossier: Dossier) -> set[str]:
    """The raw answers, whose digests are returned, pages and screenshots."""
    digests: set[str] = set()
    if dossier.cast.named:  # answers and screenshots may show people
        for path, lines in bundles(_note_digests(_raw_answers(dossier), digests)):
            with folder.binary(path) as file:
                file.writelines(lines)
        for path, body in _documents_and_screenshots(dossier):
            folder.put(path, body)
    for path, body in _subprocessor_pages(dossier):
        folder.put(path, body)
    return digests


def _manifest(
    dossier: Dossier,
    folder: EvidenceFolder,
    now: datetime,
    before: ExportedManifest | None,
    signer: Signer | None,
) -> Manifest:
    report = dossier.report
    judged = report.run
    ledgers = [ledger for one in dossier.organizations if (ledger := dossier.store.ledger(judged.id, one)) is not None]
    skew = next((one.clock_skew_seconds for one in ledgers if one.clock_skew_seconds is not None), None)
    return Manifest.model_validate(
        {
            "schema": SCHEMA,
            "tool": Tool(name="contribaudit", version=__version__, code_sha256=code_sha256()),
            "written_at": rfc3339(now),
            "scope": _scope(dossier),
            "judged": Judged(
                run=judged.id,
                finished_at=rfc3339(judged.finished_at) or "",
                complete=judged.complete,
                exit_code=judged.exit_code,
                policy_name=safe_text(dossier.cast.text(report.policy_name)),
                policy_sha256=report.policy_sha256,
                rulebook_version=safe_text(report.state.rulebook.version),
                rulebook_sha256=report.state.rulebook.sha256,
                ledger_sha256=folder.sha256_of("ledger.csv") if ledgers else None,
                clock_skew_seconds=None if skew is None else round(skew),
            ),
            "previous": before and {"sha256": before.sha256, "written_at": rfc3339(before.written_at)},
            "files": folder.entries(),
            "signed_with": signer.fingerprint if signer is not None else None,
        }
    )


def _scope(dossier: Dossier) -> Scope:
    return Scope.model_validate(
        {
            "kind": "run" if dossier.since is None else "period",
            "organizations": list(dossier.organizations),
            "runs": [run.id for run in dossier.runs],
            "from": rfc3339(dossier.since),
            "until": rfc3339(dossier.until),
            "people": dossier.cast.people.value,
            "sites": list(dossier.sites),
        }
    )


def _run_signature(dossier: Dossier) -> tuple[str, ...]:
    """Account, machine and trigger of the judged run, in the form of runs.csv."""
    cast = dossier.cast
    ran = next((one for one in dossier.runs if one.id == dossier.report.run.id), None)
    return (
        tuple(map(csv_cell, (cast.person(ran.account), cast.person(ran.host), cast.text(ran.trigger)))) if ran else ()
    )


def _note_digests(answers: Iterable[tuple[str, bytes]], digests: set[str]) -> Iterator[tuple[str, bytes]]:
    for digest, body in answers:
        digests.add(digest)
        yield digest, body


def _raw_answers(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """The raw answers behind settings, findings and changes, with their digests and sorted by them.

    Raises StoreDamaged when the answer behind a setting is no longer stored.
    """
    state = dossier.report.state
    owed = {
        digest
        for seen in state.everything()
        if (digest := getattr(seen, "response", None)) and dossier.shows(seen.subject)
    }
    referred = {one.sha256 for finding in dossier.report.findings for one in finding.evidence if one.sha256}
    referred |= {digest for change in dossier.changes for digest in change.responses if digest}
    referred |= set(dossier.event_objects().values())
    digests = sorted(owed | referred)
    for start in range(0, len(digests), _AT_ONCE):
        batch = digests[start : start + _AT_ONCE]
        bodies: Mapping[str, bytes] = dossier.store.objects(batch)
        for digest in batch:
            if digest in bodies:
                yield digest, bodies[digest]
            elif digest in owed:
                raise StoreDamaged(
                    f"The raw object {digest} is not in the history", hint="Audit again, then export that run"
                )


def _documents_and_screenshots(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """Pages of watched documents and screenshots, each with its path."""
    pages = {
        one.sha256
        for looks in dossier.report.state.documents.looks.values()
        for one in looks
        if one.sha256 and one.outcome is not LookOutcome.UNCHANGED and one.code != "too_large"
    }
    for digest in sorted(pages):
        yield f"documents/{digest}", dossier.store.page(digest)
    attached = {one.sha256 for attestation in dossier.attestations() for one in attestation.attachments}
    for digest in sorted(attached):
        yield f"attachments/{digest}", dossier.store.attachment(digest)


def _subprocessor_pages(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """The imported pages of sub-processors as received, each with its path, sorted by digest."""
    for digest in sorted({one.sha256 for one in dossier.report.state.subprocessors.imports}):
        yield f"pages/{digest}", dossier.store.page(digest)

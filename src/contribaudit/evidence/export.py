"""Writes an evidence folder: every file of it, README.txt, then the manifest that names them and the one before it.

The folder is written under another name and renamed at the end, so that it is whole or absent. README.txt tells how to
check it with sha256sum and openssl alone, and what that proves. The digest of the tool's own code says what made it.
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TextIO, cast

from contribaudit import __version__, termination
from contribaudit.audit.job import Operator
from contribaudit.core.advise.gaps import EVERY_HOURS
from contribaudit.core.model.provisions import LookOutcome
from contribaudit.errors import OutputError, StoreDamaged, UsageError
from contribaudit.evidence import answers
from contribaudit.evidence.dictionary import data_dictionary
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.manifest import (
    NAME,
    PUBLIC_KEY,
    SCHEMA,
    SIGNATURE,
    SUMS,
    Entry,
    Judged,
    Manifest,
    Tool,
    plain_path,
)
from contribaudit.evidence.pseudonyms import NameHandling
from contribaudit.evidence.sheet import Sheet
from contribaudit.evidence.sheets import ALL
from contribaudit.evidence.sheets.findings import FINDINGS
from contribaudit.evidence.sheets.findings import rows as finding_rows
from contribaudit.evidence.signing import Signer
from contribaudit.evidence.start import BOOK, PAGE, Start, write_book, write_page
from contribaudit.evidence.verify import DOES_NOT_PROVE, PROVES
from contribaudit.exporters import json_v1
from contribaudit.exporters.text import rfc3339, safe_text
from contribaudit.files import unfinished
from contribaudit.rulebook import decoders, loader
from contribaudit.store.records import ExportedManifest

_COPY_BYTES = 1 << 20
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # so that the same files make the same archive


class EvidenceFolder:
    """Takes files one by one; `finish` puts the manifest in and the folder in its place.

    Used in a `with`: whatever stops it before, nothing is left behind. Raises UsageError when something stands in the
    folder's place, OutputError when the disk refuses.
    """

    def __init__(self, place: Path, *, archive: bool = False, mode: int = 0o700) -> None:
        """`place` is the folder to be, or the `.zip` file where `archive` is true; `mode` is that of folders."""
        self._place, self._archive = place, archive
        self._mode, self._file_mode = mode, mode & 0o666
        self._entries: dict[str, Entry] = {}
        self._made: set[Path] = set()
        self._working: Path | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if os.path.lexists(self._place):
            raise self._exists()
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._working = self._stack.enter_context(unfinished(self._place, folder=True))
        except OSError as error:
            raise self._refused(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if isinstance(error, OSError):
            raise self._refused(error) from error

    @contextmanager
    def binary(self, path: str) -> Iterator[BinaryIO]:
        """A new file, to be written once from its beginning to its end."""
        if path in self._entries or not plain_path(path):
            raise ValueError(f"not a new plain path: {path!r}")
        target = self._folder / path
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        with target.open("xb") as file:
            out = _Digesting(file)
            yield cast("BinaryIO", out)
        self._entries[path] = Entry(path=path, size_bytes=out.size_bytes, sha256=out.digest.hexdigest())

    @contextmanager
    def text(self, path: str) -> Iterator[TextIO]:
        """A new file of UTF-8 text whose newlines stay as they are written."""
        with self.binary(path) as raw:
            out = io.TextIOWrapper(raw, encoding="utf-8", newline="", write_through=False)
            try:
                yield out
                out.flush()
            finally:
                out.detach()

    def put(self, path: str, data: bytes) -> None:
        """A new file with this content."""
        with self.binary(path) as out:
            out.write(data)

    def has(self, path: str) -> bool:
        """Whether the file is in it already."""
        return path in self._entries

    def holds(self, path: str) -> bool:
        """Whether the file, or something in the folder where the name ends with a slash, is in it or will be."""
        return path in (SUMS, NAME) or any(one == path or one.startswith(path) for one in self._entries)

    def sha256_of(self, path: str) -> str | None:
        """The digest of a file that is in it; None when it is not."""
        entry = self._entries.get(path)
        return entry.sha256 if entry is not None else None

    def entries(self) -> list[Entry]:
        """Every file so far, the list of sums put in first; sorted by path."""
        if SUMS not in self._entries:
            lines = (f"{one.sha256}  {one.path}\n" for one in self._sorted())
            self.put(SUMS, "".join(lines).encode())
        return self._sorted()

    def finish(self, manifest: Manifest, signer: Signer | None = None, note: Callable[[], None] = lambda: None) -> None:
        """Write manifest and signature, put the whole in its place, and `note` that; what fails there takes it back."""
        data = manifest.canonical()
        (self._folder / NAME).write_bytes(data)
        if signer is not None:
            (self._folder / SIGNATURE).write_bytes(signer.sign(data))
            (self._folder / PUBLIC_KEY).write_bytes(signer.public_pem())
        if self._archive:
            with unfinished(self._place) as beside:
                self._zip(beside)
                # A hard link fails where something stands in the place by now; a rename would replace it.
                self._put(lambda: os.link(beside, self._place), note)
        else:
            self._folder.chmod(self._mode)
            for path in self._folder.rglob("*"):  # a copy of the folder keeps these, and not what stood around it
                path.chmod(self._mode if path.is_dir() else self._file_mode)
            self._put(lambda: self._folder.rename(self._place), note)

    def _put(self, put: Callable[[], object], note: Callable[[], None]) -> None:
        with termination.held():
            if os.path.lexists(self._place):  # a rename would take the place of an empty folder
                raise self._exists()
            try:
                put()
            except FileExistsError as error:
                raise self._exists() from error
            with termination.undoing(self._take_back):
                try:
                    note()
                except BaseException:
                    self._take_back()
                    raise

    def _take_back(self) -> None:
        if self._archive:
            self._place.unlink()
        else:
            shutil.rmtree(self._place)

    def _zip(self, beside: Path) -> None:
        names = sorted(path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file())
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                info = zipfile.ZipInfo(name, _ZIP_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = self._file_mode << 16
                with (self._folder / name).open("rb") as source, archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, _COPY_BYTES)
        beside.chmod(self._file_mode)

    def _sorted(self) -> list[Entry]:
        return [self._entries[path] for path in sorted(self._entries)]

    @property
    def _folder(self) -> Path:
        assert self._working is not None, "used outside of its `with`"
        return self._working

    def _exists(self) -> UsageError:
        return UsageError(f"{self._place} exists", hint="Evidence is never overwritten: name another place")

    def _refused(self, error: OSError) -> OutputError:
        hint = "Free some space, or name another place"
        return OutputError(f"{self._place} could not be written: {error.strerror or error}", hint=hint)


class _Digesting(io.RawIOBase):
    """Passes bytes on and digests them on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = sha256()
        self.size_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self.digest.update(view)
        self._file.write(view)
        self.size_bytes += view.nbytes
        return view.nbytes


_HEAD = """\
Evidence of contribaudit {version}: {about} of {organizations}, read until {finished}.

What is what
  00-START.html, .xlsx   where to begin: what is open, the worst first, and by control
  report.json            the whole report of run {run}; findings.csv holds the same findings
  findings.csv           one row for each check and subject; `evidence_file` names what in this folder it rests on
  controls.csv           the same counted by control of ISO 27001, SOC 2, GDPR, NIST and others
  csv.jq                 reads a table with jq by the names of its columns; its first lines say how
  data-dictionary.csv    explains every column of every file
  manifest.json          every file with its SHA-256 and size, and the manifest of the export before this one
  SHA256SUMS             the same digests in the form that sha256sum reads
  policy.toml, rulebook/, decoders/
                         what judged the run: with them each finding can be performed again
  population.csv, ledger.csv
                         what was asked, how much was announced and read, and every request: all of them are reads.
                         `sha256` in ledger.csv is of the whole answer as it came, which no file here has: responses/
                         holds the objects that were taken out of it, each under a digest of its own
  runs.csv, gaps.csv, outcomes.csv, changes.csv
                         when somebody looked, when nobody did (more than {hours:g} hours), what came of it over time
  segregation.csv        who did what
  responses/             raw answers of the API, one a line, in files by the first digit of their SHA-256;
                         `evidence_sha256` in findings.csv names the one it rests on
  terms.csv, provisions.csv, terms_notes.csv
                         the vendor's documents that the rules rest on, provision by provision, and notes on them
  documents/             those pages as they came; `sha256` in terms.csv names them
  attachments/           screenshots; `attachments` in attestations.csv names them
  subprocessors.csv, subprocessor_exposure.csv, subprocessor_reviews.csv
                         the vendor's sub-processors, which apps each touches, and who looked at what changed
  pages/                 the vendor's pages as they were imported; `sha256` in subprocessors.csv names the one in force
"""
_CHECK = """
How to check it, with nothing but coreutils and openssl
  1. In this folder:
       sha256sum --check --quiet SHA256SUMS
     Nothing printed means that every listed file is as it was.
  2. The list itself is held by the manifest. These two lines must show the same digest:
       sha256sum SHA256SUMS
       grep -o '"path":"SHA256SUMS","sha256":"[0-9a-f]*"' manifest.json
  3. The manifest's own digest, which the next export names and which you may have been told another way:
       sha256sum manifest.json
"""
_SIGNED = """\
  4. The signature (OpenSSL 3.0 or newer):
       openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.json -sigfile manifest.json.sig
     The key's fingerprint, to be compared with the one that the signer gave you:
       openssl pkey -pubin -in public-key.pem -outform DER | sha256sum
"""
_ANSWERS = """\

A raw answer, with jq: the file by the first digit of its SHA-256, the line by the whole. The same digest comes out:
       jq -rj 'select(.sha256 == "{digest}").body' {path} | sha256sum
"""
_TOOL = """
`contribaudit evidence verify .` does all of this, finds added files too, and needs neither history nor network.
"""
CONTENTS = {
    "00-START.xlsx": "this page as a workbook: open findings, the same by control, controls, waivers",
    "findings.csv": "every finding: one row for each check and subject",
    "controls.csv": "findings counted by control and check",
    "report.json": "the whole report for programs",
    "settings.csv": "every value that was read or computed, and why the others were not",
    "inventory.csv": "organizations, sites, apps, connectors",
    "spaces.csv": "spaces",
    "changes.csv": "what changed, and who did it as far as the audit log tells",
    "attestations.csv": "what people saw in the console",
    "attachments/": "their screenshots, by digest",
    "waivers.csv": "what was accepted, by whom, until when",
    "decisions.csv": "settings that people chose on purpose",
    "segregation.csv": "who did what",
    "subprocessors.csv": "the vendor's list of sub-processors",
    "terms.csv": "the vendor's documents that the rules rest on",
    "runs.csv": "when somebody looked",
    "gaps.csv": "when nobody did",
    "outcomes.csv": "how each finding came out over time",
    "collection.csv": "what was asked and how much was read",
    "population.csv": "the same run by run, with what was left out",
    "ledger.csv": "every request that went out",
    "responses/": "raw answers of the API, a line each, by digest",
    "policy.toml": "the policy that judged",
    "rulebook/": "every rule with its source, date and grade",
    "data-dictionary.csv": "what each column means",
    "manifest.json": "every file by digest, and the manifest before",
    "SHA256SUMS": "the same for sha256sum",
    "csv.jq": "lets jq read a table by the names of its columns",
    "README.txt": "how to check all of it, and what that proves",
}
_LEFT_OUT = {
    NameHandling.PSEUDONYM: """
People
  Names, mail addresses, accounts and machines are replaced by stand-ins, "person-" and digits: the same for the same
  person within this folder, another in any other, and the key to them was never kept. Raw answers and screenshots are
  left out, and policy.toml, rulebook/ and decoders/ are no longer what their digests in report.json were taken of.
""",
    NameHandling.OMIT: """
People
  Names, mail addresses, accounts and machines are replaced by "[person]". Raw answers and screenshots are left out,
  and policy.toml, rulebook/ and decoders/ are no longer what their digests in report.json were taken of.
""",
}
_REMAINS = """\
  Everybody whom the history, the policy and the raw answers know is searched for in every text, as are the parts of
  their names. What no source but a free text names, nicknames and misspelt names remain.
"""
_SITES = """
Sites
  It is limited to {sites}: rows about other sites, and about groups, users and connectors, are left out; what is about
  the organization governs every site and is in it, as are runs, requests and the policy as a whole.
"""


def readme_text(dossier: Dossier, *, signed: bool, answer: str = "") -> str:
    """The file. Names in it are made harmless; `answer` is the digest of a raw answer, "" where the folder has none."""
    report = dossier.report
    names = ", ".join(
        dossier.cast.text(safe_text(report.state.organization_name(one))) for one in dossier.organizations
    )
    about = f"run {report.run.id}"
    if dossier.since is not None:
        about = f"{rfc3339(dossier.since)} to {rfc3339(dossier.until)} ({len(dossier.runs)} runs)"
    parts = [
        _HEAD.format(
            version=__version__,
            about=about,
            run=report.run.id,
            organizations=names or "no organization",
            finished=rfc3339(report.run.finished_at),
            hours=EVERY_HOURS,
        ),
        _LEFT_OUT.get(dossier.cast.people, ""),
        "" if dossier.cast.named else _REMAINS,
        _SITES.format(sites=", ".join(safe_text(site) for site in dossier.sites)) if dossier.sites else "",
        _CHECK,
        _SIGNED if signed else "",
        _ANSWERS.format(digest=answer, path=answers.file_of(answer)) if answer else "",
        _TOOL,
        "\nWhat a folder that fits proves\n",
        *(f"  {line}\n" for line in PROVES),
        "What it does not prove\n",
        *(f"  {line}\n" for line in DOES_NOT_PROVE),
    ]
    return "".join(parts)


_SUFFIXES = (".py", ".jq", ".toml", ".html", ".jinja", ".css", ".js", ".tcss", ".mako")


@cache
def code_sha256() -> str:
    """SHA-256 over "DIGEST  PATH" lines of every file of the package, sorted by path, as `sha256sum` writes them."""
    lines = sorted(_lines(resources.files("contribaudit"), ""), key=lambda line: line[66:])
    return sha256("".join(lines).encode()).hexdigest()


def _lines(folder: Traversable, prefix: str) -> list[str]:
    lines: list[str] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                lines += _lines(entry, f"{path}/")
        elif entry.name.endswith(_SUFFIXES):
            lines.append(f"{sha256(entry.read_bytes()).hexdigest()}  {path}\n")
    return lines


_AT_ONCE = 200
"""Raw answers that are in memory together."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the folder is written, apart from what is in it."""

    archive: bool = False
    """One `.zip` in place of a folder."""
    csv_bom: bool = False
    """Whether each CSV file begins with a byte order mark, by which Excel knows UTF-8."""
    signer: Signer | None = None
    rulebook_folder: Path | None = None
    """The user's files in place of the rulebook's, which judged the run."""
    decoders_folder: Path | None = None
    mode: int = 0o700
    """Of its folders; files have the same without the right to enter."""


PLAIN = Form()


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    place: Path
    manifest: Manifest
    size_bytes: int


def export(dossier: Dossier, place: Path, *, now: datetime, operator: Operator, form: Form = PLAIN) -> Exported:
    """Write the dossier to `place`, a folder or a .zip, and note its manifest in the history.

    Raises UsageError when something stands there, OutputError when the disk refuses, StoreError for the history. The
    folder is there whole or not at all, and not without the history knowing its manifest, if that can be written.
    Hold `History.exporting` from before the dossier is gathered: what it names may be removed otherwise.
    """
    place = place.absolute()
    store, mark = dossier.store, "\ufeff" if form.csv_bom else ""
    held: set[str] = set()
    with EvidenceFolder(place, archive=form.archive, mode=form.mode) as folder:

        def write(sheet: Sheet) -> None:
            with folder.text(sheet.name) as out:
                out.write(mark)
                sheet.write(dossier, out)

        for sheet in ALL:
            if sheet is not FINDINGS:  # it names other files by their digests
                write(sheet)
        with folder.text("report.json") as out:
            out.writelines(json_v1.pieces(dossier.document, dossier.cast.document))
        folder.put("policy.toml", dossier.cast.text(dossier.policy.resolved_toml).encode())
        for name, text in loader.sources(form.rulebook_folder):
            folder.put(f"rulebook/{name}", dossier.cast.text(text).encode())
        for number, (name, body) in enumerate(decoders.sources(form.decoders_folder), 1):
            path = f"decoders/{name}"
            if not (dossier.cast.named and plain_path(path)):  # a file of the user's may be called anything
                path = f"decoders/{number:03}.toml"
            folder.put(path, dossier.cast.text(body.decode()).encode())
        if dossier.cast.named:  # what was answered, or photographed, may show people
            for path, some in answers.bundles(_noting(_answers(dossier), held)):
                with folder.binary(path) as file:
                    file.writelines(some)
            for path, body in _attachments(dossier):
                folder.put(path, body)
        for path, body in _pages(dossier):
            folder.put(path, body)
        write(replace(FINDINGS, rows=lambda told: finding_rows(told, folder.sha256_of, held)))
        folder.put("data-dictionary.csv", f"{mark}{data_dictionary()}".encode())
        folder.put(
            "README.txt", readme_text(dossier, signed=form.signer is not None, answer=min(held, default="")).encode()
        )
        folder.put("csv.jq", resources.files("contribaudit.evidence").joinpath("csv.jq").read_bytes())
        start = Start(dossier, held)
        with folder.binary(BOOK) as file:
            write_book(start, file)
        with folder.text(PAGE) as out:
            write_page(start, {name: holds for name, holds in CONTENTS.items() if folder.holds(name)}, out)
        before = dossier.store.manifests(dossier.organizations)
        manifest = _manifest(dossier, folder, now, before[-1] if before else None, form.signer)
        noted = ExportedManifest(
            organizations=dossier.organizations,
            kind=manifest.scope.kind,
            run=dossier.report.run.id,
            sha256=manifest.sha256,
            previous=manifest.previous.sha256 if manifest.previous else None,
            written_at=now,
            signed_with=form.signer.fingerprint if form.signer else None,
            account=operator.account,
            host=operator.host,
            place=str(place),
        )
        # A pack that the history does not know is not named by the next export: the chain would fork.
        folder.finish(manifest, form.signer, note=lambda: None if store.read_only else store.record_manifest(noted))
    return Exported(place, manifest, sum(one.size_bytes for one in manifest.files))


def _manifest(
    dossier: Dossier,
    folder: EvidenceFolder,
    now: datetime,
    before: ExportedManifest | None,
    signer: Signer | None,
) -> Manifest:
    report = dossier.report
    judged = report.run
    ledgers = [kept for one in dossier.organizations if (kept := dossier.store.ledger(judged.id, one)) is not None]
    skew = next((one.clock_skew_seconds for one in ledgers if one.clock_skew_seconds is not None), None)
    return Manifest.model_validate(
        {
            "schema": SCHEMA,
            "tool": Tool(name="contribaudit", version=__version__, code_sha256=code_sha256()),
            "written_at": rfc3339(now),
            "scope": {
                "kind": "run" if dossier.since is None else "period",
                "organizations": list(dossier.organizations),
                "runs": [run.id for run in dossier.runs],
                "from": rfc3339(dossier.since),
                "until": rfc3339(dossier.until),
                "people": dossier.cast.people.value,
                "sites": list(dossier.sites),
            },
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


def _noting(answers: Iterable[tuple[str, bytes]], held: set[str]) -> Iterator[tuple[str, bytes]]:
    for digest, body in answers:
        held.add(digest)
        yield digest, body


def _answers(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """The raw answers that settings, findings and changes rest on, with their digests, sorted by them.

    Raises StoreDamaged for an answer that a setting rests on and that is not kept any more.
    """
    state = dossier.report.state
    owed = {
        digest
        for seen in state.everything()
        if (digest := getattr(seen, "response", None)) and dossier.shows(seen.subject)
    }
    told = {one.sha256 for finding in dossier.report.findings for one in finding.evidence if one.sha256}
    told |= {digest for change in dossier.changes for digest in change.responses if digest}
    told |= set(dossier.event_objects().values())
    for some in _batches(sorted(owed | told)):
        kept: Mapping[str, bytes] = dossier.store.objects(some)
        for digest in some:
            if digest in kept:
                yield digest, kept[digest]
            elif digest in owed:
                raise StoreDamaged(
                    f"The raw object {digest} is not in the history", hint="Audit again, then export that run"
                )


def _attachments(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """Pages of watched documents and screenshots, by path."""
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


def _pages(dossier: Dossier) -> Iterator[tuple[str, bytes]]:
    """The pages of sub-processors that were imported by then, as they came, by digest."""
    for digest in sorted({one.sha256 for one in dossier.report.state.subprocessors.imports}):
        yield f"pages/{digest}", dossier.store.page(digest)


def _batches(digests: list[str]) -> Iterable[list[str]]:
    return (digests[start : start + _AT_ONCE] for start in range(0, len(digests), _AT_ONCE))

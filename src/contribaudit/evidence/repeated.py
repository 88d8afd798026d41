"""Compares what a pack says twice besides its report: in tables and manifest, and in files derived from others.

Tables and manifest both list files, runs, answers, attested values, who did what, requests and times. Start files,
README.txt and data dictionary are remade and compared, which finds an edit of the page that a reader opens first, even
if its new digest was listed. Another build of the tool, or of the library that writes workbooks, may word them
differently: then they are reported as not compared.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources

from contribaudit import catalogue
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.resolve.attested import ATTESTED_BY, REVOKED
from contribaudit.evidence.manifest import NAME, SUMS, UNLISTED, code_sha256
from contribaudit.evidence.pack import (
    DAMAGE,
    REPORT,
    WRONG_SHAPE,
    Disagreement,
    ListedPack,
    Pack,
    digests,
    is_bundle,
    shown,
)
from contribaudit.evidence.readme import CONTENTS, About, contents, data_dictionary, meanings, readme_text
from contribaudit.evidence.start import BOOK, PAGE, Start, StartContents, write_book, write_page

DICTIONARY = "data-dictionary.csv"
SEGREGATION, LEDGER = "segregation.csv", "ledger.csv"
_ATTESTATIONS = "attestations.csv"
_CLOCK_STEPS_BACK = timedelta(hours=1)
"""How far a machine's clock may have been set back between two times."""
_DEEDS = {
    "looked": (_ATTESTATIONS, ("looked_by",)),
    "recorded": (_ATTESTATIONS, ("recorded_by",)),
    "requested_waiver": ("waivers.csv", ("requested_by",)),
    "approved_waiver": ("waivers.csv", ("approved_by",)),
    "decided": ("decisions.csv", ("decided_by", "second")),
    "ran": ("runs.csv", ("account",)),
    "changed_at_atlassian": ("changes.csv", ("actor",)),
}
"""By role in segregation.csv, the table with a row for each such act, and its columns with the people."""


def same_sums(pack: ListedPack) -> Iterator[Disagreement]:
    """Check that the list of digests and the manifest list the same files."""
    if SUMS not in pack.files:
        yield Disagreement(f"{SUMS} is not in the manifest")
        return
    lines = "".join(f"{one.sha256}  {path}\n" for path, one in pack.files.items() if path != SUMS)
    if pack.read(SUMS) != lines.encode():
        yield Disagreement(f"{SUMS} does not list what {NAME} lists")


def files_that_fit(pack: ListedPack) -> Iterator[Disagreement]:
    """Check that a pack without names shows nobody, and that every file in the data dictionary exists."""
    if not pack.named and any(path.startswith(("responses/", "attachments/")) for path in pack.files):
        yield Disagreement(f"{NAME} says that the pack is without names, but it holds raw answers or screenshots")
    for name in sorted({row["file"] for row in pack.table(DICTIONARY)} - pack.files.keys() - UNLISTED):
        yield Disagreement(f"{DICTIONARY} explains {shown(name)}, which is not in the manifest")


def same_runs(pack: ListedPack) -> Iterator[Disagreement]:
    """Check that runs.csv and the manifest name the same runs, with the judged run among them."""
    rows, judged, runs = list(pack.table("runs.csv")), pack.manifest.judged, pack.manifest.scope.runs
    if [row["run_id"] for row in rows] != [str(run) for run in runs]:
        yield Disagreement(f"runs.csv and {NAME} do not name the same runs")
    for row in rows:
        if row["run_id"] == str(judged.run) and row["finished_at"] != judged.finished_at:
            yield Disagreement(f"runs.csv and {NAME} give different ends of run {judged.run}")
    if judged.run not in runs:
        yield Disagreement(f"{NAME} says that run {judged.run} was judged, which is not one of its runs")


def answers_there(pack: ListedPack) -> Iterator[Disagreement]:
    """Check that the pack contains the answers behind settings and the evidence behind findings."""
    answers = set(digests(pack, pack.files))
    yield from _basis(pack, answers)
    if not pack.named:
        return
    missing = {digest for row in pack.table("settings.csv") if (digest := row["sha256"]) and digest not in answers}
    if missing:
        yield Disagreement(f"settings.csv rests on {len(missing)} answers that are not in responses/")


def _basis(pack: ListedPack, answers: set[str]) -> Iterator[Disagreement]:
    """Check that the pack contains the evidence behind each finding."""
    attested = {row["attestation_id"] for row in pack.table(_ATTESTATIONS)}
    for row in pack.table("findings.csv"):
        path = row["evidence_file"]
        present = pack.sha256_of(path) == row["evidence_file_sha256"]
        if is_bundle(path):
            present = present and row["evidence_sha256"] in answers
        if row["attestation_id"]:
            present = present and attested.issuperset(row["attestation_id"].replace("'", "").split(", "))
        if not present:
            identity = row["finding_id"]
            yield Disagreement(f"{identity} rests on evidence that is not in the pack", identity)


def page_of_list_there(pack: ListedPack) -> Iterator[Disagreement]:
    """Check that the pack contains the page from which the list of sub-processors was imported."""
    name = "subprocessors.csv"
    row = next(pack.table(name), None)
    if row is not None and row["imported_at"] and f"pages/{row['sha256']}" not in pack.files:
        yield Disagreement(f"{name} rests on a page that is not in pages/")


def attested_values(pack: ListedPack, as_of: datetime) -> Iterator[Disagreement]:
    """Check that each attested value in settings.csv comes from the newest look that was not revoked.

    A look recorded or revoked in the second of `as_of` may or may not have counted yet.
    """
    looks: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    ids: set[str] = set()
    for row in pack.table(_ATTESTATIONS):
        identity = row["attestation_id"]
        if identity in ids:
            yield Disagreement(f"{_ATTESTATIONS} has the attestation {shown(identity)} twice")
        ids.add(identity)
        if _moment(row, "observed_at") <= as_of and _moment(row, "recorded_at") <= as_of:
            looks.setdefault(_key_of(row), []).append(row)
    for row in pack.table("settings.csv"):
        if _attested(row) and not _follows(row, looks.get(_key_of(row), []), as_of, pack.named):
            message = f"{shown(row['setting'])} of {shown(row['subject_id'])} does not follow from {_ATTESTATIONS}"
            yield Disagreement(message)


def _attested(row: Mapping[str, str]) -> bool:
    by_grade = row["grade"] == Grade.ATTESTED and catalogue.find(SettingId(row["setting"])).attestable
    return by_grade or row["source"].startswith(ATTESTED_BY)


def _key_of(row: Mapping[str, str]) -> tuple[str, ...]:
    return row["organization_id"], row["subject_kind"], row["subject_id"], row["setting"]


def _moment(row: Mapping[str, str], column: str) -> datetime:
    return datetime.fromisoformat(row[column]).astimezone(UTC)


def _follows(row: Mapping[str, str], looks: Sequence[Mapping[str, str]], as_of: datetime, named: bool) -> bool:
    """True when one of the looks can have led to this row of settings.csv; if `named`, by the person in the row."""
    surely = [_moment(look, "observed_at") for look in looks if _moment(look, "recorded_at") < as_of]
    newest = [look for look in looks if not surely or _moment(look, "observed_at") >= max(surely)]
    if row["reason_code"] == REVOKED:
        return any(look["revoked_at"] for look in newest)
    standing = [look for look in newest if not look["revoked_at"] or _moment(look, "revoked_at") >= as_of]
    if row["read"] != "true":
        return bool(standing)
    source = row["source"].replace("'", "")
    by = source.removeprefix(ATTESTED_BY) if named and source.startswith(ATTESTED_BY) else None
    return any(
        all(look[name] == row[name] for name in ("value", "observed_at"))
        and by in (None, look["looked_by"].replace("'", ""))
        for look in standing
    )


def contradictions(pack: ListedPack) -> Iterator[Disagreement]:
    """Check that tables agree on who did what and on the number of requests, and that times are in order."""
    yield from _deeds(pack)
    yield from _requests(pack)
    yield from _times(pack)


def _deeds(pack: ListedPack) -> Iterator[Disagreement]:
    counted: Counter[str] = Counter()
    for row in pack.table(SEGREGATION):
        counted.update({role: int(row[role]) for role in _DEEDS})
    for role, (name, columns) in _DEEDS.items():
        rows = (row for row in pack.table(name) if row.get("cause_code") != "approval")
        number = sum(bool(row[column].strip()) for row in rows for column in columns)
        if number != counted[role]:
            yield Disagreement(f"{SEGREGATION} counts {counted[role]} as {role}, but {name} has {number}")


def _requests(pack: ListedPack) -> Iterator[Disagreement]:
    """Check that no request is missing. More may be there: late ones and those for spaces are not in the counts."""
    counted: Counter[tuple[str, str]] = Counter()
    for row in pack.table("population.csv"):
        if not row["subject_kind"]:
            counted[row["run_id"], row["organization_id"]] += int(row["requests"])
    sent = Counter((row["run_id"], row["organization_id"]) for row in pack.table(LEDGER))
    for key, number in sorted(sent.items()):
        if number < counted[key]:
            run, _ = key
            yield Disagreement(f"{LEDGER} has {number} of the {counted[key]} requests of run {shown(run)}")


def _times(pack: ListedPack) -> Iterator[Disagreement]:
    for row in pack.table("runs.csv"):
        if _clearly_before(row["finished_at"], row["started_at"]):
            yield Disagreement(f"runs.csv says that run {shown(row['run_id'])} ended before it began")
    if _clearly_before(pack.manifest.written_at, pack.manifest.judged.finished_at):
        yield Disagreement(f"{NAME} says that it was written before run {pack.manifest.judged.run} ended")


def _clearly_before(earlier: str, later: str) -> bool:
    return datetime.fromisoformat(earlier) + _CLOCK_STEPS_BACK < datetime.fromisoformat(later)


# ── Files derived from others ─────────────────────────────────────────────────────────────────────────

_FOLDERS = ("responses/", "attachments/", "documents/", "pages/", "rulebook/", "decoders/")
_MARK = b"\xef\xbb\xbf"
_LIBRARY = re.compile(rb"<dc:description>(XlsxWriter [0-9.]{1,20})</dc:description>")
_PROPERTIES = "docProps/core.xml"


def differences(pack: ListedPack, about: About, start: Start) -> Iterator[Disagreement]:
    """Every derived file that is missing or differs from the remade one, and every file that no export writes."""
    other_build = pack.manifest.tool.code_sha256 != code_sha256()
    for name, make in made_again(pack, about, start).items():
        if name not in pack.files:
            if not other_build:
                yield Disagreement(f"{name} is not in the manifest")
            continue
        try:
            same = _same_file(pack, name, make())
        except WRONG_SHAPE:
            if not other_build:
                raise
            same = False
        if same is None or (not same and other_build):
            yield Disagreement(f"{name} was not compared: another build wrote it", uncompared=name)
        elif not same:
            yield Disagreement(f"{name} does not follow from {REPORT}, the tables and the manifest")
    if not other_build:
        for name in sorted(set(pack.files) - {*meanings(), *CONTENTS, PAGE, SUMS}):
            if not name.startswith(_FOLDERS):
                yield Disagreement(f"{shown(name)} is not a file that contribaudit writes")


def made_again(pack: ListedPack, about: About, start: Start) -> dict[str, Callable[[], bytes]]:
    """By name of each derived file, a function that remakes it. `start` must have taken the report's findings."""

    @cache
    def start_contents() -> StartContents:
        rests = _rest_columns(pack, start.ids)
        return start.shown(about, lambda one: rests[one["id"]])

    def page() -> bytes:
        out = io.StringIO()
        write_page(start_contents(), contents(pack.files), out)
        return out.getvalue().encode()

    def book() -> bytes:
        out = io.BytesIO()
        write_book(start_contents(), out)
        return out.getvalue()

    return {
        "README.txt": lambda: readme_text(about).encode(),
        "csv.jq": lambda: resources.files("contribaudit.evidence").joinpath("csv.jq").read_bytes(),
        DICTIONARY: lambda: data_dictionary().encode(),
        PAGE: page,
        BOOK: book,
    }


def _rest_columns(pack: ListedPack, ids: set[str]) -> dict[str, tuple[str, str]]:
    rows = (row for row in pack.table("findings.csv") if row["finding_id"] in ids)
    return {row["finding_id"]: (row["due_on"], row["evidence_file"]) for row in rows}


def _same_file(pack: Pack, name: str, expected: bytes) -> bool | None:
    """True when the file has this content; None when that cannot be determined. Reads at most about twice its size."""
    with pack.open(name) as file:
        content = file.read(2 * len(expected) + (1 << 16))
    if name == BOOK and content != expected:
        return _same_book(content, expected)
    return content == expected or (name == DICTIONARY and content == _MARK + expected)


def _same_book(content: bytes, expected: bytes) -> bool | None:
    """Compare workbooks by the content of their parts, since compression differs between machines.

    True when they are equal, None when another XlsxWriter wrote one. A part of another size is not unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as one, zipfile.ZipFile(io.BytesIO(expected)) as other:
            if _library(one) not in (b"", _library(other)):
                return None
            plain = content.startswith(b"PK") and not one.comment
            sizes = ([(part.filename, part.file_size) for part in book.infolist()] for book in (one, other))
            return (
                plain
                and next(sizes) == next(sizes)
                and all(one.read(part.filename) == other.read(part) for part in other.infolist())
            )
    except (*DAMAGE, NotImplementedError):
        return False


def _library(book: zipfile.ZipFile) -> bytes:
    """The XlsxWriter version that the workbook's properties name; b"" for none."""
    if _PROPERTIES not in book.namelist():
        return b""
    with book.open(_PROPERTIES) as file:
        found = _LIBRARY.search(file.read(1 << 16))
    return found[1] if found else b""

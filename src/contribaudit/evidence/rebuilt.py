"""Files of a pack that follow from its others, made again and compared: start files, README.txt, data dictionary.

Whoever alters the page that a reader opens first, and lists it anew, is found here. Another build of the tool, or of
the library that writes workbooks, words them otherwise: then nobody can tell, and that is said.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources

from contribaudit.evidence.manifest import SUMS, code_sha256
from contribaudit.evidence.pack import DAMAGE, REPORT, WRONG_SHAPE, Disagreement, ListedPack, Pack, shown
from contribaudit.evidence.readme import CONTENTS, About, contents, data_dictionary, meanings, readme_text
from contribaudit.evidence.start import BOOK, PAGE, Shown, Start, write_book, write_page

DICTIONARY = "data-dictionary.csv"
_FOLDERS = ("responses/", "attachments/", "documents/", "pages/", "rulebook/", "decoders/")
_MARK = b"\xef\xbb\xbf"
_LIBRARY = re.compile(rb"<dc:description>(XlsxWriter [0-9.]{1,20})</dc:description>")
_PROPERTIES = "docProps/core.xml"


def differences(held: ListedPack, about: About, start: Start) -> Iterator[Disagreement]:
    """Every such file that is not what the others make, or is missing, and every file that no export writes."""
    other_build = held.manifest.tool.code_sha256 != code_sha256()
    for name, make in made_again(held, about, start).items():
        if name not in held.files:
            if not other_build:
                yield Disagreement(name, f"{name} is not in the manifest")
            continue
        try:
            same = _same(held.pack, name, make())
        except WRONG_SHAPE:
            if not other_build:
                raise
            same = False
        if same is None or (not same and other_build):
            yield Disagreement(name, f"{name} was not compared: another build wrote it", unknown=True)
        elif not same:
            yield Disagreement(name, f"{name} is not what {REPORT}, the tables and the manifest make")
    if not other_build:
        for name in sorted(set(held.files) - {*meanings(), *CONTENTS, PAGE, SUMS}):
            if not name.startswith(_FOLDERS):
                yield Disagreement(name, f"{shown(name)} is not a file that contribaudit writes")


def made_again(held: ListedPack, about: About, start: Start) -> dict[str, Callable[[], bytes]]:
    """By name, what makes the file from the others; `start` has taken the findings of the report."""

    @cache
    def told() -> Shown:
        rests = _rests(held, start.ids)
        return start.shown(about, lambda one: rests[one["id"]])

    def page() -> bytes:
        out = io.StringIO()
        write_page(told(), contents(held.files), out)
        return out.getvalue().encode()

    def book() -> bytes:
        out = io.BytesIO()
        write_book(told(), out)
        return out.getvalue()

    return {
        "README.txt": lambda: readme_text(about).encode(),
        "csv.jq": lambda: resources.files("contribaudit.evidence").joinpath("csv.jq").read_bytes(),
        DICTIONARY: lambda: data_dictionary().encode(),
        PAGE: page,
        BOOK: book,
    }


def _rests(held: ListedPack, ids: set[str]) -> dict[str, tuple[str, str]]:
    rows = (row for row in held.table("findings.csv") if row["finding_id"] in ids)
    return {row["finding_id"]: (row["due_on"], row["evidence_file"]) for row in rows}


def _same(pack: Pack, name: str, wanted: bytes) -> bool | None:
    """Whether the file holds that; None where nobody can tell. It is not read far beyond its due size."""
    with pack.open(name) as file:
        found = file.read(2 * len(wanted) + (1 << 16))
    if name == BOOK and found != wanted:
        return _same_book(found, wanted)
    return found == wanted or (name == DICTIONARY and found == _MARK + wanted)


def _same_book(found: bytes, wanted: bytes) -> bool | None:
    """By what its parts hold, since compression differs between machines; no part is read that is of another size."""
    try:
        with zipfile.ZipFile(io.BytesIO(found)) as one, zipfile.ZipFile(io.BytesIO(wanted)) as other:
            if _library(one) not in (b"", _library(other)):
                return None
            plain = found.startswith(b"PK") and not one.comment
            sizes = ([(part.filename, part.file_size) for part in book.infolist()] for book in (one, other))
            return (
                plain
                and next(sizes) == next(sizes)
                and all(one.read(part.filename) == other.read(part) for part in other.infolist())
            )
    except (*DAMAGE, NotImplementedError):
        return False


def _library(book: zipfile.ZipFile) -> bytes:
    """Which XlsxWriter says that it wrote the book; "" where none does."""
    if _PROPERTIES not in book.namelist():
        return b""
    with book.open(_PROPERTIES) as file:
        found = _LIBRARY.search(file.read(1 << 16))
    return found[1] if found else b""

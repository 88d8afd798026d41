"""One scene for all tests here, and copies of packs to spoil."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from contribaudit.evidence.export import Form
from contribaudit.evidence.signing import Signer
from contribaudit.exporters.xlsx import Page, write_pages
from tests.evidence.scene import Scene, scene

SIGNER = Signer.new()
_BOOKS: dict[bytes, bytes] = {}


@pytest.fixture(scope="session", autouse=True)
def shared_books() -> Iterator[None]:
    """To check a pack its workbook is made, in memory: one that was made in this process is not made again.

    The same sheets have the same bytes, or no pack could be checked; `test_a_workbook_is_the_same_whenever` holds that.
    What an export writes to a file has blocks of another form, and is written each time.
    """

    def written(out: BinaryIO, sheets: Iterable[Page], **how: Any) -> None:
        if not isinstance(out, io.BytesIO):
            write_pages(out, sheets, **how)
            return
        pages = [Page(one.name, tuple(one.columns), [tuple(row) for row in one.rows]) for one in sheets]
        key = sha256(repr((pages, how)).encode()).digest()
        if key not in _BOOKS:
            book = io.BytesIO()
            write_pages(book, pages, **how)
            _BOOKS[key] = book.getvalue()
        out.write(_BOOKS[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contribaudit.evidence.start.write_pages", written)
        yield


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The history; tests add exports to it and nothing else."""
    with scene(tmp_path_factory.mktemp("scene")) as made:
        yield made


@pytest.fixture(scope="session")
def chain(told: Scene) -> tuple[Path, Path, Path]:
    """Three packs of the newest run, one after the other: a folder, a signed one, a signed archive."""
    return (
        told.export("unsigned").place,
        told.export("signed", form=Form(signer=SIGNER)).place,
        told.export("zipped.zip", form=Form(archive=True, signer=SIGNER)).place,
    )


@pytest.fixture(scope="session")
def signed_chain(told: Scene, chain: tuple[Path, Path, Path]) -> list[Path]:
    """Three signed folders, each named by the next; not to be changed."""
    assert chain
    return [told.export(f"link-{number}", form=Form(signer=SIGNER)).place for number in range(3)]


@pytest.fixture
def unsigned(chain: tuple[Path, Path, Path]) -> Path:
    """A folder; not to be changed."""
    return chain[0]


@pytest.fixture
def signed(chain: tuple[Path, Path, Path]) -> Path:
    """The next one, signed; not to be changed."""
    return chain[1]


@pytest.fixture
def zipped(chain: tuple[Path, Path, Path]) -> Path:
    """The third, an archive, signed; not to be changed."""
    return chain[2]


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """A copy to spoil."""

    def copy(pack: Path) -> Path:
        place = tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"
        return Path(shutil.copytree(pack, place) if pack.is_dir() else shutil.copyfile(pack, place.with_suffix(".zip")))

    return copy


@pytest.fixture
def public_key(tmp_path: Path) -> Path:
    """The signer's public key in a file."""
    path = tmp_path / "signer.pem"
    path.write_bytes(SIGNER.public_pem())
    return path

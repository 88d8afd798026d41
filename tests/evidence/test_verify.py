"""What somebody might do to a pack, and that it is found."""

from __future__ import annotations

import contextlib
import json
import shutil
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contribaudit.errors import ContribauditError, EvidenceDamaged, EvidenceNewer, UsageError
from contribaudit.evidence.agreement import _about, _findings, _Report
from contribaudit.evidence.dossier import of_run
from contribaudit.evidence.export import Form, export
from contribaudit.evidence.manifest import NAME, PUBLIC_KEY, SIGNATURE, SUMS, plain_path, read_manifest
from contribaudit.evidence.pack import ListedPack, open_pack
from contribaudit.evidence.repeated import made_again
from contribaudit.evidence.signing import Signer
from contribaudit.evidence.verify import verify, verify_chain
from tests.evidence.conftest import SIGNER
from tests.evidence.scene import NOW, Scene

Copy = Callable[[Path], Path]
ORGANIZATION = b"aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)


def files(pack: Path) -> list[Path]:
    return sorted(path for path in pack.rglob("*") if path.is_file())


def remade(pack: Path, edit: Callable[[dict[str, Any]], object] = lambda _document: None) -> Path:
    """The manifest and its list made anew, with right digests of what is there now."""
    told = [path for path in files(pack) if path.name not in (NAME, SIGNATURE, PUBLIC_KEY, SUMS)]
    lines = sorted((path.relative_to(pack).as_posix(), sha256(path.read_bytes()).hexdigest()) for path in told)
    (pack / SUMS).write_text("".join(f"{digest}  {path}\n" for path, digest in lines))
    document = json.loads((pack / NAME).read_bytes())
    listed = [path for path in files(pack) if path.name not in (NAME, SIGNATURE, PUBLIC_KEY)]
    document["files"] = [
        {
            "path": path.relative_to(pack).as_posix(),
            "size_bytes": path.stat().st_size,
            "sha256": sha256(path.read_bytes()).hexdigest(),
        }
        for path in listed
    ]
    document["files"].sort(key=lambda one: one["path"])
    edit(document)
    (pack / NAME).write_bytes(rfc8785.dumps(document))
    return pack


def begun_anew(pack: Path) -> None:
    """Start files and README as the tool writes them of what is in the folder now."""
    report = _Report()
    with open_pack(pack) as opened:
        manifest = read_manifest((pack / NAME).read_bytes())
        listed = ListedPack(opened, manifest)
        assert list(_findings(listed, report)) is not None
        for name, make in made_again(listed, _about(listed, report), report.start).items():
            (pack / name).write_bytes(make())


def test_a_pack_as_it_was_written_is_sound(unsigned: Path, signed: Path, zipped: Path, public_key: Path) -> None:
    """Folder and archive, alone and as a chain."""
    assert verify(unsigned).signed_with is None
    assert not verify(signed).key_known
    checked = verify_chain([zipped, unsigned, signed])
    assert [one.place for one in checked] == [unsigned, signed, zipped]
    assert verify_chain([signed, zipped], [public_key])[0].signed_with == SIGNER.fingerprint


@given(data=st.data())
@SHARED
def test_any_bit_of_any_file_of_a_signed_folder(data: st.DataObject, signed: Path) -> None:
    """Flipped in place and flipped back: a copy for each would take long."""
    path = data.draw(st.sampled_from(files(signed)))
    body = path.read_bytes()
    place = data.draw(st.integers(0, len(body) * 8 - 1)) if body else 0
    changed = bytearray(body or b"\0")
    changed[place // 8] ^= 1 << place % 8
    path.write_bytes(changed)
    try:
        with pytest.raises((EvidenceDamaged, EvidenceNewer)):
            verify(signed)
    finally:
        path.write_bytes(body)


@cache
def digest_of(pack: Path) -> str:
    """What the pack's verifier is told."""
    return verify(pack).manifest.sha256


@given(data=st.data())
@SHARED
def test_any_bit_of_the_manifest_of_an_unsigned_folder(data: st.DataObject, unsigned: Path) -> None:
    """What the manifest alone says is held by the digest that one was told."""
    path = unsigned / NAME
    body = path.read_bytes()
    expected = digest_of(unsigned)
    place = data.draw(st.integers(0, len(body) * 8 - 1))
    changed = bytearray(body)
    changed[place // 8] ^= 1 << place % 8
    path.write_bytes(changed)
    try:
        with pytest.raises((EvidenceDamaged, EvidenceNewer)):
            verify_chain([unsigned], expected=[expected])
    finally:
        path.write_bytes(body)


@given(data=st.data())
@SHARED
def test_any_bits_of_an_archive(data: st.DataObject, zipped: Path, tmp_path: Path) -> None:
    """Either it is found, or what comes out of the archive is what went in; never another kind of error."""
    body = bytearray(zipped.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body) * 8 - 1))
        body[place // 8] ^= 1 << place % 8
    spoilt = tmp_path / "spoilt.zip"
    spoilt.write_bytes(body)
    with contextlib.suppress(EvidenceDamaged, EvidenceNewer):
        verify(spoilt)
        with zipfile.ZipFile(zipped) as was, zipfile.ZipFile(spoilt) as now:
            assert {name: was.read(name) for name in was.namelist()} == {
                name: now.read(name) for name in now.namelist()
            }


@given(cut=st.integers(0, 10_000))
@SHARED
def test_a_cut_archive(cut: int, zipped: Path, tmp_path: Path) -> None:
    body = zipped.read_bytes()
    spoilt = tmp_path / "cut.zip"
    spoilt.write_bytes(body[: len(body) * cut // 10_001])
    with pytest.raises(EvidenceDamaged):
        verify(spoilt)


def add(pack: Path) -> None:
    (pack / "more.txt").write_text("more")


def add_hidden(pack: Path) -> None:
    (pack / "responses" / ".more").write_text("")


def remove(pack: Path) -> None:
    (pack / "gaps.csv").unlink()


def rename(pack: Path) -> None:
    (pack / "gaps.csv").rename(pack / "holes.csv")


def swap(pack: Path) -> None:
    (pack / "gaps.csv").rename(pack / "x")
    (pack / "runs.csv").rename(pack / "gaps.csv")
    (pack / "x").rename(pack / "runs.csv")


def link(pack: Path) -> None:
    (pack / "gaps.csv").rename(pack.parent / "elsewhere.csv")
    (pack / "gaps.csv").symlink_to(pack.parent / "elsewhere.csv")


def link_folder(pack: Path) -> None:
    elsewhere = (pack / "rulebook").rename(pack.with_suffix(".elsewhere"))
    (pack / "rulebook").symlink_to(elsewhere)


def folder_for_file(pack: Path) -> None:
    (pack / "gaps.csv").unlink()
    (pack / "gaps.csv").mkdir()


def signature_gone(pack: Path) -> None:
    (pack / SIGNATURE).unlink()


def key_gone(pack: Path) -> None:
    (pack / PUBLIC_KEY).unlink()


def key_of_another(pack: Path) -> None:
    (pack / PUBLIC_KEY).write_bytes(Signer.new().public_pem())


def case_twin(pack: Path) -> None:
    (pack / "GAPS.csv").write_text("")


def unreadable_name(pack: Path) -> None:
    (pack / "\u202efdp.exe").write_text("")
    (pack / ("x" * 200)).write_text("")


def report_of_another_run(pack: Path) -> None:
    text = (pack / "report.json").read_text()
    (pack / "report.json").write_text(text.replace('"id": 3,', '"id": 2,', 1))
    remade(pack)


def policy_of_another(pack: Path) -> None:
    (pack / "policy.toml").write_text("version = 1\n")
    remade(pack)


def response_of_another(pack: Path) -> None:
    one, other = files(pack / "responses")[:2]
    shutil.copyfile(one, other)
    remade(pack)


def ledger_of_another(pack: Path) -> None:
    with (pack / "ledger.csv").open("a") as file:
        file.write("1\r\n")
    remade(pack)


def no_report(pack: Path) -> None:
    (pack / "report.json").unlink()
    remade(pack)


def listed_twice(pack: Path) -> None:
    remade(pack, lambda document: document["files"].append(document["files"][-1]))


def rewritten(pack: Path) -> None:
    (pack / NAME).write_text(json.dumps(json.loads((pack / NAME).read_text()), indent=1))


def not_json(pack: Path) -> None:
    (pack / NAME).write_bytes(b"\xff\xfe{")


def deep(pack: Path) -> None:
    (pack / NAME).write_bytes(b"[" * 200_000)


def surrogate(pack: Path) -> None:
    text = (pack / NAME).read_text()
    (pack / NAME).write_text(text.replace('"policy_name":"', '"policy_name":"\\ud800'))


def huge_number(pack: Path) -> None:
    text = (pack / NAME).read_text()
    (pack / NAME).write_text(text.replace('"exit_code":', '"exit_code":1' + "0" * 30))


SPOILT = (
    add, add_hidden, remove, rename, swap, link, link_folder, folder_for_file, signature_gone, key_gone, key_of_another,
    case_twin, unreadable_name, report_of_another_run, policy_of_another, response_of_another, ledger_of_another,
    no_report, listed_twice, rewritten, not_json, deep, surrogate, huge_number,
)  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_a_spoilt_folder(spoil: Callable[[Path], None], signed: Path, unsigned: Path, copied: Copy) -> None:
    """Found in a signed one, and in an unsigned one without the signature's help; the message names a file."""
    for pack in (copied(signed), copied(unsigned)):
        if pack != pack.parent / "copy-0" and spoil in (signature_gone, key_gone, key_of_another):
            continue  # of an unsigned one there is nothing to take
        spoil(pack)
        with pytest.raises(EvidenceDamaged) as found:
            verify(pack)
        assert found.value.exit_code == 5
        assert found.value.hint
        assert "\u202e" not in str(found.value)


@pytest.mark.parametrize(
    "path",
    [
        "../gaps.csv", "/etc/passwd", "a/../../b", "responses\\x", "C:x", "con", "NUL.csv", "lpt1.txt", "a\0b",
        "\u202egpj", "x" * 300, "a//b", "a/", "", ".hidden", "trailing.", "ünï", "a b", "manifest.json", "\ud800",
    ],
)  # fmt: skip
def test_a_listed_path_that_is_no_place_in_the_folder(path: str, unsigned: Path, copied: Copy) -> None:
    """Even with a manifest that lists it rightly, nothing outside is ever opened."""
    pack = copied(unsigned)
    assert path == "manifest.json" or not plain_path(path)
    entry = {
        "path": path,
        "size_bytes": 0,
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }

    def edit(document: dict[str, Any]) -> None:
        document["files"] = sorted([*document["files"], entry], key=lambda one: one["path"])

    with contextlib.suppress(rfc8785.CanonicalizationError):
        remade(pack, edit)
        with pytest.raises(EvidenceDamaged):
            verify(pack)


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a\\..\\escaped", "\u202eescaped", "CON"])
def test_an_archive_with_another_entry(name: str, zipped: Path, copied: Copy) -> None:
    """It is found, and nothing of it is written anywhere."""
    pack = copied(zipped)
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    before = sorted(pack.parent.rglob("*"))
    with pytest.raises(EvidenceDamaged):
        verify(pack)
    assert sorted(pack.parent.rglob("*")) == before


def test_an_archive_with_an_entry_twice_a_link_or_another_compression(zipped: Path, tmp_path: Path) -> None:
    for number, spoil in enumerate(("twice", "link", "bzip2")):
        place = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(zipped) as was, zipfile.ZipFile(place, "w") as now:
            for info in was.infolist():
                body = was.read(info)
                if info.filename == "gaps.csv" and spoil == "link":
                    info.external_attr = 0o120777 << 16
                if info.filename == "gaps.csv" and spoil == "bzip2":
                    info.compress_type = zipfile.ZIP_BZIP2
                now.writestr(info, body)
            if spoil == "twice":
                with pytest.warns(UserWarning, match="Duplicate"):
                    now.writestr("gaps.csv", b"")
        with pytest.raises(EvidenceDamaged):
            verify(place)


def test_an_archive_that_unpacks_to_more_than_it_says(
    zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bomb is not unpacked: what has another size than the manifest says is not read, nor more than that."""
    place = tmp_path / "bomb.zip"
    with zipfile.ZipFile(zipped) as was, zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as now:
        for info in was.infolist():
            now.writestr(info, b"\0" * 50_000_000 if info.filename == "gaps.csv" else was.read(info))
        true_size = was.getinfo("gaps.csv").file_size
    with pytest.raises(EvidenceDamaged, match=r"gaps\.csv has 50000000 bytes"):
        verify(place)
    lying = bytearray(place.read_bytes())
    for start in range(len(lying) - 4):
        if lying[start : start + 4] == struct.pack("<I", 50_000_000):
            lying[start : start + 4] = struct.pack("<I", true_size)
    place.write_bytes(lying)
    read: list[int] = []
    plain_read = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        data = plain_read(self, n)
        read.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    with pytest.raises(EvidenceDamaged):
        verify(place)
    assert sum(read) < 10_000_000


def test_a_file_of_another_run(told: Scene, unsigned: Path, copied: Copy) -> None:
    """The same name from another pack is another content, whichever file it is."""
    job = told.job()
    other = export(of_run(job, 2), told.folder / "of-run-2", now=NOW, operator=told.operator).place
    for name in ("findings.csv", "report.json", "ledger.csv", "runs.csv", "settings.csv", SUMS, NAME):
        pack = copied(unsigned)
        shutil.copyfile(other / name, pack / name)
        with pytest.raises(EvidenceDamaged):
            verify(pack)


def test_a_pack_made_anew_is_found_by_the_chain_and_by_the_digest_that_was_told(
    unsigned: Path, signed: Path, copied: Copy
) -> None:
    """Everything in it fits, so that nothing in it can tell."""
    expected = verify(unsigned).manifest.sha256
    pack = copied(unsigned)
    outcomes = (pack / "outcomes.csv").read_bytes().split(b"\r\n")
    *told, _observations, gap, finding, organization, subject = outcomes[1].split(b",")
    outcomes[1] = b",".join((*told, b"99", gap, finding, organization, subject))
    (pack / "outcomes.csv").write_bytes(b"\r\n".join(outcomes))
    remade(pack)
    assert verify(pack).standing == "consistent"
    with pytest.raises(EvidenceDamaged, match="chain is broken"):
        verify_chain([pack, signed])
    with pytest.raises(EvidenceDamaged, match="No pack has the digest"):
        verify_chain([pack], expected=[expected[:32]])
    verify_chain([unsigned], expected=[expected[:32], expected.upper()])


def test_a_signed_pack_made_anew_is_found_by_its_signature(signed: Path, copied: Copy) -> None:
    pack = copied(signed)
    (pack / "findings.csv").write_text("x")
    remade(pack)
    with pytest.raises(EvidenceDamaged, match="signature does not fit"):
        verify(pack)


def test_keys(signed: Path, unsigned: Path, copied: Copy, public_key: Path, tmp_path: Path) -> None:
    """Another key, a rotated one among several, none where one is asked for, and what is no key."""
    other = tmp_path / "other.pem"
    other.write_bytes(Signer.new().public_pem())
    with pytest.raises(EvidenceDamaged, match="another key"):
        verify(signed, [other])
    assert verify(signed, [other, public_key]).key_known
    with pytest.raises(EvidenceDamaged, match="not signed"):
        verify(unsigned, [public_key])
    remade_by_other = copied(signed)
    thief = Signer.new()
    (remade_by_other / SIGNATURE).write_bytes(thief.sign((remade_by_other / NAME).read_bytes()))
    (remade_by_other / PUBLIC_KEY).write_bytes(thief.public_pem())
    with pytest.raises(EvidenceDamaged, match="does not name the key that signed it"):
        verify(remade_by_other)
    remade(remade_by_other, lambda one: one.update(signed_with=thief.fingerprint))
    (remade_by_other / SIGNATURE).write_bytes(thief.sign((remade_by_other / NAME).read_bytes()))
    # Consistent, and no more: that the key is the thief's, only a known one shows.
    assert verify(remade_by_other).standing == "consistent"
    with pytest.raises(EvidenceDamaged):
        verify(remade_by_other, [public_key])
    other.write_text("no key")
    with pytest.raises(EvidenceDamaged, match="no Ed25519"):
        verify(signed, [other])
    with pytest.raises(UsageError):
        verify(signed, [tmp_path / "nowhere"])


def test_a_rotated_key_needs_both(told: Scene, signed: Path, zipped: Path, public_key: Path, tmp_path: Path) -> None:
    newer = Signer.new()
    later = told.export("rotated", form=Form(signer=newer)).place
    rotated = tmp_path / "rotated.pem"
    rotated.write_bytes(newer.public_pem())
    assert verify(later, [public_key, rotated]).signed_with == newer.fingerprint
    with pytest.raises(EvidenceDamaged):
        verify(later, [public_key])
    verify_chain([signed, zipped], [public_key, rotated])


def test_chains(unsigned: Path, signed: Path, zipped: Path, copied: Copy) -> None:
    """A pack between two is missing; the same twice; two that follow the same one; another organization's."""
    with pytest.raises(EvidenceDamaged, match="chain is broken"):
        verify_chain([unsigned, zipped])
    with pytest.raises(EvidenceDamaged, match="the same"):
        verify_chain([unsigned, copied(unsigned)])
    fork = remade(
        copied(unsigned), lambda one: one.update(previous=json.loads((signed / NAME).read_text())["previous"])
    )
    with pytest.raises(EvidenceDamaged, match="forks"):
        verify_chain([unsigned, signed, fork])
    foreign = copied(unsigned)
    findings = foreign / "findings.csv"
    for path in sorted(files(foreign), key=lambda one: one == findings):  # what findings rest on is named by digest
        if path.suffix in (".csv", ".json") and path.parent == foreign:
            before, after = path.read_bytes(), path.read_bytes().replace(ORGANIZATION, b"another")
            path.write_bytes(after)
            old, new = (sha256(one).hexdigest().encode() for one in (before, after))
            findings.write_bytes(findings.read_bytes().replace(old, new))
    remade(foreign)
    begun_anew(foreign)
    ledger = sha256((foreign / "ledger.csv").read_bytes()).hexdigest()
    remade(foreign, lambda one: one["judged"].update(ledger_sha256=ledger))
    with pytest.raises(UsageError, match="different organizations"):
        verify_chain([unsigned, foreign])


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        (8, "too short"), (12, "too short"), (16, "too short"), (31, "too short"), (1, "too short"),
        (0, "not a digest"), (65, "not a digest"),
    ],
)  # fmt: skip
def test_a_short_digest_is_refused_with_the_reason(digits: int, said: str, unsigned: Path) -> None:
    """Also one that fits: a pack with the same first 8 digits was made within minutes."""
    told = (verify(unsigned).manifest.sha256 + "0")[:digits]
    with pytest.raises(UsageError, match=said) as found:
        verify_chain([unsigned], expected=[told])
    assert "32 to 64" in (found.value.hint or "")
    with pytest.raises(UsageError, match="not a digest"):
        verify_chain([unsigned], expected=["x" * 40])


def test_a_newer_pack_says_so(unsigned: Path, copied: Copy) -> None:
    pack = remade(copied(unsigned), lambda one: one.update(schema="contribaudit.manifest/2"))
    with pytest.raises(EvidenceNewer) as found:
        verify(pack)
    assert (found.value.exit_code, found.value.hint) == (70, "Update contribaudit")


@pytest.mark.parametrize("kind", ["nothing", "empty folder", "text file", "empty file"])
def test_what_is_no_pack(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    if kind == "empty folder":
        place.mkdir()
    elif kind != "nothing":
        place.write_text("" if kind == "empty file" else "hello")
    with pytest.raises(ContribauditError) as found:
        verify(place)
    assert found.value.exit_code == (2 if kind in ("nothing", "empty folder") else 5)

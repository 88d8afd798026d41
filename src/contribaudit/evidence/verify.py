"""Checks evidence without store or network: every byte against the manifest, the manifest against signature and chain.

PROVES and DOES_NOT_PROVE say what that shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from contribaudit.core.canonical import LEAST_DIGITS
from contribaudit.errors import EvidenceDamaged, UsageError
from contribaudit.evidence.manifest import (
    NAME,
    PUBLIC_KEY,
    SIGNATURE,
    UNLISTED,
    Entry,
    Manifest,
    plain_path,
    read_manifest,
)
from contribaudit.evidence.pack import ASK, Pack, open_pack, shown
from contribaudit.evidence.signing import PublicKey, fingerprint, public_pem, read_public_key, signed_by

PROVES = (
    "These files are the ones that the manifest names: since then none was changed, removed or added.",
    "A signature that fits a key of which you know whose it is adds that its owner made the manifest.",
    "Several packs that form a chain show that none between two of them was removed or changed.",
    "A digest that you were told at the time (--expect) shows that the pack is not made anew.",
)
DOES_NOT_PROVE = (
    "That Atlassian's answers were right, or that a person saw what they attested.",
    "Who owns the history and the signing key can make a whole chain anew, with other content and older dates, unless a"
    " digest of it was published elsewhere at the time.",
    "That a pack is the newest one, or the first: an end of the chain can be cut off.",
)
_READ_BYTES = 1 << 20
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Verified:
    """A pack whose every byte is as its manifest says."""

    place: Path
    manifest: Manifest
    files: int
    size_bytes: int
    signed_with: str | None
    """Fingerprint of the key that signed it; None when nobody did."""
    key_known: bool
    """True when the key was handed in from elsewhere, not found in the pack itself."""


def verify(place: Path, public_keys: Sequence[Path] = ()) -> Verified:
    """Check one folder or archive.

    `public_keys` are PEM files of keys that you trust; one of them must have signed. Raises EvidenceDamaged that names
    the first thing that does not fit, EvidenceNewer for a pack of a later version, UsageError where there is no pack.
    """
    with open_pack(place) as pack:
        present = _present(pack)
        data = pack.read(NAME)
        manifest = read_manifest(data)
        signed_with = _signature(pack, present, data, public_keys)
        listed = _listed(manifest)
        for path in sorted(present.keys() - listed.keys() - UNLISTED):
            raise EvidenceDamaged(f"{shown(path)} was added: the manifest does not list it", hint=ASK)
        for path, entry in listed.items():
            if path not in present:
                raise EvidenceDamaged(f"{path} is missing", hint=ASK)
            _check(pack, entry, present[path])
        _coherent(pack, manifest, listed)
    size = sum(entry.size_bytes for entry in listed.values())
    return Verified(place, manifest, len(listed), size, signed_with, bool(public_keys))


def verify_chain(
    places: Sequence[Path], public_keys: Sequence[Path] = (), expected: Sequence[str] = ()
) -> list[Verified]:
    """Check several packs, and that each names the one before it; oldest first.

    `expected` are digests of manifests that you were told, whole or their first 32 digits and more: each must be that
    of one of the packs. Raises as `verify` does, and EvidenceDamaged for a link that does not hold.
    """
    for text in expected:
        _require_digest(text)
    checked = [verify(place, public_keys) for place in places]
    scopes = {tuple(one.manifest.scope.organizations) for one in checked}
    if len(scopes) > 1:
        raise UsageError("The packs are about different organizations", hint="Check each chain by itself")
    ordered = _chain(checked)
    for text in expected:
        if not any(one.manifest.sha256.startswith(text.casefold()) for one in ordered):
            raise EvidenceDamaged(
                f"No pack has the digest {text}: {ordered[-1].place} has {ordered[-1].manifest.sha256}",
                hint="It was made anew, or the digest is of another pack",
            )
    return ordered


def _require_digest(text: str) -> None:
    hint = f"--expect takes {LEAST_DIGITS} to 64 hexadecimal digits"
    if not text or len(text) > 64 or set(text.casefold()) - set("0123456789abcdef"):
        raise UsageError(f"{shown(text)} is not a digest", hint=hint)
    if len(text) < LEAST_DIGITS:
        raise UsageError(
            f"{text} is too short to prove anything: another pack with the same {len(text)} digits can be made",
            hint=hint,
        )


def _chain(checked: Sequence[Verified]) -> list[Verified]:
    by_digest = {one.manifest.sha256: one for one in checked}
    if len(by_digest) < len(checked):
        raise EvidenceDamaged("Two of the packs are the same", hint="Name each once")
    next_of: dict[str, Verified] = {}
    starts: list[Verified] = []
    for one in sorted(checked, key=lambda one: one.manifest.written_at):
        before = one.manifest.previous
        if before is None or before.sha256 not in by_digest:
            starts.append(one)
            continue
        if before.sha256 in next_of:
            raise EvidenceDamaged(
                f"The chain forks: {next_of[before.sha256].place} and {one.place} both name the same one before them",
                hint="One of the two was made anew",
            )
        older = by_digest[before.sha256].manifest
        if older.written_at != before.written_at or older.written_at > one.manifest.written_at:
            raise EvidenceDamaged(f"{one.place} gives another time to the one before it than that has", hint=ASK)
        next_of[before.sha256] = one
    if len(starts) > 1:
        older_start, broken = starts[:2]
        before = broken.manifest.previous
        named = f"{before.sha256}, which is none of these" if before else "none"
        raise EvidenceDamaged(
            f"The chain is broken: {broken.place} names {named} before it, and {older_start.place} is older",
            hint="A pack between the two is missing, or one was made anew",
        )
    ordered = starts[:1]
    while (following := next_of.get(ordered[-1].manifest.sha256)) is not None:
        ordered.append(following)
    return ordered


def _present(pack: Pack) -> dict[str, int]:
    present: dict[str, int] = {}
    folded: dict[str, str] = {}
    for path, size in pack.sizes():
        other = folded.setdefault(path.casefold(), path)
        if other != path:
            raise EvidenceDamaged(f"{shown(path)} and {shown(other)} are one file on some systems", hint=ASK)
        present[path] = size
    return present


def _listed(manifest: Manifest) -> dict[str, Entry]:
    paths = [one.path for one in manifest.files]
    if paths != sorted(set(paths)):
        raise EvidenceDamaged(f"{NAME} lists a file twice, or out of order", hint=ASK)
    for path in paths:
        if path in UNLISTED or not plain_path(path):
            raise EvidenceDamaged(f"{NAME} lists {shown(path)}, which is no place in the folder", hint=ASK)
    return {one.path: one for one in manifest.files}


def _check(pack: Pack, entry: Entry, announced: int) -> None:
    size = announced
    digest = sha256()
    if announced == entry.size_bytes:  # else it is not read at all: an archive may unpack to any size
        size = 0
        with pack.open(entry.path) as file:
            while size <= entry.size_bytes and (piece := file.read(_READ_BYTES)):
                digest.update(piece)
                size += len(piece)
    if size != entry.size_bytes:
        raise EvidenceDamaged(f"{entry.path} has {size} bytes, and should have {entry.size_bytes}", hint=ASK)
    if digest.hexdigest() != entry.sha256:
        raise EvidenceDamaged(f"{entry.path} was changed: its digest is {digest.hexdigest()}", hint=ASK)


def _signature(pack: Pack, present: dict[str, int], data: bytes, public_keys: Sequence[Path]) -> str | None:
    if SIGNATURE not in present:
        if public_keys or PUBLIC_KEY in present:
            raise EvidenceDamaged(f"{SIGNATURE} is missing: the pack is not signed", hint=ASK)
        return None
    keys = [_trusted(path) for path in public_keys]
    if not keys:
        keys = [read_public_key(pack.read(PUBLIC_KEY, _LONGEST_LINE), PUBLIC_KEY)]
    signature = pack.read(SIGNATURE, _LONGEST_LINE)
    signer = next((key for key in keys if signed_by(key, signature, data)), None)
    if signer is None:
        known = ", ".join(f"{fingerprint(key)}" for key in keys)
        raise EvidenceDamaged(
            f"The signature does not fit: {NAME} was changed, or another key than {known} signed it", hint=ASK
        )
    if PUBLIC_KEY in present and pack.read(PUBLIC_KEY, _LONGEST_LINE) != public_pem(signer):
        raise EvidenceDamaged(f"{PUBLIC_KEY} is not the key that signed", hint=ASK)
    return fingerprint(signer)


def _trusted(path: Path) -> PublicKey:
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="Check --public-key") from error
    return read_public_key(pem, str(path))


def _coherent(pack: Pack, manifest: Manifest, listed: dict[str, Entry]) -> None:
    """That all files tell of the same run: those of another run, listed anew, would not."""
    judged = manifest.judged
    if "report.json" not in listed:
        raise EvidenceDamaged("report.json is not in the manifest", hint=ASK)
    told = _told(pack)
    if told != (judged.run, judged.policy_sha256, judged.rulebook_sha256):
        raise EvidenceDamaged(
            f"report.json tells of run {told[0]}, and {NAME} of run {judged.run}, or of another policy or rulebook",
            hint=ASK,
        )
    if judged.ledger_sha256 is not None and _digest(listed, "ledger.csv") != judged.ledger_sha256:
        raise EvidenceDamaged(f"ledger.csv is not the one that {NAME} names", hint=ASK)
    if manifest.scope.people == "named" and _digest(listed, "policy.toml") != judged.policy_sha256:
        raise EvidenceDamaged(f"policy.toml is not the one that {NAME} names", hint=ASK)
    for path, entry in listed.items():
        folder, _, name = path.rpartition("/")
        if folder in ("responses", "attachments") and name.removesuffix(".json") != entry.sha256:
            raise EvidenceDamaged(f"{path} does not hold what its name says", hint=ASK)


def _digest(listed: dict[str, Entry], path: str) -> str | None:
    return listed[path].sha256 if path in listed else None


def _told(pack: Pack) -> tuple[object, object, object]:
    """Run, policy and rulebook of report.json, without reading its findings: those may be a million."""
    found: dict[str, Any] = {}
    try:
        with pack.open("report.json") as file:
            for key, value in _parts(iter(lambda: file.readline(_LONGEST_LINE), b"")):
                found[key] = json.loads(value)
                if found.keys() >= {"run", "policy", "rulebook"}:
                    break
        return found["run"]["id"], found["policy"]["sha256"], found["rulebook"]["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise EvidenceDamaged("report.json is not a report", hint=ASK) from None


def _parts(lines: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    """The objects at the top of an indented JSON document: a text holds no line break, so lines tell its structure."""
    key, body = "", [b""]
    for line in lines:
        if line.startswith(b'  "') and line.rstrip().endswith(b": {"):
            key, body = line.split(b'"')[1].decode(), [b"{"]
        elif key and line.startswith(b"  }"):
            yield key, b"".join([*body, b"}"])
            key = ""
        elif key and len(body) < _LONGEST_OBJECT:
            body.append(line)


_LONGEST_OBJECT = 1000
"""Lines."""

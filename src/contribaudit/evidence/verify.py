"""Checks evidence without history or network: each byte against the manifest, the manifest against signature and chain.

readme.py says what that proves. With the history, `chain_of` also checks the recorded manifests and the newest pack
that is still where it was written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from contribaudit.core.model.canonical import LEAST_DIGITS
from contribaudit.core.model.phrases import grouped
from contribaudit.core.resolve.state import NEVER_EXPORTED, Chain
from contribaudit.errors import ContribauditError, EvidenceDamaged, UsageError
from contribaudit.evidence.agreement import disagreements
from contribaudit.evidence.manifest import (
    ASK,
    NAME,
    PUBLIC_KEY,
    SIGNATURE,
    UNLISTED,
    Entry,
    Manifest,
    plain_path,
    read_manifest,
)
from contribaudit.evidence.pack import ANSWERS, ListedPack, Pack, digests, is_bundle, open_pack, shown
from contribaudit.evidence.signing import PublicKey, fingerprint, public_pem, read_public_key, signed_by
from contribaudit.files import unreadable

if TYPE_CHECKING:
    from contribaudit.store.history import History
    from contribaudit.store.records import ExportedManifest

_READ_BYTES = 1 << 20
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Verified:
    """A pack whose every byte matches its manifest."""

    place: Path
    manifest: Manifest
    files: int
    size_bytes: int
    signed_with: str | None
    """Fingerprint of the signing key; None when the pack is not signed."""
    key_known: bool
    """True when the key was given by the caller, not taken from the pack itself."""
    expected: bool = False
    """True when the digest of the manifest was given by the caller."""
    uncompared: tuple[str, ...] = ()
    """Derived files that another build of the tool wrote, and that were therefore not compared."""

    @property
    def standing(self) -> str:
        """How far the pack can be trusted: "signed" by a known key, "expected" by a known digest, else "consistent"."""
        return "signed" if self.key_known else "expected" if self.expected else "consistent"


def verify(place: Path, public_keys: Sequence[Path] = (), *, agreement: bool = True) -> Verified:
    """Check one folder or archive. Without `agreement`, check every byte, but not whether the files agree.

    `public_keys` are PEM files of keys that you trust; one of them must have signed. Raises EvidenceDamaged for the
    first thing that does not match, EvidenceNewer for a pack of a later version, UsageError when there is no pack.
    """
    with open_pack(place) as pack:
        present = _present_files(pack)
        data = pack.read(NAME)
        manifest = read_manifest(data)
        signed_with = _signature(pack, present, data, manifest, public_keys)
        _require_paths(manifest)
        listed = ListedPack(pack, manifest)
        for path in sorted(present.keys() - listed.files.keys() - UNLISTED):
            raise EvidenceDamaged(f"{shown(path)} was added: the manifest does not list it", hint=ASK)
        for path, entry in listed.files.items():
            if path not in present:
                raise EvidenceDamaged(f"{path} is missing", hint=ASK)
            _check(pack, entry, present[path])
        _check_manifest(listed)
        uncompared: list[str] = []
        for one in disagreements(listed) if agreement else ():
            if not one.uncompared:
                raise EvidenceDamaged(one.what, hint=ASK)
            uncompared.append(one.uncompared)
    size = sum(entry.size_bytes for entry in listed.files.values())
    return Verified(
        place, manifest, len(listed.files), size, signed_with, bool(public_keys), uncompared=tuple(sorted(uncompared))
    )


def verify_chain(
    places: Sequence[Path], public_keys: Sequence[Path] = (), expected: Sequence[str] = ()
) -> list[Verified]:
    """Check several packs, and that each names the one before it; returns them oldest first.

    `expected` are digests of manifests from another source, complete or at least 32 digits of them: each must match one
    of the packs. Raises what `verify` raises, and EvidenceDamaged for a broken link.
    """
    for text in expected:
        _require_digest(text)
    checked = [verify(place, public_keys) for place in places]
    for text in expected:
        if not any(one.manifest.sha256.startswith(text.casefold()) for one in checked):
            raise EvidenceDamaged(
                f"No pack has the digest {text}: {checked[-1].place} has {checked[-1].manifest.sha256}",
                hint="It was remade, or the digest is of another pack",
            )
    scopes = {tuple(one.manifest.scope.organizations) for one in checked}
    if len(scopes) > 1:
        raise UsageError("The packs are about different organizations", hint="Check each chain by itself")
    ordered = _chain(checked)
    _signed_alike(ordered)
    prefixes = tuple(text.casefold() for text in expected)
    return [replace(one, expected=one.manifest.sha256.startswith(prefixes)) for one in ordered]


def _signed_alike(ordered: Sequence[Verified]) -> None:
    """Raise EvidenceDamaged when a pack after a signed one is unsigned, or signed with another unknown key."""
    for older, newer in pairwise(ordered):
        if older.signed_with is None or older.signed_with == newer.signed_with:
            continue
        if newer.signed_with is None:
            raise EvidenceDamaged(
                f"The chain is broken: {newer.place} is not signed, but {older.place} before it is",
                hint="Somebody without the key remade it, or it was exported without the key",
            )
        if not (older.key_known and newer.key_known):
            raise EvidenceDamaged(
                f"The chain is broken: {newer.place} and {older.place} before it are signed with different keys",
                hint="If the key was changed, name both with --public-key",
            )


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
    by_digest = {pack.manifest.sha256: pack for pack in checked}
    if len(by_digest) < len(checked):
        raise EvidenceDamaged("Two of the packs are the same", hint="Name each pack once")
    next_of: dict[str, Verified] = {}
    starts: list[Verified] = []
    for pack in sorted(checked, key=lambda pack: pack.manifest.written_at):
        before = pack.manifest.previous
        if before is None or before.sha256 not in by_digest:
            starts.append(pack)
            continue
        if before.sha256 in next_of:
            raise EvidenceDamaged(
                f"The chain forks: {next_of[before.sha256].place} and {pack.place} both name the same pack before them",
                hint="One of the two was remade",
            )
        older = by_digest[before.sha256].manifest
        if older.written_at != before.written_at or older.written_at > pack.manifest.written_at:
            raise EvidenceDamaged(f"{pack.place} gives a wrong time for the pack before it", hint=ASK)
        next_of[before.sha256] = pack
    if len(starts) > 1:
        older_start, broken = starts[:2]
        before = broken.manifest.previous
        named = f"{before.sha256} before it, which was not given" if before else "no pack before it"
        raise EvidenceDamaged(
            f"The chain is broken: {broken.place} names {named}, and {older_start.place} is older",
            hint="A pack between the two is missing, or one was remade",
        )
    ordered = starts[:1]
    while (following := next_of.get(ordered[-1].manifest.sha256)) is not None:
        ordered.append(following)
    return ordered


def _present_files(pack: Pack) -> dict[str, int]:
    present: dict[str, int] = {}
    folded: dict[str, str] = {}
    for path, size in pack.sizes():
        other = folded.setdefault(path.casefold(), path)
        if other != path:
            raise EvidenceDamaged(f"{shown(path)} and {shown(other)} are one file on some systems", hint=ASK)
        present[path] = size
    return present


def _require_paths(manifest: Manifest) -> None:
    """Raise EvidenceDamaged for a path that is duplicate, out of order, or not a path in the folder."""
    paths = [one.path for one in manifest.files]
    if paths != sorted(set(paths)):
        raise EvidenceDamaged(f"{NAME} lists a file twice, or out of order", hint=ASK)
    for path in paths:
        if path in UNLISTED or not plain_path(path):
            raise EvidenceDamaged(f"{NAME} lists {shown(path)}, which is not a path in the folder", hint=ASK)


def _check(pack: Pack, entry: Entry, announced: int) -> None:
    size = announced
    digest = sha256()
    if announced == entry.size_bytes:  # otherwise it is not read at all: an archive may unpack to any size
        size = 0
        with pack.open(entry.path) as file:
            while size <= entry.size_bytes and (piece := file.read(_READ_BYTES)):
                digest.update(piece)
                size += len(piece)
    if size != entry.size_bytes:
        raise EvidenceDamaged(f"{entry.path} has {size} bytes instead of {entry.size_bytes}", hint=ASK)
    if digest.hexdigest() != entry.sha256:
        raise EvidenceDamaged(f"{entry.path} was changed: its digest is {digest.hexdigest()}", hint=ASK)


def _signature(
    pack: Pack, present: dict[str, int], data: bytes, manifest: Manifest, public_keys: Sequence[Path]
) -> str | None:
    if SIGNATURE not in present:
        if public_keys or PUBLIC_KEY in present or manifest.signed_with:
            raise EvidenceDamaged(f"{SIGNATURE} is missing: the pack is not signed", hint=ASK)
        return None
    if PUBLIC_KEY not in present:
        raise EvidenceDamaged(f"{PUBLIC_KEY} is missing, but the pack is signed", hint=ASK)
    keys = [_read_trusted_key(path) for path in public_keys]
    if not keys:
        keys = [read_public_key(pack.read(PUBLIC_KEY, _LONGEST_LINE), PUBLIC_KEY)]
    signature = pack.read(SIGNATURE, _LONGEST_LINE)
    signer = next((key for key in keys if signed_by(key, signature, data)), None)
    if signer is None:
        fingerprints = ", ".join(f"{fingerprint(key)}" for key in keys)
        raise EvidenceDamaged(
            f"The signature does not fit: {NAME} was changed, or another key than {fingerprints} signed it", hint=ASK
        )
    if pack.read(PUBLIC_KEY, _LONGEST_LINE) != public_pem(signer):
        raise EvidenceDamaged(f"{PUBLIC_KEY} is not the key that signed", hint=ASK)
    if manifest.signed_with != fingerprint(signer):
        raise EvidenceDamaged(f"{NAME} does not name the key that signed it, {fingerprint(signer)}", hint=ASK)
    return fingerprint(signer)


def _read_trusted_key(path: Path) -> PublicKey:
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {unreadable(error).reason}", hint="Check --public-key") from error
    return read_public_key(pem, str(path))


def _check_manifest(listed: ListedPack) -> None:
    """Check what the manifest and the names of files say about their content."""
    judged = listed.manifest.judged
    if judged.ledger_sha256 is not None and listed.sha256_of("ledger.csv") != judged.ledger_sha256:
        raise EvidenceDamaged(f"ledger.csv is not the one that {NAME} names", hint=ASK)
    if listed.named and listed.sha256_of("policy.toml") != judged.policy_sha256:
        raise EvidenceDamaged(f"policy.toml is not the one that {NAME} names", hint=ASK)
    for path, entry in listed.files.items():
        folder, _, name = path.rpartition("/")
        if (folder == "attachments" and name != entry.sha256) or (folder == ANSWERS and not is_bundle(path)):
            raise EvidenceDamaged(f"{path} does not hold what its name says", hint=ASK)
    for _ in digests(listed, listed.files):
        pass


def chain_of(store: History, organization: str, host: str, as_of: datetime) -> Chain:
    """The organization's chain of packs as of a moment. A pack written on another machine is not checked."""
    noted = [pack for pack in store.manifests_about(organization) if pack.written_at <= as_of]
    if not noted:
        return NEVER_EXPORTED
    chains = grouped(noted, lambda pack: pack.organizations)  # each set of organizations has its own chain
    broken = next(filter(None, map(_break_words, chains.values())), "")
    for pack in reversed(noted):
        if pack.host == host and _in_reach(Path(pack.place)):
            return Chain(len(noted), broken, pack.place, pack.sha256, pack.written_at, _damage_words(pack))
    return Chain(len(noted), broken)


def _in_reach(place: Path) -> bool:
    """True when this account may read the place."""
    return os.access(place, os.R_OK | (os.X_OK if place.is_dir() else 0)) if os.path.lexists(place) else False


def _break_words(chain: Sequence[ExportedManifest]) -> str:
    if chain[0].previous is not None:
        return f"the manifest {chain[0].sha256} names {chain[0].previous} before it, which the history does not record"
    for older, newer in pairwise(chain):
        if newer.previous != older.sha256:
            named = newer.previous or "none"
            return f"the manifest {newer.sha256} names {named} before it, but the history records {older.sha256}"
        if older.signed_with and not newer.signed_with:
            return f"the manifest {newer.sha256} is not signed, but {older.sha256} before it is"
    return ""


def _damage_words(noted: ExportedManifest) -> str:
    try:
        verified = verify(Path(noted.place), agreement=False)  # the recorded digest says more
    except ContribauditError as error:
        return error.message
    if verified.manifest.sha256 != noted.sha256:
        return f"another pack is in its place: {verified.manifest.sha256} instead of {noted.sha256}"
    if verified.signed_with != noted.signed_with:
        return "it is no longer signed, or signed with a different key"
    return ""

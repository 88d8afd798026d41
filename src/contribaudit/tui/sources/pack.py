"""A board from an exported evidence folder or .zip: without history or key, and only after it was verified."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from contribaudit.collectors.collect import utc_now
from contribaudit.core.canonical import LEAST_DIGITS
from contribaudit.core.model.rulebook import Words
from contribaudit.errors import EvidenceDamaged, StoreDamaged
from contribaudit.evidence.pack import ASK, Pack, open_pack
from contribaudit.evidence.verify import Verified, verify
from contribaudit.exporters import saved, saved_file
from contribaudit.rulebook import sentences
from contribaudit.tui.source import Board, Shown

_CHECKS = "rulebook/checks/"


class PackSource(Shown):
    """Verifies the pack whenever it is loaded, so that what is on the screen was checked as it was read."""

    def __init__(self, place: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self._place, self._clock = place, clock
        self.focus = None

    @property
    def title(self) -> str:
        """The folder's or file's name."""
        return self._place.name

    def load(self) -> Board:
        """The run that the pack holds.

        Raises EvidenceDamaged, EvidenceNewer or UsageError, as `evidence verify` does; then nothing is shown.
        """
        verified = verify(self._place)
        report = saved.report_of(saved_file.load(self._place), words=self._words(verified))
        board = Board(
            report,
            steps=report.steps,
            clock=self._clock,
            notes=verification(verified),
            evidence_sha256=verified.manifest.sha256,
            evidence_at=datetime.fromisoformat(verified.manifest.written_at),
        )
        _ = board.index  # here, in the worker
        return board

    def _words(self, verified: Verified) -> dict[str, Words]:
        """What the rulebook in the pack says about each check: the one that judged it, of whatever version.

        A pack without one leaves them out: what this version asks need not be what was asked then.
        """
        listed = [one for one in verified.manifest.files if one.path.startswith(_CHECKS)]
        with open_pack(self._place) as pack:
            return sentences.words(_read(pack, one.path, one.sha256) for one in listed)

    def load_at(self, moment: datetime) -> Board:
        """As `Shown` does."""
        self._board = self.load()
        return super().load_at(moment)

    def raw(self, sha256_hex: str) -> bytes:
        """The answer as the pack holds it. Raises StoreDamaged where it is not in it, EvidenceDamaged where altered."""
        path = f"responses/{sha256_hex}.json"
        with open_pack(self._place) as pack:
            if not sha256_hex.isalnum() or path not in {name for name, _ in pack.sizes()}:
                raise StoreDamaged(
                    f"The raw answer {sha256_hex} is not in this evidence",
                    hint="Packs without names of people hold none; look at it where the history is",
                )
            return _read(pack, path, sha256_hex)


def _read(pack: Pack, path: str, sha256_hex: str) -> bytes:
    """The file, if it is still the one that was verified. Raises EvidenceDamaged."""
    body = pack.read(path)
    if sha256(body).hexdigest() != sha256_hex:
        raise EvidenceDamaged(f"{path} was changed", hint=ASK)
    return body


def verification(verified: Verified) -> Sequence[str]:
    """What the check found, in a clause each."""
    signed = (
        f"signed with key {verified.signed_with[:LEAST_DIGITS]}, compare it with the signer's"
        if verified.signed_with
        else "not signed"
    )
    return ("evidence, read only", f"consistent: {verified.files} files as the manifest says, {signed}")

"""The part of the history that keeps what people recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.resolve.attested import Testimony
from contribaudit.store import attestations as testimony
from contribaudit.store import responses, signal_history
from contribaudit.store.door import Door


class TestimonyDoor(Door):
    """Attestations are added and never changed; so are what confirms and what revokes them."""

    def add_attestations(
        self, attestations: Sequence[Attestation], attachments: Mapping[str, bytes] | None = None
    ) -> None:
        """Keep them all with their screenshots by digest, or none when this raises.

        Raises UsageError when an ID is there already, ValueError when a screenshot was not handed in.
        """
        with self._writing() as connection:
            testimony.add_attestations(connection, attestations, attachments or {})

    def confirm(self, attestation: str, signature: Signature) -> None:
        """Note that somebody confirms it. Raises UsageError for an unknown ID, and for one that is revoked."""
        with self._writing() as connection:
            testimony.confirm(connection, attestation, signature)

    def revoke(self, attestation: str, signature: Signature, note: str = "") -> None:
        """Take it back; it stays in the history. Raises UsageError for an unknown ID and for one that is revoked."""
        with self._writing() as connection:
            testimony.revoke(connection, attestation, signature, note)

    def revocation_note(self, attestation: str) -> str:
        """Why it was taken back; "" when nobody said, or nobody did."""
        with self._reading() as connection:
            return testimony.revocation_note(connection, attestation)

    def attestations(self, organization: str) -> tuple[Attestation, ...]:
        """All of the organization's, revoked and superseded ones included, in the order of their recording."""
        with self._reading() as connection:
            return testimony.read_attestations(connection, organization)

    def recorded(self, attestations: Sequence[str]) -> set[str]:
        """Those of the IDs that are in the history."""
        with self._reading() as connection:
            return testimony.recorded_ids(connection, attestations)

    def attachment(self, sha256: str) -> bytes:
        """The screenshot by its digest. Raises StoreDamaged when it is missing or was altered."""
        with self._reading() as connection:
            return testimony.read_attachment(connection, sha256)

    def record_plan(
        self, organization: str, run: int, moment: datetime, highest: str | None, words: Sequence[str]
    ) -> None:
        """Note the highest plan that a run saw, and all plan words; nothing is kept while it stays the same."""
        with self._writing() as connection:
            testimony.record_plan(connection, organization, run, moment, highest, words)

    def objects(self, digests: Iterable[str]) -> dict[str, bytes]:
        """Canonical JSON of those objects of signals that are kept. Raises StoreDamaged for one that was altered."""
        with self._reading() as connection:
            return responses.read_kept(connection, digests)

    def testimony(self, organization: str) -> Testimony:
        """Everything that people recorded of the organization, and how its signals and plans stood meanwhile."""
        with self._reading() as connection:
            return Testimony(
                testimony.read_attestations(connection, organization),
                signal_history.read_signals(connection, organization),
                testimony.read_plans(connection, organization),
            )

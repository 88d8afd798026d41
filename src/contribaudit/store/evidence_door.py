"""The part of the history that evidence needs: what was asked, and what was exported before."""

from __future__ import annotations

from collections.abc import Iterable

from contribaudit.store import evidence
from contribaudit.store.door import Door
from contribaudit.store.records import ExportedManifest, RunLedger


class EvidenceDoor(Door):
    """Ledgers and manifests are added and never changed."""

    def ledger(self, run: int, organization: str) -> RunLedger | None:
        """Every request of the run; None where none were kept. Raises StoreDamaged when they cannot be read."""
        with self._reading() as connection:
            return evidence.read_ledger(connection, run, organization)

    def record_manifest(self, manifest: ExportedManifest) -> None:
        """Note an exported manifest, which the next one of the same organizations then names."""
        with self._writing() as connection:
            evidence.record_manifest(connection, manifest)

    def manifests_about(self, organization: str) -> tuple[ExportedManifest, ...]:
        """Every exported manifest of this organization, alone or with others, oldest first."""
        with self._reading() as connection:
            return evidence.read_manifests_about(connection, organization)

    def manifests(self, organizations: Iterable[str]) -> tuple[ExportedManifest, ...]:
        """Every exported manifest of exactly these organizations, oldest first."""
        with self._reading() as connection:
            return evidence.read_manifests(connection, organizations)

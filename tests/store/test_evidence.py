"""Ledgers and manifests go in and come out as they were, on both databases."""

from __future__ import annotations

from dataclasses import replace

from contribaudit.core.model.snapshot import LedgerEntry
from contribaudit.store.history import History
from contribaudit.store.records import ExportedManifest, RunLedger

from .builders import ORG, day, save, snapshot

ENTRY = LedgerEntry(
    day(1), "policies", "GET", "/admin/v1/orgs/o/policies?cursor=\u202e\ud800", 200, 12, "a" * 64, 0.25, 1.5
)
UNANSWERED = replace(ENTRY, status=None, bytes=0, sha256="")


def manifest(digest: str, previous: str | None, *organizations: str) -> ExportedManifest:
    return ExportedManifest(
        organizations, "run", 1, digest * 64, previous, day(2), None, "ann", "host", "/packs/\udcff"
    )


def test_a_ledger_comes_back_whole(history: History) -> None:
    """In its order, with what nobody answered, and with the clock; None where there was none."""
    asked = replace(snapshot(1, {}), requests=(ENTRY, UNANSWERED, ENTRY), clock_skew_seconds=-3.0)
    run = save(history, asked).id
    without = save(history, snapshot(2, {})).id
    assert history.ledger(run, ORG) == RunLedger((ENTRY, UNANSWERED, ENTRY), -3.0)
    assert history.ledger(without, ORG) is None
    assert history.ledger(run, "another") is None


def test_manifests_of_exactly_these_and_of_any_with_this(history: History) -> None:
    """Each set of organizations has its own chain, oldest first; an ID within another one is not it."""
    alone, both, longer = manifest("a", None, "o"), manifest("b", None, "o", "p"), manifest("c", None, "oo")
    later = manifest("d", "a" * 64, "o")
    for one in (alone, both, longer, later):
        history.record_manifest(one)
    assert history.manifests(["o"]) == (alone, later)
    assert history.manifests(["p", "o"]) == (both,)
    assert history.manifests_about("o") == (alone, both, later)
    assert history.manifests_about("nobody") == ()

"""Looks at the manifests that the history noted, and at the newest pack that is still where it was written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from contribaudit.core.chain import NEVER_EXPORTED, Chain
from contribaudit.errors import ContribauditError
from contribaudit.evidence.verify import verify
from contribaudit.store.history import History
from contribaudit.store.records import ExportedManifest


def chain_of(store: History, organization: str, host: str, as_of: datetime) -> Chain:
    """The organization's chain as of a moment. A pack that was written on another machine is out of reach."""
    noted = [one for one in store.manifests_about(organization) if one.written_at <= as_of]
    if not noted:
        return NEVER_EXPORTED
    broken = next((told for told in map(_broken, _by_scope(noted)) if told), "")
    for one in reversed(noted):
        if one.host == host and _in_reach(Path(one.place)):
            return Chain(len(noted), broken, one.place, one.sha256, one.written_at, _damage(one))
    return Chain(len(noted), broken)


def _in_reach(place: Path) -> bool:
    """Whether this account may look at it."""
    return os.access(place, os.R_OK | (os.X_OK if place.is_dir() else 0)) if os.path.lexists(place) else False


def _by_scope(noted: Sequence[ExportedManifest]) -> list[list[ExportedManifest]]:
    """Each set of organizations has a chain of its own."""
    scopes: dict[tuple[str, ...], list[ExportedManifest]] = {}
    for one in noted:
        scopes.setdefault(one.organizations, []).append(one)
    return list(scopes.values())


def _broken(chain: Sequence[ExportedManifest]) -> str:
    if chain[0].previous is not None:
        return f"the manifest {chain[0].sha256} names {chain[0].previous} before it, which is not noted"
    for older, newer in pairwise(chain):
        if newer.previous != older.sha256:
            named = newer.previous or "none"
            return f"the manifest {newer.sha256} names {named} before it, and noted is {older.sha256}"
        if older.signed_with and not newer.signed_with:
            return f"the manifest {newer.sha256} is not signed, and {older.sha256} before it is"
    return ""


def _damage(noted: ExportedManifest) -> str:
    try:
        found = verify(Path(noted.place))
    except ContribauditError as error:
        return error.message
    if found.manifest.sha256 != noted.sha256:
        return f"another pack stands in its place, {found.manifest.sha256} and not {noted.sha256}"
    if found.signed_with != noted.signed_with:
        return "it is signed with another key than it was, or not at all"
    return ""

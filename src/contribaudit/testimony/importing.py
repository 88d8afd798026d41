"""Attestations of files into the history: all of them or none, and what is there already is left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from contribaudit.attestations.anchoring import Held
from contribaudit.attestations.files import Row
from contribaudit.attestations.recording import find_subject
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.alias import resolve_alias
from contribaudit.core.canonical import canonical_json, digest
from contribaudit.core.model.attestation import Attachment, Attestation, Signature
from contribaudit.core.resolve.state import State
from contribaudit.errors import AmbiguousSubject, UsageError
from contribaudit.store.history import History
from contribaudit.testimony import attachment
from contribaudit.testimony.looking import PastLooks
from contribaudit.testimony.recording import Look, raise_all, record


def take_in_folder(store: History, rows: Sequence[Row], now: State, signature: Signature) -> list[str]:
    """Record what is new in the configured folder, and say what has to wait.

    A row whose subject's name has become ambiguous is left out, with a warning. A row waits while its subject is not
    known and an organization's apps were not all read: a network that fails is no mistake of the file. Raises
    UsageError that names every wrong row.
    """
    there = store.recorded([_id(row) for row in rows])
    new = [row for row in rows if _id(row) not in there]
    unclear = {id(row): str(error) for row in new if (error := _ambiguous(now, row)) is not None}
    new = [row for row in new if id(row) not in unclear]
    read = all(place.completed(WORKSPACES.name) for place in now.looked_at)
    waiting = [] if read else [row for row in new if not _known(now, row)]
    take_in(store, [row for row in new if row not in waiting], now, signature)
    warnings = [f"An attestation is left out: {told}" for told in unclear.values()]
    if not waiting:
        return warnings
    where = f"{waiting[0].told.where}{' and more' if len(waiting) > 1 else ''}"
    return [
        *warnings,
        f"Attestations wait until every app can be read, since they name what nobody has seen yet: {where}.",
    ]


def take_in(
    store: History,
    rows: Sequence[Row],
    now: State,
    signature: Signature,
    *,
    live: Callable[[str], Held] | None = None,
    common: Look | None = None,
    bodies: Mapping[str, bytes] | None = None,
) -> tuple[Attestation, ...]:
    """Record what is new among the rows. `signature` says when, and on which machine; its `by` may be "".

    A row that says who looked and when is the same attestation however often it comes. `live` holds the rows without a
    time of their own; `common` says what rows leave out, the bytes of its screenshots being in `bodies`. Raises
    UsageError that names every wrong row.
    """
    there = store.recorded([_id(row) for row in rows if _complete(row)])
    past = PastLooks(store, now)
    made: list[Attestation] = []
    wrong: list[str] = []
    kept = dict(bodies or {})
    for row in rows:
        if _complete(row) and _id(row) in there:
            continue
        try:
            shots, read = attachment.read_all(row.attach, row.within)
            made.append(_recorded(row, shots, now, signature, past, live, common))
        except UsageError as error:
            wrong.append(f"{row.told.where}: {error}")
        else:
            kept |= read
    raise_all(wrong)
    if made:
        store.add_attestations(made, kept)
    return tuple(made)


def _recorded(
    row: Row,
    shots: tuple[Attachment, ...],
    now: State,
    signature: Signature,
    past: PastLooks,
    live: Callable[[str], Held] | None,
    common: Look | None,
) -> Attestation:
    by = row.by or (common.by if common else "")
    observed_at = row.observed_at or (common.observed_at if common else signature.at)
    look = Look(
        by=by,
        observed_at=observed_at,
        recorded=replace(signature, by=signature.by or by),
        id=_look(by, observed_at, row.screen),
        screen=row.screen or (common.screen if common else ""),
        console_path=row.console_path or (common.console_path if common else ""),
        note=row.note or (common.note if common else ""),
        attachments=tuple(dict.fromkeys((*shots, *(common.attachments if common else ())))),
    )

    def hold(organization: str) -> Held:
        if row.observed_at is None and live is not None:
            return live(organization)
        return past.held(organization, observed_at)

    made = record(now, hold, row.told, look)
    return replace(made, id=_id(row)) if _complete(row) else made


def _ambiguous(state: State, row: Row) -> str | None:
    """Why the row's subject is not clear; None where it is, or is not known at all."""
    try:
        resolve_alias(state, row.told.subject)
    except AmbiguousSubject as error:
        return f"{row.told.where}: {error}"
    return None


def _known(state: State, row: Row) -> bool:
    try:
        find_subject(state, row.told.subject)
    except UsageError:
        return False
    return True


def _complete(row: Row) -> bool:
    return bool(row.by) and row.observed_at is not None


def _id(row: Row) -> str:
    return row.content[:16]


def _look(by: str, observed_at: datetime, screen: str) -> str:
    """The same for all values that one person saw at one moment on one screen."""
    return digest(canonical_json([by.casefold(), observed_at.isoformat(), screen]))[:16]

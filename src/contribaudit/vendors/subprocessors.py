"""Takes in the vendor's list of sub-processors: a page of any form, held against what was imported before."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.subprocessors import ListHistory, SubprocessorList, SubprocessorRules
from contribaudit.errors import PageNotRead, SubprocessorsNotRead
from contribaudit.vendors.decoding import decoded
from contribaudit.vendors.subprocessor_csv import is_csv, read_csv
from contribaudit.vendors.subprocessor_page import read_subprocessors

MOST_BYTES = 16 << 20


def take_in(
    body: bytes,
    source: str,
    rules: SubprocessorRules,
    before: ListHistory,
    imported: Signature,
    *,
    content_type: str = "",
    anyway: bool = False,
) -> SubprocessorList:
    """The list that a page holds. `anyway` also takes one that an earlier import contradicts or is newer than.

    The same list on a later day is taken: somebody looked again, and it had not changed. Raises SubprocessorsNotRead,
    whose `why` is one of `read_subprocessors`, or `empty`, `too_large`, `not_text`, `encoding`, `imported_today`,
    `same_day`, `older`.
    """
    try:
        text = decoded(body, content_type)
    except PageNotRead as error:
        raise SubprocessorsNotRead(f"{source}: {error.message}", why=error.why, hint=error.hint) from None
    try:
        found = read_csv(text) if is_csv(text) else read_subprocessors(text, rules)
    except SubprocessorsNotRead as error:
        raise SubprocessorsNotRead(f"{source}: {error.message}", why=error.why, hint=error.hint) from None
    coming = SubprocessorList(found.effective, found.rows, source, sha256(body).hexdigest(), imported)
    if not anyway:
        _hold_against(coming, before, imported)
    return coming


def last_from(address: str, before: ListHistory) -> SubprocessorList | None:
    """The newest import from this address that the server can compare its page with; None where there is none."""
    return next(
        (one for one in reversed(before.imports) if one.source == address and (one.etag or one.last_modified)), None
    )


def unchanged(
    last: SubprocessorList, before: ListHistory, imported: Signature, *, anyway: bool = False
) -> SubprocessorList:
    """The list again, since the server says that its page has not changed. Raises as `take_in` for one that was taken
    in today, or that is older than another.
    """
    coming = replace(last, imported=imported)
    if not anyway:
        _hold_against(coming, before, imported)
    return coming


def _hold_against(coming: SubprocessorList, before: ListHistory, imported: Signature) -> None:
    """Raises SubprocessorsNotRead for a list that came today, that another contradicts, or that is an older one."""
    for one in before.imports:
        if one.effective != coming.effective or one.imported is None:
            continue
        if one.rows != coming.rows:
            raise SubprocessorsNotRead(
                f"another list that is in force since {coming.effective} was imported on {one.imported.at:%Y-%m-%d}",
                why="same_day",
                hint="Compare the two pages. If the vendor corrected its page, import it with --anyway: it counts then",
            )
        if one.imported.at.date() == imported.at.date():
            raise SubprocessorsNotRead(
                f"the list of {coming.effective} was imported today, at {one.imported.at:%H:%M}Z by {one.imported.by}",
                why="imported_today",
                hint="Nothing is left to do; contribaudit subprocessors list shows it",
            )
    newest = before.newest
    if newest is not None and coming.effective < newest.effective:
        raise SubprocessorsNotRead(
            f"this list is in force since {coming.effective}, and a newer one, of {newest.effective}, is imported",
            why="older",
            hint="Import it with --anyway to keep it for comparison: the newer one stays the list in force",
        )

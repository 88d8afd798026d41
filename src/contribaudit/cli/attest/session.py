"""The session that `attest`, `baseline` and `signals` share: one organization, its history, its newest state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from contribaudit.attestations.anchoring import described, recorded_words
from contribaudit.attestations.recording import doubts
from contribaudit.audit.attesting import AttestationSession
from contribaudit.cli.console import Console
from contribaudit.cli.options import chosen_organization
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.exporters.text import row_of

if TYPE_CHECKING:
    from contribaudit.core.resolve.state import State
    from contribaudit.settings.model import AppSettings


@dataclass(frozen=True, slots=True)
class LookFlags:
    """Options that describe a look at the console."""

    by: str | None
    observed_at: str | None
    screen: str | None
    console_path: str
    note: str
    attach: tuple[str, ...]


@dataclass(slots=True)
class Session(AttestationSession):
    """An attestation session with console and settings."""

    console: Console
    settings: AppSettings


@contextmanager
def open_session(console: Console, *, offline: bool = True, reading: bool = False) -> Iterator[Session]:
    """The session for the organization in --org, or for the only one configured.

    An `offline` session needs no key; a `reading` session cannot record anything.
    """
    settings = console.settings()
    chosen = chosen_organization(settings, console.organization)
    with console.job(chosen, live=not offline, keeps=not reading) as job:
        targets = tuple(target for target in job.targets if not target.left_out)
        yield Session(chosen, replace(job, targets=targets), offline, console.diagnostics, console, settings)


COLUMNS = ("id", "subject", "setting", "value", "observed_at", "by", "held_by", "not_held_because")
_TABLE = ("id", "subject", "setting", "value", "held_by", "not_held_because")


def write_recorded(session: Session, state: State, attestations: Sequence[Attestation], *, more: str = "") -> None:
    """Print the recorded attestations with the signals that anchor them, and any doubts about their values."""
    rows = [
        row_of(
            COLUMNS,
            entry,
            subject=alias_of(state, entry.subject),
            held_by=described(entry.anchors),
            not_held_because=entry.unanchored_reason,
        )
        for entry in attestations
    ]
    session.console.table(COLUMNS, rows, flexible="held_by", only=_TABLE)
    for warning in doubts(state, ((entry.subject.organization, entry.setting, entry.value) for entry in attestations)):
        session.console.diagnostics.warning(warning)
    session.console.diagnostics.conclusion(f"{recorded_words(attestations)}{more}.")

"""What the subcommands of `attest` and `signals` work with: one organization, its history, its newest state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from contribaudit.audit.attesting import AttestationSession as EvidenceDesk
from contribaudit.cli.options import Console, organization_option, store_option

if TYPE_CHECKING:
    from contribaudit.core.model.subject import Subject
    from contribaudit.core.resolve.state import State
    from contribaudit.settings.model import AppSettings

F = TypeVar("F", bound=Callable[..., object])


def desk_options(command: F) -> F:
    """--org and --store."""
    return organization_option()(store_option(command))


@dataclass(frozen=True, slots=True)
class Given:
    """What the flags say of the look."""

    by: str | None
    observed_at: str | None
    screen: str | None
    console_path: str
    note: str
    attach: tuple[Path, ...]
    output_format: str


@dataclass(slots=True)
class Desk(EvidenceDesk):
    """The attestation session, and what the command line adds to it."""

    console: Console
    settings: AppSettings


@contextmanager
def open_desk(
    console: Console,
    organization: str | None,
    store_location: str | None,
    *,
    offline: bool = True,
    reading: bool = False,
) -> Iterator[Desk]:
    """The session for the organization that --org names, or of the only one configured.

    `offline` wants no key; `reading` records nothing.
    """
    from contribaudit.cli.options import chosen_organization

    settings = console.settings()
    chosen = chosen_organization(settings, organization)
    with console.job((chosen,), store_location, live=not offline, keeps=not reading) as job:
        mine = tuple(target for target in job.targets if not target.left_out)
        yield Desk(chosen, replace(job, targets=mine), offline, console.diagnostics, console, settings)


def name_of(state: State, subject: Subject) -> str:
    """What people call the subject."""
    from contribaudit.core.resolve.aliases import alias_of

    return alias_of(state, subject)

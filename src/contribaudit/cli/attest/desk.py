"""What the subcommands of `attest` and `signals` work with: one organization, its history, its newest state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from contribaudit.cli.options import Console, organization_option, store_option

if TYPE_CHECKING:
    from contribaudit.config import AppSettings
    from contribaudit.core.attestation import Attestation, Signature
    from contribaudit.core.state import State
    from contribaudit.core.subject import Subject
    from contribaudit.pipeline import Job

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
class Desk:
    """One organization's history, open."""

    console: Console
    settings: AppSettings
    organization: str
    job: Job
    offline: bool

    def now(self) -> datetime:
        """The present moment."""
        return self.job.clock()

    def signature(self, by: str, at: datetime | None = None) -> Signature:
        """Under what somebody does here and now."""
        return self.job.operator.signature(at or self.now(), by)

    def read(self) -> State:
        """What the API shows now of what anchors attestations; the last kept run when offline."""
        import asyncio

        from contribaudit.pipeline import last_state, look
        from contribaudit.testimony.looking import SOURCES

        if self.offline:
            return last_state(self.job)
        return asyncio.run(look(self.job, SOURCES, self.console.diagnostics))

    def remembered(self) -> State:
        """The last kept run, or an empty state where there is none: to name subjects."""
        from contribaudit.core.state import OrganizationState, State
        from contribaudit.pipeline import last_state

        if self.job.store.runs(organization=self.organization, limit=1):
            return last_state(self.job)
        there = OrganizationState(self.organization, "", {}, "it was never read")
        return State(as_of=self.now(), rulebook=self.job.rulebook, organizations=[there], observations=[])

    def attestations(self) -> tuple[Attestation, ...]:
        """All that was ever recorded of the organization."""
        return self.job.store.attestations(self.organization)

    def find(self, identity: str) -> Attestation:
        """The attestation by its ID or the unambiguous beginning of one. Raises UsageError."""
        from difflib import get_close_matches

        from contribaudit.errors import UsageError

        known = {one.id: one for one in self.attestations()}
        found = [known[identity]] if identity in known else [known[one] for one in known if one.startswith(identity)]
        if len(found) == 1 and identity:
            return found[0]
        if found and identity:
            listed = ", ".join(one.id for one in found[:5])
            raise UsageError(f"Several attestations begin with {identity}", hint=f"Write more of it: {listed}.")
        near = get_close_matches(identity, known, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        hint = f"{meant}contribaudit attest list --all names them all."
        raise UsageError(f"There is no attestation {identity[:80]!r}", hint=hint)


@contextmanager
def open_desk(
    console: Console,
    organization: str | None,
    store_location: str | None,
    *,
    api_key_file: Path | None = None,
    api_key_fd: int | None = None,
    offline: bool = True,
) -> Iterator[Desk]:
    """The desk of the organization that --org names, or of the only one configured. `offline` wants no key."""
    from contribaudit import wiring
    from contribaudit.cli.ask import chosen_organization
    from contribaudit.pipeline import Job

    settings = console.settings()
    chosen = (chosen_organization(settings, organization),)
    rulebook = wiring.load_rulebook(settings)
    policy = wiring.load_policy(settings.policy, rulebook)
    targets = (
        wiring.unread_targets(settings, chosen)
        if offline
        else wiring.targets(
            settings,
            chosen,
            key_file=api_key_file,
            key_fd=api_key_fd,
            progress=console.diagnostics,
            on_key=console.diagnostics.hide,
        )
    )
    mine = tuple(target for target in targets if not target.left_out)
    with wiring.open_store(settings, store_location) as store:
        job = Job(mine, store, rulebook, policy, operator=wiring.operator())
        yield Desk(console, settings, chosen[0], job, offline)


def name_of(state: State, subject: Subject) -> str:
    """What people call the subject."""
    from contribaudit.core.alias import alias_of

    return alias_of(state, subject)

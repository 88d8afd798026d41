"""The inputs of an audit: which organizations, whose history, which policy. `wiring` builds them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.sites import SiteClient
from contribaudit.atlassian.transport import Ledger, utc_now
from contribaudit.attestations.files import Row
from contribaudit.core.judge.evaluate import EVERYTHING, Selection
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.store.history import History
from contribaudit.store.records import RunRecord


@dataclass(frozen=True, slots=True)
class Target:
    """One organization that the configuration names."""

    organization: str
    name: str = ""
    connect: Callable[[], AbstractAsyncContextManager[AdminClient]] | None = None
    """Opens a client; None when the organization cannot be read, and `unread_reason` then says why."""
    unread_reason: str = ""
    key_label: str = ""
    connect_sites: Callable[[Ledger], AbstractAsyncContextManager[SiteClient]] | None = None
    """Opens a client of its sites that writes into the audit's ledger; None when spaces are not read."""
    left_out: bool = False
    """True when the run was told to read other organizations: its last run then shows whether it is covered."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who and what runs an audit, as recorded in the history."""

    trigger: str = "manual"
    """ "manual" or "schedule"."""
    account: str = ""
    host: str = ""

    def signature(self, at: datetime, by: str = "") -> Signature:
        """The signature for a person's action on this machine, at that time."""
        return Signature(by, at, self.account, self.host)


UNNAMED = Operator()


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that an audit needs, built by `wiring`."""

    targets: tuple[Target, ...]
    store: History
    rulebook: Rulebook
    policy: AuditPolicy
    fail_on: Severity = Severity.HIGH
    selection: Selection = EVERYTHING
    operator: Operator = UNNAMED
    clock: Callable[[], datetime] = utc_now
    attestations: tuple[Row, ...] = ()
    """Rows of the configured folder of attestation files; the history records each row once."""
    planned_at: datetime | None = None
    """The aware time at which a schedule planned the audit to start; None when a person starts it."""

    @property
    def organizations(self) -> tuple[str, ...]:
        """The IDs of the organizations that are not left out."""
        return tuple(one.organization for one in self.targets if not one.left_out)

    def newest_run(self, moment: datetime) -> RunRecord | None:
        """The newest run of the job's organizations that had begun by then; None without one."""
        runs = [self.store.run_at(moment, one) for one in self.organizations]
        return max((one for one in runs if one is not None), key=lambda one: one.id, default=None)

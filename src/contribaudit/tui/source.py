"""The data that the dashboard shows (`Board`), and where it comes from (`Source`).

A `Source` gives a `Board`, and the app hands the board to every screen. `sources.py` has the sources: the history, an
evidence folder, the demo.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from contribaudit.errors import UsageError

if TYPE_CHECKING:
    # Modules that read databases take longer to import than the first paint may.
    from contribaudit.audit.job import Job
    from contribaudit.core.advise.deadlines import Deadline
    from contribaudit.core.advise.report import Report
    from contribaudit.core.advise.site_map import SiteMap
    from contribaudit.core.advise.steps import NextStep
    from contribaudit.core.model.change import Change
    from contribaudit.core.model.finding import Finding
    from contribaudit.core.model.policy import AuditPolicy
    from contribaudit.evidence.export import Form
    from contribaudit.exporters.changed import CountedChange
    from contribaudit.exporters.report_v1 import ReportV1
    from contribaudit.exporters.summary import Overview
    from contribaudit.progress import Progress
    from contribaudit.store.records import RunRecord
    from contribaudit.store.runs import OutcomeSpan
    from contribaudit.tui.rows.filtering import FindingIndex


@dataclass(frozen=True, eq=False, repr=False)
class Board:
    """Everything that the screens show of one moment. Two boards are equal only if they are the same object.

    A board has no repr of its fields: Textual would write out all findings for each worker that receives a board.
    """

    report: Report
    policy: AuditPolicy | None = None
    """None if only the policy's name is known, as in an evidence folder."""
    runs: Sequence[RunRecord] = ()
    """Newest first."""
    unseen: Sequence[Change] = ()
    """The changes since the person last looked, oldest first."""
    looked_at: datetime | None = None
    """Start of the last run whose changes the person has seen; None if they never looked."""
    steps: Sequence[NextStep] = ()
    """What to do, most serious first."""
    ending: Sequence[Deadline] = ()
    """Deadlines, soonest first."""
    you: str = ""
    """The person's email address; "" if the configuration has none."""
    notes: Sequence[str] = ()
    """Remarks about the source itself, a short clause each: "evidence folder, verified, not signed"."""
    evidence_sha256: str = ""
    """SHA-256 of the manifest of the evidence that is shown or was last exported; "" if there is none."""
    evidence_at: datetime | None = None
    """When that manifest was written."""
    clock: Callable[[], datetime] | None = None
    """Gives the present time, from which ages are counted; None for a board of the past, which counts from its own."""
    document: ReportV1 | None = None
    """The published document that the report was read from; None for a live one."""
    asked_for: datetime | None = None
    """The moment of the past that a person asked for; None for now. Nothing may be written on a board of the past."""

    @property
    def now(self) -> datetime:
        """The time from which ages are counted: the clock's, since the report may be a year old."""
        return self.report.state.as_of if self.clock is None else self.clock()

    def prepare(self) -> None:
        """Compute the slow cached properties. Its source calls this, in a worker, before the board is shown."""
        _ = self.index, self.most_severe, self.about, self.map

    @cached_property
    def about(self) -> Overview:
        """The values on the overview, the same as in every output format. Computed once."""
        from contribaudit.exporters.json_v1 import lean_document
        from contribaudit.exporters.summary import Overview

        return Overview(self.document or lean_document(self.report))

    @cached_property
    def changes(self) -> Sequence[CountedChange]:
        """The changes since the person last looked, or since the run before; a new app counts as one."""
        if self.looked_at is None and self.document is not None:
            return self.about.changes()
        from contribaudit.exporters.changed import counted_changes
        from contribaudit.exporters.json_v1 import subject_row

        changes = self.report.changes if self.looked_at is None else self.unseen
        return counted_changes(changes, partial(subject_row, self.report.state))

    @cached_property
    def map(self) -> SiteMap:
        """Apps by location, and sites by question. Computed once, in a worker."""
        from contribaudit.exporters.saved import map_of

        return map_of(self.about.document["map"])

    @cached_property
    def most_severe(self) -> list[int]:
        """Every place of the index, most serious finding first."""
        from contribaudit.tui.rows.filtering import ordered

        return ordered(self.index, "gravity")

    @cached_property
    def index(self) -> FindingIndex:
        """The findings with the values by which they are searched and sorted. Computed once, in a worker."""
        from contribaudit.tui.rows.filtering import index_of

        return index_of(self.report, lambda: time.sleep(0.0005), self.steps)


class Lack(StrEnum):
    """Why there is no board yet."""

    UNCONFIGURED = "unconfigured"
    """No organization is configured: a first start."""
    UNREAD = "unread"
    """The history contains no run of these organizations."""


class Source:
    """Gives boards. Every method except `audit` may block and is called in a worker thread; properties do not block.

    A source without a history need not have the methods that only a `job`, `can_audit` or `can_write` leads to.
    """

    focus: str | None = None
    """ID of the one organization that boards are about; None for all. The next `load` follows a new value."""

    @property
    def organizations(self) -> Sequence[tuple[str, str]]:
        """(ID, name) of each organization that the focus may be set to, in the order of the configuration.

        Empty if boards cannot be narrowed; then the filter `org:` does that.
        """
        return ()

    @property
    def job(self) -> Job | None:
        """The job of the headless commands, its store open, used to write attestations, waivers and baselines. None if
        there is no history.
        """
        return None

    @property
    def can_audit(self) -> bool:
        """Whether a run can be started from here."""
        return False

    @property
    def can_write(self) -> bool:
        """Whether attestations, waivers and baselines can be written from here."""
        return False

    @property
    def policy_path(self) -> Path | None:
        """The policy file that boards are judged by; None for the default pack, which has no file, and if the board was
        judged elsewhere."""
        return None

    def use_policy(self, path: Path) -> None:
        """Read this file and judge by it from now on. Raises PolicyFileError."""
        raise NotImplementedError

    def form(self, archive: bool) -> Form:
        """How evidence is written and signed, as configured. Raises ConfigurationError, CredentialError."""
        raise NotImplementedError

    def live_job(self) -> Job | None:
        """`job` with the available keys, for the short readings before and after a look; None if there is no key.

        Raises ContribauditError for a key that cannot be used.
        """
        raise NotImplementedError

    def nothing_to_load(self) -> Lack | None:
        """Why `load` has no board to give; None if it has one. Raises ContribauditError."""
        return None

    def load(self) -> Board:
        """The newest saved run, judged now. Raises ContribauditError; UsageError if nothing was ever read."""
        raise NotImplementedError

    def load_at(self, moment: datetime) -> Board:
        """The state as of a moment, `asked_for`. Raises UsageError if nothing was read by then."""
        board = replace(self.load(), asked_for=moment)
        if moment < board.report.run.started_at:
            raise UsageError(f"This report does not cover {moment:%Y-%m-%d %H:%M}Z", hint="Open the history instead")
        board.prepare()
        return board

    async def audit(self, progress: Progress) -> Board:
        """Run an audit: read, save and judge. Raises ContribauditError.

        Cancelling the task leaves the history unchanged; if the run is already saved, its board is still returned.
        """
        raise NotImplementedError

    def raw(self, sha256: str) -> bytes:
        """The raw answer with this digest. Raises ContribauditError if it is not stored."""
        raise NotImplementedError

    def outcomes(self, finding: Finding) -> Sequence[OutcomeSpan]:  # noqa: ARG002
        """The finding's outcomes over time, oldest first; empty without a history. Raises ContribauditError."""
        return ()

    def mark_seen(self, board: Board) -> None:  # noqa: ARG002
        """Record that the person has seen the board's changes. Raises UsageError if nothing can be recorded."""
        raise UsageError("Without a history, nothing can be marked as seen", hint="Open the dashboard without a pack")

    def close(self) -> None:
        """Close the history."""


class Lacking(Source):
    """A source without data, which says why."""

    def __init__(self, lack: Lack) -> None:
        self._lack = lack

    def nothing_to_load(self) -> Lack:
        """Why there is no board."""
        return self._lack

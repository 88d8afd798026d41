"""What the dashboard shows, and where it gets it from.

A `Source` gives a `Board`, the board goes to every screen, and no screen asks anything else of anybody. `sources.py`
has them: the history, an evidence folder, the demo.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from contribaudit.errors import StoreDamaged, UsageError

if TYPE_CHECKING:
    # What reads databases takes longer to import than the first paint may.
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
    """Everything that the screens show of one moment. Two boards are the same only if they are one object.

    It has no text of its own: Textual would write all findings out for each worker that is handed a board.
    """

    report: Report
    policy: AuditPolicy | None = None
    """None where only its name is known, as in an evidence folder."""
    runs: Sequence[RunRecord] = ()
    """Newest first."""
    unseen: Sequence[Change] = ()
    """What changed since the person last looked, oldest first."""
    looked_at: datetime | None = None
    """Start of the last run whose changes the person has seen; None when they never looked."""
    steps: Sequence[NextStep] = ()
    """What to do, gravest first."""
    ending: Sequence[Deadline] = ()
    """What runs out, soonest first."""
    you: str = ""
    """Mail address of the person, "" where the configuration names nobody."""
    notes: Sequence[str] = ()
    """What to know about the source itself, a short clause each: "evidence folder, verified, not signed"."""
    evidence_sha256: str = ""
    """SHA-256 of the manifest of the evidence that is shown, or that was last exported; "" where there is none."""
    evidence_at: datetime | None = None
    """When that was written."""
    clock: Callable[[], datetime] | None = None
    """Tells now, for ages; None for a moment of the past, which is looked at as it was then."""
    document: ReportV1 | None = None
    """The published document that the report was read from; None for a live one."""
    asked_for: datetime | None = None
    """The moment of the past that somebody asked for; None for now. Nothing is to be written on such a board."""

    @property
    def now(self) -> datetime:
        """What ages count to: the clock, not the report, which may be a year old."""
        return self.report.state.as_of if self.clock is None else self.clock()

    def prepare(self) -> None:
        """Work out what is made once for a board and takes longer than a key may. In a worker, before it is shown."""
        _ = self.index, self.gravest, self.about, self.map

    @cached_property
    def about(self) -> Overview:
        """The first screen in values, the same as in every format. Made once, as `index` is."""
        from contribaudit.exporters.json_v1 import lean_document
        from contribaudit.exporters.summary import Overview

        return Overview(self.document or lean_document(self.report))

    @cached_property
    def changes(self) -> Sequence[CountedChange]:
        """What changed since the person last looked, or since the run before, a new app as one."""
        if self.looked_at is None and self.document is not None:
            return self.about.changes()
        from contribaudit.exporters.changed import counted_changes
        from contribaudit.exporters.json_v1 import subject_row

        changes = self.report.changes if self.looked_at is None else self.unseen
        return counted_changes(changes, partial(subject_row, self.report.state))

    @cached_property
    def map(self) -> SiteMap:
        """Apps by location, and sites by question: the document's, which is made in the worker."""
        from contribaudit.exporters.saved import map_of

        return map_of(self.about.document["map"])

    @cached_property
    def gravest(self) -> list[int]:
        """Every place of the index, gravest first."""
        from contribaudit.tui.rows.filtering import ordered

        return ordered(self.index, "gravity")

    @cached_property
    def index(self) -> FindingIndex:
        """The findings with what they are searched and sorted by. Made once: in a worker, before the board is shown."""
        from contribaudit.tui.rows.filtering import index_of

        return index_of(self.report, lambda: time.sleep(0.0005), self.steps)


class Lack(StrEnum):
    """Why there is no board yet."""

    UNCONFIGURED = "unconfigured"
    """No organization is configured: a first start."""
    UNREAD = "unread"
    """The history holds no run."""


class Source:
    """Gives boards. Every method may block and is called in a worker thread, but for `audit` and the properties.

    What a subclass does not say is refused or empty.
    """

    def __init__(self, title: str) -> None:
        """`title` is what messages call it: "history", or the folder's name."""
        self._title = title
        self.focus: str | None = None
        """ID of the one organization that boards are about; None for all. May be set; the next `load` follows it."""

    @property
    def organizations(self) -> Sequence[tuple[str, str]]:
        """(ID, name) of each organization that the focus may be set to, in the order of the configuration.

        Empty where what is shown cannot be narrowed; the filter `org:` does that.
        """
        return ()

    @property
    def job(self) -> Job | None:
        """What the headless commands would work on, its store open: for what is written (attestations, waivers,
        baselines). None where there is no history.
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
        """The policy file that boards are judged by; None for the default pack, which has no file, and where the board
        was judged elsewhere."""
        return None

    def use_policy(self, path: Path) -> None:
        """Judge by this file from now on, read anew. Raises PolicyFileError, UsageError where nothing is judged."""
        raise UsageError(
            f"An evidence pack is shown as it was judged; {path} cannot be applied to it",
            hint="Open the history instead",
        )

    def form(self, archive: bool) -> Form:  # noqa: ARG002
        """How evidence is written and signed, as configured. Raises ConfigurationError, CredentialError; UsageError
        where nothing can be written.
        """
        raise UsageError(f"{self._title} cannot be exported again", hint="Open the history to write evidence")

    def live_job(self) -> Job | None:
        """`job` with the keys that are there, for the small readings around a look; None where there is none.

        Raises ContribauditError for a key that cannot be used.
        """
        return None

    def nothing_to_load(self) -> Lack | None:
        """Why `load` would have nothing to give; None when it has. Raises ContribauditError."""
        return None

    def load(self) -> Board:
        """The newest saved run, judged now. Raises ContribauditError; UsageError where nothing was ever read."""
        raise NotImplementedError

    def load_at(self, moment: datetime) -> Board:
        """The state as of a moment. Raises UsageError where nothing was read by then, or only one report is known."""
        board = self.load()
        if moment < board.report.run.started_at:
            raise UsageError(f"This report does not cover {moment:%Y-%m-%d %H:%M}Z", hint="Open the history instead")
        return board

    async def audit(self, progress: Progress) -> Board:  # noqa: ARG002
        """Read, keep and judge. Raises ContribauditError.

        Cancelling the task leaves the history as it was; a run that is kept already is given as if nobody had.
        """
        raise UsageError(
            f"{self._title} cannot run an audit", hint="Run `contribaudit audit` on the machine with the API key"
        )

    def raw(self, sha256: str) -> bytes:
        """A raw answer. Raises ContribauditError when it is not there."""
        raise StoreDamaged(
            f"The raw response {sha256[:12]}… is not stored here", hint="Open it on the machine with the history"
        )

    def outcomes(self, finding: Finding) -> Sequence[OutcomeSpan]:  # noqa: ARG002
        """How the finding came out over time, oldest first; empty where no history is. Raises ContribauditError."""
        return ()

    def mark_seen(self, board: Board) -> None:  # noqa: ARG002
        """Note that the person has seen the board's changes. Raises UsageError where nothing can be noted."""
        raise UsageError("Without a history, nothing can be marked as seen", hint="Open the dashboard without a pack")

    def close(self) -> None:
        """Let go of the history."""


class Lacking(Source):
    """A source that has nothing to give, and says why."""

    def __init__(self, lack: Lack) -> None:
        super().__init__("no data")
        self._lack = lack

    def nothing_to_load(self) -> Lack:
        """Why there is nothing."""
        return self._lack

    def load(self) -> Board:
        """Raises UsageError."""
        raise UsageError(
            "There is no data to show yet", hint="Run `contribaudit init`, or try `contribaudit demo --dashboard`"
        )

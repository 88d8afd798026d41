"""What people attested: all of it, or the part that somebody wants to see."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import work

from contribaudit.core.model.attestation import Attestation
from contribaudit.tui.host import host_of
from contribaudit.tui.rows import attestations as rows
from contribaudit.tui.rows.attestations import FILTERS, Recorded
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.listing import Listing


class AttestedList(Listing[Recorded]):
    """Reads the reason of a revocation when the person comes to it."""

    def __init__(self) -> None:
        super().__init__(
            rows.COLUMNS, id="recorded", empty="No attestation stands so.", key=lambda one: one.attestation.id
        )
        self._board: Board | None = None
        self._everything: Sequence[Recorded] = ()
        self._filter = FILTERS[0]
        self._notes: dict[str, str] = {}

    def show_recorded(self, board: Board, recorded: Sequence[Recorded]) -> None:
        """Of everything that was recorded list what the filter leaves."""
        self._board, self._everything = board, recorded
        self._fill(board)

    def next_filter(self) -> None:
        """The next part."""
        self._filter = FILTERS[(FILTERS.index(self._filter) + 1) % len(FILTERS)]
        if self._board is not None:
            self._fill(self._board)

    def go_to(self, attestation: Attestation) -> None:
        """Stand on this one, which is in force."""
        self._filter = FILTERS[0]
        if self._board is not None:
            self._fill(self._board, next((one for one in self._everything if one.attestation is attestation), None))

    def _fill(self, board: Board, at: Recorded | None = None) -> None:
        state = board.report.state
        self.say(rows.recorded_line(self._everything, self._filter))
        left = rows.cut_down(self._everything, self._filter)
        self.show(left, lambda one: rows.recorded_cells(state, one), lambda one: self._told(board, one), at=at)

    def _told(self, board: Board, one: Recorded) -> Sequence[Text]:
        identity = one.attestation.id
        if one.attestation.revoked is not None and identity not in self._notes:
            self._read_note(identity)
        return [rows.recorded_detail(board.report.state, one, self._notes.get(identity, ""))]

    @work(exclusive=True, group="note")
    async def _read_note(self, identity: str) -> None:
        dashboard = host_of(self)
        if dashboard.source is None or dashboard.source.job is None:
            return
        with dashboard.telling():
            self._notes[identity] = await dashboard.in_thread(dashboard.source.job.store.revocation_note, identity)
            self.describe()

"""The Evidence screen: due looks, attestations, the meaning of signals, and contradictions.

A walk through the due screens, a confirmation and a revocation start here. Each asks before it records anything,
reports what was recorded, and reloads the board.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static, Tab, TabbedContent, TabPane

from contribaudit.attestations.anchoring import recorded_words
from contribaudit.attestations.recording import confirmation, short
from contribaudit.attestations.status import SignalLine
from contribaudit.audit.attesting import AttestationSession, sessions
from contribaudit.audit.job import Job
from contribaudit.core.advise.waiting import DueScreen
from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.resolve.attested import AttestationHistory
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import display, safe_text
from contribaudit.tui.files import Sheet
from contribaudit.tui.host import NOT_IN_A_FOLDER, Host, host_of, missing, past
from contribaudit.tui.rows import attestations, due
from contribaudit.tui.rows.attestations import FILTERS, Contents, Recorded, contents, recorded_detail
from contribaudit.tui.rows.signs import title_of
from contribaudit.tui.screens.attest import AttestScreen
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.screens.dialogs import FormScreen, QuestionScreen
from contribaudit.tui.source import Board, Source
from contribaudit.tui.widgets.field import Field
from contribaudit.tui.widgets.grid import Grid
from contribaudit.tui.widgets.listing import Listing


async def walk(dashboard: Host, board: Board, screens: Sequence[DueScreen]) -> None:
    """Open the forms one after the other until the person leaves one; what was recorded by then stays.

    The calling screen first checks that recording is possible, then awaits this in a worker.
    """
    made: list[Attestation] = []
    with dashboard.showing_errors():
        live = await dashboard.in_thread(_live_sessions, dashboard.source)
        for number, due_screen in enumerate(screens, 1):
            place = f"screen {number} of {len(screens)}" if len(screens) > 1 else ""
            session = live[due_screen.organization]
            form = AttestScreen(session, due_screen, board.you, place=place)
            recorded = await dashboard.push_screen_wait(form)
            if recorded is None:
                break
            made += recorded
    if made:
        dashboard.say(f"{recorded_words(made)}.")
        dashboard.action_reload()


def _live_sessions(source: Source | None) -> dict[str, AttestationSession]:
    """Sessions by organization, with any keys. Call in a thread: a keyring may ask. Raises ContribauditError."""
    if source is None or source.job is None:
        return {}
    return sessions(source.live_job() or source.job)


class RevokeScreen(FormScreen[Signature]):
    """The form for a revocation. Its result is the signature, or None if the person left."""

    SEND = "Revoke it"
    DEFAULT_CSS: ClassVar[str] = "RevokeScreen #what { height: auto; margin-top: 1; }"

    def __init__(self, session: AttestationSession, state: State, recorded: Recorded, by: str) -> None:
        super().__init__()
        self._session, self._state, self._recorded, self._by = session, state, recorded, by

    def fields(self) -> Iterable[Widget]:
        """The reason, and the attestation in full."""
        check = partial(short, what="The reason")
        yield Field(
            "Why", id="why", placeholder="a typo, the wrong organization, …", check=check, required=True, long=True
        )
        yield Static(recorded_detail(self._state, self._recorded), id="what")

    def heading(self) -> Text:
        """The question, and who revokes."""
        title = "Revoke this attestation? It stays in the history, and the previous one does not come back."
        return Text(title).append(f"\nas {self._by}", "not bold dim")

    async def finish(self) -> None:
        """Revoke the attestation, signed by the person."""
        why = self.field("why").value
        self.dismiss(await asyncio.to_thread(self._session.revoke, self._recorded.attestation.id, self._by, why))


class AttestedList(Listing[Recorded]):
    """The list of attestations. It reads the reason for a revocation when the cursor reaches it."""

    def __init__(self) -> None:
        super().__init__(
            attestations.ATTESTED_COLUMNS,
            id="recorded",
            empty="No attestation has this status.",
            key=lambda one: one.attestation.id,
        )
        self._board: Board | None = None
        self._everything: Sequence[Recorded] = ()
        self._filter = FILTERS[0]
        self._notes: dict[str, str] = {}

    def show_recorded(self, board: Board, recorded: Sequence[Recorded]) -> None:
        """List the attestations that match the filter."""
        self._board, self._everything = board, recorded
        self._filter_by(self._filter)

    def next_filter(self) -> None:
        """Switch to the next filter."""
        self._filter_by(FILTERS[(FILTERS.index(self._filter) + 1) % len(FILTERS)])

    def only_waiting(self) -> None:
        """Show the attestations that wait for a second person."""
        self._filter_by(FILTERS[1])

    def go_to(self, attestation: Attestation) -> None:
        """Move the cursor to this attestation, which is in force."""
        self._filter_by(FILTERS[0], next((one for one in self._everything if one.attestation is attestation), None))

    def _filter_by(self, chosen: str, at: Recorded | None = None) -> None:
        self._filter, board = chosen, self._board
        if board is None:
            return
        state = board.report.state
        if board.policy is None:
            self.say(Text("The folder has what people attested in attestations.csv."))
        else:
            self.say(attestations.recorded_line(self._everything, chosen))
        left = attestations.cut_down(self._everything, chosen)
        self.show(
            left, lambda one: attestations.recorded_cells(state, one), lambda one: self._detail_lines(board, one), at=at
        )

    def _detail_lines(self, board: Board, recorded: Recorded) -> Sequence[Text]:
        identity = recorded.attestation.id
        if recorded.attestation.revoked is not None and identity not in self._notes:
            self._read_note(identity)
        return [attestations.recorded_detail(board.report.state, recorded, self._notes.get(identity, ""))]

    @work(exclusive=True, group="note")
    async def _read_note(self, identity: str) -> None:
        dashboard = host_of(self)
        if (job := dashboard.job) is not None:
            with dashboard.showing_errors():
                self._notes[identity] = await dashboard.in_thread(job.store.revocation_note, identity)
                self.describe()


_TABS = {"due": "1 Due", "recorded": "2 Attestations", "signals": "3 Signals", "conflicts": "4 Conflicts"}
_SIGNALS = "Raw API objects that change when a setting does, and what people saw in each state."
_CONFLICTS = "Two accepted values for the same moment. Record a newer look, or revoke one of them."


class DeskScreen(BoardScreen):
    """Four lists, each with the detail of the row under the cursor."""

    NAME: ClassVar[str] = "Evidence"
    FIRST = "#due-grid"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(title[0], f"tab('{name}')", title[2:], show=False) for name, title in _TABS.items()),
        Binding("asterisk", "walk_all", "Walk all", key_display="*", tooltip="Every due screen, one after the other"),
        Binding("C", "confirm", "Confirm"),
        Binding("delete", "revoke", "Revoke", key_display="del"),
        Binding(
            "x",
            "next_filter",
            "Only…",
            show=False,
            tooltip="Only attestations with one status; press again for the next status",
        ),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    DeskScreen {
        & #missing { height: auto; padding: 0 1; color: $text-warning; display: none; }
        & #missing.-shown { display: block; }
        & TabPane { padding: 0; }
        &.-narrow Listing > .sides { layout: vertical; }
        &.-narrow Listing > .sides > Grid { width: 1fr; height: 1fr; }
        &.-narrow Listing > .sides > VerticalScroll { width: 1fr; height: 1fr; border-left: none; }
        &.-narrow Listing > .sides > VerticalScroll { border-top: solid $primary 40%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._screens: Listing[due.DueScreen] = Listing(
            due.COLUMNS, id="due", empty="Nothing is due.", key=lambda one: one.key
        )
        self._attested = AttestedList()
        self._signals: Listing[SignalLine] = Listing(
            attestations.SIGNAL_COLUMNS,
            id="signals",
            line=_SIGNALS,
            empty="No signals are known here.",
            key=lambda one: (one.reading.owner, one.reading.signal),
        )
        self._conflicts: Listing[attestations.Contradiction] = Listing(
            attestations.CONFLICT_COLUMNS,
            id="conflicts",
            line=_CONFLICTS,
            empty="No conflicts.",
            key=lambda one: (one.subject, one.setting),
            stacked=True,
        )

    def body(self) -> ComposeResult:
        """Yield the line on what is missing, then the four lists."""
        yield Static(id="missing", markup=False)
        lists: tuple[Widget, ...] = (self._screens, self._attested, self._signals, self._conflicts)
        with TabbedContent(initial="due"):
            for (name, title), listing in zip(_TABS.items(), lists, strict=True):
                with TabPane(title, id=name):
                    yield listing

    # What is shown

    def show_board(self, board: Board) -> None:
        """Read the attestations in a thread, then fill the lists."""
        message = past(board) or missing(self.dashboard.source, board)
        line = self.query_one("#missing", Static)
        line.set_class(bool(message), "-shown")
        line.update(message)
        self.call_after_refresh(self._gather, board)

    @work(exclusive=True, group="gather")
    async def _gather(self, board: Board) -> None:
        with self.dashboard.showing_errors():
            testimony, content = await self.dashboard.in_thread(_gathered, self.dashboard.job, board)
            self._fill(board, content, testimony)

    def _fill(self, board: Board, content: Contents, testimony: Mapping[str, AttestationHistory]) -> None:
        state = board.report.state

        def signal(line: SignalLine) -> Sequence[Text]:
            history = testimony.get(line.reading.owner.organization, AttestationHistory())
            return [attestations.signal_detail(state, line, history)]

        if board.policy is None:
            self._screens.empty = self._attested.empty = NOT_IN_A_FOLDER
            self._screens.say(Text("The screen Next shows what findings wait for."))
        else:
            self._screens.say(due.due_line(content.due))
        self._screens.show(content.due, lambda one: due.due_cells(state, one), lambda one: [due.due_detail(state, one)])
        self._attested.show_recorded(board, content.recorded)
        self._signals.show(content.signals, lambda one: attestations.signal_cells(state, one), signal)
        self._conflicts.show(
            content.conflicts,
            lambda one: attestations.conflict_cells(state, one),
            lambda one: attestations.conflict_detail(state, one),
        )
        counts = {"due": len(content.due), "conflicts": len(content.conflicts)}
        for name, title in _TABS.items():
            count = f" ({counts[name]})" if counts.get(name) else ""
            tab = self.query_one(TabbedContent).get_tab(name)
            if tab.label_text != f"{title}{count}":
                tab.label = f"{title}{count}"
                # Textual measures the line below the tabs at once, perhaps before the tab has its new width.
                self.call_after_refresh(tab.post_message, Tab.Relabelled(tab))

    def sheet(self) -> Sheet | None:
        """The listed attestations."""
        if self._board is None or self.query_one("#recorded-grid", Grid).is_reading:
            return None
        state = self._board.report.state
        return Sheet(
            "attestations", attestations.SHEET, [attestations.sheet_row(state, one) for one in self._attested.rows]
        )

    # What the keys do

    @property
    def tab(self) -> str:
        """The name of the list in front."""
        return self.query_one(TabbedContent).active

    def action_tab(self, name: str) -> None:
        """Show another list and focus it at once, since the next key may come before the list is painted."""
        self.query_one(TabbedContent).active = name
        self.set_focus(self.query_one(f"#{name}-grid"))

    def on_tabbed_content_tab_activated(self) -> None:
        """Focus the list in front."""
        self.set_focus(self.query_one(f"#{self.tab}-grid"))

    def show_waiting(self) -> None:
        """Show the attestations that wait for a second person."""
        self.action_tab("recorded")
        self._attested.only_waiting()

    def action_next_filter(self) -> None:
        """Switch to the next filter of attestations, or first to that list."""
        if self.tab == "recorded":
            self._attested.next_filter()
        else:
            self.action_tab("recorded")

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Open a due screen's form, confirm a waiting attestation, or go from a conflict to one of its sides."""
        match message.grid.id:
            case "due-grid" if self._screens.selected is not None:
                self._walk([self._screens.selected])
            case "recorded-grid" if self._attested.selected is not None and self._attested.selected.needs_second_person:
                self.action_confirm()
            case "conflicts-grid" if self._conflicts.selected is not None and self._conflicts.selected.attestations:
                self.action_tab("recorded")
                self._attested.go_to(self._conflicts.selected.attestations[0])

    def action_walk_all(self) -> None:
        """Open the form of every due screen, one after the other."""
        self._walk(self._screens.rows)

    @work(exclusive=True, group="act", description="walk")
    async def _walk(self, screens: Sequence[due.DueScreen]) -> None:
        if self._board is None or not self._can_record():
            return
        if not screens:
            self.dashboard.say("Nothing is due")
        else:
            await walk(self.dashboard, self._board, screens)

    @work(exclusive=True, group="act")
    async def action_confirm(self) -> None:
        """Ask a second person whether the console shows the same as the attestation under the cursor."""
        if (chosen := self._chosen()) is None:
            return
        recorded, session, board = chosen
        look = recorded.attestation
        with self.dashboard.showing_errors():
            confirmation(look, session.signature(board.you))  # so that a refusal comes before the question
            body = Text(f"You are {safe_text(board.you)}. First look at the console yourself:\n\n")
            body.append(f"{safe_text(look.console_path) or 'path not recorded'}\n\n", "bold")
            body.append("Does it show ").append(display(look.value), "bold")
            body.append(f" for {title_of(look.setting)}?\n\n")
            body.append_text(recorded_detail(board.report.state, recorded))
            question = QuestionScreen("Confirm as a second person?", body, yes="I see the same", no="Back")
            if await self.app.push_screen_wait(question):
                await self.dashboard.in_thread(session.confirm, look.id, board.you)
                self.dashboard.say(f"{board.you} confirmed {title_of(look.setting)} as {look.by} saw it")
                self.dashboard.action_reload()

    @work(exclusive=True, group="act")
    async def action_revoke(self) -> None:
        """Ask for the reason, then revoke the attestation under the cursor."""
        if (chosen := self._chosen()) is None:
            return
        recorded, session, board = chosen
        if recorded.attestation.revoked is not None:
            self.dashboard.say("It is already revoked", warning=True)
            return
        signed = await self.app.push_screen_wait(RevokeScreen(session, board.report.state, recorded, board.you))
        if signed is not None:
            self.dashboard.say(f"{signed.by} revoked it: look at {title_of(recorded.attestation.setting)} again")
            self.dashboard.action_reload()

    def _chosen(self) -> tuple[Recorded, AttestationSession, Board] | None:
        """The attestation under the cursor, and what it takes to change it.

        None, with a message, if there is none or nothing can be recorded.
        """
        board, job = self._board, self.dashboard.job
        if not self._can_record() or board is None or job is None:
            return None
        recorded = self._attested.selected if self.tab == "recorded" else None
        if recorded is None:
            self.dashboard.say("Choose an attestation first (2)", warning=True)
            return None
        session = sessions(job).get(recorded.attestation.subject.organization)
        return (recorded, session, board) if session is not None else None

    def _can_record(self) -> bool:
        """Whether anything can be recorded from here now; shows the reason if not."""
        return self.dashboard.may_write(missing(self.dashboard.source, self._board))


def _gathered(job: Job | None, board: Board) -> tuple[Mapping[str, AttestationHistory], Contents]:
    """Attestation histories by organization, and the screen's content. Call in a thread. Raises ContribauditError."""
    state = board.report.state
    if job is None:
        histories = {one.id: AttestationHistory(tuple(one.attestations)) for one in state.looked_at}
    else:
        histories = {place.id: job.store.attestation_history(place.id) for place in state.looked_at}
    return histories, contents(board, histories)

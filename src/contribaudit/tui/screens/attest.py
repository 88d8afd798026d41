"""The form for attesting one console screen.

Signals are read before the console path is shown and again after the answers; then a summary is shown, and the values
are recorded. Every answer is saved as a draft, so that leaving, Ctrl-C or a crash loses nothing. The command line
shares these drafts.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Button, Input, Select, Static

from contribaudit.attestations.due import path_of
from contribaudit.attestations.recording import short
from contribaudit.audit.attesting import AttestationSession, CompletedVisit, Form
from contribaudit.core.advise.waiting import DueScreen
from contribaudit.core.model.attestation import Attachment, Attestation
from contribaudit.core.model.phrases import counted
from contribaudit.core.resolve.state import State
from contribaudit.errors import ContribauditError
from contribaudit.exporters.text import duration, safe_text
from contribaudit.operations import drafts
from contribaudit.operations.clipboard import CLIPBOARD, pictures
from contribaudit.operations.drafts import Draft
from contribaudit.tui.rows import answers as rows
from contribaudit.tui.rows.answers import Answers
from contribaudit.tui.screens.answering import AnswerForm
from contribaudit.tui.screens.dialogs import QuestionScreen
from contribaudit.tui.widgets.bars import KeyLine
from contribaudit.tui.widgets.field import Field

_KEEP_SECONDS = 0.3
_FEW = 4
"""With at most this many rows, the notes on the screen get the spare room."""
_ABOUT = ("path", "shot", "note")
"""The fields about the look itself."""


class AttestScreen(AnswerForm, inherit_bindings=False):
    """The form. Its result is the recorded attestations, or None if the person left; then a draft stays."""

    SEND = "Review"
    drafted = True
    """Whether a draft keeps what is half filled in, so that leaving loses nothing."""
    BINDINGS: ClassVar[list[BindingType]] = [
        *AnswerForm.ANSWER_KEYS,
        Binding("ctrl+s", "send", "Review"),
        Binding("escape", "leave", "Leave"),
        Binding("tab", "app.focus_next", "Next field", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False),
        *AnswerForm.WORD_KEYS,
        Binding("D", "discard", "Discard the draft", show=False),
        Binding("ctrl+r", "again", "Read again", show=False),
        Binding("question_mark,f1", "app.keys", "Keys", key_display="?"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    AttestScreen {
        & > .form { max-width: 170; }
        & .form--title { margin: 0; }
        & #way { height: auto; max-height: 6; scrollbar-size-vertical: 1; }
        & #where, & #filled, & #legend, & #digest { height: auto; }
        & #legend { min-height: 2; max-height: 4; border-top: solid $primary 40%; }
        & #answers { height: 1fr; min-height: 4; margin-top: 1; }
        & #narrow, & #entry { display: none; height: 1; border: none; padding: 0 1; background: $primary 35%; }
        & #narrow.-shown, & #entry.-shown { display: block; }
        & #look { height: auto; max-height: 8; scrollbar-size-vertical: 1; border-top: solid $primary 40%; }
        & #look Field { layout: grid; grid-size: 2; grid-columns: 18 1fr; grid-rows: auto; margin-bottom: 0; }
        & #look .field--wrong { column-span: 2; padding-left: 18; }
        & #generations > SelectCurrent { background: $panel; padding: 0 1; }
        & #digest { display: none; color: $text-muted; }
        & #digest.-shown { display: block; }
        & #room { display: none; height: 1fr; }
        &.-few #way { max-height: 50%; }
        &.-few #room { display: block; }
        & .offline { height: auto; color: $text-warning; text-style: bold; }
        &.-narrow #way { max-height: 3; }
        &.-narrow.-few #way { max-height: 3; }
        &.-narrow #answers { margin-top: 0; min-height: 3; }
        &.-narrow #legend { max-height: 3; }
        &.-narrow > .form { height: 100%; }
        &.-narrow #look { max-height: 4; }
        &.-narrow .form--fields { margin: 0; }
    }
    """

    def __init__(self, session: AttestationSession, due: DueScreen, by: str, *, place: str = "") -> None:
        """`place` says which of several screens this is: "screen 2 of 5"."""
        super().__init__()
        self._session, self._due, self._screen, self._by, self._turn = session, due, due.screen, by, place
        self._before: State | None = None
        self._draft: Draft | None = None
        self._recorded = False
        self._keeping: Timer | None = None
        self._shots: tuple[Attachment, ...] = ()
        self._bodies: dict[str, bytes] = {}

    def compose(self) -> ComposeResult:
        """Yield the console path, the grid with its legend, and the fields about the look."""
        path = path_of(self._screen)
        with Vertical(classes="form"):
            yield Static(self.heading(), classes="form--title")
            if self._session.offline:
                yield Static(f"! {rows.NO_KEY}", classes="offline", markup=False)
            with VerticalScroll(id="way", can_focus=False):
                yield Static("Reading the API's signals before you look …", id="where", markup=False)
            yield from self.grid_parts()
            yield Static(id="room")
            with VerticalScroll(id="look", can_focus=False):
                if len(self._screen.paths) > 1:
                    yield Select(
                        [(Text(safe_text(generation)), path) for generation, path in self._screen.paths.items()],
                        value=path,
                        allow_blank=False,
                        compact=True,
                        id="generations",
                    )
                yield Field("Menu path taken", id="path", value=path, check=partial(short, what="The path"))
                yield Field("Screenshot", id="shot", placeholder=f"file, or {CLIPBOARD}", check=self._read_shot)
                yield Static(id="digest", markup=False)
                yield Field("Note", id="note", placeholder="none", check=partial(short, what="The note"), long=True)
            yield from self.foot()
        yield KeyLine()

    def heading(self) -> Text:
        """The screen's name, its number of values, the person, and the position in the walk."""
        text = Text(safe_text(self._screen.title), "bold")
        text.append(
            f"   {counted(self._due.values, 'value')}, about {duration(self._due.minutes, words=True)}", "not bold"
        )
        return text.append(f"   as {safe_text(self._by)}   {self._turn}", "not bold dim")

    def on_mount(self) -> None:
        """Read the signals before the form is shown."""
        self.grid.display = self.query_one("#look").display = False
        self.query_one("#send", Button).disabled = True
        self._read_before()

    def today(self) -> date:
        """The present day by the history's clock."""
        return self._session.now().date()

    @property
    def touched(self) -> bool:
        """Whether anything entered is not recorded yet."""
        return not self._recorded and (bool(self._answers and self._answers.values) or super().touched)

    @work(exclusive=True, group="read")
    async def _read_before(self) -> None:
        self.tell("")
        try:
            before = await asyncio.to_thread(self._session.read)
            fresh, saved = await asyncio.to_thread(self._drafts, before)
        except ContribauditError as error:
            self.tell(
                f"{error}\nThe path to the screen appears once the signals are read. Press Ctrl+R to try again.",
                wrong=True,
            )
            return
        self._show_form(before, fresh, saved)

    def _drafts(self, before: State) -> tuple[Draft, Draft | None]:
        fresh = Draft.begin(before, self._due, self._by)
        return fresh, drafts.load(fresh)

    def _show_form(self, before: State, fresh: Draft, saved: Draft | None) -> None:
        """Show the console path and the grid, with a draft's answers if no signal has moved since."""
        self._before, self._draft = before, fresh
        self._answers = Answers(before, self._due.rows)
        if saved is not None and saved.signals == fresh.signals:
            self._resume_draft(saved)
        elif saved is not None:
            drafts.discard(saved)
            self.tell("The draft was discarded: a signal has moved since you looked. Look at the screen again.")
        self._show_path(self.field("path").value)
        grid = self.grid
        grid.display = self.query_one("#look").display = True
        self.add_class("-ready", update=False)  # no style depends on this class
        few = len(self.answers.subjects)
        if few <= _FEW:
            self.add_class("-few")
            grid.styles.height = few + 1
        self.query_one("#send", Button).disabled = False
        self.narrow_to("")
        at, column = self.answers.after(self._shown, -1, 0)
        grid.go_to(max(at, 0), column)
        self.refresh_bindings()  # the grid may have the focus already
        self.call_after_refresh(self.focus_first)

    def _resume_draft(self, saved: Draft) -> None:
        self._draft = saved
        filled = self.answers.take_up(saved.answers, saved.notes)
        for name, text in saved.about.items():
            if name in _ABOUT:
                self.field(name).value = text
        self.tell(f"Resumed: {counted(filled, 'value')} from {saved.begun_at:%Y-%m-%d %H:%M}Z. D discards them.")

    def action_again(self) -> None:
        """Read the signals again after a failure."""
        if self._before is None:
            self._read_before()

    # The draft

    def on_input_changed(self, event: Input.Changed) -> None:
        """Save the fields about the look in the draft."""
        if event.input.id != "narrow":
            self.keep_soon()

    def on_text_area_changed(self) -> None:
        """Save the note in the draft too."""
        self.keep_soon()

    @work(exclusive=True, group="leave")
    async def action_leave(self) -> None:
        """Return from a box to the grid, clear the filter, or else leave; a draft stays."""
        if self.leave_box():
            return
        if self.touched and self._draft is not None:
            self._try_save_draft()
            self.dashboard.say(rows.left_line(self.answers.filled))
        self.dismiss(None)

    def keep_soon(self) -> None:
        """Save the draft once the person pauses for a moment."""
        if self._draft is None:
            return
        self._draft.about = {name: self.field(name).value for name in _ABOUT if self.field(name).touched}
        if self._keeping is not None:
            self._keeping.stop()
        self._keeping = self.set_timer(_KEEP_SECONDS, self._try_save_draft)

    def _try_save_draft(self) -> None:
        try:
            self._save_draft()
        except OSError as error:
            self.tell(f"The draft cannot be kept: {error.strerror or error}", wrong=True)

    def _save_draft(self) -> None:
        """Save the draft with the present answers. Raises OSError."""
        draft, answers = self._draft, self._answers
        if draft is None or answers is None or self._recorded:
            return
        draft.answers, draft.notes = dict(answers.values), dict(answers.notes)
        if draft.answers or draft.about:
            drafts.save(draft)
        else:
            drafts.discard(draft)

    def on_unmount(self) -> None:
        """Save the draft if the dashboard is closed meanwhile."""
        with suppress(OSError):
            self._save_draft()

    @work(exclusive=True, group="leave")
    async def action_discard(self) -> None:
        """Empty every cell, after a question."""
        if not self.answers.values:
            self.tell("Nothing is filled in")
            return
        body = Text(f"{counted(self.answers.filled, 'value')} of this screen. Nothing has been recorded.")
        if await self.app.push_screen_wait(
            QuestionScreen("Discard the draft?", body, yes="Discard", no="Keep editing")
        ):
            self.empty_all()
            self.tell("Discarded; u brings it back, column by column")

    # The look

    def on_select_changed(self, event: Select.Changed) -> None:
        """Show the console path of the chosen console generation."""
        path = str(event.value)
        if self._before is None:
            return
        self._show_path(path)
        field = self.field("path")
        if not field.touched:
            field.first = path
            field.value = path

    def may_finish(self) -> bool:
        """Whether anything was answered; shows what is missing if not."""
        if self._before is not None and not self.answers.values:
            self.tell("No cell is filled in; an empty cell counts as not seen", wrong=True)
            self.focus_first()
            return False
        return self._before is not None

    async def finish(self) -> None:
        """Read the signals again, show what would be recorded, and record it if the person agrees."""
        assert self._draft is not None
        assert self._before is not None
        self._try_save_draft()
        self.tell("Reading the signals again …")
        shots = self._shots if self.field("shot").value else ()
        path, note = self.field("path").value, self.field("note").value
        form = Form(self._screen.id, self._draft.entered, self._by, path, note, shots)
        looked, made = await asyncio.to_thread(self._filled, self._before, form)
        self.tell("")
        question = QuestionScreen(
            rows.title(self._screen, made), rows.summary(looked.state, made), yes="Record it", no="Back to the form"
        )
        if await self.app.push_screen_wait(question):
            bodies = {shot.sha256: self._bodies[shot.sha256] for shot in shots}
            await asyncio.to_thread(self._session.job.store.add_attestations, made, bodies)
            self._recorded = True
            drafts.discard(self._draft)
            self.dismiss(made)

    def _filled(self, before: State, form: Form) -> tuple[CompletedVisit, tuple[Attestation, ...]]:
        looked = self._session.looked(before)
        return looked, self._session.filled(looked, form)

    def _show_path(self, path: str) -> None:
        self.query_one("#where", Static).update(rows.where(self._screen, path))

    def _read_shot(self, text: str) -> None:
        """Read the screenshot now, so that the digest shown is the one recorded. Raises UsageError."""
        digest = self.query_one("#digest", Static)
        digest.remove_class("-shown")
        self._shots, self._bodies = pictures([text])
        digest.update(rows.digests(self._shots))
        digest.add_class("-shown")

    def on_descendant_focus(self) -> None:
        """Show the keys that are active now."""
        self.refresh_bindings()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Check a field that the person leaves, which shows the digest or the error."""
        self.refresh_bindings()
        field = event.widget.parent
        if isinstance(field, Field) and field.value and field.touched:
            field.good()

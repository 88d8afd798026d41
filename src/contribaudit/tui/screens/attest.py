"""The form of one console screen: signals read before its path is shown, answers, signals read again, summary, kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Button, Select, Static

from contribaudit.attestations import recording
from contribaudit.attestations.due import Row, path_of
from contribaudit.attestations.recording import EnteredValue, parse_value, short
from contribaudit.audit.attesting import AttestationSession, CompletedVisit, Form
from contribaudit.core.model.attestation import Attachment, Attestation
from contribaudit.core.model.observation import Value
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.resolve.state import State
from contribaudit.errors import ContribauditError
from contribaudit.exporters.text import plural, safe_text
from contribaudit.settings import file
from contribaudit.tui.rows import due as rows
from contribaudit.tui.screens.dialogs import FormScreen, QuestionScreen
from contribaudit.tui.widgets.field import Field


class WalkScreen(FormScreen[tuple[Attestation, ...]]):
    """Ends with what was recorded, None when the person left it.

    Nothing stands in a row's box before somebody looked: neither what the policy wants nor what the plan predicts.
    """

    SEND = "Review"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+r", "again", "Read again", show=False)]
    DEFAULT_CSS: ClassVar[str] = """
    WalkScreen {
        & #where { height: auto; margin-bottom: 1; }
        & #generations { height: auto; margin-bottom: 1; }
        & #generations > SelectCurrent { background: $panel; padding: 0 1; }
        & #answers { height: auto; display: none; }
        & #answers.-ready { display: block; }
        & #digest { display: none; height: auto; color: $text-muted; margin-bottom: 1; }
        & #digest.-shown { display: block; }
        & .offline { height: auto; color: $text-warning; text-style: bold; margin-bottom: 1; }
    }
    """

    def __init__(
        self, desk: AttestationSession, screen: Screen, due: Sequence[Row], by: str, state: State, *, place: str
    ) -> None:
        """`state` names the subjects until the signals were read; `place` says which form of a walk this is."""
        super().__init__()
        self._desk, self._screen, self._due, self._by, self._state = desk, screen, due, by, state
        self._place = place
        self._before: State | None = None
        self._busy = False
        self._shots: tuple[Attachment, ...] = ()
        self._bodies: dict[str, bytes] = {}

    def heading(self) -> Text:
        """The screen's name, and how far the walk is."""
        said = Text(safe_text(self._screen.title), "bold")
        minutes = self._screen.minutes(list(dict.fromkeys(row.setting.id for row in self._due)))
        said.append(f"   {plural(len(self._due), 'value')}, about {plural(minutes, 'minute')}", "not bold")
        said.append(f"   {self._place}", "not bold dim")
        return said.append(f"\nas {safe_text(self._by)}", "not bold dim")

    def fields(self) -> Iterable[Widget]:
        """The way there, a box for each row, then path, screenshot and note."""
        if self._desk.offline:
            yield Static(f"! {rows.NO_KEY}", classes="offline", markup=False)
        yield Static("Reading the API's signals before you look …", id="where", markup=False)
        with Vertical(id="answers"):
            if len(self._screen.paths) > 1:
                yield Static("Console generation", markup=False)
                yield Select(
                    [(Text(safe_text(generation)), path) for generation, path in self._screen.paths.items()],
                    value=path_of(self._screen),
                    allow_blank=False,
                    compact=True,
                    id="generations",
                )
            for number, row in enumerate(self._due):
                yield Field(
                    rows.question(self._state, row),
                    id=f"row-{number}",
                    placeholder=rows.placeholder(row),
                    check=partial(_answer, row),
                )
            yield Field("Menu path taken", id="path", value=path_of(self._screen), check=_short("The path"))
            yield Field("Screenshot file", id="shot", placeholder="none", check=self._read_shot)
            yield Static(id="digest", markup=False)
            yield Field("Note", id="note", placeholder="none", check=_short("The note"))

    def on_mount(self) -> None:
        """Read first; the path comes afterwards."""
        self.query_one("#send", Button).disabled = True
        self._read()

    @work(exclusive=True, group="read")
    async def _read(self) -> None:
        self.tell("")
        try:
            self._before = await asyncio.to_thread(self._desk.read)
        except ContribauditError as error:
            self.tell(
                f"{error}\nThe path to the screen appears once the signals are read. Press Ctrl+R to try again.",
                wrong=True,
            )
            return
        self._show_path(path_of(self._screen))
        self.query_one("#answers").add_class("-ready")
        self.query_one("#send", Button).disabled = False
        self.call_after_refresh(self.focus_first)

    def action_again(self) -> None:
        """Read the signals again, where that failed."""
        if self._before is None:
            self._read()

    def on_select_changed(self, event: Select.Changed) -> None:
        """Another generation of the console has another way there."""
        path = str(event.value)
        if self._before is None:
            return
        self._show_path(path)
        field = self.field("path")
        if not field.touched:
            field.first = path
            field.value = path

    def send(self) -> None:
        """Read again, and show what would be recorded."""
        if self._before is None or self._busy:
            return
        answers = [
            (row, value)
            for number, row in enumerate(self._due)
            if (value := _answer(row, self.field(f"row-{number}").value)) is not None
        ]
        if not answers:
            self.tell("No row is filled in; an empty row counts as not seen", wrong=True)
            self.focus_first()
            return
        self._review([EnteredValue(row.subject.id, row.setting.id, value) for row, value in answers], self._before)

    @work(exclusive=True, group="send")
    async def _review(self, told: Sequence[EnteredValue], before: State) -> None:
        self._busy = True
        try:
            with self.telling():
                await self._asked(told, before)
        finally:
            self._busy = False

    async def _asked(self, told: Sequence[EnteredValue], before: State) -> None:
        self.tell("Reading the signals again …")
        shots = self._shots if self.field("shot").value else ()
        form = Form(self._screen.id, told, self._by, self.field("path").value, self.field("note").value, shots)
        looked, made = await asyncio.to_thread(self._filled, before, form)
        self.tell("")
        question = QuestionScreen(
            rows.title(self._screen, made), rows.summary(looked.state, made), yes="Record it", no="Back to the form"
        )
        if await self.app.push_screen_wait(question):
            bodies = {shot.sha256: self._bodies[shot.sha256] for shot in shots}
            await asyncio.to_thread(self._desk.job.store.add_attestations, made, bodies)
            self.dismiss(made)

    def _filled(self, before: State, form: Form) -> tuple[CompletedVisit, tuple[Attestation, ...]]:
        looked = self._desk.looked(before)
        return looked, self._desk.filled(looked, form)

    def _show_path(self, path: str) -> None:
        self.query_one("#where", Static).update(rows.where(self._screen, path))

    def _read_shot(self, text: str) -> None:
        """Keep the screenshot as it is now; what is shown is what is recorded. Raises UsageError."""
        digest = self.query_one("#digest", Static)
        digest.remove_class("-shown")
        self._shots, self._bodies = recording.read_all([file.expanded(text)])
        digest.update(rows.digests(self._shots))
        digest.add_class("-shown")

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Show the digest, or what is wrong with a value, once the person goes on."""
        field = event.widget.parent
        if isinstance(field, Field) and field.value and field.touched:
            field.good()


def _answer(row: Row, text: str) -> Value | None:
    """What the screen shows for the row; None when it was left out. Raises UsageError."""
    if not text:
        return None
    if text == rows.KEEP and row.last is not None:
        return row.last.value
    return parse_value(row.setting, text)


def _short(what: str) -> Callable[[str], str]:
    return lambda text: short(text, what)

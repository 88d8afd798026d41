"""The base of a form with a grid of answers: keys that answer cells, a box for typing, and a filter for rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.observation import Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.setting import Setting
from contribaudit.errors import UsageError
from contribaudit.exporters.text import safe_text
from contribaudit.tui.rows import answers as cells
from contribaudit.tui.rows.answers import Answers
from contribaudit.tui.screens.dialogs import FormScreen
from contribaudit.tui.widgets.bars import KeyLine
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import CellGrid, Column, Grid

_OF_CELLS = ("edit", "fill", "everywhere", "keep_last", "undo", "clear", "narrow", "word", "discard")
"""Actions whose keys type characters when another widget than the grid has the focus."""


class ChoiceScreen(ModalScreen[int | None]):
    """A choice between the words of a setting. Its result is the word's number from 0, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        *(Binding(str(n), f"take({n})", f"Word number {n}", show=False) for n in range(1, 10)),
    ]
    DEFAULT_CSS: ClassVar[str] = "ChoiceScreen { align: center middle; }"

    def __init__(self, setting: Setting, value: Value) -> None:
        super().__init__()
        self._setting, self._value = setting, value

    def compose(self) -> ComposeResult:
        """Yield the question and the list of words."""
        with Vertical(classes="dialog"):
            yield Static(Text(safe_text(self._setting.title), "bold"))
            yield Grid([Column("", 2), Column("what the console shows", 20, flexible=True)])
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the words, with the cursor on the present answer."""
        words = self._setting.words
        current = words.index(self._value) if isinstance(self._value, str) and self._value in words else 0
        grid = self.query_one(Grid)
        grid.show(len(words), lambda row: [Text(str(row + 1)), Text(words[row])], cursor=current)
        grid.focus()

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Return the number of the row's word."""
        message.stop()
        self.dismiss(message.row)

    def action_take(self, number: int) -> None:
        """Return this word; `number` counts from 1."""
        if number <= len(self._setting.words):
            self.dismiss(number - 1)


class AnswerForm(FormScreen[tuple[Attestation, ...]]):
    """A form with a grid. A subclass yields `grid_parts`, sets `_answers` when the questions are known, then calls
    `narrow_to("")`."""

    ANSWER_KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("enter", "edit", "Value", show=False),
        Binding("A", "fill", "Fill down", tooltip="The same answer in every empty cell below"),
        Binding("asterisk", "everywhere", "All rows", key_display="*", tooltip="One statement for every row shown"),
        Binding(
            "equals_sign", "keep_last", "As before", show=False, key_display="=", tooltip="The value of the last look"
        ),
        Binding("u", "undo", "Undo"),
        Binding("delete,backspace", "clear", "Empty the cell", show=False),
        Binding("slash", "narrow", "Filter", key_display="/"),
    )
    WORD_KEYS: ClassVar[tuple[Binding, ...]] = tuple(
        Binding(str(n), f"word({n})", f"Word number {n}", show=False) for n in range(1, cells.DIGITS + 1)
    )

    def __init__(self) -> None:
        super().__init__()
        self._answers: Answers | None = None
        self._shown: list[int] = []
        """Places of the rows that match the filter."""

    @property
    def answers(self) -> Answers:
        """The answers; available once the questions are known."""
        assert self._answers is not None
        return self._answers

    @property
    def grid(self) -> CellGrid:
        """The grid of the form."""
        return self.query_one(CellGrid)

    def today(self) -> date:
        """The day from which a typed day is counted."""
        raise NotImplementedError

    def keep_soon(self) -> None:
        """Called after every change to an answer."""
        raise NotImplementedError

    def grid_parts(self) -> ComposeResult:
        """Yield the progress line, the filter, the grid, the legend of the present cell, and the box for typing."""
        yield Static(id="filled", markup=False)
        yield PlainInput(placeholder="only rows with these words", id="narrow")
        yield CellGrid([Column("", 16, flexible=True)], id="answers", empty="No row matches. Escape shows all.")
        yield Static(id="legend", markup=False)
        yield PlainInput(id="entry", select_on_focus=False)

    def focus_first(self) -> None:
        """Focus the grid."""
        self.grid.focus()

    # Rows

    def narrow_to(self, text: str) -> None:
        """Show the rows that contain these words; the cursor stays on its row if that is shown."""
        row = self._row_at_cursor()
        self._shown = self.answers.matching(text)
        cursor = self._shown.index(row) if row in self._shown else 0
        self.grid.show(len(self._shown), self._cells, cursor=cursor, columns=cells.columns(self.answers))
        self._describe()

    def _cells(self, number: int) -> list[Text]:
        cursor_column = self._column if number == self.grid.cursor else None
        return cells.cells(self.answers, self._shown[number], cursor_column)

    def _row_at_cursor(self) -> int | None:
        """The place of the cursor's row among all rows; None without rows."""
        cursor = self.grid.cursor
        return self._shown[cursor] if cursor is not None and cursor < len(self._shown) else None

    @property
    def _column(self) -> int:
        return self.grid.column

    @property
    def _setting(self) -> Setting:
        return self.answers.settings[self._column]

    def _describe(self) -> None:
        place = self._row_at_cursor()
        self.query_one("#filled", Static).update(cells.filled_line(self.answers, len(self._shown)))
        legend = cells.legend(self.answers, place, self._column) if place is not None else Text()
        self.query_one("#legend", Static).update(legend)

    def on_grid_moved(self) -> None:
        """Describe the question of the present cell."""
        if self._answers is not None:
            self._describe()

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Answer the cell."""
        message.stop()
        self.action_edit()

    # Answers

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable the grid's keys only while the grid has the focus: elsewhere they type characters."""
        if action in _OF_CELLS:
            return self._answers is not None and isinstance(self.focused, CellGrid)
        return super().check_action(action, parameters)

    def action_word(self, number: int) -> None:
        """Answer with the setting's word of this number; a setting without words begins a typed number."""
        setting = self._setting
        if not setting.words:
            self._edit(str(number))
        elif number <= len(setting.words):
            self._answer_cell(setting.words[number - 1])

    def action_keep_last(self) -> None:
        """Answer with the value of the last look, which the console still shows."""
        place = self._row_at_cursor()
        row = self.answers.row(place, self._column) if place is not None else None
        if row is None or row.last is None:
            self.tell("Nobody has looked at this value before")
        else:
            self._answer_cell(row.last.value)

    def action_clear(self) -> None:
        """Empty the cell."""
        place = self._row_at_cursor()
        if place is not None:
            self.answers.put([place], self._column, None)
            self._changed()

    def action_undo(self) -> None:
        """Undo the last step."""
        count = self.answers.undo()
        self.tell(f"Undone: {counted(count, 'value')}" if count else "There is nothing to undo")
        self._changed()

    def action_fill(self) -> None:
        """Copy the answer of this cell, or of the nearest one above, into every empty cell below."""
        value, places = self._answer_above("A fills those below it")
        self._answer_rows(places, value)

    def action_everywhere(self) -> None:
        """Apply the answer of this cell, or of the nearest one above, to every shown row as one statement."""
        value, _ = self._answer_above("* states the same of every row")
        self._answer_rows([one for one in self._shown if self.answers.asks(one, self._column)], value)

    def _answer_above(self, then: str) -> tuple[Value, list[int]]:
        """The answer here or above and the cells it fills; without one, None, after a message that ends in `then`."""
        value, places = self.answers.below(self._shown, self.grid.cursor or 0, self._column)
        if value is None:
            self.tell(f"Answer a cell of this column first, then {then}")
        return value, places

    def _answer_rows(self, places: Sequence[int], value: Value) -> None:
        """Give several rows one answer, with a note on each that says so; do nothing for None."""
        if value is None:
            return
        narrowed = self.query_one("#narrow", Input).value
        note = cells.statement(self.answers, self._column, value, places, narrowed)
        count = self.answers.put(places, self._column, value, note) if len(places) > 1 else 0
        self.tell(f"{counted(count, 'cell')} filled; u takes it back" if count else "No cell is left to fill")
        self._changed(onwards=True)

    def _answer_cell(self, value: Value) -> None:
        place = self._row_at_cursor()
        if place is None:
            return
        if not self.answers.asks(place, self._column):
            self.tell("This cell needs no answer")
            return
        self.answers.put([place], self._column, value)
        self.tell("")
        self._changed(onwards=True)

    def empty_all(self) -> None:
        """Empty every cell, as one step for each column."""
        for column in range(len(self.answers.settings)):
            self.answers.put(range(len(self.answers.subjects)), column, None)
        self._changed()

    def _changed(self, *, onwards: bool = False) -> None:
        grid = self.grid
        if onwards and grid.cursor is not None:
            grid.go_to(*self.answers.after(self._shown, grid.cursor, self._column))
        grid.refresh()
        self._describe()
        self.keep_soon()

    # Typing

    def action_edit(self) -> None:
        """Choose one of the setting's words, or type a value."""
        place = self._row_at_cursor()
        if place is None or not self.answers.asks(place, self._column):
            self.tell("This cell needs no answer")
            return
        setting, value = self._setting, self.answers.value(place, self._column)
        if setting.words:
            self.app.push_screen(ChoiceScreen(setting, value), self._chosen)
        else:
            listed = ", ".join(value) if isinstance(value, tuple) else value
            self._edit("" if value is None else str(listed or "none"))

    def _chosen(self, number: int | None) -> None:
        if number is not None:
            self._answer_cell(self._setting.words[number])

    def _edit(self, text: str) -> None:
        entry = self.query_one("#entry", Input)
        entry.value = text
        entry.placeholder = cells.takes(self._setting)
        entry.add_class("-shown")
        entry.focus()
        entry.cursor_position = len(entry.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the typed value, or go from the filter to the grid."""
        event.stop()
        if event.input.id == "narrow":
            self.focus_first()
        elif event.input.id == "entry":
            self._enter(event.input)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter the rows on every key."""
        if event.input.id == "narrow":
            self.narrow_to(event.value)

    def _enter(self, entry: Input) -> None:
        try:
            value = cells.typed(self._setting, entry.value, self.today()) if entry.value.strip() else None
        except UsageError as error:
            self.tell(str(error), wrong=True)
            return
        self._leave_entry()
        if value is None:
            self.action_clear()
        else:
            self._answer_cell(value)

    def _leave_entry(self) -> None:
        self.query_one("#entry").remove_class("-shown")
        self.tell("")
        self.focus_first()

    def action_narrow(self) -> None:
        """Focus the filter."""
        self.query_one("#narrow").add_class("-shown")
        self.query_one("#narrow").focus()

    def leave_box(self) -> bool:
        """Return from a box to the grid, or clear the filter; returns False if there was nothing to do."""
        narrow = self.query_one("#narrow", Input)
        if self.focused is self.query_one("#entry"):
            self._leave_entry()
        elif narrow.value or narrow.has_focus:
            narrow.value = ""
            narrow.remove_class("-shown")
            self.focus_first()
        else:
            return False
        return True

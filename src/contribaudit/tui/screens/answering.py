"""A form whose middle is a grid of answers: the keys that answer its cells, a box to type in, a filter of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from contribaudit.core.model.observation import Value
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.several import counted
from contribaudit.errors import UsageError
from contribaudit.exporters.text import safe_text
from contribaudit.tui.rows import answers as cells
from contribaudit.tui.rows.answers import Answers
from contribaudit.tui.screens.dialogs import FormScreen
from contribaudit.tui.widgets.bars import KeyLine
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import CellGrid, Column, Grid

T = TypeVar("T")
_OF_CELLS = ("edit", "fill", "everywhere", "keep_last", "undo", "clear", "narrow", "word", "discard")
"""Actions whose keys are letters wherever the grid has not the focus."""


class ChoiceScreen(ModalScreen[int | None]):
    """The words of a setting: ends with the number of one, from 0, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        *(Binding(str(n), f"take({n})", f"Word number {n}", show=False) for n in range(1, 10)),
    ]
    DEFAULT_CSS: ClassVar[str] = "ChoiceScreen { align: center middle; }"

    def __init__(self, setting: Setting, value: Value) -> None:
        super().__init__()
        self._setting, self._value = setting, value

    def compose(self) -> ComposeResult:
        """The question, and a list."""
        with Vertical(classes="dialog"):
            yield Static(Text(safe_text(self._setting.title), "bold"))
            yield Grid([Column("", 2), Column("what the console shows", 20, flexible=True)])
        yield KeyLine()

    def on_mount(self) -> None:
        """Stand on the answer that is there."""
        words = self._setting.words
        here = words.index(self._value) if isinstance(self._value, str) and self._value in words else 0
        grid = self.query_one(Grid)
        grid.show(len(words), lambda row: [Text(str(row + 1)), Text(words[row])], cursor=here)
        grid.focus()

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """End with the word of the row."""
        message.stop()
        self.dismiss(message.row)

    def action_take(self, number: int) -> None:
        """End with the word of this number."""
        if number <= len(self._setting.words):
            self.dismiss(number - 1)


class AnswerForm(FormScreen[T]):
    """A subclass yields `grid_parts`, sets `_answers` once it knows the questions, and then calls `narrow_to("")`."""

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
        """Places of the rows that the filter leaves."""

    @property
    def answers(self) -> Answers:
        """What was answered. Only once the questions are known."""
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
        """How far it is, the filter, the grid, what its cell asks, the box to type in."""
        yield Static(id="filled", markup=False)
        yield PlainInput(placeholder="only rows with these words", id="narrow")
        yield CellGrid([Column("", 16, flexible=True)], id="answers", empty="No row matches. Escape shows all.")
        yield Static(id="legend", markup=False)
        yield PlainInput(id="entry", select_on_focus=False)

    def focus_first(self) -> None:
        """The grid has the keys."""
        self.grid.focus()

    # Rows

    def narrow_to(self, text: str) -> None:
        """Show the rows that have these words, and stay on the one that the cursor is on."""
        here = self._row_at_cursor()
        self._shown = self.answers.matching(text)
        cursor = self._shown.index(here) if here in self._shown else 0
        self.grid.show(len(self._shown), self._cells, cursor=cursor, columns=cells.columns(self.answers))
        self._describe()

    def _cells(self, number: int) -> list[Text]:
        here = self._column if number == self.grid.cursor else None
        return cells.cells(self.answers, self._shown[number], here)

    def _row_at_cursor(self) -> int | None:
        """The row under the cursor, by its place among all."""
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
        """Describe what the cell asks."""
        if self._answers is not None:
            self._describe()

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Answer the cell."""
        message.stop()
        self.action_edit()

    # Answers

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The grid's keys belong to the grid: elsewhere they are letters."""
        if action in _OF_CELLS:
            return self._answers is not None and isinstance(self.focused, CellGrid)
        return super().check_action(action, parameters)

    def action_word(self, number: int) -> None:
        """Answer with one of the setting's words, or begin to type a number."""
        setting = self._setting
        if not setting.words:
            self._edit(str(number))
        elif number <= len(setting.words):
            self._answer_cell(setting.words[number - 1])

    def action_keep_last(self) -> None:
        """Answer what the last look saw, which the console still shows."""
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
        """Take the last step back."""
        count = self.answers.undo()
        self.tell(f"Undone: {counted(count, 'value')}" if count else "There is nothing to undo")
        self._changed()

    def action_fill(self) -> None:
        """The answer of this cell, or of the next one above it, in every empty cell below."""
        value, places = self._answer_above("A fills those below it")
        self._answer_rows(places, value)

    def action_everywhere(self) -> None:
        """The answer of this cell, or of the next one above it, as one statement for every row that is shown."""
        value, _ = self._answer_above("* states the same of every row")
        self._answer_rows([one for one in self._shown if self.answers.asks(one, self._column)], value)

    def _answer_above(self, then: str) -> tuple[Value, list[int]]:
        """That answer, and the cells that it fills; without one, None, and says what to do for `then`."""
        value, places = self.answers.below(self._shown, self.grid.cursor or 0, self._column)
        if value is None:
            self.tell(f"Answer a cell of this column first, then {then}")
        return value, places

    def _answer_rows(self, places: Sequence[int], value: Value) -> None:
        """One answer for several rows, which is kept beside each of them; nothing for None."""
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
        """Choose one of the setting's words, or type what it takes."""
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
        """Enter: the value is taken, or the rows are narrowed."""
        event.stop()
        if event.input.id == "narrow":
            self.focus_first()
        elif event.input.id == "entry":
            self._enter(event.input)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow with every letter."""
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
        """Type what the rows are to have."""
        self.query_one("#narrow").add_class("-shown")
        self.query_one("#narrow").focus()

    def leave_box(self) -> bool:
        """From a box to the grid, from there the filter is cleared; False where neither was left to do."""
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

"""The form for one console screen: a grid with a row for each subject and a column for each setting, and its texts.

No cell is prefilled: neither with the value that the policy wants, nor with the plan's prediction, nor with the last
attestation. A cell that stays empty is not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from rich.style import Style
from rich.text import Text

from contribaudit.attestations.anchoring import described
from contribaudit.attestations.due import ruled_out
from contribaudit.attestations.recording import allowed, covering_note, doubt, doubts, parse_value
from contribaudit.core.advise.waiting import Row
from contribaudit.core.model.attestation import Attachment, Attestation
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.core.model.rulebook import Screen
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import display, safe_text
from contribaudit.tui.rows.signs import label_look, labelled, title_of
from contribaudit.tui.widgets.field import DAY_FORMS, day_of
from contribaudit.tui.widgets.grid import Column

Key = tuple[Subject, SettingId]
"""The question of one cell: a subject and a setting."""
KEEP = "="
"""The key for "unchanged since the last look"."""
EMPTY, NOT_ASKED = "·", "-"
"""Shown in a cell without an answer, and in a cell that another answer makes pointless."""
_NAMED = 12
"""The most subjects that the summary lists by name; the rest are counted."""
DIGITS = 9
"""The most words of a setting that have a key of their own."""


class Answers:
    """The answers in the form, the open questions, and undo. `state` names the subjects and holds earlier values."""

    def __init__(self, state: State, rows: Iterable[Row]) -> None:
        self.state = state
        self._rows = {row.key: row for row in rows}
        self.subjects: tuple[Subject, ...] = tuple(dict.fromkeys(row.subject for row in self._rows.values()))
        self.settings: tuple[Setting, ...] = tuple(dict.fromkeys(row.setting for row in self._rows.values()))
        self.values: dict[Key, Value] = {}
        self.notes: dict[Key, str] = {}
        """Notes on answers that one statement gave for several rows."""
        self._steps: list[dict[Key, tuple[Value, str]]] = []
        """The values and notes that each step replaced; None for an empty cell."""
        self._pointless = {key for key, row in self._rows.items() if ruled_out(state, row)}
        screens = {row.screen.id: row.screen for row in self._rows.values()}
        self._waiting = [
            (setting, condition.setting) for one in screens.values() for setting, condition in one.asked_if.items()
        ]
        self._hays: list[str] | None = None

    def row(self, place: int, column: int) -> Row | None:
        """The question of a cell; None if the form does not ask the subject for that setting."""
        return self._rows.get((self.subjects[place], self.settings[column].id))

    def asks(self, place: int, column: int) -> bool:
        """Whether the cell's question is asked, answered or not."""
        key = (self.subjects[place], self.settings[column].id)
        return key in self._rows and key not in self._pointless

    def value(self, place: int, column: int) -> Value:
        """The answer in a cell; None if it is empty."""
        return self.values.get((self.subjects[place], self.settings[column].id))

    @property
    def asked(self) -> int:
        """How many cells are asked, answered or not."""
        return len(self._rows) - len(self._pointless)

    @property
    def filled(self) -> int:
        """How many cells have an answer."""
        return len(self.values)

    def put(self, places: Iterable[int], column: int, value: Value, note: str = "") -> int:
        """Answer these cells, or empty them with None; returns how many changed. Cells not asked stay unchanged."""
        setting = self.settings[column].id
        keys = [(self.subjects[place], setting) for place in places if self.asks(place, column)]
        before = {key: (self.values.get(key), self.notes.get(key, "")) for key in keys}
        changed = {key: was for key, was in before.items() if was != (value, note)}
        for key in changed:
            self._set_value(key, value, note)
        for key in self._without_point(changed):
            changed[key] = (self.values[key], self.notes.get(key, ""))
            self._set_value(key, None, "")
        if changed:
            self._steps.append(changed)
        return len(changed)

    def undo(self) -> int:
        """Undo the last step; returns how many cells it had changed, 0 if there was none."""
        step = self._steps.pop() if self._steps else {}
        for key, (value, note) in step.items():
            self._set_value(key, value, note)
        self._without_point(step)
        return len(step)

    def take_up(self, values: Mapping[Key, Value], notes: Mapping[Key, str]) -> int:
        """Take over a draft's answers; returns how many cells are now filled."""
        for key, value in values.items():
            if key in self._rows:
                self._set_value(key, value, notes.get(key, ""))
        for key in self._without_point(self._rows):
            self._set_value(key, None, "")
        return self.filled

    def below(self, shown: Sequence[int], at: int, column: int) -> tuple[Value, list[int]]:
        """The answer at `at` (a position in `shown`) or the nearest one above, with that cell and the empty ones below.

        (None, []) if there is no answer.
        """
        for source in range(at, -1, -1):
            value = self.value(shown[source], column)
            if value is not None:
                left = [one for one in shown[source + 1 :] if self.value(one, column) is None]
                return value, [shown[source], *(one for one in left if self.asks(one, column))]
        return None, []

    def after(self, shown: Sequence[int], at: int, column: int) -> tuple[int, int]:
        """(row, column) of the next empty cell, down the column, then to the right; the same cell if none is empty."""
        for number, next_column in enumerate((*range(column, len(self.settings)), *range(column))):
            for place in range(at + 1 if not number else 0, len(shown)):
                if self.asks(shown[place], next_column) and self.value(shown[place], next_column) is None:
                    return place, next_column
        return at, column

    def matching(self, text: str) -> list[int]:
        """The places of the subjects whose names contain every word of `text`."""
        words = text.casefold().split()
        if not words:
            return list(range(len(self.subjects)))
        if self._hays is None:
            state = self.state
            self._hays = [
                f"{called(state, one)} {alias_of(state, one)} {state.place(one).name} {one.id}".casefold()
                for one in self.subjects
            ]
        return [place for place, hay in enumerate(self._hays) if all(word in hay for word in words)]

    def _set_value(self, key: Key, value: Value, note: str) -> None:
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = value
        self.notes.pop(key, None)
        if value is not None and note:
            self.notes[key] = note

    def _without_point(self, changed: Iterable[Key]) -> list[Key]:
        """Update which cells these answers make pointless. Returns the answered cells that are no longer asked."""
        lost = []
        for subject, setting in list(changed):
            for dependent, waits_for in self._waiting:
                row = self._rows.get((subject, dependent))
                if waits_for != setting or row is None:
                    continue
                if ruled_out(self.state, row, self.values):
                    self._pointless.add(row.key)
                    lost += [row.key] if row.key in self.values else []
                else:
                    self._pointless.discard(row.key)
        return lost


def columns(answers: Answers) -> tuple[Column, ...]:
    """A column for the subject, then one for each setting, titled with the last part of its ID."""
    ends = [one.id.rpartition(".")[2].replace("_", " ") for one in answers.settings]
    return (
        Column("", 16, flexible=True),
        *(Column(safe_text(end), max(10, len(end) + 2), flexible=True) for end in ends),
    )


def cells(answers: Answers, place: int, cursor: int | None) -> list[Text]:
    """The texts of one row; `cursor` is the column under the cursor, None if the cursor is in another row."""
    texts = [Text(safe_text(called(answers.state, answers.subjects[place])))]
    for column in range(len(answers.settings)):
        value = answers.value(place, column)
        if value is not None:
            shown, style = display(value), "bold"
        else:
            shown, style = (EMPTY, "dim") if answers.asks(place, column) else (NOT_ASKED, "dim")
        texts.append(Text(f"[{shown}]", "bold reverse") if column == cursor else Text(f" {shown}", style))
    return texts


def filled_line(answers: Answers, shown: int) -> Text:
    """How many cells are filled, and how many rows the filter shows."""
    text = Text(f"{answers.filled} of {answers.asked} filled", "bold")
    if shown < len(answers.subjects):
        text.append(f"   {shown} of {len(answers.subjects)} rows shown", "not bold yellow")
    return text.append("   what stays empty is not recorded", "not bold dim")


def legend(answers: Answers, place: int, column: int) -> Text:
    """The question of the cell under the cursor, the keys that answer it, and the last attested value."""
    row, setting = answers.row(place, column), answers.settings[column]
    text = Text(safe_text(setting.title), "bold")
    if row is None:
        return text.append("\nnot a setting of this row", "not bold dim")
    if not answers.asks(place, column):
        return text.append("\nnot asked: another answer of this row rules it out", "not bold dim")
    text.append("\n")
    if setting.words:
        for number, word in enumerate(setting.words[:DIGITS], 1):
            words = Text.assemble((f"{number} ", "bold cyan"), (word, "not bold"))
            words.stylize(Style.from_meta({"@click": f"screen.word({number})"}))
            text.append_text(words).append("   ")
    else:
        text.append("Enter ", "bold cyan").append(f"{takes(setting)}   ", "not bold")
    if row.last is not None:
        text.append(f"{KEEP} ", "bold cyan").append(
            f"still {display(row.last.value)}, as {safe_text(row.last.by)} saw on {row.last.observed_at:%Y-%m-%d}",
            "not bold",
        )
    value = answers.value(place, column)
    doubted = doubt(answers.state, row.subject.organization, setting.id, value) if value is not None else ""
    if doubted:
        text.append(f"\n! {safe_text(doubted)}", "not bold yellow")
    return text


def takes(setting: Setting) -> str:
    """The values that a cell of this setting accepts, in a few words."""
    return DAY_FORMS if setting.unit == "date" else allowed(setting)


def typed(setting: Setting, text: str, today: date) -> Value:
    """The value of text typed into a cell; a day may be `today` or `-90d`. Raises UsageError for an invalid value."""
    if setting.unit == "date":
        return day_of(text, today).isoformat()
    return parse_value(setting, text)


def statement(answers: Answers, column: int, value: Value, places: Sequence[int], narrowed: str) -> str:
    """The note on each row that one statement covers; "" for a single row. `narrowed` is the filter in use."""
    if len(places) < 2:
        return ""
    everywhere = sum(1 for place in range(len(answers.subjects)) if answers.asks(place, column))
    about = "" if len(places) == everywhere else f"the rows that match {narrowed!r}" if narrowed else "these"
    return covering_note(answers.settings[column].id, value, len(places), about)


def left_line(filled: int) -> str:
    """The message shown when somebody leaves a screen half filled."""
    return f"{counted(filled, 'value')} kept as a draft, nothing recorded: open the screen again to go on"


NO_KEY = (
    "There is no API key here, so signals cannot be read before and after you look: what you record will not be "
    "anchored, and expires sooner."
)


def where(screen: Screen, path: str) -> Text:
    """The console path of the screen, and the rulebook's note on it."""
    text = (
        Text()
        .append("Go to  ", "dim")
        .append(safe_text(path) or "(the path is not known: note the path that you take)", "bold")
    )
    if screen.grade == "C":
        text.append("   probably: this path was not confirmed in Atlassian's documentation", "yellow")
    if screen.note:
        text.append(f"\n{safe_text(screen.note)}", "not bold")
    return text


def digests(shots: Sequence[Attachment]) -> Text:
    """Name, size and digest of each screenshot, one per line."""
    text = Text()
    for shot in shots:
        text.append(f"{safe_text(shot.name)}, {shot.size_bytes:,} bytes, SHA-256 {shot.sha256}\n")
    return text


def summary(state: State, made: Sequence[Attestation]) -> Text:
    """The values that would be recorded, equal ones together, with their anchors and doubts."""
    first = made[0]
    text = Text()
    labelled(text, "by", f"{safe_text(first.by)}, {first.observed_at:%Y-%m-%d %H:%M}Z")
    label_look(text, first)
    if not first.attachments:
        labelled(text, "screenshot", "none")
    groups: dict[tuple[str, str, str], list[Attestation]] = {}
    for look in made:
        anchored_by = described(look.anchors) if look.bound else ""
        groups.setdefault((look.setting, display(look.value), anchored_by or look.unanchored_reason), []).append(look)
    for (setting, value, how), looks in groups.items():
        text.append(f"\n{title_of(setting)}: ").append(f"{value}\n", "bold")
        named = ", ".join(safe_text(called(state, look.subject)) for look in looks[:_NAMED])
        rest = f" {and_more(len(looks) - _NAMED)}, {len(looks)} in all" if len(looks) > _NAMED else ""
        text.append(f"  {named}{rest}\n")
        if looks[0].bound:
            text.append("  anchored by ", "green").append(f"{safe_text(how)}\n")
        else:
            text.append("  not anchored: ", "yellow").append(f"{safe_text(how)}\n")
    for doubted in doubts(state, ((look.subject.organization, look.setting, look.value) for look in made)):
        text.append("\ndoubtful: ", "bold yellow").append(f"{safe_text(doubted)}\n")
    return text


def title(screen: Screen, made: Sequence[Attestation]) -> str:
    """The question above the summary."""
    return f"Record {counted(len(made), 'value')} of the screen {safe_text(screen.title)}?"

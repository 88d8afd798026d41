"""A labelled text box that shows below it what is wrong with its value; also its variants for lines and ticks.

Control characters are replaced, because people paste names from elsewhere. A day may be counted from today.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Paste
from textual.widgets import Checkbox, Input, Static, TextArea

from contribaudit.errors import UsageError
from contribaudit.exporters.text import safe_text

DAY_FORMS = "YYYY-MM-DD, today or +90d"
"""The forms in which a day may be typed."""
_FROM_TODAY = re.compile(r"([+-])([0-9]{1,5})d?")


class PlainInput(Input):
    """An input whose value has no control characters, like the texts that it is compared with."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Done")]

    def validate_value(self, value: str) -> str:
        """The text with each control character replaced."""
        return safe_text(value)


class Box(PlainInput):
    """A box of one line. Up goes to the field above, Down and Enter go to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Previous field", show=False),
        Binding("down,enter", "app.focus_next", "Next field", show=False),
    ]


class Area(TextArea):
    """A box of several lines. Enter begins another line, Tab goes to the next field."""

    def __init__(self, text: str, placeholder: str) -> None:
        super().__init__(text, placeholder=placeholder, tab_behavior="focus", soft_wrap=True, compact=True)

    async def _on_paste(self, event: Paste) -> None:
        event.text = safe_text(event.text, keep_lines=True)  # Textual's own handler runs after this one
        event.stop()

    @property
    def value(self) -> str:
        """The text with each control character replaced, lines kept."""
        return safe_text(self.text, keep_lines=True)

    @value.setter
    def value(self, text: str) -> None:
        self.text = safe_text(text, keep_lines=True)


class Tick(Checkbox):
    """A checkbox that is empty unless ticked; Textual's own shows the difference by colour alone."""

    def watch_value(self) -> None:
        """Show an X if the box is ticked."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class Field(Vertical):
    """A box below its `label`; `check` raises UsageError for an invalid value, and its message appears below the box.

    `value` is the initial text. It is checked (`good`) when the form is sent and, while an error is shown, on each key.
    `long` gives the box several lines.
    """

    DEFAULT_CSS = """
    Field {
        height: auto;
        margin-bottom: 1;
        & > .field--label { height: auto; width: 1fr; }
        & > Box, & > Box:focus { border: none; height: 1; padding: 0 1; background: $panel; }
        & > Box:focus { background: $primary 35%; }
        & > Area { height: auto; min-height: 2; max-height: 6; padding: 0 1; background: $panel; }
        & > Area:focus { background: $primary 35%; }
        & > .field--wrong { display: none; height: auto; color: $text-error; text-style: bold; }
        &.-wrong > .field--wrong { display: block; }
    }
    """

    def __init__(
        self,
        label: str,
        *,
        id: str,  # noqa: A002  Textual's own name
        value: str = "",
        placeholder: str = "",
        check: Callable[[str], object] | None = None,
        required: bool = False,
        long: bool = False,
    ) -> None:
        super().__init__(id=id)
        self._label = Text(safe_text(label))
        self._check, self._required = check, required
        self.first = safe_text(value, keep_lines=long)
        hint = safe_text(placeholder)
        self.box: Box | Area = (
            Area(self.first, hint) if long else Box(self.first, placeholder=hint, select_on_focus=False)
        )

    def compose(self) -> ComposeResult:
        """Yield the label, the box and the error message."""
        yield Static(self._label, classes="field--label")
        yield self.box
        yield Static(classes="field--wrong", markup=False)

    @property
    def value(self) -> str:
        """The text in the box, without surrounding blanks."""
        return self.box.value.strip()

    @value.setter
    def value(self, text: str) -> None:
        self.box.value = text

    @property
    def touched(self) -> bool:
        """Whether the text differs from the initial one."""
        return self.box.value != self.first

    def good(self) -> bool:
        """Whether the value is valid; shows the error below the box if not."""
        message = ""
        if not self.value:
            message = "Needed" if self._required else ""
        elif self._check is not None:
            try:
                self._check(self.value)
            except UsageError as error:
                message = str(error)
        self.say(message)
        return not message

    def say(self, wrong: str) -> None:
        """Show this error below the box; "" removes it."""
        self.set_class(bool(wrong), "-wrong")
        self.query_one(".field--wrong", Static).update(Text(f"! {safe_text(wrong, keep_lines=True)}") if wrong else "")

    def on_input_changed(self) -> None:
        """Check again while an error is shown."""
        if self.has_class("-wrong"):
            self.good()

    def on_text_area_changed(self) -> None:
        """Check a field of several lines likewise."""
        self.on_input_changed()


def day_of(text: str, today: date) -> date:
    """The day that the text means. Raises UsageError, whose hint names the accepted forms."""
    written = text.strip().casefold()
    if written == "today":
        return today
    found = _FROM_TODAY.fullmatch(written)
    try:
        if found is not None:
            days = timedelta(days=int(found[2]))
            return today + days if found[1] == "+" else today - days
        return date.fromisoformat(written)
    except (ValueError, OverflowError):
        raise UsageError(f"`{text[:40]}` is not a date", hint="Write it as 2027-01-31, today or +90d") from None


def spelled(text: str, today: date) -> str:
    """The text, with a day counted from today written out as a date. Raises UsageError."""
    counted = text.strip().casefold() == "today" or text.strip()[:1] in ("+", "-")
    return day_of(text, today).isoformat() if counted else text

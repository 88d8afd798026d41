"""A line to type in that shows nothing which a terminal obeys: people paste names that they saw elsewhere."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from contribaudit.exporters.text import plain


class PlainInput(Input):
    """Its value is always `plain`, as the texts are that it is compared with."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Done")]

    def validate_value(self, value: str) -> str:
        """The text with each control character replaced."""
        return plain(value)

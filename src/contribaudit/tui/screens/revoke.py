"""Taking an attestation back, with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.widget import Widget
from textual.widgets import Static

from contribaudit.attestations.recording import short
from contribaudit.audit.attesting import Desk
from contribaudit.core.model.attestation import Signature
from contribaudit.core.resolve.state import State
from contribaudit.tui.rows.attestations import Recorded, recorded_detail
from contribaudit.tui.screens.dialogs import FormScreen
from contribaudit.tui.widgets.field import Field


class RevokeScreen(FormScreen[Signature]):
    """Ends with the signature under it, None when the person left."""

    TITLE_TEXT = "Take this attestation back? It stays in the history, and the one before it does not come back."
    SEND = "Revoke it"
    DEFAULT_CSS: ClassVar[str] = "RevokeScreen #what { height: auto; margin-top: 1; }"
    HINT: ClassVar[str] = "a typo, the wrong organization, …"

    def __init__(self, desk: Desk, state: State, one: Recorded, by: str) -> None:
        super().__init__()
        self._desk, self._state, self._one, self._by = desk, state, one, by

    def fields(self) -> Iterable[Widget]:
        """Why, and what it is about."""
        check = lambda text: short(text, "The reason")  # noqa: E731
        yield Field("Why", id="why", placeholder=self.HINT, check=check, required=True)
        yield Static(recorded_detail(self._state, self._one), id="what")

    def heading(self) -> Text:
        """The question, and who asks."""
        return Text(self.TITLE_TEXT).append(f"\nas {self._by}", "not bold dim")

    @work(exclusive=True, group="send")
    async def send(self) -> None:
        """Sign it."""
        why = self.field("why").value
        with self.telling():
            self.dismiss(await asyncio.to_thread(self._desk.revoke, self._one.attestation.id, self._by, why))

"""A dashboard over a real history of a simulated organization, read over a real socket, as the configuration says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Static

from contribaudit import wiring
from contribaudit.audit.job import Job
from contribaudit.audit.pipeline import audit
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.settings.model import AppSettings
from contribaudit.simulator import Organization
from contribaudit.store.history import History
from contribaudit.tui.screens.dialogs import QuestionScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.waive import WaiveScreen
from contribaudit.tui.sources import HistorySource, open_history
from contribaudit.tui.widgets.field import Field
from contribaudit.tui.widgets.grid import Grid
from tests.flow.audits import Bench, simulated
from tests.tui.driving import dashboard, until

ANNA, BERT = "anna@acme.example", "bert@acme.example"
HOSTILE = "[bold]a[/] \x1b[31mred\x07 \u202eevil"
Opener = Callable[..., "Live"]
"""Opens a simulated organization for the length of a test; takes what `live` takes after the folder."""


@dataclass
class Live:
    """The organization, its history, and the configuration that names them."""

    bench: Bench
    policy: Path
    monkeypatch: pytest.MonkeyPatch

    def source(self, you: str = ANNA) -> HistorySource:
        """The configured history, as the command opens it."""
        if you:
            self.monkeypatch.setenv("CONTRIBAUDIT_ATTESTED_BY", you)
        else:
            self.monkeypatch.delenv("CONTRIBAUDIT_ATTESTED_BY", raising=False)
        return open_history(AppSettings.load())

    def without_key(self) -> None:
        """From now on no key is found."""
        self.monkeypatch.delenv("CONTRIBAUDIT_API_KEY")

    async def audited(self) -> None:
        """One audit, elsewhere."""
        await asyncio.to_thread(self._audit)

    def _audit(self) -> None:
        settings = AppSettings.load()
        rulebook = wiring.load_rulebook(settings)
        with History.open(settings.store_location()) as store:
            policy = wiring.load_policy(settings.policy, rulebook)
            job = Job(wiring.targets(settings, ()), store, rulebook, policy, operator=wiring.operator())
            asyncio.run(audit(job))

    def requested(self, endpoint: str) -> int:
        """How often the API was asked for this."""
        return sum(1 for one in self.bench.requests if str(getattr(one, "path", "")).endswith(endpoint))


@contextmanager
def live(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    policy: str = '[[rule]]\ncheck = "DC-01"\n',
    scenario: str = "tidy",
    edit: Callable[[Organization], object] | None = None,
) -> Iterator[Live]:
    """The scenario's organization with this policy; nothing was read yet."""
    with simulated(folder, scenario, edit) as bench:
        path = folder / "policy.toml"
        path.write_text(f'# ours\nversion = 1\nname = "test"\n{policy}', encoding="utf-8")
        for name, value in {
            "API_URL": bench.url,
            "ORG_ID": bench.organization.id,
            "API_KEY": "demo-key",
            "STORE": str(folder / "history.sqlite"),
            "POLICY": str(path),
        }.items():
            monkeypatch.setenv(f"CONTRIBAUDIT_{name}", value)
        yield Live(bench, path, monkeypatch)


def found(pilot: Pilot[str], check: str) -> Finding:
    """The first finding of a check on the board."""
    board = dashboard(pilot).board
    assert board is not None
    return next(one for one in board.report.findings if one.check == check)


async def comes_out(pilot: Pilot[str], check: str, outcome: Outcome) -> None:
    """Wait until the check's finding comes out so."""
    await until(pilot, lambda: found(pilot, check).outcome is outcome)


async def write(pilot: Pilot[str], field: str, text: str) -> None:
    """Into a field of the form in front: pasted, but for the last character, which is a key."""
    box = pilot.app.screen.query_one(f"#{field}", Field).box
    box.focus()
    await pilot.pause()
    box.value = ""
    if text[:-1]:
        box.post_message(Paste(text[:-1]))
        await until(pilot, lambda: bool(box.value))
    await pilot.press(*("space" if key == " " else key for key in text[-1:]))


async def asked(pilot: Pilot[str]) -> str:
    """Wait for a question; what it says."""
    await until(pilot, lambda: isinstance(pilot.app.screen, QuestionScreen))
    await pilot.pause()
    return "\n".join(str(one.render()) for one in pilot.app.screen.query(Static))


def rows_of(pilot: Pilot[str], grid: str) -> list[str]:
    """What the grid shows, a text for each row."""
    shown = pilot.app.screen.query_one(f"#{grid}", Grid)
    return ["  ".join(cell.plain for cell in shown._cells(row)) for row in range(shown.row_count)]


def said(pilot: Pilot[str]) -> str:
    """Everything that was told in passing and still stands."""
    return "\n".join(one.message for one in pilot.app._notifications)


def called(name: str) -> Callable[[Organization], None]:
    """Give the organization and each of its apps this name."""

    def edit(organization: Organization) -> None:
        organization.name = name
        for one in tuple(organization.apps):
            organization.set_app(one.id, name=name)

    return edit


def harmless(shown: str) -> None:
    """Nothing in it is obeyed by a terminal."""
    assert not {"\x1b", "\u202e", "\x07"} & set(shown)


async def waiving(pilot: Pilot[str]) -> WaiveScreen:
    """The form for the first finding of the table."""
    await pilot.press("f")
    screen = pilot.app.screen
    assert isinstance(screen, FindingsScreen)
    await until(pilot, lambda: screen.finding is not None)
    await pilot.press("home", "w")
    await until(pilot, lambda: isinstance(pilot.app.screen, WaiveScreen))
    form = pilot.app.screen
    assert isinstance(form, WaiveScreen)
    return form

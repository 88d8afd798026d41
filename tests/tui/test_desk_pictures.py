"""Pictures of the evidence desk, its form, the run and the baseline, from a fixed board, at the sizes that matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from contribaudit.audit.attesting import AttestationSession
from contribaudit.audit.job import Job
from contribaudit.core.resolve.attested import EMPTY
from contribaudit.core.resolve.state import State
from contribaudit.progress import SILENT
from contribaudit.store.history import History
from contribaudit.tui.rows.attestations import contents
from contribaudit.tui.screens.attest import AttestScreen
from contribaudit.tui.widgets.grid import CellGrid
from tests.builders import ORG, RULEBOOK
from tests.tui.boards import POLICY, board, opener
from tests.tui.driving import driven, until
from tests.tui.live import ANNA
from tests.tui.test_snapshots import SIZES, compare

pytestmark = pytest.mark.anyio
JOURNEYS = {"desk": ("a", "down"), "run": ("r",), "baseline": ("p",), "signals": ("a", "3")}


@pytest.mark.parametrize(
    ("journey", "size"),
    [
        *(("desk", size) for size in SIZES),
        ("run", "80x24"),
        ("run", "120x40"),
        ("baseline", "80x24"),
        ("signals", "120x40"),
    ],
)
async def test_the_picture_is_the_one_that_was_looked_at(journey: str, size: str) -> None:
    """To the cell and its colours."""
    async with driven(opener(board()), SIZES[size]) as pilot:
        await pilot.press(*JOURNEYS[journey])
        await compare(pilot, f"{journey}-{size}")


@pytest.mark.parametrize("size", ["80x24", "120x40", "200x60"])
@pytest.mark.parametrize("light", [False, True])
async def test_the_form_is_the_one_that_was_looked_at(tmp_path: Path, size: str, *, light: bool) -> None:
    """With one answer that it cannot take, in both themes."""
    shown = board()

    class Still(AttestationSession):
        def read(self) -> State:
            return shown.report.state

    with History.open(str(tmp_path / "history.sqlite")) as store:
        session = Still(ORG, Job((), store, RULEBOOK, POLICY), False, SILENT)
        due = next(one for one in contents(shown, {ORG: EMPTY}).due if one.organization == ORG)
        async with driven(opener(shown), SIZES[size]) as pilot:
            if light:
                await pilot.press("L")
            form = AttestScreen(session, due, ANNA, place="screen 1 of 3")
            await pilot.app.push_screen(form)
            await until(pilot, lambda: form.has_class("-ready") and isinstance(pilot.app.focused, CellGrid))
            await pilot.press("2", "1")
            await compare(pilot, f"{'form-light' if light else 'form'}-{size}")

"""What people record from the evidence desk: a walk through the screens, a confirmation, a revocation.

Each asks before anything is kept, tells what was kept, and has the board read again. They are awaited in a worker of
the screen that calls them, which has asked before whether anything can be recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contribaudit.audit.attesting import Desk, desks
from contribaudit.core.model.attestation import Attestation
from contribaudit.exporters.text import plain, shown
from contribaudit.progress import SILENT
from contribaudit.testimony.recording import confirmation
from contribaudit.tui.host import Host
from contribaudit.tui.rows.attestations import Recorded, made_line, recorded_detail
from contribaudit.tui.rows.due import DueScreen
from contribaudit.tui.screens.attest import WalkScreen
from contribaudit.tui.screens.question import QuestionScreen
from contribaudit.tui.screens.revoke import RevokeScreen
from contribaudit.tui.source import Board, Source


async def walk(dashboard: Host, board: Board, screens: Sequence[DueScreen]) -> None:
    """One form after the other, until the last or until the person leaves one; what was recorded by then stays."""
    made: list[Attestation] = []
    with dashboard.telling():
        open_desks = await dashboard.in_thread(_live_desks, dashboard.source)
        for number, one in enumerate(screens, 1):
            place = f"screen {number} of {len(screens)}" if len(screens) > 1 else ""
            desk = open_desks[one.organization]
            form = WalkScreen(desk, one.screen, one.rows, board.you, board.report.state, place=place)
            recorded = await dashboard.push_screen_wait(form)
            if recorded is None:
                break
            made += recorded
    if made:
        dashboard.say(made_line(made))
        dashboard.action_reload()


async def confirm(dashboard: Host, board: Board, one: Recorded) -> None:
    """Ask a second person whether the console shows the same."""
    told = one.attestation
    desk = _desk_of(dashboard.source, told.subject.organization)
    if desk is None:
        return
    with dashboard.telling():
        confirmation(told, desk.signature(board.you))  # refused before anything is asked
        body = Text(f"You are {plain(board.you)}. Look at the console yourself first:\n\n")
        body.append(f"{plain(told.console_path) or 'path not said'}\n\n", "bold")
        body.append("Does it show ").append(shown(told.value), "bold").append(f" for {plain(told.setting)}?\n\n")
        body.append_text(recorded_detail(board.report.state, one))
        question = QuestionScreen("Confirm as a second person?", body, yes="I saw the same", no="Back")
        if await dashboard.push_screen_wait(question):
            await dashboard.in_thread(desk.confirm, told.id, board.you)
            dashboard.say(f"{board.you} confirmed {told.setting} as {told.by} saw it")
            dashboard.action_reload()


async def revoke(dashboard: Host, board: Board, one: Recorded) -> None:
    """Ask why, then take it back."""
    desk = _desk_of(dashboard.source, one.attestation.subject.organization)
    if desk is None:
        return
    signed = await dashboard.push_screen_wait(RevokeScreen(desk, board.report.state, one, board.you))
    if signed is not None:
        dashboard.say(f"{signed.by} revoked it: look at {one.attestation.setting} again")
        dashboard.action_reload()


def _live_desks(source: Source | None) -> dict[str, Desk]:
    """With keys where there are some. In a worker thread: a keyring may ask. Raises ContribauditError."""
    if source is None or source.job is None:
        return {}
    return desks(source.live_job() or source.job, SILENT)


def _desk_of(source: Source | None, organization: str) -> Desk | None:
    return desks(source.job, SILENT).get(organization) if source is not None and source.job is not None else None

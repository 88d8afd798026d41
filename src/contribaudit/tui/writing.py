"""Why nothing can be recorded from the dashboard as it is now: the past is shown, or something is missing."""

from __future__ import annotations

from contribaudit.tui.source import Board, Source


def past(board: Board | None) -> str:
    """Why nothing is written while this board is shown: it is not about now. "" where it is, or where there is none."""
    if board is None or board.asked_for is None:
        return ""
    return f"This is the state of {board.asked_for:%a %d %b %Y %H:%M}Z; Escape goes back to now"


def missing(source: Source | None, board: Board | None) -> str:
    """What somebody who looked lacks for recording it: a history, a mail address. "" where nothing is missing."""
    if board is None:
        return "Nothing was read yet"
    if source is None or not source.can_write or source.job is None:
        return "Read only: nothing can be recorded here. Open the dashboard where the history is."
    if not board.you:
        return (
            'Read only: nobody would be the one who looked. Set attested_by = "you@example.com" in config.toml '
            "(CONTRIBAUDIT_ATTESTED_BY) and start again."
        )
    return ""

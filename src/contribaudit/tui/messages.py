"""What widgets, workers and screens tell each other.

Workers post to the app, the app sets `board`, `trouble` or `lack`, and the screens watch these. A widget that wants
another screen posts `ShowFindings` or `ShowSubject`, which bubble up to the app. Why nothing can be recorded now is
said here too: the past is shown, or something is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from datetime import date

    from contribaudit.core.model.subject import Subject
    from contribaudit.errors import ContribauditError
    from contribaudit.tui.source import Board, Lack, Source


class BoardLoaded(Message):
    """There is a new board to show."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board


class NothingToLoad(Message):
    """The source has no board to give."""

    def __init__(self, lack: Lack) -> None:
        super().__init__()
        self.lack = lack


class LoadingFailed(Message):
    """The source gave none; the error says why and what to do."""

    def __init__(self, error: ContribauditError) -> None:
        super().__init__()
        self.error = error


class ShowFindings(Message):
    """Go to the findings that this filter leaves ("outcome:fail site:acme.atlassian.net")."""

    def __init__(self, query: str) -> None:
        super().__init__()
        self.query = query


class ShowSubject(Message):
    """Go to the subject: in the inventory where there is such a screen, else to its findings."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.subject = subject


class ShowDay(Message):
    """Go to the day in the timeline."""

    def __init__(self, day: date) -> None:
        super().__init__()
        self.day = day


def past(board: Board | None) -> str:
    """Why nothing is written while this board is shown: it is not about now. "" where it is, or where there is none."""
    if board is None or board.asked_for is None:
        return ""
    return f"This is the state as of {board.asked_for:%a %d %b %Y %H:%M}Z; press Escape to return to now"


def missing(source: Source | None, board: Board | None) -> str:
    """What somebody who looked lacks for recording it: a history, a mail address. "" where nothing is missing."""
    if board is None:
        return "No audit has run yet"
    if source is None or not source.can_write or source.job is None:
        return "Read-only: to record attestations, open the dashboard on the machine with the history."
    if not board.you:
        return (
            'Read-only: set attested_by = "you@example.com" in config.toml so that attestations carry your name '
            "(or CONTRIBAUDIT_ATTESTED_BY), then restart."
        )
    return ""

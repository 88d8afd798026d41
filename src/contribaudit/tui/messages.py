"""What widgets, workers and screens tell each other.

Workers post to the app, the app sets `board`, `trouble` or `lack`, and the screens watch these. A widget that wants
another screen posts `ShowFindings` or `ShowSubject`, which bubble up to the app.
"""

from __future__ import annotations

from textual.message import Message

from contribaudit.core.model.subject import Subject
from contribaudit.errors import ContribauditError
from contribaudit.tui.source import Board, Lack


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

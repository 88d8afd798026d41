"""The lines of the inventory of one board: which are open, what was worked out of them, and what is still to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.text import Text

from contribaudit.core.model.snapshot import KnownSpace
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import remember
from contribaudit.tui.rows import inventory as rows
from contribaudit.tui.rows.outline import Leaf, Node, Outline, Path
from contribaudit.tui.rows.places import Places
from contribaudit.tui.source import Board

_PAGE = 32
Page = tuple[Subject, int]
"""An app, and the number of one of its pages of spaces."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was worked out of some lines."""

    facts: dict[Subject, rows.Facts] = field(default_factory=dict)
    pages: dict[Page, Sequence[KnownSpace]] = field(default_factory=dict)


class TreeLines:
    """Lines by number. What `work_out` and `place_of` give comes from the history, so they wait in a thread."""

    def __init__(self, board: Board, opened: Iterable[Path] | None = None) -> None:
        """`opened` is what was open on the board before; None opens what one wants to see first."""
        self.board = board
        self._places = Places(board.report.state)
        self.outline = Outline(self._places.children)
        self.outline.open(*(opened if opened is not None else self._places.opened_at_first()))
        self.counts: Mapping[Subject, rows.Count] | None = None
        """None while they are counted."""
        self._found = Found()

    def subject_of(self, line: Node | Leaf) -> Subject | None:
        """None for a folder, a remark, or a space whose page is not there yet."""
        space = self._space_of(line)
        return line.subject if isinstance(line, Node) else space.space.subject if space is not None else None

    def cells(self, number: int) -> list[Text]:
        """The texts of one line, dots where they are still being worked out."""
        line = self.outline.line(number)
        subject = self.subject_of(line)
        facts = self._found.facts.get(subject) if subject is not None else None
        count = self.counts.get(subject, rows.NONE_FOUND) if self.counts is not None and subject is not None else None
        opened = isinstance(line, Node) and self.outline.is_open(line.path)
        return rows.cells(line, opened=opened, facts=facts, count=count, space=self._space_of(line))

    def unknown(self, numbers: Iterable[int]) -> tuple[list[Subject], list[Page]]:
        """Of these lines the subjects, and the pages of spaces, that are to be worked out."""
        subjects: list[Subject] = []
        pages: list[Page] = []
        for line in map(self.outline.line, numbers):
            subject = self.subject_of(line)
            if subject is not None and subject not in self._found.facts:
                subjects.append(subject)
            elif subject is None and isinstance(line, Leaf):
                page = _page_of(line)
                pages += [page] if page not in self._found.pages else []
        return subjects, list(dict.fromkeys(pages))

    def work_out(self, subjects: Iterable[Subject], pages: Iterable[Page]) -> Found:
        """In a thread. Raises ContribauditError."""
        state, computed, found = self.board.report.state, self.board.policy is not None, Found()
        for app, number in pages:
            spaces = state.spaces(app.organization).page(app, number * _PAGE, _PAGE)
            found.pages[app, number] = spaces
            for one in spaces:
                remember(state, one)
                found.facts[one.space.subject] = rows.facts_of(state, one.space.subject, computed=computed)
        for subject in subjects:
            found.facts[subject] = rows.facts_of(state, subject, computed=computed)
        return found

    def add(self, found: Found) -> None:
        """From now on the lines say this too."""
        self._found.facts.update(found.facts)
        self._found.pages.update(found.pages)

    def open_to(self, subject: Subject, space: KnownSpace | None = None) -> int | None:
        """Open what is above it, and give the number of its line, of a space that of its app; None: not in the tree."""
        path = self._places.path_of(subject if space is None else space.space.app)
        if path is None:
            return None
        above = [path[:depth] for depth in range(1, len(path))]
        self.outline.open(*above, *([path] if subject.kind is Kind.SPACE else []))
        return self.outline.number_of(path)

    def place_of(self, subject: Subject) -> tuple[Path, int | None] | None:
        """Path and, of a space, number beneath it. In a thread. Raises ContribauditError."""
        path, leaf = self._places.path_of(subject), None
        if subject.kind is Kind.SPACE:
            book = self.board.report.state.spaces(subject.organization)
            known = book.find(subject.id)
            leaf = book.position(known[0].space) if known else None
        return (path, leaf) if path is not None else None

    def _space_of(self, line: Node | Leaf) -> KnownSpace | None:
        if isinstance(line, Node):
            return None
        page, place = self._found.pages.get(_page_of(line), ()), line.number % _PAGE
        return page[place] if place < len(page) else None


def _page_of(line: Leaf) -> Page:
    assert line.parent.subject is not None
    return line.parent.subject, line.number // _PAGE

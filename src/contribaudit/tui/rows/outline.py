"""A tree as numbered lines: only what is open is made, and what there are many of is counted and never made."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contribaudit.core.model.subject import Subject

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree that stands for itself."""

    path: Path
    """Its name among its siblings, after those of everything above it."""
    label: str
    """Plain text."""
    subject: Subject | None = None
    """None for a folder or a remark."""
    note: str = ""
    """Plain text; "" for an ordinary line."""
    opens: bool = False
    many: int = 0
    """How many lines stand beneath its own children that are asked for by number alone."""

    @property
    def depth(self) -> int:
        """0 for the outermost."""
        return len(self.path) - 1


@dataclass(frozen=True, slots=True)
class Leaf:
    """One of the many beneath a node."""

    parent: Node
    number: int
    """From 0."""

    @property
    def depth(self) -> int:
        """One deeper than its node."""
        return self.parent.depth + 1


class Outline:
    """Lines by number. `children` gives the nodes beneath one (None: the outermost) and is asked only when it opens."""

    def __init__(self, children: Callable[[Node | None], Sequence[Node]]) -> None:
        self._children = children
        self._known: dict[Path | None, Sequence[Node]] = {}
        self._open: set[Path] = set()
        self._lines: list[Node] = []
        """Nodes, and a node once more for the many beneath it: then its place is among the stretches."""
        self._stretches: set[int] = set()
        self._starts: list[int] = []
        """Number of the first line of each."""
        self._count = 0
        self._build()

    def __len__(self) -> int:
        return self._count

    @property
    def opened(self) -> frozenset[Path]:
        """What is open, seen or not."""
        return frozenset(self._open)

    def line(self, number: int) -> Node | Leaf:
        """The line of this number. Raises IndexError where there is none."""
        if not 0 <= number < self._count:
            raise IndexError(number)
        place = bisect_right(self._starts, number) - 1
        node = self._lines[place]
        first = self._starts[place]
        return Leaf(node, number - first) if place in self._stretches else node

    def is_open(self, path: Path) -> bool:
        """Whether what is beneath it is among the lines."""
        return path in self._open

    def open(self, *paths: Path) -> None:
        """Show what is beneath these."""
        self._open.update(paths)
        self._build()

    def close(self, path: Path) -> None:
        """Hide it again; what was open beneath it stays so for the next time."""
        self._open.discard(path)
        self._build()

    def number_of(self, path: Path, leaf: int | None = None) -> int | None:
        """The line of a node, or of one of the many beneath it; None where it is not among the lines."""
        for place, node in enumerate(self._lines):
            if node.path == path and (place in self._stretches) is (leaf is not None):
                return self._starts[place] + (leaf or 0)
        return None

    def children_of(self, node: Node | None) -> Sequence[Node]:
        """The nodes beneath, made when they are first asked for."""
        key = None if node is None else node.path
        if key not in self._known:
            self._known[key] = self._children(node)
        return self._known[key]

    def _build(self) -> None:
        self._lines, self._starts, self._stretches = [], [], set()
        count = 0
        waiting: list[tuple[Node, bool]] = [(one, False) for one in reversed(self.children_of(None))]
        while waiting:
            node, many = waiting.pop()
            if many:
                self._stretches.add(len(self._lines))
            self._lines.append(node)
            self._starts.append(count)
            count += node.many if many else 1
            if not many and node.path in self._open:
                if node.many:
                    waiting.append((node, True))
                waiting += [(one, False) for one in reversed(self.children_of(node))]
        self._count = count

"""Search in the command palette: next steps, sites, checks and findings, by any words of their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from contribaudit.core.advise.steps import to_do
from contribaudit.exporters.text import safe_text
from contribaudit.tui.host import Host, host_of
from contribaudit.tui.rows.filtering import filtered, known_checks, parse, quoted
from contribaudit.tui.rows.overview import brief
from contribaudit.tui.source import Board

_MOST = 12
"""The most entries of a kind that are offered; further words narrow them."""


class Anything(Provider):
    """Offers the steps, sites, checks and findings of the current board that contain every typed word."""

    async def discover(self) -> Hits:
        """Before anything is typed, offer the most serious steps."""
        host = host_of(self.screen)
        if host.board is not None:
            for sentence, go, about in _steps(host, host.board, ""):
                yield DiscoveryHit(Text(sentence), go, sentence, about)

    async def search(self, query: str) -> Hits:
        """Offer steps first, then sites, checks and findings."""
        host = host_of(self.screen)
        if host.board is None:
            return
        for score, find in ((0.9, _steps), (0.8, _sites), (0.7, _checks), (0.6, _findings)):
            for sentence, go, about in find(host, host.board, query):
                yield Hit(score, Text(sentence), go, sentence, about)


Offer = tuple[str, Callable[[], object], str]
"""The text of an entry, the action when it is chosen, and a line about it."""


def _steps(host: Host, board: Board, query: str) -> Iterator[Offer]:
    matching = [
        (number, step)
        for number, step in enumerate(to_do(board.steps), 1)
        if _contains_words(f"step {number} {step.kind} {step.text}", query)
    ]
    for number, step in matching[:_MOST]:
        sentence = f"Step {number}: {step.kind.value}: {brief(step, board)}"
        yield sentence, partial(host.show_step, number), "Next step"


def _sites(host: Host, board: Board, query: str) -> Iterator[Offer]:
    names = dict.fromkeys(row.about.site for row in board.index.rows if row.about.site)
    for name in [one for one in names if _contains_words(f"site {one}", query)][:_MOST]:
        yield f"Site: {name}", partial(host.show_findings, f"site:{quoted(name)}"), "Its findings"


def _checks(host: Host, board: Board, query: str) -> Iterator[Offer]:
    titles = {one.check: one.title for one in board.report.findings}
    matching = [one for one in sorted(titles.items()) if _contains_words(f"check {_check_title(*one)}", query)]
    for check, title in matching[:_MOST]:
        line = f"Check: {title} ({check})"
        yield safe_text(line), partial(host.show_findings, f"check:{check}"), "Its findings"


def _findings(host: Host, board: Board, query: str) -> Iterator[Offer]:
    """The most serious findings that contain every word; none before anything is typed."""
    if not query.strip():
        return
    for place in filtered(board.index, board.most_severe, parse(query), hide_passes=False)[:_MOST]:
        row = board.index.rows[place]
        sentence = f"{row.finding.outcome.words}: {row.finding.title} ({row.finding.check}): {row.about.called}"
        where = f"check:{row.finding.check} subject:{quoted(row.about.label)}"
        yield safe_text(sentence), partial(host.show_findings, where), safe_text(row.finding.reason)


def _check_title(check: str, title: str) -> str:
    known_check = known_checks().get(check)
    return f"{known_check.called if known_check is not None else check} {title}"


def _contains_words(text: str, query: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in query.casefold().split())

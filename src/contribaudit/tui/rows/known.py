"""How we know: the grades behind the passes, the age of evidence and rulebook, and digests to hold them to."""

from __future__ import annotations

from rich.text import Text

from contribaudit.core.advise.verdict import rest_on
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.exporters.summary import NO_EVIDENCE
from contribaudit.exporters.text import plain
from contribaudit.tui.rows.line import Line, ago
from contribaudit.tui.source import Board

_DIGEST_SHOWN = 8


def lines(board: Board, width: int) -> list[Line]:  # noqa: ARG001  panels ask alike
    """Three or four lines."""
    report, state = board.report, board.report.state
    passes = [one for one in report.findings if one.outcome is Outcome.PASS]
    grades, two = rest_on([(each.grade, bool(each.confirmed_by)) for each in one.evidence] for one in passes)
    parts = [
        f"{grade.value if grade is not None else NO_EVIDENCE} {number}"
        + (f" ({two} by two people)" if grade is Grade.ATTESTED and two else "")
        for grade, number in grades.items()
    ]
    found = [Line(Text.assemble(("passes: ", "bold"), ", ".join(parts) or "none"), "outcome:pass")]
    oldest = min((each for one in passes for each in one.evidence), key=_when, default=None)
    if oldest is not None:
        told = f"{ago(oldest.observed_at, board.now)} ({oldest.grade.value})"
        found.append(Line(Text.assemble(("oldest evidence of a pass: ", "bold"), told)))
    book = state.rulebook
    reviewed = (board.now.date() - book.oldest_review).days
    late = reviewed > book.review_within_days > 0
    found.append(
        Line(
            Text.assemble(
                ("rulebook ", "bold"),
                f"{plain(book.version)} {book.sha256[:_DIGEST_SHOWN]}, ",
                (f"reviewed {_days(reviewed)} ago" + (", LATE" if late else ""), "yellow" if late else ""),
                (f"  policy {report.policy_sha256[:_DIGEST_SHOWN]}", "dim"),
            )
        )
    )
    if board.evidence_sha256:
        when = f", written {ago(board.evidence_at, board.now)}" if board.evidence_at is not None else ""
        found.append(
            Line(Text.assemble(("evidence ", "bold"), f"manifest {board.evidence_sha256[:_DIGEST_SHOWN]}{when}"))
        )
    return found


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _when(one: Evidence) -> float:
    return one.observed_at.timestamp()

"""What rows of every screen are made of: signs of outcomes and severities, labelled lines, columns, ages, short names.

Each outcome and severity has a word and a style, so that nothing is said by colour alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.text import Text

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.several import counted
from contribaudit.exporters.text import safe_text

SIGNS = {
    Outcome.PASS: ("pass", "green"),
    Outcome.FAIL: ("FAIL", "bold reverse red"),
    Outcome.NOT_ACHIEVABLE: ("not achievable", "magenta"),
    Outcome.NO_SUCH_SETTING: ("no setting", "dim"),
    Outcome.EXEMPT: ("exempt", "cyan"),
    Outcome.PENDING: ("pending", "blue"),
    Outcome.NOT_YET_EFFECTIVE: ("not yet effective", "dim"),
    Outcome.UNKNOWN: ("unknown", "yellow"),
    Outcome.STALE: ("stale", "yellow"),
    Outcome.CONFLICT: ("CONFLICT", "bold reverse red"),
    Outcome.WAIVED: ("waived", "cyan"),
}
"""Word and style by outcome. What fails is bold and reversed, so that it is the strongest without colours too."""
_SEVERITIES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
    Severity.INFO: "dim",
}


def outcome_sign(word: Outcome) -> Text:
    """The outcome's word in its style."""
    said, style = SIGNS[word]
    return Text(said, style)


def severity_sign(word: Severity) -> Text:
    """The severity in its style."""
    return Text(word.value, _SEVERITIES[word])


def labelled(said: Text, name: str, what: str) -> None:
    """One line more: the name in twelve cells, then what it is."""
    said.append(f"{name:<12}", "dim").append(f"{what}\n")


def label_look(said: Text, look: Attestation) -> None:
    """Lines on where somebody looked, with what note and which screenshots."""
    labelled(said, "path", safe_text(look.console_path) or "not recorded")
    if look.note:
        labelled(said, "note", safe_text(look.note))
    for shot in look.attachments:
        labelled(said, "screenshot", f"{safe_text(shot.name)}, SHA-256 {shot.sha256}")


def column(text: Text | str, width: int) -> Text:
    """The text in exactly so many cells, cut with an ellipsis or filled up, and a blank after it."""
    cut = Text(text) if isinstance(text, str) else text.copy()
    cut.truncate(width, overflow="ellipsis")
    said = Text().append_text(cut)  # a style of its own would reach what is appended to it
    said.append(" " * (width - cell_len(said.plain) + 1))
    return said


def ago(moment: datetime, now: datetime) -> str:
    """ "7 h ago", "3 days ago"; never finer than a minute."""
    passed = max(timedelta(), now - moment)
    if passed < timedelta(hours=1):
        minutes = int(passed.total_seconds() // 60)
        return f"{minutes} min ago" if minutes else "just now"
    if passed < timedelta(days=2):
        return f"{int(passed.total_seconds() // 3600)} h ago"
    return f"{counted(passed.days, 'day')} ago"


def short_host(text: str, most: int = -1) -> str:
    """The text without what nearly every host ends in, `most` times or everywhere; a screen's detail has it whole."""
    return text.replace(".atlassian.net", "", most)

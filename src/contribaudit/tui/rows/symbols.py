"""How outcomes and severities look: a word and a sign each, so that nothing is said by colour alone."""

from __future__ import annotations

from rich.text import Text

from contribaudit.core.model.finding import Outcome, Severity

SIGNS = {
    Outcome.PASS: ("pass", "green"),
    Outcome.FAIL: ("FAIL", "bold red"),
    Outcome.NOT_ACHIEVABLE: ("not achievable", "magenta"),
    Outcome.NO_SUCH_SETTING: ("no setting", "dim"),
    Outcome.EXEMPT: ("exempt", "cyan"),
    Outcome.PENDING: ("pending", "blue"),
    Outcome.NOT_YET_EFFECTIVE: ("not yet effective", "dim"),
    Outcome.UNKNOWN: ("unknown", "yellow"),
    Outcome.STALE: ("stale", "yellow"),
    Outcome.CONFLICT: ("CONFLICT", "bold red"),
    Outcome.WAIVED: ("waived", "cyan"),
}
"""Word and style by outcome."""
_SEVERITIES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
    Severity.INFO: "dim",
}


def outcome(word: Outcome) -> Text:
    """The outcome's word in its style."""
    said, style = SIGNS[word]
    return Text(said, style)


def severity(word: Severity) -> Text:
    """The severity in its style."""
    return Text(word.value, _SEVERITIES[word])

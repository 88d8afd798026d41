"""Parts of rows on every screen: signs of outcomes and severities, labelled lines, columns, ages, short names.

Each outcome and severity has a word as well as a style, so that nothing depends on colour alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.text import Text

from contribaudit import catalogue
from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.phrases import counted
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
"""Word and style by outcome. Failures are bold and reversed, so that they stand out without colours too."""
_SEVERITIES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
    Severity.INFO: "dim",
}


def title_of(setting: str) -> str:
    """The title of the setting of this ID, as people call it; the ID of an unknown one."""
    return safe_text(catalogue.find(SettingId(setting)).title)


def outcome_sign(word: Outcome) -> Text:
    """The outcome's word in its style."""
    label, style = SIGNS[word]
    return Text(label, style)


def check_of(finding: Finding) -> str:
    """Title and ID of the finding's check: "App is pinned to its location (DR-02)"."""
    return safe_text(f"{finding.title} ({finding.check})")


def severity_sign(word: Severity) -> Text:
    """The severity in its style."""
    return Text(word.value, _SEVERITIES[word])


def labelled(text: Text, name: str, what: str) -> None:
    """Append a line to `text`: the name in twelve cells, then `what`."""
    text.append(f"{name:<12}", "dim").append(f"{what}\n")


def label_look(text: Text, look: Attestation) -> None:
    """Append lines with the console path, note and screenshots of an attestation."""
    labelled(text, "path", safe_text(look.console_path) or "not recorded")
    if look.note:
        labelled(text, "note", safe_text(look.note))
    for shot in look.attachments:
        labelled(text, "screenshot", f"{safe_text(shot.name)}, SHA-256 {shot.sha256}")


def column(text: Text | str, width: int) -> Text:
    """The text in exactly `width` cells, cut with an ellipsis or padded, followed by a blank."""
    cut = Text(text) if isinstance(text, str) else text.copy()
    cut.truncate(width, overflow="ellipsis")
    padded = Text().append_text(cut)  # the text's own style would extend to everything appended to it
    padded.append(" " * (width - cell_len(padded.plain) + 1))
    return padded


def ago(moment: datetime, now: datetime) -> str:
    """The age of a moment, no finer than a minute: "just now", "7 h ago", "3 days ago"."""
    passed = max(timedelta(), now - moment)
    if passed < timedelta(hours=1):
        minutes = int(passed.total_seconds() // 60)
        return f"{minutes} min ago" if minutes else "just now"
    if passed < timedelta(days=2):
        return f"{int(passed.total_seconds() // 3600)} h ago"
    return f"{counted(passed.days, 'day')} ago"


def short_host(text: str, most: int = -1) -> str:
    """The text without ".atlassian.net", which nearly every host ends in; `most` limits how many are removed."""
    return text.replace(".atlassian.net", "", most)

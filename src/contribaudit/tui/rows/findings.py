"""The texts of the findings table, of the line of counts above it, and of one finding in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from contribaudit.core.advise.steps import to_do
from contribaudit.core.model import names
from contribaudit.core.model.finding import Evidence, Finding, Outcome, Severity
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.effective import COMPUTED, KINDS, effective_of
from contribaudit.exporters.text import ORDER, Cell, display, rfc3339, safe_text, words
from contribaudit.tui.rows.filtering import FindingIndex, Heading, Row
from contribaudit.tui.rows.signs import outcome_sign, severity_sign, short_host, title_of
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column

if TYPE_CHECKING:
    from contribaudit.store.runs import OutcomeSpan


COLUMNS = (
    Column("outcome", 15),
    Column("severity", 8),
    Column("check", 20, flexible=True),
    Column("subject", 18, flexible=True),
    Column("why", 24, flexible=True, drop_below=110),
)
FIELDS: Mapping[str, Callable[[Row], Cell]] = {
    "finding_id": lambda row: row.finding.id,
    "outcome": lambda row: row.finding.outcome.value,
    "severity": lambda row: row.finding.severity.value,
    "check": lambda row: row.finding.check,
    "title": lambda row: row.finding.title,
    "organization_id": lambda row: row.finding.subject.organization,
    "subject_kind": lambda row: row.finding.subject.kind.value,
    "subject_id": lambda row: row.finding.subject.id,
    "subject": lambda row: row.about.label,
    "site": lambda row: row.about.site,
    "app": lambda row: row.about.app,
    "setting": lambda row: row.finding.setting,
    "expected": lambda row: row.finding.expected,
    "observed": lambda row: row.finding.observed,
    "grade": lambda row: row.grade,
    "reason": lambda row: row.finding.reason,
    "due_at": lambda row: row.finding.due_at,
    "fragile": lambda row: row.finding.fragile,
}
"""The columns of a finding in a CSV file; observed text is unchanged."""


def cells(row: Row) -> list[Text]:
    """The texts of one finding in the table."""
    finding = row.finding
    outcome = outcome_sign(finding.outcome)
    if row.newly:
        outcome.append(" new", "bold")
    elif finding.fragile:
        outcome.append(" fragile", "yellow")
    label = short_host(row.about.called, 1)
    return [
        outcome,
        severity_sign(finding.severity),
        Text(f"{safe_text(finding.check)} {safe_text(finding.title)}"),
        Text(label),
        Text(safe_text(finding.reason)),
    ]


def heading(group: Heading) -> list[Text]:
    """The texts of a group's heading, with the title in the subject column."""
    return [Text(f"{group.count:,}", "bold"), Text(), Text(), Text(group.title, "bold"), Text()]


def counts(
    index: FindingIndex,
    places: Sequence[int],
    *,
    sort: str,
    group: str,
    hide_passes: bool,
    chips: Sequence[tuple[str, str]] = (),
) -> Text:
    """How many findings of each outcome and severity match the filter; a click on one filters by it.

    `chips` are (facet, words) of terms in the filter: a click on one removes the term.
    """
    outcomes = Counter(map(index.outcomes.__getitem__, places))
    severities = Counter(index.severities[place] for place in places if not index.quiet[place])
    text = Text()
    for facet, label in chips:
        chip = Text(f" {label} x ", "reverse")
        chip.stylize(Style.from_meta({"@click": f"screen.drop_term('{facet}')"}))
        text.append_text(chip).append("  ")
    text.append(f"{len(places):,} of {len(index.rows):,}", "bold")
    for outcome in (*ORDER, Outcome.NO_SUCH_SETTING):
        if outcomes[outcome]:
            word = outcome_sign(outcome)
            text.append("  ").append_text(_clickable(word, outcomes[outcome], f"outcome:{outcome.value}"))
    text.append("  |")
    for severity in Severity:
        if severities[severity]:
            word = severity_sign(severity)
            text.append("  ").append_text(_clickable(word, severities[severity], f"severity:{severity.value}"))
    text.append(f"  |  by {sort}", "dim")
    text.append(f", grouped by {group}" if group else "", "dim")
    text.append(", passes hidden" if hide_passes else "", "dim")
    return text


def _clickable(word: Text, count: int, term: str) -> Text:
    text = Text(f"{count:,} ").append_text(word)
    text.stylize(Style.from_meta({"@click": f"screen.add_term('{term}')"}))
    return text


def chip(board: Board, number: str) -> str:
    """The term `step:1` in words: "step 1: 3 apps"."""
    things = to_do(board.steps)
    if not number.isdigit() or not 0 < int(number) <= len(things):
        return f"step {number}: there is none"
    subjects: Sequence[Subject] = list(dict.fromkeys(one.subject for one in things[int(number) - 1].findings))
    kinds = Counter(one.kind.value for one in subjects)
    return f"step {number}: {', '.join(counted(count, kind) for kind, count in kinds.items()) or 'no finding'}"


_DIGEST_SHOWN = 12
_ANSWERS = {
    names.METADATA: names.EFFECTIVE_METADATA,
    names.IN_APP: names.EFFECTIVE_IN_APP,
    names.AI_ACCESS: names.EFFECTIVE_AI,
}
"""The computed answer that a switch is one reason for."""


def detail(board: Board, finding: Finding, history: Sequence[OutcomeSpan] | None = None) -> Text:
    """Everything about the finding, paragraph by paragraph. `history` is None while it is being read."""
    content = Text()
    content.append_text(outcome_sign(finding.outcome)).append("  ")
    content.append_text(severity_sign(finding.severity)).append(f"  {safe_text(finding.check)}\n")
    content.append(f"{safe_text(finding.title)}\n", "bold")
    state = board.report.state
    spoken, alias = safe_text(called(state, finding.subject)), safe_text(alias_of(state, finding.subject))
    content.append(f"{spoken}\n").append(f"{alias}\n" if alias != spoken else "", "dim")
    name = safe_text(state.place(finding.subject).name)
    content.append(f"{name}\n" if name not in (spoken, alias, finding.subject.id, "") else "", "dim")
    content.append(f"{safe_text(finding.subject.id)}\n", "dim")
    for title, text in _paragraphs(board, finding):
        content.append(f"\n{title}\n", "bold").append_text(text).append("\n")
    content.append("\nHISTORY\n", "bold").append_text(_history(history))
    return content


def evidence_digests(finding: Finding) -> list[str]:
    """Digests of the raw answers that the finding rests on, in the order of its evidence, each once."""
    return list(dict.fromkeys(each.sha256 for each in finding.evidence if each.sha256))


def documentation(board: Board, finding: Finding) -> str:
    """The address of the page that the check rests on; "" if none is known. From the rulebook, never observed."""
    words = board.report.state.rulebook.words.get(finding.check)
    return words.source if words is not None and words.source.startswith("https://") else ""


def console(board: Board, path: str) -> tuple[str, str]:
    """The address at which a menu path of the console begins, and the path from there.

    The address is "", before the whole path, if none is known. From the rulebook, never observed.
    """
    start = board.report.state.rulebook.console
    if start is None or not start.leads_to(path):
        return "", path
    return start.address, path.partition(">")[2].strip()


def _paragraphs(board: Board, finding: Finding) -> Iterator[tuple[str, Text]]:
    words = board.report.state.rulebook.words.get(finding.check)
    yield "WHY", Text(safe_text(finding.reason))
    if finding.setting:
        yield "SETTING", Text(f"{title_of(finding.setting)} ({safe_text(finding.setting)})")
    yield "WANTED", Text(display(finding.expected) if finding.expected is not None else "no particular value")
    yield "SEEN", _observed_cell(finding)
    if finding.fragile:
        yield "FRAGILE", Text("this rests only on a plan default or a running trial", "yellow")
    if finding.due_at is not None:
        yield "DUE", Text(rfc3339(finding.due_at) or "")
    if words is not None:
        yield "QUESTION", Text(safe_text(words.question))
        if words.trap:
            yield "TRAP", Text(safe_text(words.trap))
    chain = _chain(board, finding)
    if chain:
        yield "BECAUSE", chain
    yield "EVIDENCE", _evidence(finding.evidence)
    if finding.remediation:
        yield "WHAT TO DO", Text(safe_text(finding.remediation))
    if finding.console_path:
        yield "CONSOLE", _console(board, finding)
    if address := documentation(board, finding):
        yield "DOCUMENTATION", Text(f"{safe_text(address)}")
    if finding.waiver is not None:
        waiver = finding.waiver
        under = finding.underlying_outcome.words
        yield (
            "WAIVED",
            Text(
                f"{under}, accepted to {waiver.expires} by {safe_text(waiver.approved_by)}: {safe_text(waiver.reason)}"
                + (f" ({safe_text(waiver.ticket)})" if waiver.ticket else "")
            ),
        )
    if finding.controls:
        yield "CONTROLS", Text("\n".join(safe_text(control) for control in finding.controls), "dim")


def _console(board: Board, finding: Finding) -> Text:
    text = Text(safe_text(finding.console_path))
    address, _ = console(board, finding.console_path)
    start = board.report.state.rulebook.console
    if address and start is not None:
        text.append(f"\nbegins at {safe_text(address)} (key c). {safe_text(start.note)}".rstrip(), "dim")
    return text


def _observed_cell(finding: Finding) -> Text:
    if finding.observed is None and not finding.evidence:
        return Text("no accepted evidence", "yellow")
    return Text(display(finding.observed))


def _chain(board: Board, finding: Finding) -> Text:
    """The reasons behind a computed answer; empty for an evidence folder, which does not hold its inputs."""
    setting = _ANSWERS.get(finding.setting, finding.setting) if finding.setting is not None else None
    if board.policy is None or setting is None or setting not in COMPUTED or finding.subject.kind not in KINDS:
        return Text()
    answer = effective_of(board.report.state, finding.subject, setting)
    text = Text()
    for number, reason in enumerate(answer.chain, 1):
        text.append(f"{number}. {safe_text(reason.sentence)}", "" if reason.decisive else "dim")
        seen = reason.observation
        if isinstance(seen, Observed):
            text.append(f" ({seen.grade.value}, {rfc3339(seen.observed_at)})", "dim")
        text.append("\n")
    if answer.predicted is not None:
        text.append(f"Predicted: {safe_text(answer.predicted)}, the plan default; not evidence\n", "yellow")
    if answer.fragile_because:
        text.append(f"Would be undone by: {safe_text(answer.fragile_because)}\n", "yellow")
    text.rstrip()
    return text


def _evidence(evidence: Sequence[Evidence]) -> Text:
    if not evidence:
        return Text("none", "yellow")
    text = Text()
    for number, item in enumerate(evidence, 1):
        text.append(f"{number}. {item.grade.value}", "bold").append(
            f"  {safe_text(item.source)}, {rfc3339(item.observed_at)}"
        )
        if item.sha256:
            text.append(f", sha256 {safe_text(item.sha256[:_DIGEST_SHOWN])}")
        if item.attested_by:
            text.append(f", by {safe_text(item.attested_by)}")
            text.append(f", confirmed by {safe_text(item.confirmed_by)}" if item.confirmed_by else ", not confirmed")
            text.append(", with a screenshot" if item.screenshot else "")
            text.append(", anchored by signals" if item.anchored else "")
        text.append("\n")
    if any(item.sha256 for item in evidence):
        text.append("press v for the API's response", "dim")
    text.rstrip()
    return text


def _history(history: Sequence[OutcomeSpan] | None) -> Text:
    if history is None:
        return Text("reading the history …", "dim")
    if not history:
        return Text("none stored here", "dim")
    text = Text()
    for span in reversed(history):
        end = "now" if span.ended is None else f"{span.ended:%Y-%m-%d %H:%M}Z"
        text.append(f"{span.since:%Y-%m-%d %H:%M}Z to {end}  ")
        text.append(words(span.outcome), "bold")
        text.append(f"  {counted(span.observations, 'run')}\n", "dim")
    text.rstrip()
    return text

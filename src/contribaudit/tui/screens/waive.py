"""The form for waiving findings. It shows the change to the policy file as a diff, and writes it only on agreement."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from contribaudit import policy_file, wiring
from contribaudit.attestations.recording import short
from contribaudit.audit.job import Job
from contribaudit.audit.replay import judge_last
from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.phrases import and_more, counted
from contribaudit.core.model.policy import WAIVABLE, Waiver
from contribaudit.core.model.subject import same_person
from contribaudit.core.resolve.aliases import alias_of, called, resolve_alias
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.exporters.text import display, safe_text
from contribaudit.policy_file import editing
from contribaudit.policy_file.values import MOST_DAYS
from contribaudit.settings import file
from contribaudit.tui.rows.signs import check_of, outcome_sign, severity_sign
from contribaudit.tui.screens.dialogs import FormScreen, QuestionScreen
from contribaudit.tui.source import Board, Source
from contribaudit.tui.widgets.field import DAY_FORMS, Field, Tick, day_of

_MOST_SHOWN = 40
_MOST_NAMED = 5


def subject_text(state: State, finding: Finding) -> str:
    """The finding's subject as the policy file names it: by alias if that is unambiguous, else by ID."""
    alias = alias_of(state, finding.subject)
    several = len(state.organizations) > 1 and finding.subject.organization and ":" in alias
    prefixed = alias.startswith("organization:") or not several
    text = alias if prefixed else f"{finding.subject.organization}:{alias}"
    try:
        return text if resolve_alias(state, text) == finding.subject else finding.subject.id
    except UsageError:
        return finding.subject.id


def about(state: State, findings: Sequence[Finding]) -> Text:
    """The findings to accept: a single one in full, or the first of several by name."""
    finding = findings[0]
    if len(findings) > 1:
        text = Text(f"Accept {len(findings)} findings, with one reason and one change to the file", "bold")
        for one in findings[:_MOST_NAMED]:
            text.append("\n").append_text(outcome_sign(one.outcome))
            text.append(f"  {check_of(one)}, {safe_text(called(state, one.subject))}", "not bold")
        left = len(findings) - _MOST_NAMED
        return text.append(f"\n{and_more(left)}", "not bold dim") if left > 0 else text
    words = state.rulebook.words.get(finding.check)
    title = f'"{safe_text(words.title)}" ({finding.check})' if words is not None else finding.check
    text = Text().append(f"Waive {title} for {safe_text(called(state, finding.subject))}\n", "bold")
    text.append_text(severity_sign(finding.severity)).append("  ").append_text(outcome_sign(finding.outcome))
    text.append(f"  {safe_text(finding.reason)}", "not bold")
    if finding.observed is not None:
        text.append(f"\nobserved  {display(finding.observed)}", "not bold")
    return text


def diff(text: str) -> Text:
    """A unified diff in colour; every line keeps its sign, so that nothing depends on colour alone."""
    coloured = Text()
    for line in text.splitlines():
        style = "bold"
        if not line.startswith(("+++", "---")):
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
        coloured.append(f"{safe_text(line)}\n", style)
    return coloured


def effect(before: Report, after: Report, findings: Sequence[Finding]) -> Text:
    """How the changed policy changes the outcomes of the same run."""
    was = {one.id: one for one in before.findings}
    moved = [one for one in after.findings if one.id in was and was[one.id].outcome is not one.outcome]
    text = Text().append("Effect on the run shown\n", "bold")
    for finding in moved[:_MOST_SHOWN]:
        text.append(f"  {check_of(finding)}, {safe_text(called(after.state, finding.subject))}: ")
        text.append_text(outcome_sign(was[finding.id].outcome)).append(" -> ")
        text.append_text(outcome_sign(finding.outcome)).append("\n")
    if len(moved) > _MOST_SHOWN:
        text.append(f"  and {counted(len(moved) - _MOST_SHOWN, 'more finding')}\n", "dim")
    left = {one.id for one in findings} - {one.id for one in moved}
    if left:
        what = "The waiver does not cover the finding" if len(findings) == 1 else f"{len(left)} of them are not covered"
        text.append(f"  ! {what}:\n", "bold red")
        new = [one for one in after.warnings if one not in before.warnings]
        text.append("".join(f"    {safe_text(warning)}\n" for warning in new))
    return text


def written_line(path: str, after: Report, findings: Sequence[Finding]) -> str:
    """The message after the file was written."""
    left = sum(1 for one in after.findings if one.outcome.violates)
    ids = {one.id for one in findings}
    count = sum(1 for one in after.findings if one.id in ids and one.waiver is not None)
    result = f"{findings[0].check} is {'waived' if count else 'not covered'}"
    if len(findings) > 1:
        result = f"{count} of {len(findings)} findings are waived"
    return f"Written to {path}: {result}, {counted(left, 'finding')} still failing. Commit the file."


class WaiveScreen(FormScreen[str]):
    """The form. Its result is a sentence on what was written, or None if the person left."""

    SEND = "Show the change"
    NAME: ClassVar[str] = "Waive"
    DEFAULT_CSS: ClassVar[str] = (
        "WaiveScreen Checkbox { margin-bottom: 1; border: none; padding: 0; background: $surface; }"
    )

    def __init__(self, board: Board, findings: Sequence[Finding], source: Source, job: Job) -> None:
        """`findings` are one or more; each gets its own waiver in a single change."""
        super().__init__()
        self._board, self._findings, self._source, self._job = board, tuple(findings), source, job

    def heading(self) -> Text:
        """The findings to accept."""
        return about(self._board.report.state, self._findings)

    def fields(self) -> Iterable[Widget]:
        """A field for each key of a [[waiver]]."""
        if self._source.policy_path is None:
            yield Field(
                "New policy file that extends the current pack", id="path", placeholder="policy.toml", required=True
            )
        yield Field("Reason for accepting it", id="reason", required=True, check=_short_text, long=True)
        yield Field("Requested by", id="requested_by", value=self._board.you, required=True, check=_short_text)
        yield Field("Approved by (another person)", id="approved_by", required=True, check=self._other_person)
        yield Field(
            "Approved on", id="approved_at", placeholder="YYYY-MM-DD or today", required=True, check=self._refuse_future
        )
        yield Field(
            f"Last day (UTC); today is {self._today}",
            id="expires",
            placeholder=DAY_FORMS,
            required=True,
            check=self._refuse_past,
        )
        yield Field("Review interval in days", id="review", placeholder="none", check=_days)
        yield Field("Ticket", id="ticket", placeholder="none", check=_short_text)
        seen = [one.observed for one in self._findings if one.observed is not None]
        if seen:
            what = f"value {display(seen[0])}" if len(self._findings) == 1 else "values"
            label = f"Only for the observed {what}; any other value fails again"
            yield Tick(Text(safe_text(label)), value=True, id="binds")
        if any(one.outcome not in WAIVABLE for one in self._findings):
            yield Static(
                Text.assemble(("A waiver covers only findings that fail or are not achievable.", "bold yellow"))
            )

    async def finish(self) -> None:
        """Try the change, show it, and write it if the person agrees."""
        waivers = self._waivers()
        self.tell("Trying the change …")
        change, after = await asyncio.to_thread(self._try_waivers, waivers)
        self.tell("")
        body = diff(change.diff()).append("\n")
        body.append_text(effect(self._board.report, after, self._findings))
        question = QuestionScreen(f"Save this to {change.path}?", body, yes="Save it", no="Back to the form")
        if await self.app.push_screen_wait(question):
            await asyncio.to_thread(self._write_policy, change)
            message = written_line(str(change.path), after, self._findings)
            if change.before is None:
                message += f' Name it in config.toml: policy = "{change.path}".'
            self.dismiss(message)

    def _try_waivers(self, waivers: Sequence[Waiver]) -> tuple[editing.Change, Report]:
        """The change, and the report as judged with it. Call in a thread. Raises ContribauditError."""
        path = self._source.policy_path
        if path is not None:
            change = editing.with_entry(path, *waivers)
        else:
            new = file.expanded(self.field("path").value).absolute()
            change = editing.new_file(new, [self._job.policy.name], *waivers)
        changed = wiring.load_policy(change.path, self._job.rulebook, text=change.after)
        return change, judge_last(replace(self._job, policy=changed))

    def _write_policy(self, change: editing.Change) -> None:
        editing.write(change)
        self._source.use_policy(change.path)

    def _waivers(self) -> list[Waiver]:
        ticked = any(tick.value for tick in self.query(Tick))
        review = self.field("review").value
        return [
            Waiver(
                check=one.check,
                origin="",  # the line number is known once it is written
                subject=subject_text(self._board.report.state, one),
                reason=self.field("reason").value,
                requested_by=self.field("requested_by").value,
                approved_by=self.field("approved_by").value,
                approved_at=self._day("approved_at"),
                expires=self._day("expires"),
                review_every_days=_days(review) if review else None,
                ticket=self.field("ticket").value,
                binds_to_value=ticked and one.observed is not None,
                observed=one.observed if ticked else None,
            )
            for one in self._findings
        ]

    @property
    def _today(self) -> date:
        return self._job.clock().date()

    def _day(self, field: str) -> date:
        return day_of(self.field(field).value, self._today)

    def _other_person(self, text: str) -> None:
        _short_text(text)
        if same_person(text, self.field("requested_by").value):
            raise UsageError("The person who requests a waiver cannot approve it", hint="Name another person")

    def _refuse_future(self, text: str) -> None:
        if day_of(text, self._today) > self._today:
            raise UsageError("The approval date is in the future")

    def _refuse_past(self, text: str) -> None:
        if day_of(text, self._today) < self._today:
            raise UsageError("This date has passed")


def why_not(source: Source | None, board: Board | None) -> str:
    """Why nothing can be waived from here; "" if waiving is possible."""
    if source is None or board is None or not source.can_write or source.job is None:
        return "Read-only: to add waivers, open the dashboard on the machine with the history and the policy"
    if source.policy_path is None and source.job.policy.name not in {pack.name for pack in policy_file.packs()}:
        return "The current policy has no file that can be changed"
    return ""


def _short_text(text: str) -> str:
    return short(text, "It")


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= MOST_DAYS:
        raise UsageError(f"`{text[:40]}` is not a number of days", hint=f"1 to {MOST_DAYS}, or leave it out")
    return int(text)

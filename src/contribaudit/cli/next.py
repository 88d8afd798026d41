"""`contribaudit next`: lists what to do now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import by_option, format_option, organization_option, policy_option, store_option
from contribaudit.core.model.phrases import counted
from contribaudit.exporters.text import Cell, duration, row_of

if TYPE_CHECKING:
    from contribaudit.core.advise.steps import NextStep
    from contribaudit.core.resolve.state import State

COLUMNS = (
    "place", "kind", "severity", "minutes", "due", "what", "command", "organization_id", "subjects", "subject_names",
    "findings",
)  # fmt: skip
TABLE = COLUMNS[:7]


@click.command()
@organization_option(multiple=True)
@policy_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show only the first N steps.")
@by_option
@format_option()
@store_option
@pass_console
def command(console: Console, *, limit: int | None, by: str | None) -> None:
    """List what to do now, most severe first: fix, look, confirm, decide, renew, with the minutes that each step takes.

    Every finding that fails, is unverified or is pending belongs to one step; the last line counts the findings that
    cannot be resolved yet, and says why. Uses the newest saved run, judged as of now; nothing is read. The exit code
    is always 0.
    """
    from contribaudit.attestations.due import steps_to_take
    from contribaudit.audit.replay import judge_last
    from contribaudit.core.advise.steps import to_do

    with console.job() as job:
        report = judge_last(job)
        steps = steps_to_take(report, job.policy, by or console.settings().attested_by or "")
        things = to_do(steps)
        typed = console.runnable
        rows = [_row(place, step, report.state, typed) for place, step in enumerate(things[:limit], 1)]
        rows += [_row(None, step, report.state, typed) for step in steps[len(things) :]]
    console.table(COLUMNS, rows, flexible="what", only=TABLE)
    if not steps:
        console.diagnostics.conclusion("Nothing to do: everything that the policy requires was verified.")
        return
    minutes = sum(step.minutes for step in things)
    more = f", {limit} of them shown" if limit is not None and limit < len(things) else ""
    summary = (
        f"{counted(len(things), 'thing')} to do{more}, about {duration(minutes)} in all"
        if things
        else "Nothing to do now"
    )
    left = sum(len(step.findings) for step in steps[len(things) :])
    unresolved = f"; {counted(left, 'finding')} cannot be resolved yet" if left else ""
    console.diagnostics.conclusion(f"{summary}{unresolved}.")


def _row(place: int | None, step: NextStep, state: State, typed: Callable[[str], str]) -> tuple[Cell, ...]:
    """A row of the list. `typed` completes commands with the options of this command line."""
    from contribaudit.core.resolve.aliases import alias_of

    return row_of(
        COLUMNS,
        step,
        place=place,
        kind=step.kind.value,
        severity=step.severity.value if step.severity is not None else None,
        what=typed(step.text),
        command=typed(step.command),
        organization_id=step.organization,
        subjects=tuple(one.id for one in step.subjects),
        subject_names=tuple(alias_of(state, one) for one in step.subjects),
        findings=tuple(one.id for one in step.findings),
    )

"""`contribaudit forecast`: predicts what a plan change, the end of a trial or a date would change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, organization_option, policy_option, store_option
from contribaudit.core.model.phrases import counted
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.core.model.rulebook import Plan, Rulebook


@click.command()
@click.option("--plan", "plan_word", metavar="PLAN", help="Assume this highest plan.")
@click.option("--trial-ends", is_flag=True, help="Assume that every running trial has ended.")
@click.option("--until", metavar="DATE", help="Assume that nothing is done until the end of this day (UTC).")
@organization_option(multiple=True)
@policy_option
@format_option()
@store_option
@pass_console
def command(console: Console, *, plan_word: str | None, trial_ends: bool, until: str | None) -> None:
    """Judge the last saved run under an assumption, and show which outcomes would change.

    This is a prediction from the rulebook, not evidence: it reads and saves nothing. --until can be combined with
    each of the other two. The exit code is always 0.
    """
    from contribaudit.audit.replay import forecast_last
    from contribaudit.core.advise.forecast import Hypothesis
    from contribaudit.exporters.forecast import render

    if plan_word is not None and trial_ends:
        raise UsageError("--plan and --trial-ends both set the highest plan", hint="Give only one of them.")
    if plan_word is None and not trial_ends and until is None:
        raise UsageError("There is no assumption to forecast", hint="Give --plan PLAN, --trial-ends or --until DATE.")
    with console.job() as job:
        plan = _plan(job.rulebook, plan_word) if plan_word is not None else None
        day = _day(until, job.clock()) if until is not None else None
        forecast = forecast_last(job, Hypothesis(plan, trial_ends, day))
    console.write(render(forecast, console.output_format, terminal=console.on_terminal))
    changed = counted(len(forecast.rows), "answer")
    console.diagnostics.conclusion(f"Prediction: {changed} would change. Only an audit shows the actual state.")


def _plan(rulebook: Rulebook, word: str) -> Plan:
    """The plan with this name or API word. Raises UsageError with the known names."""
    folded = word.strip().casefold()
    named = next((one for one in rulebook.plans if one.name.casefold() == folded), None) or rulebook.plan(word)
    if named is None:
        listed = ", ".join(one.name for one in rulebook.plans)
        raise UsageError(f"The rulebook has no plan {word[:80]!r}", hint=f"Plans: {listed}.")
    return named


def _day(text: str, now: datetime) -> date:
    """The day. Raises UsageError for a text that is not a date, and for a day that has passed."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text[:40]!r} is not a date", hint="Write it as 2027-01-31.") from None
    if day < now.astimezone(UTC).date():
        raise UsageError(
            f"{day} has passed", hint="Choose today or a later date; `contribaudit runs list` shows the past."
        )
    return day

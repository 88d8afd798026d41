"""`contribaudit deadlines`: what runs out, and when."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.cli.options import (
    Console,
    force_option,
    format_option,
    organization_option,
    output_option,
    pass_console,
    policy_option,
    store_option,
)

if TYPE_CHECKING:
    from datetime import timedelta

_SPAN = re.compile(r"([0-9]{1,5})\s*([hdw])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 168}


@click.command()
@click.option("--within", metavar="TIME", help="Only what is over or ends within this time: 12h, 30d, 2w.")
@organization_option(multiple=True)
@policy_option
@format_option(("table", "json", "csv", "ics"), "table")
@output_option
@force_option
@store_option
@pass_console
def command(
    console: Console,
    *,
    within: str | None,
    organizations: tuple[str, ...],
    policy_path: Path | None,
    output_format: str,
    output_path: Path | None,
    force: bool,
    store_location: str | None,
) -> None:
    """What runs out, soonest first, from the last kept run, the policy and the rulebook.

    API keys, attested values, waivers and their reviews, trials, residency moves, deletion clocks, the rulebook's
    review and days that were announced. What is over comes first, with negative days; what has no known date last,
    and not at all with --within. Ends with 0 whatever it finds.
    """
    from contribaudit import wiring
    from contribaudit.audit.job import Job
    from contribaudit.audit.replay import last_deadlines
    from contribaudit.core.model.deadline import within as only_within
    from contribaudit.exporters.deadlines import render

    console.check_output(output_path, overwrite=force)
    span = parse_within(within) if within is not None else None
    settings = console.settings()
    rulebook = wiring.load_rulebook(settings)
    policy = wiring.load_policy(policy_path or settings.policy, rulebook)
    targets = wiring.unread_targets(settings, organizations)
    with console.history(store_location) as store:
        state, found = last_deadlines(Job(targets, store, rulebook, policy))
    if span is not None:
        found = only_within(found, state.as_of, span)
    to_screen = output_path is None and console.on_terminal
    console.write(render(found, state, output_format, terminal=to_screen), output_path)
    over = sum(1 for one in found if one.over_at is not None and one.over_at <= state.as_of)
    console.diagnostics.conclusion(f"{len(found)} deadlines, {over} of them over." if found else "Nothing runs out.")


def parse_within(text: str) -> timedelta:
    """A length of time: hours, days or weeks. Raises UsageError for anything else."""
    from datetime import timedelta

    from contribaudit.errors import UsageError

    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"Invalid duration {text[:40]!r}", hint="Write hours, days or weeks: 12h, 30d, 2w.")
    return timedelta(hours=int(found[1]) * _HOURS[found[2].lower()])

"""`contribaudit deadlines`: what runs out, and when."""

from __future__ import annotations

from pathlib import Path

import click

from contribaudit.cli.arguments import duration
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import (
    force_option,
    format_option,
    organization_option,
    output_option,
    policy_option,
    store_option,
)


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
    from contribaudit.audit.replay import last_deadlines
    from contribaudit.core.model.deadline import within as only_within
    from contribaudit.exporters.deadlines import render

    console.check_output(output_path, overwrite=force)
    span = duration(within) if within is not None else None
    with console.job(organizations, store_location, policy=policy_path) as job:
        state, found = last_deadlines(job)
    if span is not None:
        found = only_within(found, state.as_of, span)
    to_screen = output_path is None and console.on_terminal
    console.write(render(found, state, output_format, terminal=to_screen), output_path)
    over = sum(1 for one in found if one.over_at is not None and one.over_at <= state.as_of)
    console.diagnostics.conclusion(f"{len(found)} deadlines, {over} of them over." if found else "Nothing runs out.")

"""`contribaudit deadlines`: lists what expires, and when."""

from __future__ import annotations

import click

from contribaudit.cli.arguments import duration
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, organization_option, output_options, policy_option, store_option
from contribaudit.core.model.phrases import counted


@click.command()
@click.option("--within", metavar="TIME", help="Only what has expired or expires within this time: 12h, 30d, 2w.")
@organization_option(multiple=True)
@policy_option
@format_option("table", "json", "csv", "ics")
@output_options
@store_option
@pass_console
def command(console: Console, *, within: str | None) -> None:
    """List what expires, soonest first, from the last saved run, the policy and the rulebook.

    Covers API keys, attested values, waivers and their reviews, trials, residency moves, deletion periods, the
    rulebook review and announced dates. What has expired comes first, with negative days; what has no known date
    comes last, and is left out with --within. The exit code is always 0.
    """
    from contribaudit.audit.replay import last_deadlines
    from contribaudit.core.advise.deadlines import within as only_within
    from contribaudit.exporters.deadlines import render

    console.check_output()
    span = duration(within) if within is not None else None
    with console.job() as job:
        state, deadlines = last_deadlines(job)
    if span is not None:
        deadlines = only_within(deadlines, state.as_of, span)
    to_screen = console.on_terminal
    console.write(render(deadlines, state, console.output_format, terminal=to_screen, typed=console.runnable))
    past = sum(1 for one in deadlines if one.over_at is not None and one.over_at <= state.as_of)
    console.diagnostics.conclusion(
        f"{counted(len(deadlines), 'deadline')}, {past} in the past." if deadlines else "Nothing expires."
    )

"""`contribaudit dashboard`: shows the configured history, or an exported evidence folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit import exit_codes, termination
from contribaudit.cli import options
from contribaudit.cli.console import Console
from contribaudit.cli.options import PATH, organization_option, policy_option, store_option
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.tui.source import Source


@click.command()
@click.argument("pack", required=False, type=PATH)
@organization_option(multiple=True)
@policy_option
@store_option
@click.pass_context
def command(context: click.Context, *, pack: Path | None) -> None:
    """Show the verdict, the next steps and what changed, in this terminal.

    Shows the last saved run, judged as of now. With PACK, it verifies and shows an exported evidence folder or .zip
    instead, which needs neither history nor key. The exit code is always 0.
    """
    console = context.ensure_object(Console)
    if pack is not None and (console.organizations or console.policy_path or console.store_location):
        raise UsageError("PACK cannot be combined with other sources", hint="Remove --org, --policy and --store")
    require_terminal()

    def open_source() -> Source:
        if pack is not None:
            from contribaudit.tui.sources import PackSource

            return PackSource(pack)
        settings = console.settings()
        if not settings.organizations() and not console.organizations:
            from contribaudit.tui.source import Lack, Lacking

            return Lacking(Lack.UNCONFIGURED)
        from contribaudit.tui.sources import open_history

        return open_history(
            settings,
            organizations=console.organizations,
            policy=console.policy_path,
            store=console.store_location,
            on_key=console.diagnostics.hide,
            typed=console.runnable,
        )

    wish = show(console, open_source)
    if wish == "demo":
        show_demo(console)
    elif wish == "init":
        from contribaudit.cli.init import command as init

        context.invoke(init)


def require_terminal() -> None:
    """Raise UsageError unless stdin and stdout are terminals."""
    if not options.person_at_terminal():
        raise UsageError(
            "The dashboard needs a terminal for its input and its output",
            hint="For a pipe or a schedule: contribaudit audit, contribaudit next, contribaudit changes",
        )


def show_demo(console: Console, scenario: str = "drifted") -> None:
    """Show the dashboard over a simulated organization."""

    def open_source() -> Source:
        from contribaudit.tui.sources import open_demo

        return open_demo(scenario)

    show(console, open_source)


def _leave_the_screen() -> None:
    """Reset the terminal's screen for a shell; `termination` restores its modes."""
    with contextlib.suppress(OSError):
        os.write(1, b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h")


def show(console: Console, open_source: Callable[[], Source]) -> str:
    """Run the dashboard; returns what the person wants next: "", "init" or "demo"."""
    if console.diagnostics.color is False:
        os.environ["NO_COLOR"] = "1"  # the only way to turn off Textual's colours
    from contribaudit.tui.app import INTERRUPTED, TERMINATED, Dashboard

    dashboard = Dashboard(open_source)
    with termination.undoing(_leave_the_screen):
        wish = dashboard.run()
    if wish in (TERMINATED, INTERRUPTED):
        console.exit(exit_codes.TERMINATED if wish == TERMINATED else exit_codes.INTERRUPTED)
    if dashboard.return_code:
        console.exit(exit_codes.TOOL)  # Textual has printed the traceback of a bug
    return wish or ""

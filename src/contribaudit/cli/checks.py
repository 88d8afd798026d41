"""`contribaudit checks`: what each check asks, why it matters, and what a policy can set for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from contribaudit.cli.arguments import check_named
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option
from contribaudit.core.judge.check import Check
from contribaudit.exporters.text import Cell, row_of

if TYPE_CHECKING:
    from contribaudit.core.model.rulebook import Rulebook

COLUMNS = (
    "id", "title", "severity", "family", "kind", "question", "trap", "outcomes", "verifiable", "settings",
    "remediation", "console_path", "source", "controls", "expect", "slug",
    "expect_default", "examples", "decisions",
)  # fmt: skip


@click.group()
def command() -> None:
    """List every check by the question that it answers, or show one in full."""


@command.command("list")
@format_option()
@pass_console
def list_checks(console: Console) -> None:
    """List every check of this version, under the question of its family."""
    from contribaudit import checks
    from contribaudit.exporters.check_page import listing

    rulebook = console.rulebook()
    if console.output_format == "table":
        console.write(listing(checks.ALL, rulebook.words))
    else:
        console.table(COLUMNS, [_row(check, rulebook) for check in checks.ALL])


@command.command("show", short_help="Show one check in full: why it matters and how to fix it.")
@click.argument("check", metavar="ID|SLUG")
@format_option("text", "json")
@pass_console
def show_check(console: Console, *, check: str) -> None:
    """Show one check in full: why it matters, how to fix it, what a rule may say, what proves it."""
    from contribaudit.exporters.check_page import page
    from contribaudit.exporters.tabular import render

    shown = check_named(check)
    rulebook = console.rulebook()
    if console.output_format == "json":
        console.write(render("json", COLUMNS, [_row(shown, rulebook)]))
    else:
        console.write(page(shown, rulebook))


def _row(check: Check, rulebook: Rulebook) -> tuple[Cell, ...]:
    from contribaudit.exporters.check_page import words_of

    words = words_of(check, rulebook.words)
    return row_of(
        COLUMNS,
        words,
        id=check.id,
        severity=words.severity.value,
        family=check.family.value,
        kind=check.kind.value,
        outcomes=tuple(sorted(outcome.value for outcome in check.outcomes)),
        verifiable=check.verifiable,
        settings=tuple(check.reads),
        expect=check.expectation.takes,
        slug=check.slug,
        expect_default=check.expectation.default,
        examples=tuple(one.example for one in check.parameters),
        decisions=tuple(check.decisions),
    )

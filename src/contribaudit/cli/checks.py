"""`contribaudit checks`: what each check asks, and the trap in it."""

from __future__ import annotations

import click

from contribaudit.cli.options import Console, check_named, format_option, pass_console

COLUMNS = (
    "id", "title", "severity", "family", "kind", "question", "trap", "outcomes", "verifiable", "settings",
    "remediation", "console_path", "source", "controls", "expect", "slug",
)  # fmt: skip


@click.group()
def command() -> None:
    """Every check: question, trap, severity, remediation, control mapping."""


@command.command("list")
@format_option(("table", "json", "csv"), "table")
@pass_console
def list_checks(console: Console, *, output_format: str) -> None:
    """All checks of this version. One that can only say `unknown` is marked as not verifiable today."""
    from contribaudit.exporters.tabular import render

    only = ("id", "slug", "severity", "kind", "verifiable", "title")
    text = render(output_format, COLUMNS, _rows(console), flexible="title", only=only, terminal=console.on_terminal)
    console.write(text)


@command.command("show")
@click.argument("check")
@format_option(("text", "json"), "text")
@pass_console
def show_check(console: Console, *, check: str, output_format: str) -> None:
    """One check in full."""
    from contribaudit.exporters.tabular import render
    from contribaudit.exporters.text import display

    wanted = check_named(check)
    row = next(row for row in _rows(console) if row[0] == wanted.id)
    if output_format == "json":
        console.write(render("json", COLUMNS, [row]))
        return
    width = max(len(column) for column in COLUMNS) + 2
    lines = [f"{column.replace('_', ' '):{width}}{display(value)}" for column, value in zip(COLUMNS, row, strict=True)]
    console.write("\n".join(lines) + "\n")


def _rows(console: Console) -> list[tuple[str | bool | tuple[str, ...], ...]]:
    from contribaudit import checks, wiring

    rulebook = wiring.load_rulebook(console.settings())
    rows: list[tuple[str | bool | tuple[str, ...], ...]] = []
    for check in checks.ALL:
        words = rulebook.words[check.id]
        rows.append(
            (
                check.id,
                words.title,
                words.severity.value,
                check.family.value,
                check.kind.value,
                words.question,
                words.trap,
                tuple(sorted(outcome.value for outcome in check.outcomes)),
                check.verifiable,
                tuple(check.reads),
                words.remediation,
                words.console_path,
                words.source,
                words.controls,
                check.expectation.takes,
                check.slug,
            )
        )
    return rows

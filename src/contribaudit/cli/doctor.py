"""`contribaudit doctor`: checks everything that an audit needs, one line each, with the next step."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.diagnostics import clean
from contribaudit.cli.options import api_key_options, format_option, organization_option, person_there, policy_option
from contribaudit.core.model.phrases import counted
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.operations.doctor import Line

_COLORS = {"ok": "green", "warning": "yellow", "failed": "red"}
_STATUS_WIDTH, _NAME_WIDTH = 9, 14


@click.command("doctor")
@organization_option(multiple=True)
@policy_option
@api_key_options
@click.option(
    "--as-scheduled",
    is_flag=True,
    help="Check what a scheduled audit would find: no terminal, none of this shell's environment.",
)
@format_option("table", "json")
@pass_console
def command(console: Console, *, as_scheduled: bool) -> None:
    """Check everything an audit needs: configuration, key, scopes, reachability, clock, keyring, store, policy.

    Each line is ok, warning or failed, with the next step. Tries each read of an audit once and changes nothing.
    The exit code is that of the first failed line.
    """
    from contribaudit.operations.doctor import examine

    lines: list[Line] = []
    examined = (
        _as_scheduled(console)
        if as_scheduled
        else examine(
            config=console.config_path,
            chosen=console.organizations,
            policy=console.policy_path,
            named=console.named_key,
            headless=not person_there(),
            now=datetime.now(UTC),
            progress=console.diagnostics,
        )
    )
    for line in examined:
        lines.append(line)
        if console.output_format == "table":
            console.write(_row(line, console.colored_output))
    code = next((line.exit_code for line in lines if line.exit_code), 0)
    if console.output_format == "json":
        console.write(_document(lines, code))
    console.end(_conclusion(lines), code)


def _as_scheduled(console: Console) -> Iterator[Line]:
    """Check the audit in a scheduler's environment. Raises UsageError for several --org, and for --api-key-fd."""
    from contribaudit.cli.schedule import recipe_of
    from contribaudit.operations.doctor import examine_as_scheduled

    if len(console.organizations) > 1 or console.named_key.fd is not None:
        raise UsageError(
            "A scheduler starts one audit, of one --org or of all, with keys in files",
            hint="Give one --org, or none, and --api-key-file",
        )
    return examine_as_scheduled(recipe_of(console, "06:15", console.named_key.file), console.policy_path)


def _row(line: Line, colored: bool) -> str:
    """The line, wrapped to the terminal, with its next step below."""
    width = max(60, min(shutil.get_terminal_size().columns, 120))
    margin = " " * (_STATUS_WIDTH + _NAME_WIDTH)
    status = line.status.ljust(_STATUS_WIDTH)
    head = f"{click.style(status, fg=_COLORS[line.status]) if colored else status}{line.name.ljust(_NAME_WIDTH)}"
    paragraphs = [(margin, paragraph) for paragraph in clean(line.what, lines=True).splitlines()]
    if line.next:
        paragraphs.append((f"{margin}→ ", clean(line.next)))
    rows = [
        row
        for indent, paragraph in paragraphs
        for row in textwrap.wrap(
            paragraph,
            width,
            initial_indent=indent,
            subsequent_indent=" " * len(indent),
            break_on_hyphens=False,
            break_long_words=False,
        )
    ]
    rows[0] = head + rows[0][len(margin) :]
    return "\n".join(rows) + "\n"


def _document(lines: list[Line], code: int) -> str:
    document = {"schema": "contribaudit.doctor/1", "exit_code": code, "lines": [asdict(line) for line in lines]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _conclusion(lines: list[Line]) -> str:
    failed = [line for line in lines if line.status == "failed"]
    warnings = sum(line.status == "warning" for line in lines)
    warned = "" if not warnings else f"; {counted(warnings, 'warning')}"
    if not failed:
        return f"Everything that an audit needs is there{warned}. Next: contribaudit audit"
    first = failed[0]
    return f"{len(failed)} of {len(lines)} lines failed{warned}. First: {first.next or first.what}"

"""`contribaudit policy`: what is wanted, checked and shown as resolved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.cli.options import Console, format_option, pass_console

if TYPE_CHECKING:
    from contribaudit.core.model.policy import AuditPolicy, Where

_file = click.argument("path", type=click.Path(path_type=Path), required=False)


@click.group()
def command() -> None:
    """Validate the audit policy and show it as resolved."""


@command.command("check")
@_file
@pass_console
def check_policy(console: Console, *, path: Path | None) -> None:
    """Validate a policy file: the one named, or the configured one. Ends with 2 and every mistake, by line."""
    policy = _load(console, path)
    rules = sum(1 for rule in policy.rules if rule.enabled)
    console.diagnostics.conclusion(
        f"{policy.name}: {rules} rules, {len(policy.waivers)} waivers, {len(policy.decisions)} decisions; "
        f"digest {policy.sha256}."
    )


@command.command("show")
@_file
@format_option(("toml", "table", "json"), "toml")
@pass_console
def show_policy(console: Console, *, path: Path | None, output_format: str) -> None:
    """The policy as resolved: packs merged left to right, then the file. Per subject the last matching rule wins."""
    from contribaudit.exporters.tabular import render

    policy = _load(console, path)
    if output_format == "toml":
        console.write(policy.resolved_toml)
        return
    columns = ("check", "origin", "where", "expect", "severity", "enabled", "reason")
    rows = [
        (
            rule.check,
            rule.origin,
            ", ".join(_selectors(rule.where)),
            rule.expect,
            rule.severity.value if rule.severity else None,
            rule.enabled,
            rule.reason,
        )
        for rule in policy.rules
    ]
    console.write(render(output_format, columns, rows, flexible="reason", terminal=console.on_terminal))


@command.command("schema")
@pass_console
def schema(console: Console) -> None:
    """The JSON Schema of policy files, for an editor."""
    import json

    from contribaudit import policy_file

    console.write(json.dumps(policy_file.json_schema(), indent=2) + "\n")


@command.command("packs")
@click.argument("name", required=False)
@pass_console
def packs(console: Console, *, name: str | None) -> None:
    """The packs that a policy can extend; with a name, the pack's own text with the reason of each rule."""
    from contribaudit import policy_file
    from contribaudit.errors import UsageError
    from contribaudit.exporters.tabular import render

    known = {pack.name: pack for pack in policy_file.packs()}
    if name is None:
        rows = [(pack.name, pack.title, pack.description) for pack in known.values()]
        columns = ("name", "title", "description")
        console.write(render("table", columns, rows, flexible="description", terminal=console.on_terminal))
        return
    if name not in known:
        raise UsageError(f"There is no pack {name!r}", hint=f"Shipped: {', '.join(known)}.")
    console.write(known[name].text)


def _load(console: Console, path: Path | None) -> AuditPolicy:
    from contribaudit import wiring

    settings = console.settings()
    return wiring.load_policy(path or settings.policy, wiring.load_rulebook(settings))


def _selectors(where: Where) -> list[str]:
    names = ("organization", "site", "app", "plan", "space", "sandbox")
    found = ((name, getattr(where, name)) for name in names)
    return [
        f"{name}={'|'.join(value) if isinstance(value, tuple) else str(value).lower()}"
        for name, value in found
        if value not in ((), None)
    ]

"""`contribaudit policy`: validates the policy, and shows it as resolved."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import PATH, format_option
from contribaudit.core.judge.check import by_id
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import organization_subject
from contribaudit.errors import ConfigurationError, StoreError, UsageError
from contribaudit.exporters.text import row_of

if TYPE_CHECKING:
    from contribaudit.core.model.rulebook import Plan, Rulebook

_file = click.argument("path", type=PATH, required=False)


@click.group()
def command() -> None:
    """Validate the audit policy and show it as resolved."""


@command.command("check")
@_file
@pass_console
def check_policy(console: Console, *, path: Path | None) -> None:
    """Validate a policy file: the one named, or the configured one. An invalid file ends with exit code 2 and every
    mistake, by line.

    Also says what the policy asks for and the plan does not offer. The plan is the highest one that the last audit
    saw, or else the policy's `written_for_plan`.
    """
    policy = _load(console, path)
    _warn_of_limits(console, policy)
    _warn_of_selectors(console, policy)
    rules = sum(1 for rule in policy.rules if rule.enabled)
    stated = sum(1 for rule in policy.rules if rule.enabled and rule.expands)
    of_statements = f" ({stated} by [expect], see policy show)" if stated else ""
    console.diagnostics.conclusion(
        f"{policy.name}: {counted(rules, 'rule')}{of_statements}, {counted(len(policy.waivers), 'waiver')}, "
        f"{counted(len(policy.decisions), 'decision')}; digest {policy.sha256}."
    )


@command.command("show", short_help="Print the policy as resolved.")
@_file
@format_option("toml", "table", "json")
@pass_console
def show_policy(console: Console, *, path: Path | None) -> None:
    """Print the policy as resolved: packs left to right, [expect], then the file's rules. The last matching rule wins.

    In TOML each check has its title as a comment; without these comments the text is what `policy.sha256` digests.
    """
    policy = _load(console, path)
    words = console.rulebook().words
    if console.output_format == "toml":
        console.write(_with_check_titles(policy.resolved_toml, {check: one.title for check, one in words.items()}))
        return
    columns = ("check", "title", "origin", "expands", "where", "expect", "severity", "enabled", "reason")
    rows = [
        row_of(
            columns,
            rule,
            title=words[rule.check].title,
            expands=rule.expands or None,
            where=", ".join(
                f"{name}={'|'.join(value) if isinstance(value, tuple) else str(value).lower()}"
                for name, value in rule.where.given.items()
            ),
            severity=rule.severity.value if rule.severity else None,
        )
        for rule in policy.rules
    ]
    console.table(columns, rows, flexible="reason")


@command.command("schema")
@pass_console
def schema(console: Console) -> None:
    """Print the JSON Schema of policy files, for an editor."""
    from contribaudit import policy_file

    console.write(json.dumps(policy_file.json_schema(), indent=2) + "\n")


@command.command("packs", short_help="List the packs that a policy can extend, or print one.")
@click.argument("name", metavar="[PACK]", required=False)
@pass_console
def packs(console: Console, *, name: str | None) -> None:
    """List the packs that a policy can extend; with a name, print that pack with the reason for each rule."""
    from contribaudit import policy_file

    by_name = {pack.name: pack for pack in policy_file.packs()}
    if name is None:
        rows = [(pack.name, pack.rules, pack.description) for pack in by_name.values()]
        columns = ("name", "rules", "description")
        console.table(columns, rows, flexible="description")
        return
    if name not in by_name:
        raise UsageError(f"There is no pack {name!r}", hint=f"Shipped: {', '.join(by_name)}.")
    console.write(by_name[name].text)


def _load(console: Console, path: Path | None) -> AuditPolicy:
    from contribaudit import wiring

    settings = console.settings()
    return wiring.load_policy(path or settings.policy, console.rulebook())


_CHECK = re.compile(r'^check = "([A-Z]{2}-[0-9]{2})"$', re.MULTILINE)


def _with_check_titles(text: str, titles: Mapping[str, str]) -> str:
    """Canonical TOML with the title of each check as a comment."""
    return _CHECK.sub(lambda match: f"{match[0]}  # {titles[match[1]]}", text)


def _warn_of_selectors(console: Console, policy: AuditPolicy) -> None:
    """Warn of each rule and waiver whose `where` can match no subject of its check."""
    from contribaudit import checks
    from contribaudit.core.judge.selectors import why_never

    checks_by_id = by_id(checks.ALL)
    named = [("rule", one.check, one.origin, one.where) for one in policy.rules if not one.expands]
    named += [("waiver", one.check, one.origin, one.where) for one in policy.waivers if one.where is not None]
    for what, check, origin, where in named:
        never = why_never(where, checks_by_id[check].kind)
        if never:
            console.diagnostics.warning(f"the {what} on {check} ({origin}) matches nothing: {never}")


def _warn_of_limits(console: Console, policy: AuditPolicy) -> None:
    """Warn of each thing that the plan does not support; write a note if the plan is not known."""
    from contribaudit.policy_file.plan_limits import plan_limits

    rulebook = console.rulebook()
    plans = _plans_seen(console, policy, rulebook) or _plan_written_for(policy, rulebook)
    if not plans and any(limit for plan in rulebook.plans for limit in plan_limits(policy, plan, rulebook)):
        console.diagnostics.note(
            "The plan is not known yet: what it does not offer is checked once an audit has run, or with "
            "written_for_plan in the policy."
        )
    for source, (plan, applied) in plans.items():
        for limit in plan_limits(applied, plan, rulebook):
            message = f'{limit.origin}: {limit.fact}. "{limit.title}" ({limit.check}) is not achievable ({source})'
            console.diagnostics.warning(message, hint=limit.left)


def _plans_seen(console: Console, policy: AuditPolicy, rulebook: Rulebook) -> dict[str, tuple[Plan, AuditPolicy]]:
    """The highest plan of each organization as of its last saved run, with the policy that applies there.

    The keys are phrases that state the source of the plan.
    """
    from contribaudit import wiring
    from contribaudit.audit.job import Job
    from contribaudit.audit.replay import last_state
    from contribaudit.core.model import names
    from contribaudit.policy_file.plan_limits import policy_of

    plans: dict[str, tuple[Plan, AuditPolicy]] = {}
    try:
        targets = wiring.unread_targets(console.settings(), ())
        with console.open_history(reading=True) as store:
            state = last_state(Job(targets, store, rulebook, policy))
    except (ConfigurationError, StoreError, UsageError):  # without organization, history or run no plan is known
        return plans
    for organization in state.organizations:
        seen = state.value(organization_subject(organization), names.HIGHEST_PLAN)
        plan = rulebook.plan(seen.value) if seen is not None and isinstance(seen.value, str) else None
        if plan is not None:
            name = state.organization_name(organization)
            plans[f"the last audit saw {plan.name} in {name}"] = plan, policy_of(policy, organization, name)
    return plans


def _plan_written_for(policy: AuditPolicy, rulebook: Rulebook) -> dict[str, tuple[Plan, AuditPolicy]]:
    plan = rulebook.plan(policy.written_for_plan or "")
    return {} if plan is None else {f"the policy is written for {plan.name}": (plan, policy)}

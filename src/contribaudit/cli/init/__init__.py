"""`contribaudit init`: asks for organization, key and the company's aims; tests, writes, runs the first audit.

Nothing is written before the last question is answered. A person who stops earlier gets a command line that continues
with the answers given so far.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contribaudit import exit_codes, termination
from contribaudit.cli import options
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.init.interview import SCHEDULES, Interview, tell
from contribaudit.cli.options import PATH, OrganizationId, yes_option
from contribaudit.cli.schedule import command as schedule
from contribaudit.errors import UsageError
from contribaudit.operations.answers import (
    CONTRIBUTION,
    NO_SCHEDULE,
    Answers,
    ai_statement,
    check_token,
    discard_kept,
    given_key,
    how_to_continue,
    keep,
    kept,
    listed,
    refuse_missing,
)

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.operations.setup import SecretDestination


@click.command("init")
@click.option(
    "--org",
    "--org-id",
    "organization",
    type=OrganizationId(),
    metavar="ID|ADDRESS",
    help="Organization ID, or any address of its pages at admin.atlassian.com.",
)
@click.option("--key-file", "--api-key-file", "key_file", type=PATH, metavar="FILE", help="The file with the API key.")
@click.option("--key-env", metavar="NAME", help="The environment variable that holds the API key.")
@click.option(
    "--api-key-fd", "key_fd", type=click.IntRange(min=0), metavar="N", help="Read the API key from descriptor N."
)
@click.option(
    "--contribution",
    type=click.Choice([word for word, _ in CONTRIBUTION]),
    help="Which data Atlassian may use to improve its apps and AI.",
)
@click.option("--ai", metavar="WORD", help="Who may use AI: blocked, allowed, or groups:NAME,NAME (Enterprise).")
@click.option(
    "--ai-allowed-on",
    type=listed,
    multiple=True,
    metavar="SITE|APP",
    help="A site or app where AI stays allowed when it is blocked elsewhere. Repeatable.",
)
@click.option(
    "--location",
    type=listed,
    multiple=True,
    metavar="LOCATION",
    help="A location in which every app must be pinned: EEA, EU+UK, CH and so on. Repeatable.",
)
@click.option(
    "--location-except",
    type=listed,
    multiple=True,
    metavar="APP",
    help="An app without data residency that you accept; needs --reason. Repeatable.",
)
@click.option("--reason", metavar="TEXT", help="Who decided this, and the ticket.")
@click.option(
    "--pack",
    "packs",
    multiple=True,
    metavar="NAME",
    help="A policy pack to extend; `contribaudit policy packs` lists them. Repeatable.",
)
@click.option("--plan", metavar="NAME", help="Your highest plan, if the API does not show it.")
@click.option(
    "--site-email", metavar="MAIL", help="Owner of the API token that reads the sites; default: a service account."
)
@click.option("--site-token-file", type=PATH, metavar="FILE", help="The file with the API token that reads the sites.")
@click.option("--site-token-env", metavar="NAME", help="The environment variable that holds that token.")
@click.option("--by", metavar="MAIL", help="Email address of the person who attests what the console shows.")
@click.option("--schedule", type=click.Choice(SCHEDULES), help="Set up a daily audit.")
@click.option("--config-file", type=PATH, metavar="FILE", help="Where to write the configuration.")
@click.option(
    "--policy-file", type=PATH, metavar="FILE", help="Where to write the policy; default: beside the configuration."
)
@click.option("--no-test", is_flag=True, help="Do not test the key.")
@click.option("--no-audit", is_flag=True, help="Do not run the first audit.")
@yes_option
@pass_console
def command(
    console: Console,
    /,
    *,
    config_file: Path | None,
    policy_file: Path | None,
    no_test: bool,
    no_audit: bool,
    yes: bool,
    **flags: Any,
) -> None:
    """Set up contribaudit: organization, API key, what your company wants. Then run the first audit.

    Asks in a terminal; elsewhere everything comes from flags. Never overwrites a file. A key that you type goes into
    the system keyring or into a file that only you can read, never into config.toml. You can stop at any question:
    nothing is written before the last one. The exit code is 0 once the audit has run, whatever it found.
    """
    from contribaudit.operations import setup
    from contribaudit.settings import file

    config_path = file.expanded(config_file or file.config_file()).absolute()
    policy_path = file.expanded(policy_file or config_path.with_name("policy.toml")).absolute()
    setup.refuse_existing(config_path, policy_path)
    named = {"--plan": flags["plan"], "--config-file": config_file, "--policy-file": policy_file}
    named["--config"] = console.config_path
    switches = {"--no-test": no_test, "--no-audit": no_audit, "--yes": yes}
    other_flags = [word for flag, value in named.items() if value is not None for word in (flag, str(value))]
    other_flags += [flag for flag, on in switches.items() if on]
    answers = _answers_from_flags(console, flags, tuple(other_flags))
    asking = options.person_there()
    if not asking:
        refuse_missing(answers)
    elif _continue_interrupted(console):
        return
    settings = console.settings()
    interview = Interview(console, settings, console.rulebook(), answers, test=not no_test)
    secrets: list[SecretDestination] = []
    with options.kept_when_stopped(lambda: keep(answers)):
        interview.key()
        interview.limits()
        if asking:
            interview.rest()
            if not yes and not options.confirm(f"Write {config_path} and {policy_path}?", default=True):
                raise UsageError("Nothing was written", hint=how_to_continue(answers))
            secrets = interview.where_to_keep(config_path.parent)
    with termination.held():
        warn = console.diagnostics.warning
        name = interview.look.name
        setup.install(
            settings, config_path, policy_path, answers, name, secrets, lambda text, hint: warn(text, hint=hint)
        )
        console.write(f"{config_path}\n{policy_path}\n")
        discard_kept()
    if answers.schedule not in ("", NO_SCHEDULE):
        _set_up_schedule(console, config_path, answers.schedule)
    _finish(console, config_path, answers, no_audit=no_audit)


def _answers_from_flags(console: Console, flags: Mapping[str, Any], other_flags: tuple[str, ...]) -> Answers:
    """The answers from the options, including the key. Raises UsageError or CredentialError for invalid ones."""
    from contribaudit import policy_file
    from contribaudit.attestations.recording import mail
    from contribaudit.operations import setup
    from contribaudit.settings import file

    def place(name: str) -> Path | None:
        return file.expanded(flags[name]).absolute() if flags[name] is not None else None

    settings, plans = console.settings(), [one.name.casefold() for one in console.rulebook().plans]
    packs = [pack.name for pack in policy_file.packs()]
    several = ("ai_allowed_on", "location", "location_except")
    given = {
        "contribution": flags["contribution"],
        "ai": ai_statement(flags["ai"]),
        **{name: [word for words in flags[name] for word in words] for name in several},
        "reason": flags["reason"],
    }
    answers = Answers(
        organization=flags["organization"] or settings.org_id or "",
        key_file=place("key_file"),
        key_env=flags["key_env"] or "",
        statements={key: value for key, value in given.items() if value},
        packs=tuple(setup.known(name, packs, "policy pack") for name in dict.fromkeys(flags["packs"])),
        plan=setup.known(flags["plan"].casefold(), plans, "plan") if flags["plan"] is not None else "",
        site_email=mail(flags["site_email"]) if flags["site_email"] else "",
        site_token_file=place("site_token_file"),
        site_token_env=flags["site_token_env"] or "",
        by=mail(flags["by"]) if flags["by"] else "",
        schedule=flags["schedule"] or "",
        other_flags=other_flags,
    )
    key, wrong = setup.refused(settings, answers.statements) if answers.statements else ("", "")
    if wrong:
        flag = f"--{key.replace('_', '-')}"
        raise UsageError(
            f"These statements do not make a policy: {flag}: {wrong}", hint="`contribaudit init --help` lists the words"
        )
    answers.key = given_key(settings, answers, flags["key_fd"])
    if answers.key is not None:
        console.diagnostics.hide(answers.key)
    check_token(answers, console.diagnostics.hide)
    return answers


def _finish(console: Console, config: Path, answers: Answers, *, no_audit: bool) -> None:
    """Run the first audit, or say how to run it. Its findings do not make the setup fail."""
    from contribaudit.settings import file

    named = f" --config {shlex.quote(str(config))}" if config != file.usual_config() else ""
    if no_audit:
        console.diagnostics.conclusion(f"Written. Next: contribaudit doctor{named}, then contribaudit audit{named}")
        return
    console.diagnostics.note(f"Written. The first audit, as contribaudit audit{named} runs it:")
    code = _first_audit(console, config, answers.key)
    judged = (exit_codes.OK, exit_codes.FINDINGS, exit_codes.UNVERIFIED)
    console.exit(exit_codes.OK if code in judged else code)


def _continue_interrupted(console: Console) -> bool:
    """Offer to continue an interrupted setup. True when it was continued and completed."""
    context = click.get_current_context()
    named = any(context.get_parameter_source(one) is click.core.ParameterSource.COMMANDLINE for one in context.params)
    words = [] if named or console.config_path is not None else kept()
    if not words:
        return False
    tell("An earlier setup was interrupted, with these answers:")
    click.echo(f"  {shlex.join(words)}", err=True)
    if not options.confirm("Continue with them?", default=True):
        discard_kept()
        return False
    with command.make_context("init", list(words), obj=console) as setup:
        command.invoke(setup)
    return True


def _set_up_schedule(console: Console, config: Path, way: str) -> None:
    """Run the subcommand of `schedule`, with --install if it has that option."""
    own = schedule.commands[way]
    install = ["--install"] if any("--install" in one.opts for one in own.params) else []
    _run(console, config, own, install)


def _first_audit(console: Console, config: Path, key: SecretStr | None) -> int:
    """Run the first audit and return its exit code. The key is passed through a pipe, even if it was not saved."""
    from contribaudit.cli.audit import command as audit

    words: list[str] = []
    if key is not None:
        reading, writing = os.pipe()
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(key.get_secret_value())
        words = ["--api-key-fd", str(reading)]
    return _run(console, config, audit, words)


def _run(console: Console, config: Path, command: click.Command, words: list[str]) -> int:
    """Run another command with the configuration that was just written; returns its exit code."""
    own = Console()
    own.diagnostics, own.config_path = console.diagnostics, config
    own.commands = console.commands
    try:
        with command.make_context(command.name, words, parent=None, obj=own) as context:
            command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return exit_codes.OK

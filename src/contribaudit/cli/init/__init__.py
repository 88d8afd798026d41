"""`contribaudit init`: asks for organization, key and what the company wants; tests, writes, runs the first audit.

Nothing is written before the last question is answered, so that whoever stops has lost nothing but the typing; what was
answered until then is told as the command line that goes on from there.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from contribaudit import exit_codes, termination
from contribaudit.cli import options
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.init.answers import (
    CONTRIBUTION,
    NO_SCHEDULE,
    Answers,
    ai_statement,
    check_token,
    given_key,
    how_to_go_on,
    keep,
    listed,
    mail_address,
    nothing_written,
    refuse_missing,
)
from contribaudit.cli.init.interview import Interview
from contribaudit.cli.init.prompts import tell
from contribaudit.cli.init.writing import Kept, first_audit, schedules, set_up_schedule, write
from contribaudit.cli.options import OrganizationId
from contribaudit.errors import UsageError

_PATH = click.Path(path_type=Path)


class _Several(click.ParamType[tuple[str, ...]]):
    """Words with commas between them."""

    name = "LIST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The words."""
        del param, ctx
        return value if isinstance(value, tuple) else listed(str(value))


@click.command("init")
@click.option(
    "--org",
    "--org-id",
    "organization",
    type=OrganizationId(),
    metavar="ID|ADDRESS",
    help="Organization ID, or any address of its pages at admin.atlassian.com.",
)
@click.option("--key-file", "--api-key-file", "key_file", type=_PATH, metavar="FILE", help="The file with the API key.")
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
    type=_Several(),
    multiple=True,
    metavar="PLACE",
    help="A site or app where AI is allowed although it is blocked. Repeatable.",
)
@click.option(
    "--location",
    type=_Several(),
    multiple=True,
    metavar="PLACE",
    help="Where every app is to be pinned: EEA, EU+UK, CH and so on. Repeatable.",
)
@click.option(
    "--location-except",
    type=_Several(),
    multiple=True,
    metavar="APP",
    help="An app without data residency that you accept; needs --reason. Repeatable.",
)
@click.option("--reason", metavar="TEXT", help="Who decided this, and the ticket.")
@click.option(
    "--pack", "packs", multiple=True, metavar="NAME", help="A policy pack to extend (policy packs). Repeatable."
)
@click.option("--plan", metavar="NAME", help="Your highest plan, where the API does not tell it.")
@click.option("--site-email", metavar="MAIL", help="Whose API token reads the sites; without it a service account's.")
@click.option("--site-token-file", type=_PATH, metavar="FILE", help="The file with the API token that reads the sites.")
@click.option("--site-token-env", metavar="NAME", help="The environment variable that holds that token.")
@click.option("--by", metavar="MAIL", help="Who attests what the console shows.")
@click.option("--schedule", type=click.Choice(schedules()), help="Set up a daily audit.")
@click.option("--config-file", type=_PATH, metavar="FILE", help="Where to write the configuration.")
@click.option("--policy-file", type=_PATH, metavar="FILE", help="Where to write the policy; beside it by default.")
@click.option("--no-test", is_flag=True, help="Do not ask Atlassian whether the key works.")
@click.option("--no-audit", is_flag=True, help="Do not run the first audit.")
@click.option("--yes", is_flag=True, help="Write without asking once more.")
@pass_console
def command(
    console: Console,
    *,
    organization: str | None,
    key_file: Path | None,
    key_env: str | None,
    key_fd: int | None,
    contribution: str | None,
    ai: str | None,
    ai_allowed_on: tuple[tuple[str, ...], ...],
    location: tuple[tuple[str, ...], ...],
    location_except: tuple[tuple[str, ...], ...],
    reason: str | None,
    packs: tuple[str, ...],
    plan: str | None,
    site_email: str | None,
    site_token_file: Path | None,
    site_token_env: str | None,
    by: str | None,
    schedule: str | None,
    config_file: Path | None,
    policy_file: Path | None,
    no_test: bool,
    no_audit: bool,
    yes: bool,
) -> None:
    """Set up contribaudit: organization, API key, what your company wants. Then run the first audit.

    Asks in a terminal; elsewhere everything comes from flags. Never overwrites a file. A key that you type goes into
    the system keyring or into a file that only you can read, never into config.toml. Stop at any question: nothing is
    written before the last one. Ends with 0 once the audit has run, whatever it found.
    """
    from contribaudit.operations import drafts, setup
    from contribaudit.settings import file

    settings = console.settings()
    rulebook = console.rulebook()
    config_path = file.expanded(config_file or file.config_file()).absolute()
    policy_path = file.expanded(policy_file or config_path.with_name("policy.toml")).absolute()
    setup.refuse_existing(config_path, policy_path)
    given = {
        "contribution": contribution,
        "ai": ai_statement(ai),
        "ai_allowed_on": [word for words in ai_allowed_on for word in words],
        "location": [word for words in location for word in words],
        "location_except": [word for words in location_except for word in words],
        "reason": reason,
    }
    answers = Answers(
        organization=organization or settings.org_id or "",
        key_file=file.expanded(key_file).absolute() if key_file is not None else None,
        key_env=key_env or "",
        statements={key: value for key, value in given.items() if value},
        packs=tuple(setup.known_pack(name) for name in dict.fromkeys(packs)),
        plan=setup.known_plan(plan, [one.name.casefold() for one in rulebook.plans]) if plan is not None else "",
        site_email=mail_address(site_email) if site_email else "",
        site_token_file=file.expanded(site_token_file).absolute() if site_token_file is not None else None,
        site_token_env=site_token_env or "",
        by=mail_address(by) if by else "",
        schedule=schedule or "",
        beside=tuple(_beside(console, plan, config_file, policy_file, no_test=no_test, no_audit=no_audit, yes=yes)),
    )
    key, wrong = setup.refused(settings, answers.statements) if answers.statements else ("", "")
    if wrong:
        flag = f"--{key.replace('_', '-')}"
        raise UsageError(
            f"The statements are not a policy: {flag}: {wrong}", hint="contribaudit init --help lists the words"
        )
    answers.key = given_key(settings, answers, key_fd)
    if answers.key is not None:
        console.diagnostics.hide(answers.key)
    check_token(console, answers)
    asking = options.person_there()
    if not asking:
        refuse_missing(answers)
    elif _gone_on(console):
        return
    interview = Interview(console, settings, rulebook, answers, test=not no_test)
    secrets: list[Kept] = []
    try:

        def stopped() -> None:
            keep(answers)
            os.write(2, nothing_written(answers).encode())  # past Python's buffers, which may hold half of a line

        with termination.undoing(stopped):
            interview.key()
            interview.limits()
            if asking:
                interview.rest()
                if not yes and not options.confirm(f"Write {config_path} and {policy_path}?", default=True):
                    raise UsageError("Nothing was written", hint=how_to_go_on(answers))
                secrets = interview.where_to_keep(config_path.parent)
    except click.Abort:  # stdin has ended
        keep(answers)
        click.echo(nothing_written(answers), err=True, nl=False)
        raise
    with termination.held():
        write(console, settings, config_path, policy_path, answers, interview.look, secrets)
        drafts.discard_setup()
    if answers.schedule not in ("", NO_SCHEDULE):
        set_up_schedule(console, config_path, answers.schedule)
    named = f" --config {shlex.quote(str(config_path))}" if config_path != file.usual_config() else ""
    if no_audit:
        console.diagnostics.conclusion(f"Written. Next: contribaudit doctor{named}, then contribaudit audit{named}")
        return
    console.diagnostics.note(f"Written. The first audit, as contribaudit audit{named} runs it:")
    code = first_audit(console, config_path, answers.key)
    judged = (exit_codes.OK, exit_codes.FINDINGS, exit_codes.UNVERIFIED)
    console.exit(exit_codes.OK if code in judged else code)


def _gone_on(console: Console) -> bool:
    """Whether an earlier set-up, which ended before its last question, was gone on with to its end."""
    from contribaudit.operations import drafts

    now = click.get_current_context()
    named = any(now.get_parameter_source(one) is click.core.ParameterSource.COMMANDLINE for one in now.params)
    words = [] if named or console.config_path is not None else drafts.kept_setup()
    if not words:
        return False
    tell("An earlier set-up was stopped before its end, with these answers:")
    click.echo(f"  {shlex.join(words)}", err=True)
    if not options.confirm("Go on with them?", default=True):
        drafts.discard_setup()
        return False
    with command.make_context("init", list(words), obj=console) as context:
        command.invoke(context)
    return True


def _beside(
    console: Console,
    plan: str | None,
    config_file: Path | None,
    policy_file: Path | None,
    *,
    no_test: bool,
    no_audit: bool,
    yes: bool,
) -> Iterator[str]:
    named = {
        "--plan": plan,
        "--config-file": config_file,
        "--policy-file": policy_file,
        "--config": console.config_path,
    }
    yield from (word for flag, value in named.items() if value is not None for word in (flag, str(value)))
    yield from (flag for flag, on in {"--no-test": no_test, "--no-audit": no_audit, "--yes": yes}.items() if on)

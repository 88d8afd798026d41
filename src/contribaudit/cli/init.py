"""`contribaudit init`: asks for organization, key and policy, tests them, writes config.toml and policy.toml.

A few single reads show whether the key works and what it may do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contribaudit.atlassian.calls import GET_ORGANIZATION
from contribaudit.atlassian.connect import connect
from contribaudit.cli.options import Console, OrganizationId, api_key_options, pass_console
from contribaudit.errors import UsageError
from contribaudit.progress import SILENT, Progress

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.settings.credentials import NamedKey
    from contribaudit.settings.model import AppSettings


_PATH = click.Path(path_type=Path)


@dataclass(slots=True)
class Answers:
    """What the wizard knows so far."""

    organization: str
    key: SecretStr
    key_file: Path | None = None
    """The key's file, to be named in config.toml; None where the key is elsewhere."""
    typed: bool = False
    """Whether a person typed the key, so that it is kept nowhere yet."""
    name: str = ""
    pack: str = ""
    plan: str = ""


@click.command("init")
@click.option("--org-id", "--org", "organization", type=OrganizationId(), metavar="ID", help="Organization ID.")
@api_key_options
@click.option("--pack", metavar="NAME", help="The shipped policy pack to start from, as `policy packs` lists them.")
@click.option("--plan", metavar="NAME", help="Your highest plan (free, standard, premium, enterprise).")
@click.option("--config-file", type=_PATH, metavar="FILE", help="Where to write the configuration.")
@click.option("--policy-file", type=_PATH, metavar="FILE", help="Where to write the policy; beside it by default.")
@click.option("--no-test", is_flag=True, help="Do not ask Atlassian whether the key works.")
@click.option("--yes", is_flag=True, help="Write without asking once more.")
@pass_console
def command(
    console: Console,
    organization: str | None,
    pack: str | None,
    plan: str | None,
    config_file: Path | None,
    policy_file: Path | None,
    no_test: bool,
    yes: bool,
) -> None:
    """Ask for organization ID, API key and policy, test them, and write config.toml and policy.toml.

    Asks only in a terminal; elsewhere everything comes from flags. Never overwrites a file. The key goes into the
    system keyring or into a file that only you can read, never into config.toml.
    """
    from contribaudit.cli import options
    from contribaudit.operations import setup
    from contribaudit.settings import file

    settings = console.settings()
    config_path = file.expanded(config_file or file.config_file()).absolute()
    policy_path = file.expanded(policy_file or config_path.with_name("policy.toml")).absolute()
    setup.refuse_existing(config_path, policy_path)
    organization = organization or settings.org_id
    key_given = any(one is not None for one in console.named_key) or settings.api_key is not None
    if not options.person_there():
        _refuse_missing(organization, key_given=key_given, pack=pack, yes=yes)
    organization = organization or _asked_organization()
    answers = _with_key(settings, organization, console.named_key, key_given=key_given)
    console.diagnostics.hide(answers.key)
    if not no_test:
        answers.name = _tested(console, settings, answers)
    answers.pack = setup.known_pack(pack or _asked_pack())
    answers.plan = _plan(settings, plan)
    if not yes and not options.confirm(f"Write {config_path} and {policy_path}?", default=True):
        raise UsageError("Nothing was written", hint="Run contribaudit init again when you are ready")
    if answers.typed:
        answers.key_file = _kept(console, answers, config_path.with_name("api-key"))
    setup.write(
        settings,
        config_path,
        policy_path,
        organization=organization,
        name=answers.name,
        key_file=answers.key_file,
        pack=answers.pack,
        plan=answers.plan,
    )
    console.write(f"{config_path}\n{policy_path}\n")
    named = f" --config {config_path}" if config_path != file.usual_config() else ""
    console.diagnostics.conclusion(f"Written. Next: contribaudit doctor{named}, then contribaudit audit{named}")


def _refuse_missing(organization: str | None, *, key_given: bool, pack: str | None, yes: bool) -> None:
    missing = [
        flag
        for flag, given in (
            ("--org-id ID", organization is not None),
            ("--api-key-file FILE (or --api-key-fd N)", key_given),
            ("--pack NAME", pack is not None),
            ("--yes", yes),
        )
        if not given
    ]
    if missing:
        raise UsageError(
            f"There is no terminal to ask in; missing: {', '.join(missing)}",
            hint="Give these flags; --plan, --config-file and --policy-file are optional",
        )


def _asked_organization() -> str:
    from contribaudit.cli import options

    click.echo("The organization ID is in the address of admin.atlassian.com, after /o/.", err=True)
    kind = OrganizationId()
    while True:
        try:
            return kind.convert(options.ask("Organization ID"), None, None)
        except click.UsageError as error:
            click.echo(error.format_message(), err=True)


def _with_key(settings: AppSettings, organization: str, named: NamedKey, *, key_given: bool) -> Answers:
    from contribaudit.cli import options
    from contribaudit.settings import credentials, file

    if key_given:
        key = credentials.find_key(settings, organization, named).key
        return Answers(organization, key, file.expanded(named.file).absolute() if named.file is not None else None)
    click.echo(
        "Create an API key with scopes at admin.atlassian.com, Organization settings, API keys. An audit needs:\n"
        f"  {_scopes()}",
        err=True,
    )
    return Answers(organization, options.ask_key(f"API key of organization {organization}"), typed=True)


def _scopes() -> str:
    from contribaudit.atlassian import calls

    return " ".join(dict.fromkeys(call.scope for call in calls.ALL if call.scope))


def _tested(console: Console, settings: AppSettings, answers: Answers) -> str:
    from contribaudit.errors import AdminApiUnreachable

    try:
        name = organization_name(settings, answers.organization, answers.key, console.diagnostics)
    except AdminApiUnreachable as error:
        error.message = f"Nothing was written, because the key could not be tested: {error.message}"
        error.hint = f"{error.hint}. To go on untested, add --no-test"
        raise
    console.diagnostics.note(f'The key works: the organization is "{name}".' if name else "The key works.")
    return name


def _asked_pack() -> str:
    from contribaudit.cli import options
    from contribaudit.policy_file.reading import shipped

    for pack in shipped():
        click.echo(f"  {pack.name}: {pack.title}", err=True)
    return options.ask("Policy pack to start from", default=shipped()[0].name)


def _plan(settings: AppSettings, plan: str | None) -> str:
    """The plan's word as the rulebook has it, "" for none. Asks when nobody said and somebody is there."""
    from contribaudit.cli import options
    from contribaudit.operations import setup
    from contribaudit.wiring import load_rulebook

    known = [one.name.casefold() for one in load_rulebook(settings).plans]
    if plan is None:
        if not options.person_there():
            return ""
        plan = options.ask(f"Your highest plan ({', '.join(known)}, or - if you are not sure)", default="-")
        if plan == "-":
            return ""
    return setup.known_plan(plan, known)


def _kept(console: Console, answers: Answers, key_file: Path) -> Path | None:
    """Keep a typed key in the keyring, or in a file; returns the file."""
    from contribaudit.cli import options
    from contribaudit.errors import KeyStoreUnusable
    from contribaudit.operations import setup
    from contribaudit.settings import credentials

    try:
        store = credentials.key_store()
    except KeyStoreUnusable as error:
        console.diagnostics.note(f"{error.message}.")
    else:
        if options.confirm(f"Save the key in the keyring ({store})?", default=True):
            credentials.save_key(credentials.account(answers.organization, console.settings().api_url), answers.key)
            return None
    if options.confirm(f"Save the key in {key_file}, readable by you alone?", default=True):
        setup.write_key(key_file, answers.key)
        return key_file
    console.diagnostics.warning("the key was not kept", hint=f"For an audit, {credentials.ALTERNATIVES}")
    return None


sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def organization_name(settings: AppSettings, organization: str, key: SecretStr, progress: Progress = SILENT) -> str:
    """What the API calls the organization, "" when it does not say. Raises AdminApiError."""
    return asyncio.run(_organization_name(settings, organization, key, progress))


async def _organization_name(settings: AppSettings, organization: str, key: SecretStr, progress: Progress) -> str:
    async with connect(
        organization=organization,
        key=key,
        api_url=settings.api_url,
        progress=progress,
        connect_seconds=settings.timeouts.connect_seconds,
        read_seconds=settings.timeouts.read_seconds,
        sleep=sleep,
    ) as client:
        return name_in(await client.read(GET_ORGANIZATION))


def name_in(answer: dict[str, object]) -> str:
    """The organization's name in the API's answer, "" when it is not there."""
    data = answer.get("data")
    attributes = data.get("attributes") if isinstance(data, dict) else None
    name = attributes.get("name") if isinstance(attributes, dict) else None
    return name if isinstance(name, str) else ""

"""Questions to a person. None is asked when stdin is no terminal: then the missing flag is named."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.settings.model import AppSettings

_TRIES = 3


def person_there() -> bool:
    """Whether there is a person to ask: stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str, default: str | None = None) -> str:
    """A line of text; stdout stays clean."""
    import click

    return str(click.prompt(question, default=default, err=True)).strip()


def confirm(question: str, *, default: bool) -> bool:
    """Yes or no."""
    import click

    return click.confirm(question, default=default, err=True)


def ask_key(what: str) -> SecretStr:
    """A key or token, typed or pasted without being shown; `what` says which ("API key of organization ...").

    Raises UsageError when there is nobody to ask.
    """
    import click

    from contribaudit.errors import CredentialError
    from contribaudit.settings.credentials import checked_key

    if not person_there():
        raise UsageError(
            f"There is no terminal to ask for the {'key' if 'key' in what else 'token'}",
            hint="Give it with --api-key-file FILE or --api-key-fd N",
        )
    question = f"{what} (not shown)"
    for left in reversed(range(_TRIES)):
        typed = click.prompt(question, hide_input=True, default="", show_default=False, err=True)
        try:
            return checked_key(typed.strip(), "What you typed")
        except CredentialError as error:
            if not left:
                raise
            click.echo(f"{error.message}. {error.hint}", err=True)
    raise AssertionError("the last try returns or raises")


def chosen_organization(settings: AppSettings, named: str | None) -> str:
    """The one organization that a command is about: `named`, or the only one configured. Raises UsageError."""
    if named is not None:
        return named
    configured = settings.organizations()
    if len(configured) == 1:
        return configured[0].id
    if configured:
        known = ", ".join(f"{one.id} ({one.name})" if one.name else one.id for one in configured)
        raise UsageError("There are several organizations", hint=f"Choose one with --org: {known}")
    raise UsageError(
        "No organization is configured",
        hint="Give its ID with --org ID: it is in the address bar of admin.atlassian.com, after /o/",
    )


def agreed(question: str, *, yes: bool) -> None:
    """Go on only when a person agrees, or has said so with --yes. Raises UsageError."""
    if yes:
        return
    if not person_there():
        raise UsageError("There is no terminal to ask whether you mean it", hint="Say so with --yes")
    if not confirm(question, default=False):
        raise UsageError("Nothing was done", hint="Run it again when you mean it")

"""Options that several commands share, and questions to a person.

Without a terminal, nothing is asked: the error names the missing option. An error in the command line never repeats a
key.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

import click

from contribaudit import termination
from contribaudit.cli.console import Console
from contribaudit.cli.diagnostics import terminal_width, wrapped
from contribaudit.errors import CredentialError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from pydantic import SecretStr

    from contribaudit.settings.model import AppSettings


F = TypeVar("F", bound=Callable[..., Any])


class OrganizationId(click.ParamType[str]):
    """An organization ID of letters, digits and dashes, or the address of one of the organization's pages."""

    name = "ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The ID. Fails for text that cannot be an ID, without repeating the text, since it may be an API key."""
        address = re.match(
            r"(?:https://)?admin\.atlassian\.com/o/([A-Za-z0-9_-]{1,64})(?:[/?#].*)?", str(value).strip()
        )
        if address is not None:
            return address[1]
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(value)):
            self.fail(
                "an organization ID consists of letters, digits and dashes, as in admin.atlassian.com/o/ID", param, ctx
            )
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The organizations in the configuration."""
        from contribaudit.cli.completion import ORGANIZATIONS

        return ORGANIZATIONS.shell_complete(ctx, param, incomplete)


PATH = click.Path(path_type=Path)


def _remember(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Remember the value of an option that commands in messages need too."""
    if value:
        ctx.ensure_object(Console).given[parameter.opts[-1]] = value if isinstance(value, tuple) else (value,)
    return value


def _remembered_option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """An option that the console remembers, so that commands need not pass it on."""
    return click.option(*names, expose_value=False, callback=_remember, **attributes)


def _sets_attribute(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """A callback that stores an option's value in this attribute of the console."""

    def callback(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        setattr(ctx.ensure_object(Console), attribute, value)

    return callback


def organization_option(*, multiple: bool = False) -> Callable[[F], F]:
    """The option --org, stored as `Console.organization` (or `Console.organizations`)."""
    text = "Organization ID; repeat it for several." if multiple else "Organization ID."
    return _remembered_option("--org", type=OrganizationId(), metavar="ID", multiple=multiple, help=text)


def format_option(*choices: str) -> Callable[[F], F]:
    """The option --format, stored as `Console.output_format`. The first choice is the default.

    Without choices, it offers table, json and csv. Adds --csv-bom if csv is among the choices.
    """
    choices = choices or ("table", "json", "csv")
    option = click.option(
        "--format",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        expose_value=False,
        callback=_sets_attribute("output_format"),
        help="Output format.",
    )
    return (lambda command: option(csv_bom_option(command))) if "csv" in choices else option


csv_bom_option = click.option(
    "--csv-bom",
    is_flag=True,
    expose_value=False,
    callback=_sets_attribute("csv_bom"),
    help="Start CSV with a byte order mark, so that Excel reads it as UTF-8.",
)


site_option = click.option(
    "--site", metavar="HOST|all", help="The API token of this configured site, or of all sites, instead of the key."
)
policy_option = _remembered_option("--policy", type=PATH, metavar="FILE", help="The audit policy file.")


def output_options(command: F) -> F:
    """The options --output and --force, stored as `Console.output_path` and `Console.overwrite`."""
    output = click.option(
        "--output",
        expose_value=False,
        callback=_sets_attribute("output_path"),
        type=PATH,
        metavar="FILE",
        help="Write the result to this file instead of stdout; - is stdout.",
    )
    force = click.option(
        "--force",
        is_flag=True,
        expose_value=False,
        callback=_sets_attribute("overwrite"),
        help="Let --output overwrite an existing file.",
    )
    return output(force(command))


by_option = click.option("--by", metavar="MAIL", help="Your email address; default: attested_by in the configuration.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
store_option = _remembered_option("--store", metavar="PATH|URL", help="The history: a file path or a database URL.")


def session_options(command: F) -> F:
    """The options --org and --store."""
    return organization_option()(store_option(command))


def api_key_options(command: F) -> F:
    """The options --api-key-file and --api-key-fd, stored as `Console.named_key`.

    There is no option for the key itself, because all users of a machine can read arguments.
    """
    file = _remembered_option("--api-key-file", type=PATH, metavar="FILE", help="Read the API key from this file.")
    fd = click.option(
        "--api-key-fd",
        expose_value=False,
        callback=_sets_attribute("key_fd"),
        type=click.IntRange(min=0),
        metavar="N",
        help="Read the API key from file descriptor N.",
    )
    return file(fd(command))


def _set_global(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Store a global option in the console if it was given; the same option is read before and after the command."""
    if value in (None, False):
        return
    console = ctx.ensure_object(Console)
    match parameter.name:
        case "config":
            console.config_path = value
        case "quiet":
            console.diagnostics.quiet = True
        case "verbose":
            console.diagnostics.verbose = True
        case "log_format":
            console.diagnostics.as_json = value == "json"
        case "no_color":
            console.diagnostics.color = False


def global_options() -> list[click.Option]:
    """The options that every command takes, before or after its name."""

    def option(*names: str, **attributes: Any) -> click.Option:
        return click.Option(names, expose_value=False, is_eager=True, callback=_set_global, **attributes)

    return [
        option("--config", type=PATH, metavar="FILE", help="The configuration file."),
        option("--quiet", "-q", is_flag=True, help="Show only warnings and errors on stderr."),
        option("--verbose", "-v", is_flag=True, help="Show more detail on stderr."),
        option("--log-format", type=click.Choice(["text", "json"]), help="Format of messages on stderr."),
        option("--no-color", is_flag=True, help="Turn off colors; NO_COLOR does the same."),
    ]


def with_global_options(command: click.Command) -> click.Command:
    """The command and its subcommands with the global options, added only once however often this is called."""
    from contribaudit.cli.completion import offer

    offer(command)
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params.extend(option for option in global_options() if taken.isdisjoint(option.opts))
    if isinstance(command, click.Group):
        for child in command.commands.values():
            with_global_options(child)
    return command


_TRIES = 3


def person_there() -> bool:
    """True when a person can be asked: stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def person_at_terminal() -> bool:
    """True when the person also sees stdout: both are terminals."""
    return person_there() and sys.stdout is not None and sys.stdout.isatty()


def in_lines(text: str) -> str:
    """The text, broken at blanks if stderr is a terminal and too narrow."""
    if not sys.stderr.isatty():
        return text
    return wrapped(text, terminal_width())


@contextmanager
def _end_with_the_terminal() -> Iterator[None]:
    """Treat a terminal that has gone as the end of stdin, since that may be noticed before the signal."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        raise click.Abort from None


@contextmanager
def kept_when_stopped(keep: Callable[[], str], errors: tuple[type[Exception], ...] = (click.Abort,)) -> Iterator[None]:
    """Call `keep` when a signal or one of these errors stops the block, and write what it returns.

    The default is click.Abort, the end of stdin.
    """

    def stopped() -> None:
        os.write(2, keep().encode())  # bypasses Python's buffers, which may contain half a line

    with termination.undoing(stopped):
        try:
            yield
        except errors:
            click.echo(keep(), err=True, nl=False)
            raise


@_end_with_the_terminal()
def ask(question: str, default: str | None = None) -> str:
    """Ask for a line of text, on stderr."""
    return str(click.prompt(in_lines(question), default=default, show_default=bool(default), err=True)).strip()


def ask_valid(question: str, check: Callable[[str], str], default: str | None = None) -> str:
    """Ask for a line until the check accepts it; shows the UsageError each time."""
    while True:
        text = ask(question, default)
        try:
            return check(text)
        except UsageError as error:
            click.echo(in_lines(f"{error.message}. {error.hint}." if error.hint else f"{error.message}."), err=True)


_YES_OR_NO = {"y": True, "yes": True, "n": False, "no": False}


@_end_with_the_terminal()
def confirm(question: str, *, default: bool) -> bool:
    """Ask for yes or no, on stderr."""
    asked = f"{in_lines(question)} [{'Y/n' if default else 'y/N'}]"
    while True:
        word = click.prompt(asked, default="", show_default=False, err=True).strip().casefold()
        if word in _YES_OR_NO:
            return _YES_OR_NO[word]
        if not word:
            return default
        click.echo("Type y for yes or n for no.", err=True)


@overload
def ask_key(what: str) -> SecretStr: ...
@overload
def ask_key(what: str, or_words: tuple[str, ...]) -> SecretStr | str: ...
def ask_key(what: str, or_words: tuple[str, ...] = ()) -> SecretStr | str:
    """Ask for a key or token without showing it; `what` describes it ("API key of organization ...").

    One of `or_words` is returned as text. Raises UsageError without a terminal, CredentialError after the last try.
    """
    from contribaudit.settings.credentials import checked_key

    if not person_there():
        raise UsageError(
            f"There is no terminal to ask for the {'key' if 'key' in what else 'token'}",
            hint="Give it with --api-key-file FILE or --api-key-fd N",
        )
    question = in_lines(f"{what} (not shown)")
    for left in reversed(range(_TRIES)):
        with _end_with_the_terminal():
            typed = click.prompt(question, hide_input=True, default="", show_default=False, err=True)
        if typed.strip() in or_words:
            return typed.strip()
        try:
            return checked_key(typed.strip(), "Your input")
        except CredentialError as error:
            if not left:
                raise
            click.echo(in_lines(f"{error.message}. {error.hint}"), err=True)
    raise AssertionError("the last try returns or raises")


def chosen_organization(settings: AppSettings, named: str | None) -> str:
    """The organization that a command is about: `named`, or the only one configured. Raises UsageError."""
    if named is not None:
        return named
    configured = settings.organizations()
    if len(configured) == 1:
        return configured[0].id
    if configured:
        choices = ", ".join(f"{one.id} ({one.name})" if one.name else one.id for one in configured)
        raise UsageError("There are several organizations", hint=f"Choose one with --org: {choices}")
    raise UsageError(
        "No organization is configured",
        hint="Give its ID with --org ID: it is in the address bar of admin.atlassian.com, after /o/",
    )


def agreed(question: str, *, yes: bool) -> None:
    """Continue only if a person agrees, or has agreed with --yes. Raises UsageError."""
    if yes:
        return
    if not person_there():
        raise UsageError("There is no terminal to ask for confirmation", hint="Confirm with --yes")
    if not confirm(question, default=False):
        raise UsageError("Nothing was done", hint="Run the command again to confirm")


_KEY_OPTIONS = ("--api-key", "--key", "--token", "--api-token", "--password")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def explained(error: click.UsageError, argv: Sequence[str], commands: click.Command) -> tuple[str, str]:
    """Message and next step for an error in the command line. Words that may be a key are not repeated."""
    path = error.ctx.command_path if error.ctx is not None else _called_command(argv, commands)
    hint = f"Run `{path} --help` to see what it takes"
    if isinstance(error, click.exceptions.NoSuchOption) and error.option_name in _KEY_OPTIONS:
        message = f"There is no option {error.option_name}: other users of this machine could read a key in an argument"
        return message, "Use `contribaudit login`, --api-key-file, --api-key-fd or CONTRIBAUDIT_API_KEY"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the whole help
        known = ", ".join(cast("click.Group", error.ctx.command).list_commands(error.ctx))
        return f"`{path}` needs a command: {known}", f"Run `{path} --help` to see what each of them does"
    message = error.format_message()
    for word in argv:
        value = word.partition("=")[2] if word.startswith("-") else word
        for candidate in (word, value):
            if _may_be_key(candidate):
                message = message.replace(candidate, "[not shown]")
    return message[:1].upper() + message[1:].rstrip("."), hint


def _called_command(argv: Sequence[str], command: click.Command) -> str:
    """The command that the words name, for an error that does not say where it was found."""
    path = "contribaudit"
    for word in argv:
        inner = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if inner is not None:
            command, path = inner, f"{path} {word}"
    return path


def _may_be_key(word: str) -> bool:
    """True when the word is long and looks random, and is not a path, an ID or an option."""
    return (
        re.fullmatch(r"[A-Za-z0-9_=+-]{20,}", word) is not None
        and not word.startswith("-")
        and any(char.isdigit() for char in word)
        and not _UUID.fullmatch(word)
    )

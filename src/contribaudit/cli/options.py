"""What the commands share: options, the console through which they write, and questions to a person.

No question is asked when stdin is no terminal: then the missing flag is named. What is wrong with a command line is
told in words that repeat no key.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from contribaudit.cli.diagnostics import Diagnostics, wrapped
from contribaudit.errors import OutputError, UsageError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from click.shell_completion import CompletionItem
    from pydantic import SecretStr

    from contribaudit.audit.job import Job
    from contribaudit.core.judge.check import Check
    from contribaudit.settings.credentials import NamedKey
    from contribaudit.settings.model import AppSettings
    from contribaudit.store.history import History
    from contribaudit.store.records import RunRecord


F = TypeVar("F", bound=Callable[..., Any])


class OrganizationId(click.ParamType[str]):
    """An organization ID: letters, digits and dashes. The address of one of its pages will do."""

    name = "ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The ID as typed. Fails for what none can be, without repeating it: it may be a key."""
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
        """The organizations of the configuration."""
        from contribaudit.cli.completion import ORGANIZATIONS

        return ORGANIZATIONS.shell_complete(ctx, param, incomplete)


_STDOUT = Path("-")
_PATH = click.Path(path_type=Path)


class Console:
    """What a command is given (`@pass_console`): the diagnostics, the settings, and stdout."""

    def __init__(self) -> None:
        self.diagnostics = Diagnostics()
        self.config_path: Path | None = None
        """--config."""
        self.color: bool | None = None
        """False with --no-color; None when nobody said."""
        self.csv_bom = False
        """--csv-bom."""
        self.key_places: dict[str, Any] = {}
        """--api-key-file as "file", --api-key-fd as "fd"."""
        self._settings: AppSettings | None = None

    @property
    def named_key(self) -> NamedKey:
        """The key of --api-key-file or --api-key-fd."""
        from contribaudit.settings.credentials import NamedKey

        return NamedKey(**self.key_places)

    def settings(self) -> AppSettings:
        """The configuration, read once. Raises ConfigurationError. Warns of environment names that mean nothing."""
        if self._settings is None:
            from contribaudit.settings.model import AppSettings

            self._settings = AppSettings.load(self.config_path)
            if self._settings.api_key is not None:
                self.diagnostics.hide(self._settings.api_key)
        return self._settings

    def history(self, location: str | None) -> History:
        """The history at `location` (--store), or as configured, to be read. Says where nothing was recorded yet."""
        from contribaudit import wiring

        found = wiring.open_store(self.settings(), location, reading=True)
        if not found.begun:
            hint = "contribaudit audit records the first; --store names a history that is elsewhere"
            self.diagnostics.warning(f"no audit was recorded in {found.shown} yet", hint=hint)
        return found

    @contextmanager
    def job(
        self,
        organizations: tuple[str, ...],
        store_location: str | None,
        *,
        policy: Path | None = None,
        judges: bool = True,
        live: bool = False,
        keeps: bool = False,
    ) -> Iterator[Job]:
        """What an audit of the organizations needs, with the history open; () are all that are configured.

        `policy` is --policy, before the configured one; without `judges` the essentials are in its place. `live` wants
        a key of each organization, for reading; else only what is kept can be looked at. `keeps` writes the history.
        """
        from contribaudit import wiring
        from contribaudit.audit.job import Job

        settings = self.settings()
        rulebook = wiring.load_rulebook(settings)
        resolved = wiring.load_policy((policy or settings.policy) if judges else None, rulebook)
        if live:
            secret = self.diagnostics.hide
            found = wiring.targets(settings, organizations, self.named_key, progress=self.diagnostics, on_key=secret)
        else:
            found = wiring.unread_targets(settings, organizations)
        with wiring.open_store(settings, store_location) if keeps else self.history(store_location) as store:
            yield Job(found, store, rulebook, resolved, settings.fail_on, operator=wiring.operator())

    def warn_of_unmatched_environment(self) -> None:
        """One warning for each CONTRIBAUDIT_ name in the environment that configures nothing, and each exception from
        the proxy that takes nothing off it.
        """
        from contribaudit.atlassian.connect import ignored_exceptions

        for name in self.settings().unmatched_environment():
            self.diagnostics.warning(f"the environment variable {name} is not a known setting")
        variable, ignored = ignored_exceptions()
        for entry in ignored:
            told = f"{entry!r} in {variable} is ignored: it is not a host name"
            self.diagnostics.warning(told, hint="Use a host name, or a domain for all hosts below it")

    @property
    def colored_output(self) -> bool:
        """Whether the result may have colours: stdout is a terminal, and neither NO_COLOR nor --no-color is there."""
        if self.color is not None:
            return self.color
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def on_terminal(self) -> bool:
        """Whether a person sees stdout as it is written."""
        return sys.stdout.isatty()

    def check_output(self, path: Path | None, *, overwrite: bool = False) -> None:
        """Refuse an --output that cannot be written, before the work. Raises UsageError."""
        if path is None or path == _STDOUT or (path.exists() and not path.is_file() and not path.is_dir()):
            return
        if path.is_dir():
            raise UsageError(f"The output {path} is a folder", hint="Name a file in it")
        if not path.absolute().parent.is_dir():
            raise UsageError(f"The folder of the output {path} does not exist", hint="Create it, or name another file")
        if path.exists() and not overwrite:
            raise UsageError(f"The output {path} exists", hint="Name another file, or replace it with --force")

    def write(self, result: str | bytes | Iterable[str] | Iterable[bytes], path: Path | None = None) -> None:
        """Write the result, as UTF-8, to stdout or into the file, which is there whole or not at all.

        What comes in pieces is written piece by piece.

        A reader of stdout that has gone, as `head` does, wanted no more. Raises OutputError when the disk is full.
        """
        self.diagnostics.settle()
        pieces = (result,) if isinstance(result, str | bytes) else result
        mark = [codecs.BOM_UTF8] if self.csv_bom and _writes_csv() else []
        encoded = (one.encode("utf-8", "backslashreplace") if isinstance(one, str) else one for one in pieces)
        data = chain(mark, encoded)
        if path is None or path == _STDOUT:
            try:
                sys.stdout.flush()
                sys.stdout.buffer.writelines(data)
                sys.stdout.flush()
            except BrokenPipeError:
                self.diagnostics.detail("whoever read the output wanted no more of it")
                discard_stdout()
            except OSError as error:
                raise output_error(error, "standard output") from None
            return
        try:
            _write_whole(path, data)
        except OSError as error:
            raise output_error(error, str(path)) from None

    def exit(self, code: int) -> NoReturn:
        """End the command with this exit code."""
        raise click.exceptions.Exit(code)


def _writes_csv() -> bool:
    """Whether the command that runs was asked for CSV, or has nothing else."""
    context = click.get_current_context(silent=True)
    asked = context.params if context is not None else {}
    return asked.get("output_format", "csv") == "csv" or bool(asked.get("template"))


def discard_stdout() -> None:
    """Let what is still written to stdout go nowhere."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.close(devnull)


def reader_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more."""
    if os.name != "posix":
        return False
    import select

    asked = select.poll()
    asked.register(1, select.POLLOUT)
    return any(found & select.POLLERR for _, found in asked.poll(0))


def output_error(error: OSError, where: str) -> OutputError:
    """The error of a result that could not be written."""
    if isinstance(error, BrokenPipeError):
        return OutputError(
            "Whoever read the output stopped before its end", hint="Let it read everything, or use --output"
        )
    hint = "Free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Check the disk, or use --output"
    return OutputError(f"The result could not be written to {where}: {error.strerror or 'it failed'}", hint=hint)


def _write_whole(path: Path, data: Iterable[bytes]) -> None:
    if path.exists() and not path.is_file():  # /dev/null, a named pipe
        with path.open("wb") as device:
            device.writelines(data)
        return
    from contribaudit.files import unfinished

    path = Path(os.path.realpath(path))  # so that a link stays, and what it names is written
    if path.exists() and not os.access(path.parent, os.W_OK):
        with path.open("wb") as file:  # no other file can be made beside it
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
        return
    with unfinished(path) as beside:
        with beside.open("wb") as file:
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        beside.chmod(0o666 & ~umask)
        try:
            beside.replace(path)
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EXDEV):
                raise
            shutil.copyfile(beside, path)  # a file that was mounted alone cannot be replaced, only written


pass_console = click.make_pass_decorator(Console, ensure=True)


def organization_option(*, multiple: bool = False) -> Callable[[F], F]:
    """--org, as `organization` (or `organizations`)."""
    name = "organizations" if multiple else "organization"
    text = "Organization ID; repeat it for several." if multiple else "Organization ID."
    return click.option("--org", name, type=OrganizationId(), metavar="ID", multiple=multiple, help=text)


def format_option(choices: Sequence[str], default: str) -> Callable[[F], F]:
    """--format, as `output_format`; --csv-bom too where CSV is among the choices."""
    kind = click.Choice(choices)
    option = click.option(
        "--format", "output_format", type=kind, default=default, show_default=True, help="How to write it."
    )
    return (lambda command: option(csv_bom_option(command))) if "csv" in choices else option


def _csv_bom(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    ctx.ensure_object(Console).csv_bom = value


csv_bom_option = click.option(
    "--csv-bom",
    is_flag=True,
    expose_value=False,
    callback=_csv_bom,
    help="Begin CSV with a byte order mark: Excel then reads it as UTF-8.",
)


site_option = click.option(
    "--site", metavar="HOST|all", help="The API token of a site that the configuration names, or of all sites."
)
policy_option = click.option("--policy", "policy_path", type=_PATH, metavar="FILE", help="Audit policy file.")
output_option = click.option(
    "--output", "output_path", type=_PATH, metavar="FILE", help="Write the result there, not to stdout; - is stdout."
)
force_option = click.option("--force", is_flag=True, help="Let --output replace a file.")
store_option = click.option(
    "--store", "store_location", metavar="PATH|URL", help="The history: a file or a database URL."
)


def api_key_options(command: F) -> F:
    """--api-key-file and --api-key-fd, as `Console.named_key`.

    There is no option for the key itself: everybody on a machine sees arguments.
    """
    file = _named_key("--api-key-file", "file", _PATH, "FILE", "Read the API key from this file.")
    fd = _named_key("--api-key-fd", "fd", click.IntRange(min=0), "N", "Read the API key from file descriptor N.")
    return file(fd(command))


def _named_key(option: str, place: str, kind: click.ParamType[Any], metavar: str, text: str) -> Callable[[F], F]:
    def keep(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        ctx.ensure_object(Console).key_places[place] = value

    return click.option(option, expose_value=False, callback=keep, type=kind, metavar=metavar, help=text)


def _setting(apply: Callable[[Console, Any], None]) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value not in (None, False):
            apply(ctx.ensure_object(Console), value)

    return callback


def _quiet(console: Console, _value: bool) -> None:
    console.diagnostics.quiet = True


def _verbose(console: Console, _value: bool) -> None:
    console.diagnostics.verbose = True


def _log_format(console: Console, value: str) -> None:
    console.diagnostics.as_json = value == "json"


def _no_color(console: Console, _value: bool) -> None:
    console.color = console.diagnostics.color = False


def _config(console: Console, value: Path) -> None:
    console.config_path = value


def global_options() -> list[click.Option]:
    """The options that every command takes, before or after its name."""

    def option(names: list[str], apply: Callable[[Console, Any], None], **kwargs: Any) -> click.Option:
        return click.Option(names, expose_value=False, is_eager=True, callback=_setting(apply), **kwargs)

    return [
        option(["--config"], _config, type=_PATH, metavar="FILE", help="Configuration file."),
        option(["--quiet", "-q"], _quiet, is_flag=True, help="Only warnings and errors on stderr."),
        option(["--verbose", "-v"], _verbose, is_flag=True, help="More on stderr."),
        option(["--log-format"], _log_format, type=click.Choice(["text", "json"]), help="How to write stderr."),
        option(["--no-color"], _no_color, is_flag=True, help="No colours; NO_COLOR does the same."),
    ]


def with_global_options(command: click.Command) -> click.Command:
    """The command, and all commands under it, with the global options; once however often it is called."""
    from contribaudit.cli.completion import offer

    offer(command)
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params.extend(option for option in global_options() if taken.isdisjoint(option.opts))
    if isinstance(command, click.Group):
        for child in command.commands.values():
            with_global_options(child)
    return command


_DURATION = re.compile(r"([0-9]{1,5})\s*([hdw])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 168}


def duration(text: str) -> timedelta:
    """A length of time: hours, days or weeks. Raises UsageError for anything else."""
    from datetime import timedelta

    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"Invalid duration {text[:40]!r}", hint="Write hours, days or weeks: 12h, 30d, 2w.")
    return timedelta(hours=int(found[1]) * _HOURS[found[2].lower()])


def is_duration(text: str) -> bool:
    """Whether it is a length of time."""
    return _DURATION.fullmatch(text.strip()) is not None


def moment(text: str) -> datetime:
    """A date or time, UTC where it names no zone, or how long ago it was: 12h, 7d, 2w. Raises UsageError."""
    from datetime import UTC, datetime

    from contribaudit.core.model.times import parse_utc

    if is_duration(text):
        return datetime.now(UTC) - duration(text)
    found = parse_utc(text)
    if found is None:
        raise UsageError(f"{text[:40]!r} is no date", hint="Write 2026-11-21, 2026-11-21T06:00Z, or 7d for 7 days ago.")
    return found


def past_moment(job: Job, text: str) -> datetime:
    """The end of a run by its number, or of a day, or a time; never later than now. Raises UsageError."""
    from contribaudit.core.model.times import parse_end

    number = run_number(text)
    found = (parse_end(text) or moment(text)) if number is None else job.store.run(number).finished_at
    return min(found, job.clock())


def run_number(text: str) -> int | None:
    """The number of a run; None for what is a date or nothing."""
    return int(text) if text.isdecimal() and len(text) < len("20261121") else None


def run_of(store: History, organization: str, text: str) -> RunRecord:
    """The run of that number, or the organization's last one by then; the first where a length of time reaches back
    further. Raises UsageError.
    """
    number = run_number(text)
    if number is not None:
        return store.run(number)
    record = store.run_at(moment(text), organization)
    if record is None and is_duration(text):
        record = min(store.runs(organization=organization), key=lambda one: one.id, default=None)
    if record is None:
        hint = "Run contribaudit runs list to see its runs"
        raise UsageError(f"There is no run of {organization} at or before {text}", hint=hint)
    return record


def check_ids(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The IDs of the checks that IDs, slugs and wildcards name. Raises UsageError for one that names none."""
    from contribaudit import checks
    from contribaudit.core.judge.check import select

    found: dict[str, None] = {}
    for pattern in patterns:
        selected = select(checks.ALL, pattern)
        if not selected:
            raise _no_such_check(pattern)
        found |= dict.fromkeys(check.id for check in selected)
    return tuple(found)


def check_named(word: str) -> Check:
    """The one check that an ID or a slug names. Raises UsageError for a word that names none."""
    from contribaudit import checks
    from contribaudit.core.judge.check import find

    found = find(checks.ALL, word)
    if found is None:
        raise _no_such_check(word)
    return found


def _no_such_check(word: str) -> UsageError:
    from contribaudit import checks
    from contribaudit.core.judge.check import nearest_names

    near = nearest_names(checks.ALL, word)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    what = "check fits" if set(word) & set("*?[") else "check is called"
    return UsageError(f"No {what} {word[:60]!r}", hint=f"{meant}`contribaudit checks list` shows every ID and slug.")


_TRIES = 3


def person_there() -> bool:
    """Whether there is a person to ask: stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def in_lines(text: str) -> str:
    """The text broken at blanks where stderr is a terminal and too narrow for it."""
    if not sys.stderr.isatty():
        return text
    return wrapped(text, shutil.get_terminal_size().columns)


def ask(question: str, default: str | None = None) -> str:
    """A line of text; stdout stays clean."""
    return str(click.prompt(in_lines(question), default=default, err=True)).strip()


def confirm(question: str, *, default: bool) -> bool:
    """Yes or no."""
    return click.confirm(in_lines(question), default=default, err=True)


def ask_key(what: str) -> SecretStr:
    """A key or token, typed or pasted without being shown; `what` says which ("API key of organization ...").

    Raises UsageError when there is nobody to ask.
    """
    from contribaudit.errors import CredentialError
    from contribaudit.settings.credentials import checked_key

    if not person_there():
        raise UsageError(
            f"There is no terminal to ask for the {'key' if 'key' in what else 'token'}",
            hint="Give it with --api-key-file FILE or --api-key-fd N",
        )
    question = in_lines(f"{what} (not shown)")
    for left in reversed(range(_TRIES)):
        typed = click.prompt(question, hide_input=True, default="", show_default=False, err=True)
        try:
            return checked_key(typed.strip(), "What you typed")
        except CredentialError as error:
            if not left:
                raise
            click.echo(in_lines(f"{error.message}. {error.hint}"), err=True)
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


_KEY_OPTIONS = ("--api-key", "--key", "--token", "--api-token", "--password")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def explained(error: click.UsageError, argv: Sequence[str]) -> tuple[str, str]:
    """Message and next step. A word of the command line that might be a key is not repeated."""
    path = error.ctx.command_path if error.ctx is not None else "contribaudit"
    hint = f"run `{path} --help` to see what it takes"
    if isinstance(error, click.exceptions.NoSuchOption) and error.option_name in _KEY_OPTIONS:
        message = f"there is no option {error.option_name}: other users of this machine could read a key in an argument"
        return message, "use `contribaudit login`, --api-key-file, --api-key-fd or CONTRIBAUDIT_API_KEY"
    message = error.format_message()
    for word in argv:
        value = word.partition("=")[2] if word.startswith("-") else word
        for candidate in (word, value):
            if _may_be_key(candidate):
                message = message.replace(candidate, "[not shown]")
    return message[:1].lower() + message[1:].rstrip("."), hint


def _may_be_key(word: str) -> bool:
    """Whether the word is long and looks random; a path, an ID and an option are not."""
    return (
        re.fullmatch(r"[A-Za-z0-9_=+-]{20,}", word) is not None
        and not word.startswith("-")
        and any(char.isdigit() for char in word)
        and not _UUID.fullmatch(word)
    )

"""The object that every command receives: diagnostics, settings, a job with the history, and stdout."""

from __future__ import annotations

import codecs
import errno
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import click

from contribaudit.cli.diagnostics import Diagnostics
from contribaudit.errors import OutputError, UsageError

if TYPE_CHECKING:
    from contribaudit.audit.job import Job
    from contribaudit.core.model.attestation import Signature
    from contribaudit.core.model.rulebook import Rulebook
    from contribaudit.exporters.text import Cell
    from contribaudit.settings.credentials import NamedKey
    from contribaudit.settings.model import AppSettings
    from contribaudit.store.history import History


_STDOUT = Path("-")
_COMMAND = re.compile(r"\bcontribaudit((?: [a-z]+(?:-[a-z]+)*)+)")
_BY_ITSELF = frozenset({"demo", "init", "simulate", "render", "evidence verify", "policy schema", "policy packs"})
"""Commands that read no configuration and no history, or that write them."""
GivenOptions: TypeAlias = dict[str, tuple[str | Path, ...]]
"""Options of this command line that commands in messages need too, with their values."""


class Console:
    """What every command receives (`@pass_console`): the diagnostics, the settings, and stdout."""

    def __init__(self) -> None:
        self.diagnostics = Diagnostics()
        self.config_path: Path | None = None
        """The value of --config."""
        self.csv_bom = False
        """True with --csv-bom."""
        self.output_format = ""
        """The value of --format; "" for a command without it."""
        self.output_path: Path | None = None
        """The value of --output; None for stdout."""
        self.overwrite = False
        """True with --force."""
        self.key_fd: int | None = None
        """The value of --api-key-fd; None without it."""
        self.given: GivenOptions = {}
        """The values of --store, --policy, --org and --api-key-file."""
        self.commands: click.Group | None = None
        """The group of all commands; None when no message can name one."""
        self.diagnostics.runnable = self.runnable
        self._settings: AppSettings | None = None

    def runnable(self, text: str) -> str:
        """The text, with the options of this command line added to each command that it names."""
        from contribaudit.settings.file import usual_config

        given: GivenOptions = {}
        if self.config_path is not None and self.config_path != usual_config():
            given["--config"] = (self.config_path,)
        given |= self.given
        return runnable(text, given, self.commands) if given and self.commands is not None else text

    @property
    def organizations(self) -> tuple[str, ...]:
        """Every value of --org."""
        return tuple(map(str, self.given.get("--org", ())))

    @property
    def organization(self) -> str | None:
        """The value of --org, for a command that accepts one; None without it."""
        return next(iter(self.organizations), None)

    @property
    def policy_path(self) -> Path | None:
        """The value of --policy; None without it."""
        return next((Path(one) for one in self.given.get("--policy", ())), None)

    @property
    def store_location(self) -> str | None:
        """The value of --store; None without it."""
        return next((str(one) for one in self.given.get("--store", ())), None)

    @property
    def named_key(self) -> NamedKey:
        """The place of the key in --api-key-file or --api-key-fd."""
        from contribaudit.settings.credentials import NamedKey

        return NamedKey(next((Path(one) for one in self.given.get("--api-key-file", ())), None), self.key_fd)

    def settings(self) -> AppSettings:
        """The configuration, read once. Raises ConfigurationError."""
        if self._settings is None:
            from contribaudit.settings.model import AppSettings

            self._settings = AppSettings.load(self.config_path)
            if self._settings.api_key is not None:
                self.diagnostics.hide(self._settings.api_key)
        return self._settings

    def rulebook(self) -> Rulebook:
        """The configured rulebook. Raises RulebookError."""
        from contribaudit import wiring

        return wiring.load_rulebook(self.settings())

    def signature(self, by: str = "") -> Signature:
        """A signature for an act at this moment: `by`, if given, with the account and machine of this process."""
        from contribaudit import wiring

        return wiring.operator().signature(datetime.now(UTC), by)

    def open_history(self, *, reading: bool = False) -> History:
        """The history at --store, or the configured one. Raises StoreError. With `reading`, none is created."""
        from contribaudit import wiring

        return wiring.open_store(self.settings(), self.store_location, reading=reading)

    def history(self) -> History:
        """The history, for reading only. Warns when nothing has been recorded yet."""
        store = self.open_history(reading=True)
        if not store.begun:
            hint = "Run `contribaudit audit` to record the first one, or name another history with --store"
            self.diagnostics.warning(f"no audit has been recorded in {store.shown} yet", hint=hint)
        return store

    @contextmanager
    def job(
        self, only: str | None = None, *, judges: bool = True, live: bool = False, keeps: bool = False
    ) -> Iterator[Job]:
        """The job of an audit, with the history open: for `only`, or else for --org, or else for all organizations.

        Without `judges`, the default pack replaces the policy. With `live`, each organization needs a key for reading;
        otherwise the job can only look at saved runs. With `keeps`, the history can be written.
        """
        from contribaudit import wiring
        from contribaudit.audit.job import Job

        settings = self.settings()
        rulebook = self.rulebook()
        organizations = (only,) if only is not None else self.organizations
        resolved = wiring.load_policy((self.policy_path or settings.policy) if judges else None, rulebook)
        if live:
            secret = self.diagnostics.hide
            targets = wiring.targets(settings, organizations, self.named_key, progress=self.diagnostics, on_key=secret)
        else:
            targets = wiring.unread_targets(settings, organizations)
        with self.open_history() if keeps else self.history() as store:
            yield Job(targets, store, rulebook, resolved, settings.fail_on, operator=wiring.operator())

    def warn_of_unmatched_environment(self) -> None:
        """Warn of each unknown CONTRIBAUDIT_ variable, and of each proxy exception that has no effect."""
        from contribaudit.atlassian.connect import EXCEPTION_FORM, ignored_exceptions

        for message in self.settings().unmatched_environment():
            self.diagnostics.warning(message)
        for message in ignored_exceptions():
            self.diagnostics.warning(message, hint=EXCEPTION_FORM)

    @property
    def colored_output(self) -> bool:
        """True when the result may contain colours."""
        return self.diagnostics.colors(sys.stdout)

    @property
    def on_terminal(self) -> bool:
        """True when the result is written to a terminal."""
        return self.output_path is None and sys.stdout.isatty()

    def check_output(self, other: Path | None = None) -> None:
        """Check in advance that --output, or another file, can be written. Raises UsageError."""
        path = other or self.output_path
        if path is None or path == _STDOUT or (path.exists() and not path.is_file() and not path.is_dir()):
            return
        if path.is_dir():
            raise UsageError(f"The output {path} is a folder", hint="Name a file in the folder")
        if not path.absolute().parent.is_dir():
            raise UsageError(
                f"The folder of the output {path} does not exist", hint="Create the folder, or choose another file"
            )
        if path.exists() and not self.overwrite:
            raise UsageError(
                f"The output file {path} already exists", hint="Choose another file, or overwrite it with --force"
            )

    def write(self, result: str | bytes | Iterable[str] | Iterable[bytes], path: Path | None = None) -> None:
        """Write the result, as UTF-8, to --output (else stdout) or another file; a file is written whole or not at all.

        Pieces are written one by one. A reader of stdout that has gone, like `head`, is not an error. Raises
        OutputError when the disk is full.
        """
        self.diagnostics.settle()
        path = path or self.output_path
        pieces = (result,) if isinstance(result, str | bytes) else result
        mark = [codecs.BOM_UTF8] if self.csv_bom and self.output_format in ("", "csv") else []
        encoded = (one.encode("utf-8", "backslashreplace") if isinstance(one, str) else one for one in pieces)
        data = chain(mark, encoded)
        if path is None or path == _STDOUT:
            try:
                sys.stdout.flush()
                sys.stdout.buffer.writelines(data)
                sys.stdout.flush()
            except BrokenPipeError:
                self.diagnostics.detail("the reader of the output closed it early")
                discard_stdout()
            except OSError as error:
                raise output_error(error) from None
            return
        try:
            _write_file(path, data)
        except OSError as error:
            raise output_error(error, str(path)) from None

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Cell]],
        *,
        flexible: str = "",
        only: Sequence[str] = (),
    ) -> None:
        """Write rows as a table, JSON or CSV, as `exporters.tabular.render` formats them."""
        from contribaudit.exporters.tabular import render

        form = self.output_format or "table"
        self.write(render(form, columns, rows, flexible=flexible, only=only, terminal=self.on_terminal))

    def end(self, sentence: str, code: int) -> NoReturn:
        """Write a concluding sentence, and end the command with this exit code."""
        self.diagnostics.conclusion(sentence, code=code)
        self.exit(code)

    def exit(self, code: int) -> NoReturn:
        """End the command with this exit code."""
        raise click.exceptions.Exit(code)


def runnable(text: str, given: GivenOptions, commands: click.Group) -> str:
    """The text, with the options in `given` added to each of the `commands` that accepts them and lacks them.

    A history's address with an account, a password or options is replaced by "URL", so that it is not shown.
    """

    def completed(match: re.Match[str]) -> str:
        rest = re.split(r"[`\n]|contribaudit", match.string[match.end() :], maxsplit=1)[0]
        if rest.startswith(" --help"):
            return match[0]
        name, taken = _accepted_options(match[1].split(), commands)
        more = " ".join(_missing_options(given, taken, rest)) if name and name not in _BY_ITSELF else ""
        end = len("contribaudit ") + len(name)
        return f"{match[0][:end]} {more}{match[0][end:]}" if more else match[0]

    return _COMMAND.sub(completed, text) if given else text


def _missing_options(given: GivenOptions, taken: dict[str, click.Parameter], rest: str) -> Iterator[str]:
    from contribaudit.settings.model import shown_location

    for option, values in given.items():
        parameter = taken.get(option)
        if parameter is None or option in rest.split() or (len(values) > 1 and not parameter.multiple):
            continue
        for value in values:
            text = str(value)
            yield f"{option} {quote(text) if shown_location(text) == text else 'URL'}"


def _accepted_options(words: list[str], commands: click.Group) -> tuple[str, dict[str, click.Parameter]]:
    """The command that the words begin with ("" for none), and the options that it accepts."""
    command: click.Command = commands
    name: list[str] = []
    for word in words:
        below = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if below is None:
            break
        command = below
        name.append(word)
    if isinstance(command, click.Group) and name:
        command = command.commands.get("record", command)  # `attest` alone means `attest record`
    return " ".join(name), {option: one for one in command.params for option in one.opts}


def discard_stdout() -> None:
    """Discard whatever is written to stdout from now on."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.close(devnull)


def output_closed() -> bool:
    """True when stdout is a pipe without a reader."""
    if os.name != "posix":
        return False
    import select

    poller = select.poll()
    poller.register(1, select.POLLOUT)
    return any(events & select.POLLERR for _, events in poller.poll(0))


def output_error(error: OSError, file: str = "") -> OutputError:
    """The error for a result that could not be written to this file, or to standard output."""
    if isinstance(error, BrokenPipeError):
        return OutputError(
            "The reader of the output closed it before the end", hint="Let the reader read everything, or use --output"
        )
    elsewhere = "choose another file" if file else "use --output"
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "Free some space" if full else f"Check the disk, or {elsewhere}"
    return OutputError(
        f"The result could not be written to {file or 'standard output'}: {error.strerror or 'it failed'}", hint=hint
    )


def _write_file(path: Path, data: Iterable[bytes]) -> None:
    if path.exists() and not path.is_file():  # /dev/null, a named pipe
        with path.open("wb") as device:
            device.writelines(data)
        return
    from contribaudit.files import unfinished

    path = Path(os.path.realpath(path))  # so that a link stays, and its target is written
    if path.exists() and not os.access(path.parent, os.W_OK):
        with path.open("wb") as file:  # no draft can be created next to it
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
        return
    with unfinished(path) as draft:
        with draft.open("wb") as file:
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        draft.chmod(0o666 & ~umask)
        try:
            draft.replace(path)
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EXDEV):
                raise
            shutil.copyfile(draft, path)  # a file that is itself a mount point cannot be replaced, only written


pass_console = click.make_pass_decorator(Console, ensure=True)

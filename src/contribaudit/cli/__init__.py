"""The command line: one file per subcommand, imported only when it is called.

`console.py` has the object that every command receives, `options.py` and `arguments.py` what they share,
`diagnostics.py` everything written to stderr, `exit_codes.py` the exit codes.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from contribaudit import __version__, exit_codes, termination
from contribaudit.cli import options
from contribaudit.cli.console import Console, discard_stdout, output_closed, output_error
from contribaudit.cli.diagnostics import Diagnostics
from contribaudit.cli.options import global_options, with_global_options
from contribaudit.errors import ConfigurationError, ContribauditError, OutputError, UsageError

PROGRAM = "contribaudit"

COMMANDS: dict[str, str] = {
    "demo": "Audit a simulated organization: no key, no network.",
    "dashboard": "Show the verdict, the next steps and what changed in the terminal.",
    "init": "Set up organization, key and policy; run the first audit.",
    "login": "Save an organization's API key in the system keyring.",
    "logout": "Remove an organization's API key from the system keyring.",
    "doctor": "Check everything that an audit needs, and say what to fix.",
    "audit": "Read the organization, compare it with the policy, report.",
    "findings": "List what the checks found, filtered by check, site, outcome or location.",
    "inventory": "List organizations, sites, apps, spaces and connectors.",
    "changes": "Show what changed since an earlier run.",
    "next": "List what to do now: fix, look, confirm, decide, renew.",
    "explain": "Show the effective value of a setting, and why.",
    "forecast": "Predict what a plan change, the end of a trial or a date would change.",
    "deadlines": "List what expires, and when.",
    "attest": "Record what the administration console shows.",
    "baseline": "Manage the approved state, and show what is outside it.",
    "signals": "Show the raw API objects that anchor attestations.",
    "subprocessors": "Show who else works on your data, where, and what changed.",
    "terms": "Archive and compare the vendor's documents, and show what rests on them.",
    "checks": "Show every check: question, trap, severity, remediation.",
    "decide": "Record in the policy file that a value was chosen on purpose.",
    "policy": "Validate the audit policy and show it as resolved.",
    "runs": "Show the history of audits, and remove old runs.",
    "store": "Copy the history, or create and update its tables.",
    "evidence": "Write evidence that an auditor can verify alone, and verify it.",
    "render": "Write a saved report in any format.",
    "schedule": "Print the setup for a daily audit.",
    "notify": "Send test messages and waiting ones, and show who was told what.",
    "simulate": "Serve a simulated Atlassian admin API on this machine.",
}
"""Every subcommand in the order of the help, with a one-line description; its module of that name has a `command`."""


class Commands(click.Group):
    """Knows every command's name and one-line help; imports a command's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"contribaudit.cli.{cmd_name}").command
        return with_global_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    name=PROGRAM,
    cls=Commands,
    params=list(global_options()),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"{PROGRAM} COMMAND --help shows more. Exit codes: 0 verified, 1 findings, 2 usage, 3 not verified, 4 key, "
    "5 damaged evidence, 69 nothing could be read, 70 the tool failed.",
)
@click.version_option(__version__, "--version", "-V", prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Audit what an Atlassian organization contributes to Atlassian's apps and AI, who may use AI on its data, and
    where the data lives. Compare it with your policy, and prove it.

    It only reads. Start with `contribaudit demo`, then `contribaudit init`. Without a command, in a terminal, the
    dashboard opens.
    """
    if ctx.invoked_subcommand is not None:
        return
    dashboard = ctx.command.get_command(ctx, "dashboard") if options.person_at_terminal() else None  # type: ignore[attr-defined]
    if dashboard is None:
        click.echo(ctx.get_help())
    else:
        ctx.invoke(dashboard)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    termination.listen()
    termination.leave(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code. Every error is written to stderr."""
    console = Console()
    console.commands = group
    diagnostics = console.diagnostics
    termination.announce_through(diagnostics.last_words)
    if "_CONTRIBAUDIT_COMPLETE" in os.environ:
        group.main(list(argv), PROGRAM)  # a shell asks for completions; this does not return
    try:
        code = _invoke(console, argv)
        sys.stdout.flush()
    except ContribauditError as error:
        diagnostics.error(error)
        code = error.exit_code
    except click.UsageError as error:
        message, hint = options.explained(error, argv, group)
        diagnostics.usage(message, hint)
        code = exit_codes.USAGE
    except (KeyboardInterrupt, click.Abort):
        diagnostics.conclusion(termination.SENTENCES[signal.SIGINT], code=exit_codes.INTERRUPTED)
        code = exit_codes.INTERRUPTED
    except BrokenPipeError as error:
        if output_closed():
            code = exit_codes.OK  # only the help breaks off like this: a result is written through the console
        else:
            diagnostics.error(output_error(error))
            code = exit_codes.TOOL
    except OSError as error:
        # An error that no command expects, usually a full disk.
        code = _failed_by_system(diagnostics, error)
    except Exception as error:  # noqa: BLE001  the last stop before the user: a bug must not end as "findings" (1)
        diagnostics.bug(error)
        code = exit_codes.TOOL
    finally:
        diagnostics.settle()
    return code if _flush_stdout() else exit_codes.most_severe([code, exit_codes.TOOL])


def _invoke(console: Console, argv: Sequence[str]) -> int:
    # Not group.main(): it turns a closed pipe into exit code 1, which means "findings" here.
    try:
        with group.make_context(PROGRAM, list(argv), obj=console) as ctx:
            group.invoke(ctx)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return exit_codes.OK


def _failed_by_system(diagnostics: Diagnostics, error: OSError) -> int:
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
        hint = "Set TMPDIR to a folder that this account may write to"
        diagnostics.error(ConfigurationError("There is no folder for temporary files", hint=hint))
        return exit_codes.USAGE
    refused = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
    if error.errno in refused and error.filename is not None:
        name, hint = str(error.filename), "Check who may read and write there, or name another place"
        diagnostics.error(UsageError(f"{name} cannot be used: {error.strerror}", hint=hint))
        return exit_codes.USAGE
    if error.errno in (errno.EMFILE, errno.ENFILE):
        hint = "Raise the limit: ulimit -n 256"
        diagnostics.error(OutputError("This process may open too few files", hint=hint))
        return exit_codes.TOOL
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        diagnostics.error(output_error(error, str(error.filename or "its destination")))
    else:
        diagnostics.bug(error)
    return exit_codes.TOOL


def _flush_stdout() -> bool:
    """True when stdout received everything that its reader wanted.

    Otherwise stdout is discarded, so that Python does not complain at exit.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
    except (OSError, ValueError):
        discard_stdout()
        return False
    return True

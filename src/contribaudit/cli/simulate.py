"""`contribaudit simulate`: a simulated Atlassian admin API on this machine's loopback address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from contribaudit.cli.console import Console, pass_console
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.simulator import Organization

DEMO_KEY = "demo-key"


@click.group("simulate", invoke_without_command=True)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port to listen on; default: a free port."
)
@click.option(
    "--scenario",
    default="drifted",
    show_default=True,
    metavar="NAME",
    help="The simulated organization; --list shows them.",
)
@click.option("--apps", type=click.IntRange(min=0), metavar="N", help="Number of apps in a generated organization.")
@click.option(
    "--sites", type=click.IntRange(min=1), metavar="N", help="Number of sites, with four apps each; instead of --apps."
)
@click.option("--spaces", type=click.IntRange(min=0), metavar="N", help="Number of spaces in a generated organization.")
@click.option(
    "--latency-ms", type=click.FloatRange(min=0), default=0, metavar="N", help="Delay of each answer, in milliseconds."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND@ENDPOINT[,page=N][,times=N][,seconds=N]",
    help="A fault to inject; repeat it for several. --list shows them.",
)
@click.option("--control", is_flag=True, help="Let `contribaudit simulate flip` cause drift in it.")
@click.option("--list", "listed", is_flag=True, help="List scenarios and faults, then exit.")
@pass_console
def command(
    console: Console,
    port: int,
    scenario: str,
    apps: int | None,
    sites: int | None,
    spaces: int | None,
    latency_ms: float,
    faults: tuple[str, ...],
    control: bool,
    listed: bool,
) -> None:
    """Serve a simulated Atlassian admin API until Ctrl-C.

    The base URL is the only line on stdout; stderr shows the commands to paste into another terminal.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    from contribaudit import simulator

    if listed:
        console.write(_choices(simulator))
        return
    if scenario not in simulator.names():
        raise UsageError(f"There is no scenario {scenario!r}", hint=f"Known: {', '.join(simulator.names())}")
    try:
        app = simulator.scenario_app(
            scenario,
            apps=apps,
            sites=sites,
            spaces=spaces,
            faults=[simulator.parse_fault(fault) for fault in faults],
            latency_ms=latency_ms,
        )
    except ValueError as error:
        text = str(error)
        raise UsageError(text[:1].upper() + text[1:], hint="Run `contribaudit simulate --list` to see them") from None

    if control:
        simulator.add_control(app)

    def ready(url: str) -> None:
        console.write(f"{url}\n")
        for line in _paste(url, app.state.organization, control=control):
            console.diagnostics.note(line)

    try:
        simulator.serve(app, port=port, on_ready=ready)
    except OSError as error:
        hint = "Omit --port to use a free port"
        raise UsageError(f"Port {port} cannot be used: {error.strerror}", hint=hint) from None
    console.diagnostics.conclusion("The simulated API has stopped.")


@command.command("flip", short_help="Cause drift in a simulator that runs with --control.")
@click.argument("what", metavar="in-app|rovo|trial|realm")
@click.argument("words", nargs=-1, metavar="[APP] [VALUE]")
@click.option("--url", metavar="URL", help="The simulator's address; default: CONTRIBAUDIT_API_URL.")
@pass_console
def flip(console: Console, what: str, words: tuple[str, ...], url: str | None) -> None:
    """Cause drift in a simulator that was started with --control, as an administrator would.

    in-app [on|off] changes in-app contribution of the organization; rovo APP [on|off], trial APP [PLAN|none] and realm
    APP [REALM] change one app, as in acme/confluence. Without a value, the setting is flipped. The audit log shows
    who did it. Only a simulator on this machine is ever called.
    """
    from contribaudit import simulator

    if what not in simulator.WHAT:
        raise UsageError(f"There is no {what!r} to flip", hint=f"Known: {', '.join(simulator.WHAT)}")
    subject, value = _subject_and_value(what, words)
    address = url or console.settings().api_url
    try:
        console.write(f"{simulator.ask_to_flip(address, DEMO_KEY, what, subject, value)}\n")
    except simulator.NotFlipped as error:
        text = str(error)
        raise UsageError(text[:1].upper() + text[1:], hint=error.hint) from None


def _subject_and_value(what: str, words: tuple[str, ...]) -> tuple[str, str]:
    """The app and the value among the words after `what`. Raises UsageError for too many or too few."""
    takes_app = what != "in-app"
    if len(words) > 1 + takes_app or (takes_app and not words):
        expected = "an app and at most one value" if takes_app else "at most one value"
        raise UsageError(f"{what} takes {expected}", hint="`contribaudit simulate flip --help` shows examples")
    subject, *value = words if takes_app else ("", *words)
    return subject, value[0] if value else ""


def _paste(url: str, organization: Organization, *, control: bool) -> list[str]:
    confluence = next((f"{one.name}/{one.type_key}" for one in organization.apps if one.type_key == "confluence"), "")
    deed = f"rovo {confluence}" if confluence else "in-app"
    drift = [f"  contribaudit simulate flip {deed}   # drift, then audit again"] if control else []
    return [
        "A simulated Atlassian admin API is listening. In another terminal:",
        "",
        f"  export CONTRIBAUDIT_API_URL={url}",
        f"  export CONTRIBAUDIT_ORG_ID={organization.id}",
        f"  export CONTRIBAUDIT_API_KEY={DEMO_KEY}",
        "  contribaudit doctor",
        "  contribaudit audit",
        *drift,
        "",
        "Press Ctrl-C to stop it.",
    ]


def _choices(simulator: Any) -> str:
    width = max(map(len, (*simulator.names(), *simulator.KINDS))) + 2
    lines = ["Scenarios:"]
    lines += [f"  {name.ljust(width)}{simulator.load_scenario(name).description}" for name in simulator.names()]
    lines += ["", "Faults (KIND@ENDPOINT; the endpoint * means all):"]
    lines += [f"  {kind.ljust(width)}{description}" for kind, description in simulator.KINDS.items()]
    return "\n".join([*lines, "", f"Endpoints: {', '.join(simulator.faults.ENDPOINTS)}"]) + "\n"

"""`contribaudit simulate`: a simulated Atlassian admin API on this machine's loopback address."""

from __future__ import annotations

from typing import Any

import click

from contribaudit.cli.options import Console, pass_console
from contribaudit.errors import UsageError

DEMO_KEY = "demo-key"


@click.command("simulate")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port; a free one if not given.")
@click.option("--scenario", default="drifted", show_default=True, metavar="NAME", help="Which organization; see below.")
@click.option("--apps", type=click.IntRange(min=0), metavar="N", help="Number of apps of a generated organization.")
@click.option(
    "--sites", type=click.IntRange(min=1), metavar="N", help="Number of sites instead of apps, four apps each."
)
@click.option("--spaces", type=click.IntRange(min=0), metavar="N", help="Number of spaces of a generated organization.")
@click.option("--latency-ms", type=click.FloatRange(min=0), default=0, metavar="N", help="How long each answer takes.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND@ENDPOINT[,page=N][,times=N][,seconds=N]",
    help="Something that goes wrong; repeat it for several. --list names them.",
)
@click.option("--list", "listed", is_flag=True, help="List scenarios and faults, and end.")
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
    listed: bool,
) -> None:
    """Serve a simulated Atlassian admin API, until Ctrl-C.

    The base URL is the only line on stdout; stderr has the lines to paste into another terminal.
    """
    from contribaudit import simulator

    if listed:
        console.write(_choices(simulator))
        return
    if scenario not in simulator.names():
        raise UsageError(f"There is no scenario {scenario!r}", hint=f"There are {', '.join(simulator.names())}")
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
        raise UsageError(text[:1].upper() + text[1:], hint="contribaudit simulate --list names them") from None

    def ready(url: str) -> None:
        console.write(f"{url}\n")
        for line in _paste(url, app.state.organization.id):
            console.diagnostics.note(line)

    try:
        simulator.serve(app, port=port, on_ready=ready)
    except OSError as error:
        hint = "Leave --port out to take a free one"
        raise UsageError(f"Port {port} cannot be used: {error.strerror}", hint=hint) from None
    console.diagnostics.conclusion("The simulated API has stopped.")


def _paste(url: str, organization: str) -> list[str]:
    return [
        "A simulated Atlassian admin API is listening. In another terminal:",
        "",
        f"  export CONTRIBAUDIT_API_URL={url}",
        f"  export CONTRIBAUDIT_ORG_ID={organization}",
        f"  export CONTRIBAUDIT_API_KEY={DEMO_KEY}",
        "  contribaudit doctor",
        "  contribaudit audit",
        "",
        "Ctrl-C ends it.",
    ]


def _choices(simulator: Any) -> str:
    width = max(map(len, (*simulator.names(), *simulator.KINDS))) + 2
    lines = ["Scenarios:"]
    lines += [f"  {name.ljust(width)}{simulator.load_scenario(name).description}" for name in simulator.names()]
    lines += ["", "Faults (KIND@ENDPOINT; the endpoint * means all):"]
    lines += [f"  {kind.ljust(width)}{told}" for kind, told in simulator.KINDS.items()]
    return "\n".join([*lines, "", f"Endpoints: {', '.join(simulator.faults.ENDPOINTS)}"]) + "\n"

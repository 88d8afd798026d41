"""A local Atlassian admin API: the endpoints that contribaudit reads, for an organization that tests can change.

    with running(scenario_app("drifted")) as url: ...

The simulator imports nothing from the rest of contribaudit, so that it cannot share a misunderstanding with the client:
it follows Atlassian's published documentation and what public client libraries observed. `app.py` takes a request
through to its answer, `routes/` holds the endpoints, `faults.py` what can go wrong, `options.py` what the facts leave
open, `admin.py` an administrator whose actions the audit log shows, and `scenarios/` the organizations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from starlette.applications import Starlette

from contribaudit.simulator.admin import utc_now
from contribaudit.simulator.app import make_app
from contribaudit.simulator.control import WHAT, NotFlipped, add_control, ask_to_flip
from contribaudit.simulator.faults import KINDS, Fault, parse_fault
from contribaudit.simulator.options import Options
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.scenarios import load_scenario, names
from contribaudit.simulator.server import running, serve

__all__ = [
    "KINDS",
    "WHAT",
    "Fault",
    "NotFlipped",
    "Options",
    "Organization",
    "add_control",
    "ask_to_flip",
    "load_scenario",
    "make_app",
    "names",
    "parse_fault",
    "running",
    "scenario_app",
    "serve",
]


def scenario_app(
    name: str,
    *,
    apps: int | None = None,
    spaces: int | None = None,
    sites: int | None = None,
    options: Options | None = None,
    faults: Iterable[Fault] = (),
    latency_ms: float = 0,
    clock: Callable[[], datetime] = utc_now,
) -> Starlette:
    """A scenario as an ASGI app. `options` replace the scenario's own; the other arguments are those of `make_app`."""
    scenario = load_scenario(name, now=clock(), apps=apps, spaces=spaces, sites=sites)
    return make_app(
        scenario.organization,
        options=options or scenario.options,
        faults=faults,
        latency_ms=latency_ms,
        clock=clock,
    )

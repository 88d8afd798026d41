"""Several organizations behind one address, each a simulator of its own, as the admin API has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send


class OneAddress:
    """Passes each request to the simulator of the organization that its path names; the rest goes to the first."""

    def __init__(self, apps: Mapping[str, Starlette]) -> None:
        self.apps = dict(apps)
        self.first = next(iter(self.apps.values()))
        self.state: Any = self.first.state
        for app in self.apps.values():
            app.state.simulation.connections = self.first.state.simulation.connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = next((app for one, app in self.apps.items() if f"/orgs/{one}" in scope["path"]), self.first)
        await chosen(scope, receive, send)

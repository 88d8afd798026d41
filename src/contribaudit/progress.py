"""How a long run reports its progress: silently here, visibly in the command line and the dashboard."""

from __future__ import annotations


class Progress:
    """Receives events from collectors and the client, and ignores them; whoever shows them overrides these methods.

    Every method returns at once and never raises.
    """

    __slots__ = ()

    def collector_started(self, organization: str, collector: str) -> None:
        """A collector starts reading."""

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        """A page arrived; `read` entries so far, of `announced` (None when the API gives no total)."""

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        """The client waits before its next attempt at `call` ("GET /admin/v1/orgs/{orgId}/events")."""

    def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
        """A collector finished: status ok, partial or failed, with a reason for partial and failed."""

    def collector_broke(self, organization: str, collector: str, error: Exception) -> None:
        """A collector ended with a bug of its own; the traceback is for a bug report."""


SILENT = Progress()

"""How a long run reports its progress; silent here, shown by the command line and the dashboard."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by collectors and the client; every method returns at once and never raises."""

    def collector_started(self, organization: str, collector: str) -> None:
        """A collector begins to read."""

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        """A page arrived; `read` entries so far, of `announced` (None where the API does not tell)."""

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        """The client sleeps before its next try of `call` ("GET /admin/v1/orgs/{orgId}/events")."""

    def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
        """A collector is done: status ok, partial or failed, with the reason of the latter two."""

    def collector_broke(self, organization: str, collector: str, error: Exception) -> None:
        """A collector ended with a bug of its own; the traceback is for a bug report."""


class Silent:
    """Progress that nobody watches."""

    def collector_started(self, organization: str, collector: str) -> None:
        pass

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        pass

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        pass

    def collector_finished(self, organization: str, collector: str, status: str, reason: str) -> None:
        pass

    def collector_broke(self, organization: str, collector: str, error: Exception) -> None:
        pass


SILENT: Progress = Silent()

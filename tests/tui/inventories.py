"""Histories with spaces, as sources of the dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from contribaudit.audit.job import Job, Target
from contribaudit.core.model.snapshot import CollectionStatus, Space, SpaceList
from contribaudit.core.model.subject import Subject
from contribaudit.store.history import History
from contribaudit.tui.sources import HistorySource
from tests.builders import RULEBOOK, policy_of, rule
from tests.store.builders import OK, ORG, PARTIAL, app, day, save, snapshot

WIKI, TRACKER = app("ari:cloud:wiki"), app("ari:cloud:tracker")
POLICY = policy_of(rule("DR-01", expect=("EU",)), rule("DC-01", expect="off"))
NAMES = {
    ("app.name", "Confluence", "Jira"),
    ("app.type_key", "confluence", "jira-software"),
    ("app.host", "acme.atlassian.net", "acme.atlassian.net"),
    ("app.alias", "app:acme.atlassian.net/confluence", "app:acme.atlassian.net/jira-software"),
    ("app.status", "online", "online"),
    ("plan", "Standard", "Premium"),
    ("residency.realm", "EU", "US"),
}
SAW = {
    "workspaces": {
        (one.id, setting): value
        for setting, wiki, tracker in sorted(NAMES)
        for one, value in ((WIKI, wiki), (TRACKER, tracker))
    }
}


def space(key: str, name: str = "", *, at: Subject = WIKI) -> Space:
    """A space of the wiki."""
    return Space(at, f"ari:cloud:confluence::space/{key}", key, name or f"The {key}", "global", "current")


def listing(spaces: Sequence[Space], **told: object) -> SpaceList:
    """A whole listing of the wiki's spaces by ann's token."""
    whole = SpaceList(WIKI, OK, None, len(spaces), visible_to="ann@acme.example")
    return replace(whole, **told)  # type: ignore[arg-type]


@contextmanager
def kept(location: str | Path, *runs: Sequence[Space] | None, **told: object) -> Iterator[HistorySource]:
    """A history of one run a day that listed these spaces of the wiki; None: spaces were not read."""
    with History.open(str(location)) as history:
        for number, spaces in enumerate(runs):
            taken = snapshot(number, SAW)
            if spaces is not None:
                taken = replace(taken, space_lists=(listing(spaces, **told),), spaces=tuple(spaces))
            save(history, taken)
        yield source(history, len(runs))


HOSTILE = "[red]x[/red]\x1b[31m\u202e\r\n=1+1"


@contextmanager
def hostile(folder: Path) -> Iterator[HistorySource]:
    """Everything that can bear a name bears one that no terminal should obey; one app changes its name."""
    saw = {key: f"{HOSTILE}{value}" if key[1] != "app.type_key" else value for key, value in SAW["workspaces"].items()}
    later = {**saw, (WIKI.id, "app.name"): f"{HOSTILE}2", (WIKI.id, "residency.realm"): HOSTILE}
    with History.open(str(folder / "history.db")) as history:
        for number, seen in enumerate((saw, later)):
            taken = snapshot(number, {"workspaces": seen})
            spaces = (space(HOSTILE, HOSTILE), space(f"{HOSTILE}{number}"))
            save(history, replace(taken, space_lists=(listing(spaces),), spaces=spaces))
        yield source(history, 2)


def source(history: History, days: int) -> HistorySource:
    """The history, looked at so many days after its first run."""
    clock = lambda: day(days) - timedelta(hours=12)  # noqa: E731
    return HistorySource(Job((Target(ORG, "Acme"),), history, RULEBOOK, POLICY, clock=clock), you="it@acme.example")


PARTLY = {"status": CollectionStatus(PARTIAL), "code": "forbidden", "reason": "the site answered 403"}

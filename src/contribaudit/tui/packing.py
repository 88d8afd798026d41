"""An evidence pack from the dashboard: written as `evidence export` does, then verified as `evidence verify` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from contribaudit.audit.job import Job

if TYPE_CHECKING:
    from contribaudit.evidence.export import Form
    from contribaudit.evidence.verify import Verified

_WAIT_SECONDS = 60
FormOf = Callable[[bool], "Form"]
"""How a pack is written, signed with what key, by whether it is to be an archive."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of a pack."""

    place: Path
    since: datetime | None
    """Begin of the period; None for the newest run alone."""
    people: str
    """ "named", "pseudonym" or "omit"."""
    archive: bool


def since_of(period: str, now: datetime) -> datetime | None:
    """When a period of so many days begins; None for "", the newest run."""
    return now - timedelta(days=int(period)) if period else None


def free_name(day: str) -> str:
    """A name in the present folder that is not taken: evidence-2026-11-29, then evidence-2026-11-29-2."""
    taken = {one.name for one in Path().iterdir()}
    name, number = f"evidence-{day}", 1
    while name in taken or f"{name}.zip" in taken:
        number += 1
        name = f"evidence-{day}-{number}"
    return name


def place_of(text: str, *, archive: bool) -> Path:
    """Where a pack goes, by what somebody typed; an archive's name ends in .zip."""
    name = text if not archive or text.endswith(".zip") else f"{text}.zip"
    return Path(name).expanduser().absolute()


def write_pack(job: Job, form_of: FormOf, asked: Asked) -> Verified:
    """Write the pack, then verify what lies on the disk. Raises ContribauditError as both do.

    Judged by the policy that the dashboard shows; the pack says so where another one judged the run.
    """
    from contribaudit.evidence.dossier import Wanted, noted, of_last, of_period
    from contribaudit.evidence.export import export
    from contribaudit.evidence.pseudonyms import NameHandling
    from contribaudit.evidence.verify import verify

    wanted = Wanted(NameHandling(asked.people))
    with job.store.exporting(wait_seconds=_WAIT_SECONDS):
        dossier = of_last(job, wanted) if asked.since is None else of_period(job, asked.since, job.clock(), wanted)
        export(noted(dossier)[0], asked.place, now=job.clock(), operator=job.operator, form=form_of(asked.archive))
    return verify(asked.place)

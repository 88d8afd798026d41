"""Whole audits of cases: each of an organization of its own, so that many share a history."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from benchmarks.fuzz import lists
from benchmarks.fuzz.serving import Bench, no_wait
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.connect import connect
from contribaudit.atlassian.sites import SiteClient
from contribaudit.atlassian.transport import Ledger
from contribaudit.audit.job import Job, Operator, Target
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.store.history import History

CASES_PER_HISTORY = 100
Sites = Callable[[Ledger], AbstractAsyncContextManager[SiteClient]]


def organization_of(seed: int) -> str:
    """The ID of a case's own organization."""
    return str(UUID(int=(0xA << 124) + seed, version=4))


@cache
def reviewed_today() -> Rulebook:
    """The shipped rulebook as if reviewed today, with data used for 20 days, so that no case grows old with it."""
    today = datetime.now(UTC).date()
    shipped = lists.rulebook()
    files = tuple(replace(one, reviewed=today) for one in shipped.files)
    return replace(shipped, files=files, effective=today - timedelta(days=20))


def history_of(bench: Bench) -> History:
    """The history of this case and those around it; begun anew, from an empty one, after a hundred of them."""
    used, found = bench.shared.get("history", (CASES_PER_HISTORY, None))
    if used >= CASES_PER_HISTORY:
        if found is not None:
            found.close()
        folder = bench.shared.setdefault("folder", None) or Path(
            bench.stack.enter_context(tempfile.TemporaryDirectory(prefix="contribaudit-fuzz-"))
        )
        bench.shared["folder"] = folder
        empty, place = folder / "empty.sqlite", folder / "history.sqlite"
        if not empty.exists():
            History.open(str(empty)).close()
        for left in folder.glob("history.sqlite*"):
            left.unlink()
        shutil.copyfile(empty, place)
        used, found = 0, History.open(str(place))
    bench.shared["history"] = used + 1, found
    assert isinstance(found, History)
    return found


def audit_job(
    bench: Bench,
    organization: str,
    policy: str,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sites: Sites | None = None,
    read_seconds: float = 5.0,
) -> Job:
    """An audit of the organization as the bench serves it, by the rules of the policy."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[AdminClient]:
        async with connect(
            organization=organization,
            key=SecretStr("fuzz-key"),
            api_url=bench.url,
            read_seconds=read_seconds,
            sleep=no_wait,
            transport=bench.transport if read_seconds >= 1 else None,
        ) as client:
            yield lists.at_once(client)

    target = Target(organization, connect=opened, connect_sites=sites)
    return Job(
        (target,),
        history_of(bench),
        reviewed_today(),
        lists.audit_policy(policy),
        operator=Operator("test"),
        clock=clock,
    )

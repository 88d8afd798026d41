"""Spaces in a pack: each of them, how far each listing came, whose token saw them, the requests that it took."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

from contribaudit.atlassian.sites import Accesses
from contribaudit.audit.pipeline import audit
from contribaudit.evidence.dossier import ExportLimits, of_last
from contribaudit.evidence.export import export
from contribaudit.evidence.pseudonyms import NameHandling
from contribaudit.evidence.verify import verify
from tests.evidence.scene import NOW
from tests.evidence.test_export import rows
from tests.flow.audits import simulated
from tests.flow.test_spaces_read import ME, MINE, opener


def test_spaces_are_in_the_pack(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    with simulated(tmp_path / "history", "drifted") as bench:
        job = bench.job('extends = ["essentials"]')
        job = replace(job, targets=(replace(job.targets[0], connect_sites=opener(bench, Accesses(MINE))),))
        asyncio.run(audit(job))
        pack = export(of_last(job), tmp_path / "named", now=NOW, operator=job.operator).place
        omitted = export(
            of_last(job, ExportLimits(NameHandling.OMIT)), tmp_path / "omit", now=NOW, operator=job.operator
        ).place
        some_site = next(row["site"] for row in rows(pack, "spaces.csv"))
        limited = export(
            of_last(job, ExportLimits(sites=(some_site,))), tmp_path / "site", now=NOW, operator=job.operator
        ).place
        kept = bench.store.spaces(bench.organization.id)
        listed = {app.id: one for app, one in kept.lists().items()}
    spaces = rows(pack, "spaces.csv")
    assert Counter(row["app_id"] for row in spaces) == {app: one.read for app, one in listed.items() if one.read}
    population = {row["subject_id"]: row for row in rows(pack, "population.csv") if row["subject_kind"] == "app"}
    assert {app: int(row["read"]) for app, row in population.items()} == {app: one.read for app, one in listed.items()}
    assert {row["visible_to"] for row in population.values() if row["status"] == "ok"} == {ME}
    asked = Counter(row["call"] for row in rows(pack, "ledger.csv"))
    assert asked["spaces_jira"] == sum(
        int(row["requests"]) for row in population.values() if "jira" in row["subject_id"]
    )
    assert asked["spaces_confluence"] >= 1
    assert not [path for path in omitted.rglob("*") if path.is_file() and ME.encode() in path.read_bytes()]
    assert {row["site"] for row in rows(limited, "spaces.csv")} == {some_site}
    assert 0 < len(rows(limited, "spaces.csv")) < len(spaces)
    for place in (pack, omitted, limited):
        verify(place)

"""GV-07: every outcome of the check on exported evidence, from packs on the disk to the finding."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from contribaudit.audit.job import Job, Operator
from contribaudit.core.model.finding import Outcome
from contribaudit.evidence import verify
from contribaudit.evidence.dossier import of_last
from contribaudit.evidence.export import export
from tests.flow.audits import Bench
from tests.flow.outcomes import NOW, OutcomeCase, Stage, assert_as_said, set_stage

HERE = Operator("test", host="")


def packs(job: Job, folder: Path, count: int = 2) -> list[Path]:
    places = [folder / f"pack-{number}" for number in range(count)]
    for place in places:
        export(of_last(job), place, now=NOW, operator=HERE)
    return places


def whole(_bench: Bench, job: Job, folder: Path) -> None:
    packs(job, folder)


def newest_gone(_bench: Bench, job: Job, folder: Path) -> None:
    shutil.rmtree(packs(job, folder)[1])


def all_gone(_bench: Bench, job: Job, folder: Path) -> None:
    for place in packs(job, folder):
        shutil.rmtree(place)


def elsewhere(_bench: Bench, job: Job, folder: Path) -> None:
    export(of_last(job), folder / "pack", now=NOW, operator=replace(HERE, host="another machine"))


def changed(_bench: Bench, job: Job, folder: Path) -> None:
    with (packs(job, folder)[1] / "findings.csv").open("ab") as file:
        file.write(b"x")


def swapped(_bench: Bench, job: Job, folder: Path) -> None:
    older, newer = packs(job, folder)
    shutil.rmtree(newer)
    older.rename(newer)


def link_missing(bench: Bench, job: Job, folder: Path) -> None:
    """A manifest is noted that names another before it than the one that is there."""
    packs(job, folder, 1)
    noted = bench.store.manifests_about(bench.organization.id)[0]
    bench.store.record_manifest(replace(noted, sha256="b" * 64, previous="a" * 64))


def first_missing(bench: Bench, job: Job, folder: Path) -> None:
    """The oldest that is noted names one before it."""
    packs(job, folder, 1)
    noted = bench.store.manifests_about(bench.organization.id)[0]
    organizations = (*noted.organizations, "another")
    bench.store.record_manifest(replace(noted, organizations=organizations, sha256="b" * 64, previous="a" * 64))


CASES = (
    OutcomeCase("GV-07", Outcome.UNKNOWN, "never_exported"),
    OutcomeCase("GV-07", Outcome.PASS, "chain_whole", exports=whole),
    OutcomeCase("GV-07", Outcome.PASS, "chain_whole", exports=whole, days_later=90),
    OutcomeCase("GV-07", Outcome.PASS, "chain_whole", exports=newest_gone),
    OutcomeCase("GV-07", Outcome.UNKNOWN, "packs_out_of_reach", exports=all_gone),
    OutcomeCase("GV-07", Outcome.UNKNOWN, "packs_out_of_reach", exports=elsewhere),
    OutcomeCase("GV-07", Outcome.FAIL, "pack_damaged", exports=changed),
    OutcomeCase("GV-07", Outcome.FAIL, "pack_damaged", exports=swapped),
    OutcomeCase("GV-07", Outcome.FAIL, "chain_broken", exports=link_missing),
    OutcomeCase("GV-07", Outcome.FAIL, "chain_broken", exports=first_missing),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


def test_a_pack_that_this_account_may_not_read_is_out_of_reach(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no damage, and no reason to break off an audit."""
    monkeypatch.setattr(verify, "os", SimpleNamespace(access=lambda *_asked: False, path=os.path, R_OK=4, X_OK=1))
    case = OutcomeCase("GV-07", Outcome.UNKNOWN, "packs_out_of_reach", exports=whole)
    assert_as_said(case, stage.find(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case}-{case.exports.__name__ if case.exports else 'none'}")
def test_the_check_on_exported_evidence_says(case: OutcomeCase, stage: Stage) -> None:
    """The outcome, its reason, and evidence for everything but `unknown`."""
    assert_as_said(case, stage.find(case))

"""A pack holds the list of sub-processors in force, its page, exposure and reviews, and is judged again from them."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from contribaudit.audit.replay import judge_last
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.subprocessors import Review
from contribaudit.errors import EvidenceDamaged
from contribaudit.evidence.dossier import ExportLimits, of_last
from contribaudit.evidence.export import export
from contribaudit.evidence.pseudonyms import NameHandling
from contribaudit.evidence.reperform import Result, reperform
from contribaudit.evidence.verify import verify
from tests.evidence.scene import NOW, POLICY, Scene, scene
from tests.evidence.test_verify import remade
from tests.vendors.processing import MARCH, SEPTEMBER, body, imported, signature

ASKED = POLICY + "".join(f'\n[[rule]]\ncheck = "SP-0{number}"\n' for number in (1, 2, 4, 5, 6))
ASKED += '\n[[rule]]\ncheck = "SP-03"\nexpect = ["EEA", "UK"]\n'


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A history into which both pages were imported, the first 20 days ago; both were reviewed an hour ago."""
    with scene(tmp_path_factory.mktemp("listed")) as made:
        store = made.bench.store
        march = imported(MARCH, NOW - timedelta(days=20))
        store.add_subprocessors(march, body(MARCH))
        september = imported(SEPTEMBER, NOW - timedelta(days=1))
        store.add_subprocessors(september, body(SEPTEMBER))
        for one in (march, september):
            store.review_subprocessors(Review(one.effective, "", signature(NOW - timedelta(hours=1)), "GRC-1"))
        yield made


@pytest.fixture(scope="module")
def pack(listed: Scene) -> Path:
    return export(of_last(listed.bench.job(ASKED)), listed.folder / "asked", now=NOW, operator=listed.operator).place


def rows(place: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((place / name).read_text(encoding="utf-8"), newline="")))


def test_the_pack_holds_the_list_in_force_and_every_page(pack: Path) -> None:
    found = rows(pack, "subprocessors.csv")
    assert [one["name"] for one in found][:3] == [
        "Borealis Hosting, Inc.",
        "Borealis Hosting, Inc. (Borealis Models)",
        "Vertigo Models LLC",
    ]
    assert len(found) == 12
    assert (pack / "pages" / found[0]["sha256"]).read_bytes() == body(SEPTEMBER)
    assert len(list((pack / "pages").iterdir())) == 2
    assert [(one["row"], one["reviewed_by"], one["note"]) for one in rows(pack, "subprocessor_reviews.csv")] == [
        ("", "dpo@acme.example", "GRC-1"),
        ("", "dpo@acme.example", "GRC-1"),
    ]
    verify(pack)


def test_the_pack_tells_of_each_app_and_sub_processor(pack: Path) -> None:
    found = rows(pack, "subprocessor_exposure.csv")
    apps = {one["app_id"] for one in found}
    assert len(found) == 12 * len(apps) > 12
    assert {one["touches"] for one in found} == {"yes", "may", "no"}
    assert all(one["because"] != "[]" for one in found)


def test_what_rests_on_the_list_is_judged_again_from_the_pack(pack: Path) -> None:
    found = {one.check: one.result for one in reperform(pack) if one.check.startswith("SP-")}
    assert found["SP-01"] is found["SP-03"] is found["SP-04"] is found["SP-06"] is Result.SAME
    assert found["SP-02"] is Result.NOT_JUDGED


def test_the_list_of_the_pack_is_what_counts(pack: Path, tmp_path: Path) -> None:
    """Another list in the pack gives other findings: they are not taken from the report."""
    changed = shutil.copytree(pack, tmp_path / "changed")
    path = changed / "subprocessors.csv"
    text = path.read_bytes().decode()
    path.write_bytes(text.replace("to train Machine Learning models", "to keep data").encode())
    assert "SP-04" in {one.check for one in reperform(remade(changed)) if one.differs}


def test_a_list_whose_page_is_missing_is_found(pack: Path, tmp_path: Path) -> None:
    changed = shutil.copytree(pack, tmp_path / "without")
    (changed / "pages" / rows(pack, "subprocessors.csv")[0]["sha256"]).unlink()
    with pytest.raises(EvidenceDamaged, match=r"subprocessors\.csv rests on a page that is not in pages/"):
        verify(remade(changed))


def test_a_pack_without_names_names_nobody_who_imported_or_reviewed(listed: Scene) -> None:
    wanted = ExportLimits(people=NameHandling.OMIT)
    place = export(
        of_last(listed.bench.job(ASKED), wanted), listed.folder / "unnamed", now=NOW, operator=listed.operator
    ).place
    texts = [path.read_text(encoding="utf-8") for path in place.iterdir() if path.suffix in (".csv", ".json")]
    assert not [one for one in texts if "dpo@acme.example" in one]


def test_a_past_moment_is_judged_by_the_list_of_that_time(listed: Scene) -> None:
    job = replace(listed.bench.job(ASKED), operator=listed.operator)
    then, now = (
        {one.check: one for one in judge_last(job, moment).findings} for moment in (NOW - timedelta(hours=30), NOW)
    )
    assert "2026-03-02" in then["SP-01"].reason
    assert "2026-09-14" in now["SP-01"].reason
    assert then["SP-02"].outcome is Outcome.FAIL
    assert now["SP-02"].outcome is Outcome.PASS

"""Watched documents in an evidence folder: looks, provisions, notes, pages by digest; judged again from them alone."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from contribaudit.audit.job import Job
from contribaudit.audit.pipeline import audit
from contribaudit.core.model.provisions import Note
from contribaudit.evidence.dossier import ExportLimits, of_last
from contribaudit.evidence.export import export
from contribaudit.evidence.pseudonyms import NameHandling
from contribaudit.evidence.reperform import Result, reperform
from contribaudit.evidence.verify import verify
from contribaudit.exporters.saved import load
from tests.flow.archived import LIST, ONE_PROVIDER
from tests.flow.audits import simulated
from tests.vendors.documents import add, archive_all, page, who

NOW = datetime.now(UTC)
CHECKS = ("AI-20", "DC-18", "DC-19", "GV-06", "GV-08", "DR-01")
POLICY = "".join(f'\n[[rule]]\ncheck = "{one}"\n' for one in CHECKS).replace('"DR-01"\n', '"DR-01"\nexpect = ["EU"]\n')
ROVO = page("rovo-access").replace(b"Standard, Premium, and Enterprise", b"all")


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    """A run after which the page on Rovo access said something else."""
    with simulated(tmp_path_factory.mktemp("organization"), "tidy") as bench:
        made = bench.job(POLICY)
        archive_all(made.store, NOW - timedelta(days=2))
        add(made.store, "rovo-access", ROVO, NOW - timedelta(hours=2))
        add(made.store, "data-contribution-faqs", ONE_PROVIDER, NOW - timedelta(hours=1))
        add(made.store, "sub-processors", LIST, NOW - timedelta(hours=1))
        add(made.store, "dpa", b"<title>Log in</title><input type=password>", NOW - timedelta(hours=1))
        note = Note(0, "rovo-access", "", "", "", False, "=cmd() asked the vendor, dpo@acme.example", who(NOW))
        made.store.add_document_note(note)
        asyncio.run(audit(made))
        yield made


def rows(place: Path, name: str) -> list[dict[str, str]]:
    with (place / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_folder_holds_every_look_provision_and_page(job: Job, tmp_path: Path) -> None:
    place = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    looks = rows(place, "terms.csv")
    assert [row["outcome"] for row in looks if row["document"] == "rovo-access"] == ["first", "changed"]
    assert [row["code"] for row in looks if row["document"] == "dpa"] == ["login_form"]
    for row in looks:
        assert sha256((place / "documents" / row["sha256"]).read_bytes()).hexdigest() == row["sha256"]
    provisions = rows(place, "provisions.csv")
    changed = [row for row in provisions if row["anchors"] == '["rovo-plans"]']
    assert {row["standing"] for row in changed} == {'["changed"]'}
    assert {row["checks"] for row in changed} == {'["AI-01","AI-02","AI-03","AI-20"]'}
    assert all("not legal advice" in row["notice"] for row in (*looks, *provisions))
    (note,) = rows(place, "terms_notes.csv")
    assert (note["note"][:5], note["signed_by"]) == ("'=cmd", "dpo@acme.example")
    assert verify(place).standing == "consistent"


def test_what_rests_on_documents_is_judged_again_from_the_folder(job: Job, tmp_path: Path) -> None:
    place = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    told = {one["id"]: one for one in load(place)["findings"]}
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    judged = {(one.check, told[one.id]["reason_code"]) for one in found if one.result is Result.SAME}
    assert judged >= {
        ("AI-20", "rule_under_review"),
        ("GV-06", "provision_changed"),
        ("GV-08", "documents_disagree"),
        ("DC-19", "reviewed"),
    }


def test_a_folder_without_names_has_none_of_those_who_looked(job: Job, tmp_path: Path) -> None:
    dossier = of_last(job, ExportLimits(people=NameHandling.PSEUDONYM))
    place = export(dossier, tmp_path / "pack", now=NOW, operator=job.operator).place
    for name in ("terms.csv", "provisions.csv", "terms_notes.csv"):
        assert "dpo@acme.example" not in (place / name).read_text()
        assert "laptop" not in (place / name).read_text()
    assert not (place / "documents").exists()

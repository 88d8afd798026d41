"""In a pack without names nobody's name, mail, account or machine is left, in any file, in any spelling of bytes."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.audit.job import Operator
from contribaudit.audit.pipeline import audit
from contribaudit.evidence.dossier import ExportLimits, of_last
from contribaudit.evidence.export import export
from contribaudit.evidence.pseudonyms import OMITTED, NameHandling, Pseudonymizer, persons
from contribaudit.evidence.start import PAGE
from contribaudit.evidence.verify import verify
from tests.evidence.scene import NOW, PARTS, PEOPLE, Scene
from tests.flow.audits import simulated


def spellings(name: str) -> list[bytes]:
    """As UTF-8, as JSON writes it, and both with other capitals."""
    texts = {name, name.casefold(), name.upper(), json.dumps(name)[1:-1], json.dumps(name.casefold())[1:-1]}
    return [text.encode() for text in texts]


def found_in(pack: Path) -> list[tuple[str, str]]:
    """Files that hold a name."""
    files = [path for path in pack.rglob("*") if path.is_file()]
    return [
        (path.name, name)
        for path in files
        for body in [path.read_bytes()]
        for name in (*PEOPLE, *PARTS)
        if any(spelling in body for spelling in spellings(name))
    ]


def test_the_named_pack_holds_every_one_of_them(unsigned: Path) -> None:
    """Else the tests below would find nothing because nothing is there."""
    assert {name for _, name in found_in(unsigned)} == {*PEOPLE, *PARTS}


@pytest.mark.parametrize("people", [NameHandling.PSEUDONYM, NameHandling.OMIT])
def test_nobody_is_left(told: Scene, people: NameHandling) -> None:
    pack = told.export(f"without-{people}", ExportLimits(people)).place
    assert found_in(pack) == []
    assert verify(pack).standing == "consistent"
    for leftover in ("responses", "attachments"):
        assert not (pack / leftover).exists()
    text = " ".join((pack / "README.txt").read_text().split())
    assert "Raw answers and screenshots are left out" in text
    assert "People who are named only in a free text" in text
    stood = b"person-" if people is NameHandling.PSEUDONYM else OMITTED.encode()
    for name in ("attestations.csv", "waivers.csv", "decisions.csv", "runs.csv", "segregation.csv", "report.json"):
        assert stood in (pack / name).read_bytes(), name


@pytest.mark.parametrize("trigger", ["manual", "schedule"])
@pytest.mark.parametrize("people", [NameHandling.PSEUDONYM, NameHandling.OMIT])
def test_a_machine_called_like_what_starts_audits_is_replaced_alike(
    trigger: str, people: NameHandling, tmp_path: Path
) -> None:
    """In runs.csv and in the start files, which are made again from it."""
    with simulated(tmp_path, "small") as bench:
        job = replace(
            bench.job('extends = ["essentials"]', now=NOW), operator=Operator(trigger, "compliance", host=trigger)
        )
        asyncio.run(audit(job))
        pack = export(of_last(job, ExportLimits(people)), tmp_path / "pack", now=NOW, operator=job.operator).place
    assert verify(pack).standing == "consistent"
    assert f"<dd>{trigger}" not in (pack / PAGE).read_text(encoding="utf-8")


def test_a_stand_in_is_stable_within_a_pack_and_another_in_the_next(told: Scene) -> None:
    first = told.export("pseudonym-1", ExportLimits(NameHandling.PSEUDONYM)).place
    second = told.export("pseudonym-2", ExportLimits(NameHandling.PSEUDONYM)).place
    names = [
        set(re.findall(r"person-[0-9a-f]{12}", (pack / "segregation.csv").read_text())) for pack in (first, second)
    ]
    assert names[0]
    assert names[0].isdisjoint(names[1])
    looked = re.search(r"person-[0-9a-f]{12}", (first / "attestations.csv").read_text())
    assert looked is not None
    assert looked.group() in (first / "segregation.csv").read_text()


def test_everybody_is_known(told: Scene) -> None:
    """The list of persons that is searched for comes from the history, not from this test."""
    found = of_last(told.job())
    known = persons(found.report, found.policy, found.store, found.changes)
    assert {name for name in PEOPLE if "jörg" not in name} <= known


@pytest.mark.parametrize(
    ("known", "text", "left"),
    [
        ("ann.looker@acme.example", "ann.looker, LOOKER and Ann looked", "[person], [person] and [person] looked"),
        ("Zsófia Kovács", "Kovács said so; zsófia agreed", "[person] said so; [person] agreed"),
        ("jean-luc_picard@x.example", "Picard (jean)", "[person] ([person])"),
        ("reason.owner@x.example", "reason of the owner, reason.owner", "reason of the owner, [person]"),
        ("712020:0a1b2c3d-0000-4000-8000-00000000abcd", "abcd and 712020", "abcd and 712020"),
        ("Anne", "Annette, Roxanne and Anne", "Annette, Roxanne and [person]"),
    ],
)
def test_a_part_of_a_name_goes_where_it_stands_alone(known: str, text: str, left: str) -> None:
    """Unless it is a word that packs are written in."""
    assert Pseudonymizer(NameHandling.OMIT, [known], ["reason", "Owner"]).text(text) == left


@given(st.text(max_size=30), st.sampled_from(PEOPLE), st.text(max_size=30))
def test_a_name_goes_wherever_it_stands_alone(before: str, name: str, after: str) -> None:
    """Whatever is around it that is no letter."""
    assert name not in CAST.text(f"{before} {name} {after}")
    assert CAST.text(name) == CAST.person(name) == OMITTED


CAST = Pseudonymizer(NameHandling.OMIT, PEOPLE)


def test_a_long_text_takes_no_long_time() -> None:
    """A quadratic search would not end."""
    cast = Pseudonymizer(NameHandling.PSEUDONYM, PEOPLE)
    text = "a" * 400_000 + "@" + "b" * 100_000
    assert cast.text(text)[:3] == "aaa"


@pytest.mark.parametrize("text", ["", "plain", "3@home", "a @ b", "finding 0123456789abcdef"])
def test_what_names_nobody_stays(text: str) -> None:
    assert Pseudonymizer(NameHandling.PSEUDONYM).text(text) == text

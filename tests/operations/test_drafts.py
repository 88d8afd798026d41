"""Drafts of console screens: what comes back is what was kept, and a demonstration leaves none behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contribaudit.core.model.observation import SettingId
from contribaudit.operations import drafts
from contribaudit.operations.drafts import Draft
from tests.builders import ORG, OTHER_ORG, app
from tests.isolation import isolate
from tests.tui.grids import due_of

ACCESS, GROUPS = SettingId("ai.access"), SettingId("ai.access.groups")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)


def draft() -> Draft:
    due, state = due_of(2)
    found = Draft.begin(state, due, "anna@acme.example")
    found.answers = {(app("app-0000"), ACCESS): "limited", (app("app-0000"), GROUPS): ("admins", "legal")}
    found.notes = {(app("app-0000"), ACCESS): "One statement about all (2 rows): ai.access = limited."}
    found.about = {"note": "two\nlines", "path": "Rovo > Rovo access"}
    return found


def test_answers_notes_and_what_is_said_of_the_look_come_back() -> None:
    kept = draft()
    drafts.save(kept)
    found = drafts.load(draft())
    assert found == kept
    assert found is not None
    assert [(one.value, one.note) for one in found.entered] == [
        ("limited", "One statement about all (2 rows): ai.access = limited."),
        (("admins", "legal"), ""),
    ]


@pytest.mark.parametrize("damage", ["", "{", '{"version": 1}', "[]", '{"version": 2, "begun_at": "soon"}'])
def test_one_that_cannot_be_read_is_none(damage: str) -> None:
    kept = draft()
    drafts.save(kept)
    kept.path.write_text(damage, encoding="utf-8")
    assert drafts.load(kept) is None
    drafts.discard_of(ORG)


def test_those_of_one_organization_go_and_others_stay() -> None:
    kept = draft()
    drafts.save(kept)
    drafts.save(replace(kept, organization=OTHER_ORG))
    drafts.discard_of(ORG)
    assert drafts.load(kept) is None
    assert drafts.discard_all() == 1

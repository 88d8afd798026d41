"""A saved report on the screens: what the document tells, and nothing made up."""

from __future__ import annotations

import json

import pytest

from contribaudit.core.advise.report import Report
from contribaudit.core.model.observation import Unavailable
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.exporters import json_v1
from contribaudit.exporters.json_v1 import as_document, lean_document
from contribaudit.exporters.saved import parse
from contribaudit.tui.saved_report import report_of
from tests.exporters.awkward import ONE, app, awkward_report, finding, report


def text(of: Report) -> str:
    return "".join(json_v1.pieces(lean_document(of)))


def saved(of: Report) -> Report:
    return report_of(parse(text(of).encode("ascii"), "report.json"))


@pytest.mark.parametrize("live", [awkward_report(), report()], ids=["awkward", "smallest"])
def test_the_document_comes_back(live: Report) -> None:
    """The report of a document gives that document."""
    assert as_document(saved(live)) == as_document(live)


def test_what_no_document_holds_is_not_made_up() -> None:
    """The state has names and plans, and answers anything else as not read."""
    live = awkward_report()
    state = saved(live).state
    assert {one.setting for one in state.everything()} == {"plan.highest"}
    seen = state.read(app("lists"), finding(app("lists")).setting or "")  # type: ignore[arg-type]
    assert isinstance(seen, Unavailable)
    assert state.place(app("quotes")).name == "he said \"no\", she said 'yes'"
    assert {one.id for one in state.subjects(Kind.APP, ONE)} == {
        subject.id
        for subject in [*(one.subject for one in live.findings), *(one.subject for one in live.changes)]
        if subject.kind is Kind.APP
    }


def test_spaces_keep_their_names() -> None:
    """A space's name, site and alias come back, and so does one of which nothing is known."""
    known = Subject(ONE, Kind.SPACE, "ari:cloud:confluence:1:space/7")
    bare = Subject(ONE, Kind.SPACE, "acme.atlassian.net/confluence/X")
    document = json.loads(text(report([finding(known), finding(bare)])))
    for one in document["findings"]:
        if one["subject"]["id"] == known.id:
            one["subject"] |= {
                "name": "People / HR", "site": "a.example", "app": "confluence",
                "alias": "space:a.example/confluence/H/R",
            }  # fmt: skip
    again = report_of(parse(json.dumps(document).encode(), "x"))
    assert as_document(again) == document

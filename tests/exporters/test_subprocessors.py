"""What a report tells of sub-processors: nothing before the first import, then who touches which apps and why."""

from __future__ import annotations

from dataclasses import replace

from contribaudit.core.advise.report import Report
from contribaudit.exporters import html
from contribaudit.exporters.json_v1 import as_document
from contribaudit.exporters.subprocessors import exposure_document
from tests.exporters.awkward import awkward_report
from tests.vendors.processing import MARCH, imported, listed, row, state


def report(*lists: object) -> Report:
    apps = {"confluence": "exposed", "jira-software": "not_exposed", "trello": "unknown"}
    return replace(awkward_report(), state=state(apps, lists))  # type: ignore[arg-type]


def test_without_an_import_and_without_a_check_nothing_is_told() -> None:
    assert exposure_document(report()) is None


def test_apps_that_are_touched_for_the_same_reason_are_one_row() -> None:
    found = exposure_document(report(imported(MARCH)))
    assert found is not None
    rows = [(one["processor"], one["touches"], one["apps"]) for one in found["exposure"]]
    assert rows[0] == ("Borealis Hosting, Inc.", "yes", 3)
    assert ("Borealis Hosting, Inc. (Borealis Models)", "yes", 1) in rows
    assert ("Borealis Hosting, Inc. (Borealis Models)", "may", 1) in rows
    assert not [one for one in rows if one[0] in ("Zendelig", "Edgecast Net, Ltd.")]
    assert [one[1] for one in rows] == sorted((one[1] for one in rows), reverse=True)


def test_the_page_has_the_table_and_shows_hostile_names_as_text() -> None:
    hostile = listed(row("<script>alert(1)</script>", "Confluence"))
    document = as_document(replace(report(hostile), findings=(), newly=(), changes=()))
    page = "".join(html.pieces(document))
    assert '<h2 id="h-processors">Sub-processors</h2>' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page

"""The page in a real browser: nothing of a report gets out of its place, and the list does what it says."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.exporters import html
from contribaudit.exporters.html import bars
from contribaudit.exporters.json_v1 import as_document
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import Overview, words
from tests.exporters.awkward import app, awkward_report, finding, report
from tests.exporters.browser import CHROMIUM, Page, browser
from tests.exporters.hostile import hostile_document

needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (Debian package chromium)")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def written(document: ReportV1) -> str:
    out = io.StringIO(newline="")
    html.write(document, out)
    return out.getvalue()


def open_page(page: Page, document: ReportV1, folder: Path, *, script: bool = True) -> None:
    path = folder / "report.html"
    path.write_text(written(document), encoding="utf-8", newline="")
    page.open(path, script=script)


def awkward() -> ReportV1:
    document: ReportV1 = as_document(awkward_report())
    return document


OPEN_ALL = "document.querySelectorAll('#rows .open').forEach((one) => one.click())"
STRANGERS = (
    'document.querySelectorAll(\'img, iframe, object, embed, link, base, a[href]:not([href^="#"]), [onload], [onerror],'
    " script:not(#data):not(:last-of-type), style:not(head style)').length"
)


@needs_chromium
def test_hostile_text_stays_text(page: Page, tmp_path: Path) -> None:
    """Every text an attack: no dialog, no element of theirs, no script or style refused, nothing asked of a network."""
    document = hostile_document()
    open_page(page, document, tmp_path)
    assert page.run("document.querySelectorAll('#rows tbody tr').length") == len(document["findings"])
    page.run(OPEN_ALL)
    assert page.run("document.querySelectorAll('#rows tr.details').length") == len(document["findings"])
    assert page.run(STRANGERS) == 0
    assert page.run("document.scripts.length") == 2
    assert page.run("getComputedStyle(document.body).display") == "block"
    assert page.complaints() == []
    shown = page.run("document.body.textContent")
    assert "<img src=x onerror=alert(2)>" in shown
    assert "{{ 7*7 }}" in shown


@needs_chromium
def test_hostile_text_stays_text_without_script(page: Page, tmp_path: Path) -> None:
    """The same where no script runs: the browser then reads what stands in noscript."""
    document = hostile_document()
    open_page(page, document, tmp_path, script=False)
    wrong = [
        one
        for one in document["findings"]
        if one["outcome"] in ("fail", "conflict", "not_achievable", "unknown", "stale")
    ]
    assert page.run("document.querySelectorAll('noscript tbody tr').length") == len(wrong)
    assert page.run(STRANGERS) == 0
    assert page.run("getComputedStyle(document.getElementById('list')).display") == "none"
    assert "runs without its script" in page.run("document.body.textContent")
    assert page.complaints() == []


def drawn(page: Page) -> list[str]:
    """The IDs of the findings that are drawn, from the top."""
    ids: list[str] = page.run("[...document.querySelectorAll('#rows tbody tr[data-id]')].map((one) => one.dataset.id)")
    return ids


def choose(page: Page, control: str, value: str) -> None:
    page.run(f"document.getElementById({control!r}).value = {value!r}")
    page.run(f"document.getElementById({control!r}).dispatchEvent(new Event('change'))")


def search(page: Page, text: str) -> None:
    page.run(f"document.getElementById('q').value = {text!r}")
    page.run("document.getElementById('q').dispatchEvent(new Event('input'))")
    page.run("new Promise((done) => setTimeout(done, 200))")


@needs_chromium
def test_the_list_filters_and_sorts(page: Page, tmp_path: Path) -> None:
    """Search, facets and the heads of the columns change what is drawn; a status tells how many there are."""
    document = awkward()
    by_id = {one["id"]: one for one in document["findings"]}
    open_page(page, document, tmp_path)
    assert set(drawn(page)) == set(by_id)
    outcomes = [by_id[one]["outcome"] for one in drawn(page)]
    violated = [one in ("fail", "conflict", "not_achievable") for one in outcomes]
    assert violated == sorted(violated, reverse=True)

    search(page, "SMILE is not")
    assert [by_id[one]["subject"]["name"] for one in drawn(page)] == [":smile: :warning:"]
    assert page.run("document.getElementById('shown').textContent").startswith(f"1 of {len(by_id)} findings")
    search(page, "")

    choose(page, "outcome", "g1")
    assert {by_id[one]["outcome"] for one in drawn(page)} == {"unknown", "stale"}
    choose(page, "check", "DC-06")
    assert [by_id[one]["check"] for one in drawn(page)] == ["DC-06"]
    page.run("document.querySelector('#filters [type=reset]').click()")
    page.run("new Promise((done) => setTimeout(done, 50))")
    assert len(drawn(page)) == len(by_id)

    page.run("document.getElementById('new').click()")
    assert set(drawn(page)) == set(document["newly"]) != set()
    page.run("document.getElementById('new').click()")

    ranks = ["critical", "high", "medium", "low", "info"]
    for direction in ("ascending", "descending"):
        page.run("document.querySelector('[data-sort=severity]').click()")
        heads = page.run("[...document.querySelectorAll('#rows th')].map((one) => one.getAttribute('aria-sort'))")
        assert heads == ["none", direction, "none", "none", "none"]
        found = [ranks.index(by_id[one]["severity"]) for one in drawn(page)]
        assert found == sorted(found, reverse=direction == "descending")

    links = page.run("document.querySelectorAll('a.to-list').length")
    steps = {frozenset(one["findings"]) for one in document["next"]}
    assert links > 1
    for number in range(links):
        page.run(f"document.querySelectorAll('a.to-list')[{number}].click()")
        assert frozenset(drawn(page)) in steps
    assert page.complaints() == []


@needs_chromium
def test_details_hold_the_whole_finding(page: Page, tmp_path: Path) -> None:
    """A row opens by its button, tells everything that the JSON has of it, and closes."""
    document = awkward()
    one = next(one for one in document["findings"] if one["outcome"] == "waived")
    open_page(page, document, tmp_path)
    button = f"document.querySelector('tr[data-id=\"{one['id']}\"] .open')"
    page.run(f"{button}.click()")
    assert page.run(f"{button}.getAttribute('aria-expanded')") == "true"
    told = page.run("document.querySelector('#rows tr.details').textContent")
    for text in (
        one["id"],
        one["subject"]["id"],
        "US",
        "EU",
        "c" * 64,
        "GRC-311",
        "2027-01-31",
        "ciso@acme.example",
        "ISO 27001 A.5.34",
        one["reason"],
        "Data residency > Move",
    ):
        assert text in told
    page.run(f"{button}.click()")
    assert page.run("document.querySelectorAll('#rows tr.details').length") == 0


@needs_chromium
def test_twenty_thousand_findings_are_drawn_by_need(page: Page, tmp_path: Path) -> None:
    """Only a screen of rows is drawn at first, more on demand, and any one of them is found."""
    outcomes = list(Outcome)
    many = [finding(app(f"a{place:05}"), outcomes[place % len(outcomes)]) for place in range(20_000)]
    document: Any = as_document(report(many))
    open_page(page, document, tmp_path)
    first = len(drawn(page))
    assert 0 < first <= 400
    page.run("document.getElementById('more').click()")
    assert first < len(drawn(page)) <= first + 400
    search(page, "site/a19998")
    assert len(drawn(page)) == 1
    assert "20,000" in page.run("document.getElementById('shown').textContent")
    assert page.complaints() == []


@needs_chromium
@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_is_wider_than_the_page(page: Page, tmp_path: Path, width: int) -> None:
    """No text, however long, makes the page scroll sideways."""
    open_page(page, hostile_document(), tmp_path)
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    page.run(OPEN_ALL)
    assert page.run("document.documentElement.scrollWidth") <= width
    page.call("Emulation.clearDeviceMetricsOverride")


def test_the_policy_names_the_only_style_and_script() -> None:
    """One style, two scripts, no handler or style attribute; the policy allows nothing by host or by wildcard."""
    text = written(awkward())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    told = policy.group(1).replace("&#39;", "'")
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; script-src 'sha256-[\w+/=]{44}'; base-uri 'none';"
        r" form-action 'none'",
        told,
    )
    assert re.findall(r"<[^>]+ (?:style|on\w+)=", text.partition("<script")[0]) == []
    assert re.findall(r"(?:src|href)=\"(?!#)[^\"]*", text.partition("<script")[0]) == []


def test_outcomes_are_told_in_words() -> None:
    """Every outcome that occurs stands there as a word with its count, whatever the colour."""
    text = written(awkward())
    for outcome, number in Overview(awkward()).counts.items():
        assert f">{words(outcome)}</span> <b>{number}</b>" in text


def test_bars_are_as_long_as_their_numbers() -> None:
    """The widest bar fills the whole, segments touch, and what no app has is in none."""
    about = Overview(awkward())
    for made in (bars(about.by_family()), bars(about.by_severity())):
        assert sum(bar.total for bar in made) == about.applies
        widest = max(made, key=lambda bar: bar.total)
        assert sum(one.width for one in widest.segments) == pytest.approx(100, abs=0.01)
        for bar in made:
            assert sum(one.number for one in bar.segments) == bar.total
            ends = [one.start + one.width for one in bar.segments]
            assert [one.start for one in bar.segments[1:]] == pytest.approx(ends[:-1], abs=0.01)

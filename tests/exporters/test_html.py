"""The page in a real browser: nothing of a report gets out of its place, and the list does what it says."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contribaudit.core.advise.report import Report
from contribaudit.core.advise.site_map import QUESTIONS
from contribaudit.core.model.finding import Outcome
from contribaudit.exporters import html
from contribaudit.exporters.html import bars
from contribaudit.exporters.json_v1 import as_document, report_digest
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import Overview
from contribaudit.exporters.tally import most_severe_first
from contribaudit.exporters.text import words
from tests.exporters.awkward import app, awkward_report, finding, report
from tests.exporters.browser import CHROMIUM, Page, browser
from tests.exporters.firefox import FIREFOX, printed_by_firefox
from tests.exporters.hostile import ATTACKS, hostile_document

needs_pdftotext = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="pdftotext is not installed (Debian package poppler-utils)"
)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (Debian package chromium)")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def written(document: ReportV1) -> str:
    return "".join(html.pieces(document))


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

    choose(page, "outcome", "unknown,stale")
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

    assert page.complaints() == []


def settle(page: Page) -> None:
    """Wait until the page has followed an address."""
    page.run("new Promise((done) => setTimeout(done, 60))")


@needs_chromium
def test_every_count_leads_to_as_many_findings(page: Page, tmp_path: Path) -> None:
    """Each number that is a link chooses exactly so many findings, and says so in the address."""
    open_page(page, awkward(), tmp_path)
    links = page.run(
        '[...document.querySelectorAll(\'main a[href^="#findings?"], header a[href^="#findings"]\')]'
        ".map((one) => [one.getAttribute('href'), one.textContent])"
    )
    numbered = [(href, int(text.replace(",", ""))) for href, text in links if re.fullmatch(r"[0-9,]+", text)]
    assert len(numbered) > 40
    assert {"set=step-1", "set=waiver-1", "set=attested-1"} <= {href.partition("?")[2] for href, _ in numbered}
    for href, number in dict(numbered).items():
        page.run(f"location.hash = {href!r}")
        settle(page)
        shown = page.run("document.getElementById('shown').textContent")
        # What has no such setting is in the list, and is not counted among what applies.
        if href != "#findings":
            assert shown.partition(" ")[0] == str(number), href
            assert len(drawn(page)) == number, href
    assert page.complaints() == []


@needs_chromium
def test_every_cell_of_the_map_leads_to_its_findings(page: Page, tmp_path: Path, drifted_report: Report) -> None:
    """A cell with an outcome leads to findings of that outcome; one without a finding leads nowhere."""
    document = as_document(drifted_report)
    by_id = {one["id"]: one for one in document["findings"]}
    open_page(page, document, tmp_path)
    cells = [cell for row in document["map"]["sites"] for cell in row["cells"]]
    links = page.run("[...document.querySelectorAll('.matrix a')].map((one) => one.getAttribute('href'))")
    assert len(links) == sum(1 for cell in cells if cell["outcome"] is not None) > 10
    for link, cell in zip(links, (one for one in cells if one["outcome"] is not None), strict=True):
        page.run(f"location.hash = {link!r}")
        settle(page)
        found = [by_id[one]["outcome"] for one in drawn(page)]
        assert set(found) == {cell["outcome"]}, link
        assert len(found) <= cell["findings"]
    assert page.complaints() == []


def test_many_sites_are_squares() -> None:
    """Beyond forty sites each is a square that leads to its findings; none is lost, and a sentence counts them."""
    document = as_document(report())
    cells = [
        {"question": one.name, "outcome": "pass", "findings": 1, "wide": False, "values": {"no": 1}}
        for one in QUESTIONS
    ]
    rows = [{"organization": "one", "site": f"s{number}.example", "apps": 1, "cells": cells} for number in range(300)]
    document["map"] = {"locations": [], "sites": rows}  # type: ignore[typeddict-item]
    text = written(document)
    assert "260 more sites, each a square" in text
    for number in range(300):
        assert f"site=s{number}.example" in text


def test_sub_processors_are_named_with_the_apps_that_they_touch() -> None:
    """Each row of the list in force stands there as text; without a list the page says so."""
    document = awkward()
    assert "This report holds no list of sub-processors" in written(document)
    attack = ATTACKS[0]
    document["subprocessors"] = {
        "effective": "2026-11-01",
        "sha256": "f" * 64,
        "source": attack,
        "imported_at": "2026-11-20T08:00:00Z",
        "exposure": [
            {
                "processor": attack,
                "touches": "may",
                "apps": 1_234,
                "app": attack,
                "purposes": ["AI", attack],
                "locations": ["US", attack],
                "because": [attack],
            }
        ],
    }
    section = written(document).partition('<h2 id="h-processors">')[2].partition("</section>")[0]
    assert section.count("&lt;/script&gt;&lt;script&gt;alert(1)") == 5
    assert "<script" not in section
    for word in ("2026-11-01", "f" * 64, "may", "1,234", "AI; ", "US; "):
        assert word in section


@needs_chromium
def test_the_address_holds_what_is_chosen(page: Page, tmp_path: Path) -> None:
    """Choices go into the address and come back from it, in the order that was chosen; a chip takes one back."""
    document = awkward()
    by_id = {one["id"]: one for one in document["findings"]}
    open_page(page, document, tmp_path)
    choose(page, "outcome", "unknown,stale")
    search(page, "site")
    page.run("document.querySelector('[data-sort=severity]').click()")
    page.run("document.querySelector('[data-sort=severity]').click()")
    told = page.run("location.hash")
    assert told == "#findings?outcome=unknown%2Cstale&q=site&sort=-severity"
    before = drawn(page)
    page.open(tmp_path / "report.html", at=told)
    assert drawn(page) == before
    assert page.run("document.getElementById('q').value") == "site"
    assert page.run("document.querySelector('#outcome').value") == "unknown,stale"
    assert page.run("document.querySelector('[aria-sort=descending] [data-sort=severity]') !== null")

    page.run("location.hash = '#findings?set=waiver-1&outcome=waived'")
    settle(page)
    assert [by_id[one]["outcome"] for one in drawn(page)] == ["waived"]
    page.run("document.querySelector('.chip').click()")
    assert page.run("location.hash") == "#findings?outcome=waived"
    page.run(
        "location.hash = '#findings?outcome=fail&site=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&sort=__proto__'"
    )
    settle(page)
    assert drawn(page) == []
    assert page.run("document.images.length") == 0
    assert page.complaints() == []


@needs_chromium
def test_a_finding_and_a_check_have_addresses(page: Page, tmp_path: Path) -> None:
    """A link to a finding opens it, whatever was chosen before; a check's section has its ID for an address."""
    document = awkward()
    open_page(page, document, tmp_path)
    page.run("location.hash = '#findings?outcome=pass'")
    settle(page)
    wanted = next(one["id"] for one in document["findings"] if one["outcome"] == "conflict")
    page.run(f"location.hash = '#finding-{wanted}'")
    settle(page)
    assert page.run("document.activeElement.closest('tr').dataset.id") == wanted
    assert page.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    told = page.run("document.querySelector('#rows tr.details').textContent")
    assert f"Finding{wanted}" in told
    checks = {one["check"] for one in document["findings"]}
    for check in checks:
        section = page.run(f"document.getElementById('check-{check}').textContent")
        for word in ("Requirement", "Expected", "Observed", "Evidence", "Controls"):
            assert word in section
    assert page.complaints() == []


def press(page: Page, key: str, **more: object) -> None:
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, **more)


@needs_chromium
def test_the_keyboard_reaches_everything(page: Page, tmp_path: Path) -> None:
    """The slash leads to the search; Tab goes on to every control of the list, and Enter opens and closes a row."""
    document = awkward()
    open_page(page, document, tmp_path)
    press(page, "/", text="/")
    assert page.run("document.activeElement.id") == "q"
    assert page.run("document.getElementById('q').value") == ""
    reached = []
    for _ in range(16):
        press(page, "Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(
            page.run("(({id, className, dataset}) => id || className || dataset.sort || '')(document.activeElement)")
        )
        if reached[-1] == "open":
            break
    assert reached == [
        "outcome", "severity", "family", "check", "site", "organization", "new", "",
        "outcome", "severity", "check", "subject", "why", "open",
    ]  # fmt: skip
    for expected in ("true", "false"):
        press(page, "Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
        assert page.run("document.activeElement.getAttribute('aria-expanded')") == expected
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


def many(number: int) -> ReportV1:
    outcomes = list(Outcome)
    document: ReportV1 = as_document(
        report([finding(app(f"a{place:05}"), outcomes[place % len(outcomes)]) for place in range(number)])
    )
    return document


@needs_chromium
def test_thirty_thousand_findings_are_drawn_by_need(page: Page, tmp_path: Path) -> None:
    """However far one scrolls, no more than a few screens of rows are drawn; the end is reached, any one is found."""
    open_page(page, many(30_000), tmp_path)
    assert 0 < len(drawn(page)) <= 500
    for share in (0.5, 0.9, 1, 0):
        page.run(f"scrollTo(0, document.documentElement.scrollHeight * {share})")
        page.run("new Promise((done) => setTimeout(done, 250))")
        assert 0 < len(drawn(page)) <= 900
    page.run("document.querySelector('#rows tbody:last-child').scrollIntoView()")
    page.run("new Promise((done) => setTimeout(done, 250))")
    assert page.run("document.querySelector('#rows tr[aria-rowindex=\"30001\"]') !== null")
    search(page, "site/a29998")
    assert len(drawn(page)) == 1
    assert page.run("document.getElementById('shown').textContent") == "1 of 30,000 findings"
    assert page.complaints() == []


def printed(page: Page, folder: Path) -> list[str]:
    """The text of each sheet of paper."""
    data = base64.b64decode(page.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])
    return sheets_of(data, folder)


def sheets_of(pdf: bytes, folder: Path) -> list[str]:
    """The text of each sheet of a PDF file."""
    (folder / "report.pdf").write_bytes(pdf)
    told = subprocess.run(["pdftotext", "-layout", "report.pdf", "-"], cwd=folder, capture_output=True, check=True)
    return told.stdout.decode().split("\f")[:-1]


@needs_chromium
@needs_pdftotext
def test_paper_has_run_and_digest_on_each_sheet(page: Page, tmp_path: Path) -> None:
    """Every sheet names run, digest and its number; steps, tables and signatures are there, and the filters are not."""
    document = awkward()
    open_page(page, document, tmp_path)
    sheets = printed(page, tmp_path)
    for number, sheet in enumerate(sheets, 1):
        assert f"run {document['run']['id']}" in sheet
        assert report_digest(document) in sheet
        assert f"page {number} of {len(sheets)}" in sheet
    whole = "\n".join(sheets)
    for word in ("Do next", "Map", "Waivers", "Attestations", "Apps by location", "Sign-off", "Approved by"):
        assert word in whole
    for one in document["findings"]:
        assert one["id"] in whole
    assert "Search" not in whole


@pytest.mark.skipif(not FIREFOX, reason="needs Firefox")
@needs_pdftotext
def test_paper_of_firefox_has_run_and_digest_on_each_sheet(tmp_path: Path) -> None:
    """It knows no margin boxes. Nothing is lost under the line."""
    document = awkward()
    path = tmp_path / "report.html"
    path.write_text(written(document), encoding="utf-8", newline="")
    sheets = sheets_of(printed_by_firefox(path, tmp_path), tmp_path)
    assert len(sheets) > 1
    for sheet in sheets:
        assert f"contribaudit run {document['run']['id']} · report SHA-256 {report_digest(document)}" in sheet
    whole = unicodedata.normalize("NFKC", "\n".join(sheets))  # its fonts join two letters f
    for one in document["findings"]:
        assert one["id"] in whole


@needs_chromium
@needs_pdftotext
def test_a_thousand_findings_are_on_paper(page: Page, tmp_path: Path) -> None:
    """The thousand most severe are printed, the rest is counted."""
    document = many(1_200)
    open_page(page, document, tmp_path)
    whole = "\n".join(printed(page, tmp_path))
    ordered = [one["id"] for one in most_severe_first(document["findings"])]
    assert all(one in whole for one in ordered[:1000])
    assert not any(one in whole for one in ordered[1000:])
    assert "and 200 more findings not on paper" in " ".join(whole.split())


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


def test_the_title_block_says_what_it_is_a_report_of() -> None:
    """Organization and ID, policy, period, who ran it and why, run, verdict with threshold, digests."""
    at = datetime(2026, 11, 13, 2, tzinfo=UTC)
    run = replace(
        awkward_report().run,
        account="it-ops",
        trigger="schedule",
        previous_finished_at=at,
    )
    document: ReportV1 = as_document(replace(awkward_report(), run=run))
    head = " ".join(re.sub("<[^>]*>", " ", written(document).partition("<header")[2].partition("</header>")[0]).split())
    for one in document["organizations"]:
        assert one["id"] in head
    for words_of_it in (
        "FAIL (high and above)",
        "Exit code 1",
        f"SHA-256 {document['policy']['sha256']}",
        "2026-11-13 02:00 UTC (run 317) to 2026-11-20 22:31 UTC (run 318)",
        "by it-ops (schedule)",
        f"Report digest SHA-256 {report_digest(document)}",
    ):
        assert words_of_it in head


def test_outcomes_are_told_in_words() -> None:
    """Every outcome that occurs stands there as a word with its count, whatever the colour."""
    text = written(awkward())
    for outcome, number in Overview(awkward()).counts.items():
        assert re.search(rf">{words(outcome)}</span> <b><a href=[^>]+>{number}</a></b>", text)


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

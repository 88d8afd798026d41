"""The vendor's page of sub-processors, in every form in which it reaches people, against tables made by hand."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from contribaudit.core.model.subprocessors import Processor, Row, SubprocessorList
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.errors import SubprocessorsNotRead
from contribaudit.rulebook import loader
from contribaudit.vendors.subprocessors import read_subprocessors

FOLDER = Path(__file__).parent / "subprocessors"
RULES = loader.load().subprocessors
DATES = ("2026-03-02", "2026-09-14")
MARCH = (FOLDER / "page-2026-03-02.txt").read_text(encoding="utf-8")
MARCH_HTML = (FOLDER / "page-2026-03-02.html").read_text(encoding="utf-8")


def page(day: str, form: str) -> str:
    return (FOLDER / f"page-{day}.{form}").read_text(encoding="utf-8")


def told(one: Processor) -> dict[str, str]:
    """A row as the hand-made table writes it."""
    products = (
        " ".join(
            (
                scope.name,
                *(("without", ", ".join(scope.excluding)) if scope.excluding else ()),
                *(("with", *scope.only_with) if scope.only_with else ()),
            )
        )
        for scope in one.scopes
    )
    purposes = (" ".join((each.kind, *(("with", *each.only_with) if each.only_with else ()))) for each in one.purposes)
    always = " ".join(code for place in one.places if not place.condition for code in place.countries)
    limited = (f"{' '.join(place.countries)} {place.condition}" for place in one.places if place.condition)
    return {
        "name": one.name,
        "group": "yes" if one.row.group else "no",
        "products": "; ".join(products),
        "purposes": "; ".join(purposes),
        "places": "; ".join(part for part in (always, *limited) if part),
        "links": " ".join(link.url for link in one.row.links),
        "needs_review": "; ".join(one.needs_review),
    }


def processors(text: str) -> tuple[Processor, ...]:
    found = read_subprocessors(text, RULES)
    return understood(SubprocessorList(found.effective, found.rows, "", ""), RULES)


@pytest.mark.parametrize("form", ["html", "txt"])
@pytest.mark.parametrize("day", DATES)
def test_both_pages_mean_what_was_written_down_by_hand(day: str, form: str) -> None:
    with (FOLDER / "understood.csv").open(encoding="utf-8", newline="") as file:
        wanted = [row for row in csv.DictReader(file) if row.pop("page") == day]
    assert [told(one) for one in processors(page(day, form))] == wanted
    assert read_subprocessors(page(day, form), RULES).effective == date.fromisoformat(day)


def lines(change: Callable[[str], str | None]) -> Callable[[str], str]:
    return lambda text: "\n".join(new for line in text.split("\n") if (new := change(line)) is not None)


def without_bars(line: str) -> str | None:
    return None if line.strip() == "|" or line.startswith("---") else line


def tabbed(text: str) -> str:
    """A row a line, as a spreadsheet takes it, with the labels in the first row alone."""
    found = read_subprocessors(text, RULES).rows
    head = "Atlassian Sub-processors\nEffective Starting March 2, 2026\n"
    first = "Sub-processor\tApplicable Cloud Products\tNature and Purpose of Processing\tCategories of personal data"
    body = [f"{first}\tLocation of Processing\tSecurity Measures"]
    body += [
        "\t".join((row.name, row.products, row.purposes, row.data_categories, row.locations, row.security))
        for row in found
        if not row.group
    ]
    body += ["Atlassian Group Sub-processors", "Entity\tApplicable Cloud Products\tEntity Country"]
    body += ["\t".join((row.name, row.products, row.locations)) for row in found if row.group]
    return head + "\n".join(body)


FORMS: dict[str, Callable[[str], str]] = {
    "pasted, spaces at the end of lines lost": lines(str.rstrip),
    "pasted without bars": lines(without_bars),
    "pasted without bars and spaces": lambda text: lines(str.strip)(lines(without_bars)(text)),
    "pasted without blank lines": lambda text: re.sub(r"\n\s*\n", "\n", lines(str.strip)(lines(without_bars)(text))),
    "pasted with tabs between labelled cells": lambda text: re.sub(r"\s*\n\|\n\s*", "\t", text),
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "old Macintosh line ends": lambda text: text.replace("\n", "\r"),
    "headings without marks": lambda text: text.replace("#", ""),
    "labels in capitals, with a colon": lambda text: re.sub(
        r"^(Applicable Cloud Products|Location of Processing|Entity Country)$",
        lambda found: f"{found[1].upper()}:",
        text,
        flags=re.MULTILINE,
    ),
    "hard breaks twice": lambda text: text.replace("\n  \n", "\n  \n  \n"),
    "names in bold": lambda text: text.replace("Postvogn ApS", "**Postvogn ApS**"),
    "a name broken before its bracket": lambda text: text.replace(
        "Inc. (Borealis Models)", "Inc.\n  \n(Borealis Models)"
    ),
    "a label before the name": lambda text: text.replace("  \nPostvogn ApS", "  \nSub-processor\n\nPostvogn ApS"),
    "a footer": lambda text: f"{text}\n### Company\n\n  * [Careers](https://c.example)\n\nCopyright 2026\n",
    "a label on two lines": lambda text: text.replace(
        "Purpose of Processing\n\nCloud", "Purpose of\nProcessing\n\nCloud"
    ),
    "hard spaces": lambda text: text.replace(" of ", "\u00a0of\u00a0"),
    "soft hyphens and invisible marks": lambda text: text.replace("Borealis", "Bor\u00ade\u200balis"),
}


@pytest.mark.parametrize("form", FORMS)
def test_other_forms_of_the_same_page_give_the_same_rows(form: str) -> None:
    assert read_subprocessors(FORMS[form](MARCH), RULES) == read_subprocessors(MARCH, RULES)


def test_rows_pasted_with_tabs_are_read_by_their_header() -> None:
    wanted = [(one.name, one.products, one.locations) for one in read_subprocessors(MARCH, RULES).rows]
    assert [(one.name, one.products, one.locations) for one in read_subprocessors(tabbed(MARCH), RULES).rows] == wanted


def html_row(*cells: str) -> str:
    return "".join(f"<td>{cell}</td>" for cell in cells)


def labelled_html(text: str) -> str:
    """The page as it shows each column's label in its cells, for narrow screens."""
    heads = ("", *(RULES.titles[name] for name in ("products", "purposes", "data_categories", "locations", "security")))
    group = ("", RULES.titles["products"], RULES.titles["country"])

    def row(found: re.Match[str]) -> str:
        cells = re.findall(r"<td>(.*?)</td>", found[0])
        labels = heads if len(cells) == len(heads) else group
        return "<tr>" + html_row(*(f"<p>{label}</p><p>{cell}</p>" for label, cell in zip(labels, cells, strict=True)))

    return re.sub(r"<tr>(?:<td>.*?</td>)+", row, text)


def test_a_title_over_the_columns_is_no_header() -> None:
    text = page(DATES[0], "html")
    titled = text.replace("<thead>", '<thead><tr><th colspan="6">Third-Party Sub-processors</th></tr>')
    assert titled != text
    assert read_subprocessors(titled, RULES) == read_subprocessors(text, RULES)


@pytest.mark.parametrize(
    "beside",
    [
        '<script>document.write("<table>")</script>',
        "<style>/* <table> */</style>",
        "<!-- </table> a table of before -->",
    ],
)
def test_tables_in_scripts_and_comments_are_none(beside: str) -> None:
    """A page that a browser saved holds its scripts, and those the text of tables."""
    text = page(DATES[0], "html")
    with_it = text.replace("<nav>", f"{beside}<nav>")
    assert with_it != text
    assert read_subprocessors(with_it, RULES) == read_subprocessors(text, RULES)


def test_a_page_that_repeats_its_labels_in_its_cells_gives_the_same_rows() -> None:
    assert "<p>Location of Processing</p>" in labelled_html(MARCH_HTML)
    assert read_subprocessors(labelled_html(MARCH_HTML), RULES) == read_subprocessors(MARCH_HTML, RULES)


def test_labels_before_a_colon_are_labels_too() -> None:
    text = re.sub(r"<p>([A-Z][A-Za-z ]+)</p><p>", r"<b>\1:</b> ", labelled_html(MARCH_HTML)).replace(
        "</p></td>", "</td>"
    )
    assert "<b>Location of Processing:</b> USA" in text
    assert read_subprocessors(text, RULES) == read_subprocessors(MARCH_HTML, RULES)


REFUSED: dict[str, tuple[str, str, str]] = {
    "another vendor's page": (
        MARCH_HTML.replace("Atlassian", "Examplesoft"),
        "another_page",
        "this is not Atlassian's list of sub-processors",
    ),
    "another vendor's page that lists Atlassian": (
        MARCH_HTML.replace("Atlassian", "Examplesoft").replace("Zendelig", "Atlassian Pty Ltd"),
        "another_page",
        "this is not Atlassian's list of sub-processors",
    ),
    "a page without tables": (
        "<html><body>Sign in to continue</body></html>",
        "another_page",
        "no table has its columns",
    ),
    "an empty text": ("", "another_page", "no table has its columns"),
    "text cut in a row": (
        MARCH[: MARCH.index("Opsgenie,Statuspage")],
        "truncated",
        "it breaks off in row 'Postvogn ApS', before 'Nature and Purpose of Processing'",
    ),
    "text cut after a name": (
        MARCH[: MARCH.index("Postvogn ApS") + len("Postvogn ApS")],
        "truncated",
        "it breaks off in row 'Postvogn ApS', before 'Applicable Cloud Products'",
    ),
    "text cut after a label": (
        MARCH[: MARCH.rindex("Entity Country") + len("Entity Country")],
        "truncated",
        "it breaks off in row 'Status Works Inc.', in 'Entity Country'",
    ),
    "text cut before the second table": (
        MARCH[: MARCH.index("###  Atlassian Group")],
        "no_second_table",
        "the second table, of Atlassian's own companies, is missing",
    ),
    "text cut in the header": (
        MARCH[: MARCH.index("####  Location of Processing")],
        "truncated",
        "its table breaks off after the heading",
    ),
    "HTML cut in a row": (
        MARCH_HTML[: MARCH_HTML.index("Jira Align), Opsgenie")],
        "truncated",
        "row 'Postvogn ApS' has 2 cells",
    ),
    "HTML cut between rows": (
        MARCH_HTML[: MARCH_HTML.index("<tr><td><strong>Oração")],
        "truncated",
        "its HTML is cut off before the end",
    ),
    "HTML cut after the first table": (
        MARCH_HTML[: MARCH_HTML.index("<h3>Atlassian Group")] + "</body></html>",
        "no_second_table",
        "the second table, of Atlassian's own companies, is missing",
    ),
    "a cell without its label": (
        MARCH.replace("|\n\nLocation of Processing\n\nUSA, EEA", "|\n\nUSA, EEA"),
        "unlabelled",
        "row 'Postvogn ApS', column 'Location of Processing': the cell begins with 'USA, EEA' instead of its label",
    ),
    "cells that changed places": (
        MARCH.replace("|\n\nEntity Country\n\nEngland", "|\n\nApplicable Cloud Products\n\nEngland"),
        "unlabelled",
        "row 'Atlassian Boards (UK) Ltd.', column 'Entity Country'",
    ),
    "an HTML cell with another column's label": (
        labelled_html(MARCH_HTML).replace(
            "<p>Location of Processing</p><p>USA, EEA", "<p>Security Measures</p><p>USA, EEA"
        ),
        "unlabelled",
        "row 'Postvogn ApS', column 'Location of Processing'",
    ),
    "an HTML cell without a label, where the others have one": (
        labelled_html(MARCH_HTML).replace("<p>Location of Processing</p><p>USA, EEA", "<p>USA, EEA"),
        "unlabelled",
        "row 'Postvogn ApS', column 'Location of Processing'",
    ),
    "a column more": (
        MARCH_HTML.replace("<th>Security Measures</th>", "<th>Transfers</th><th>Security Measures</th>"),
        "unknown_column",
        "it has the column 'Transfers', which is not known",
    ),
    "a column less": (
        MARCH_HTML.replace("<th>Nature and Purpose of Processing</th>", ""),
        "unknown_column",
        "the column 'Nature and Purpose of Processing' is missing",
    ),
    "no date": (MARCH.replace("Effective Starting March 2, 2026", ""), "no_date", "has no effective date"),
    "a day that does not exist": (
        MARCH.replace("March 2, 2026", "February 30, 2026"),
        "no_date",
        "effective date does not exist",
    ),
    "lost characters": (MARCH.replace("ç", "\ufffd"), "damaged_text", "characters were lost"),
    "text whose cells are lines without labels": (
        tabbed(MARCH).replace("\t", "\n"),
        "unlabelled",
        "under the heading 'Security Measures', no row has cells that begin with their labels",
    ),
    "a name lost before its row": (
        MARCH.replace("Borealis Hosting, Inc. (Borealis Models)\n", ""),
        "empty_cell",
        "a row has no name: '](https://borealis.example",
    ),
    "a row without a name": (MARCH_HTML.replace("<strong>Zendelig</strong>", ""), "empty_cell", "a row has no name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_page_that_cannot_be_taken_in_whole_is_refused(case: str) -> None:
    text, why, message = REFUSED[case]
    with pytest.raises(SubprocessorsNotRead) as refused:
        read_subprocessors(text, RULES)
    assert (refused.value.why, message in refused.value.message) == (why, True), refused.value.message
    assert refused.value.hint


DATED = {
    "Effective starting: 2 March 2026": date(2026, 3, 2),
    "Effective Date: 2026-03-02": date(2026, 3, 2),
    "EFFECTIVE MARCH 2ND, 2026": date(2026, 3, 2),
    "Effective as of Sept. 14 2026": date(2026, 9, 14),
    "Last updated: 14 September 2026. Effective: March 2, 2026": date(2026, 3, 2),
    "Last updated: 14 September 2026": date(2026, 9, 14),
}


@pytest.mark.parametrize("line", DATED)
def test_the_day_is_read_however_it_is_written(line: str) -> None:
    text = MARCH.replace("_Effective Starting March 2, 2026_", line)
    assert read_subprocessors(text, RULES).effective == DATED[line]


def test_markup_in_a_name_stays_text_and_needs_review() -> None:
    text = MARCH_HTML.replace(
        "Zendelig</strong>", "&lt;img src=x onerror=alert(1)&gt;<script>alert(2)</script></strong>"
    )
    row = next(one for one in processors(text) if "img" in one.name)
    assert row.name == "<img src=x onerror=alert(1)>"
    assert row.needs_review == ("name: it holds markup",)


@pytest.mark.parametrize("tag", ["<table>", "<script>alert(1)</script>", "<body onload=x>", "=HYPERLINK(1)"])
def test_a_tag_in_a_text_page_is_text(tag: str) -> None:
    found = read_subprocessors(MARCH.replace("Zendelig\n\n|", f"{tag} Zendelig\n\n|"), RULES)
    assert f"{tag} Zendelig" in [one.name for one in found.rows]
    assert len(found.rows) == 12


def test_a_link_in_a_text_may_be_wrapped_anywhere() -> None:
    text = MARCH.replace("https://zendelig.example/security-center", "https://zendelig.example/\nsecurity-\ncenter")
    row = next(one for one in read_subprocessors(text, RULES).rows if one.name == "Zendelig")
    assert [one.url for one in row.links] == ["https://zendelig.example/security-center"]


def test_the_shipped_list_is_understood_to_its_last_word() -> None:
    assert RULES.baseline is not None
    found = understood(RULES.baseline, RULES)
    assert {one.name: one.needs_review for one in found if one.needs_review} == {}
    assert (len(RULES.baseline.third_parties), len(RULES.baseline.group_companies)) == (25, 5)
    assert sorted(one.name for one in found if one.scopes and all(scope.only_with for scope in one.scopes)) == [
        "Amazon Web Services, Inc. (AWS Bedrock)",
        "Google Vertex AI",
        "OpenAI, L.L.C.",
    ]
    assert [one.name for one in found if "training" in one.purpose_kinds] == ["Databricks, Inc."]


def row(
    products: str = "Confluence",
    purposes: str = "Cloud hosting provider",
    data_categories: str = "Content",
    locations: str = "USA",
) -> Processor:
    listed = Row("Some Company", products, purposes, data_categories, locations)
    return understood(SubprocessorList(date(2026, 1, 1), (listed,), "", ""), RULES)[0]


PRODUCTS = {
    "All Atlassian Cloud Products excluding Loom and Trello": "All Atlassian Cloud Products without Loom, Trello",
    "All Atlassian Cloud Products (except Loom, Trello and Jira Align)": (
        "All Atlassian Cloud Products without Loom, Trello, Jira Align"
    ),
    "Jira Cloud Products excluding Jira Align, Confluence": "Jira Cloud Products without Jira Align; Confluence",
    "Confluence with Rovo, Loom": "Confluence with rovo; Loom",
    "Loom AI": "Loom AI with loom-ai",
    "Jira Align and Rovo MCP": "Jira Align; Rovo MCP",
    "Trello,Statuspage,Guard": "Trello; Statuspage; Guard",
    "all Applicable Cloud Products with Atlassian Intelligence": (
        "all Applicable Cloud Products with atlassian-intelligence"
    ),
}


@pytest.mark.parametrize("cell", PRODUCTS)
def test_exclusions_and_conditions_bind_to_their_own_item(cell: str) -> None:
    one = row(products=cell)
    assert (told(one)["products"], one.needs_review) == (PRODUCTS[cell], ())


PLACES = {
    "Bosnia and Herzegovina and the Netherlands": "BA NL",
    "Global, at the nearest point of presence": "GLOBAL",
    "Singapore (for support requests only), USA": "US; SG for support requests only",
    "EU: Ireland": "IE",
    "EEA, UK, Australia, USA, and Singapore": "EEA GB AU US SG",
    "United States of America;South Korea": "US KR",
}


@pytest.mark.parametrize("cell", PLACES)
def test_places_become_countries_and_regions(cell: str) -> None:
    one = row(locations=cell)
    assert (told(one)["places"], one.needs_review) == (PLACES[cell], ())


STRANGE = {
    "products": ("Frobnicator, Confluence", "products: 'Frobnicator' is not understood"),
    "locations": ("USA, Atlantis", "locations: 'Atlantis' is not understood"),
    "purposes": ("Frobnication of widgets", "purposes: 'Frobnication of widgets' is not understood"),
    "data_categories": ("", "categories of data: the cell is empty"),
}


@pytest.mark.parametrize("column", STRANGE)
def test_a_word_that_is_not_understood_keeps_its_text_and_needs_review(column: str) -> None:
    text, needed = STRANGE[column]
    one = row(**{column: text})
    assert one.needs_review == (needed,)
    assert getattr(one.row, column) == text


@pytest.mark.parametrize(
    ("products", "needed"),
    [
        ("Confluence (beta)", "products: 'beta' is not understood"),
        ("Jira Cloud Products (excluding Jira Frob)", "products: 'Jira Frob' is not understood"),
        ("all Applicable Cloud Products with Magic", "products: 'Magic' is not understood"),
    ],
)
def test_a_condition_that_is_not_understood_needs_review(products: str, needed: str) -> None:
    assert row(products=products).needs_review == (needed,)


@pytest.mark.parametrize(
    "purpose",
    ["Training of AI models", "Infrastructure to fine-tune language models", "Uses content to train its ML models"],
)
def test_a_purpose_of_training_is_told_from_other_ai(purpose: str) -> None:
    assert row(purposes=purpose).purpose_kinds == ("training",)

"""Which sub-processors touch which app, and what changed between two lists, against tables made by hand."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from contribaudit.core.model.subject import Kind
from contribaudit.core.model.subprocessors import Link, ListHistory, Review, Row, SubprocessorList
from contribaudit.core.resolve.subprocessor_changes import list_changes, version_before
from contribaudit.core.resolve.subprocessor_exposure import Touches, exposures, list_in_force, processors
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.exporters.subprocessors import touching
from tests.builders import NOW
from tests.vendors.processing import FOLDER, JANUARY, MARCH, RULES, SEPTEMBER, imported, listed, row, signature, state
from tests.vendors.processing import processors as of_page


def table(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@pytest.mark.parametrize("wanted", table("exposure.csv"), ids=lambda one: f"{one['app']} {one['ai']}")
def test_each_processor_touches_the_app_as_written_down_by_hand(wanted: dict[str, str]) -> None:
    answers = dict(wanted)
    seen = state({answers.pop("app"): answers.pop("ai")}, [imported(MARCH)])
    found = list(exposures(seen, processors(seen)))
    assert [one.touches.value for one in found] == list(answers.values())
    assert all(one.because for one in found)
    for one, start in zip(found, answers, strict=True):
        assert one.processor.name.startswith(start.split()[0])
        assert bool(one.places) is (one.touches is not Touches.NO)


def test_unknown_ai_makes_it_may_and_says_why() -> None:
    seen = state({"trello": "unknown"}, [imported(MARCH)])
    models = next(one for one in exposures(seen, processors(seen)) if "Models" in one.processor.name)
    assert models.touches is Touches.MAY
    assert models.because == (
        "listed for All Applicable Cloud Products with Atlassian Intelligence or Rovo, and whether AI"
        " reaches the app is unknown: it is unknown",
    )


def test_an_exclusion_is_told_as_the_reason() -> None:
    seen = state({"jira-align": "not_exposed"}, [imported(MARCH)])
    postvogn = next(one for one in exposures(seen, processors(seen)) if one.processor.name == "Postvogn ApS")
    assert postvogn.because == ("listed for Jira Cloud Products (excluding Jira Align), which leaves out Jira Align",)


def test_training_that_is_limited_to_ai_is_no_purpose_where_ai_is_blocked() -> None:
    for ai, kinds in (
        ("exposed", ["analytics", "training"]),
        ("unknown", ["analytics", "training"]),
        ("not_exposed", ["analytics"]),
    ):
        seen = state({"confluence": ai}, [imported(MARCH)])
        quernstone = next(one for one in exposures(seen, processors(seen)) if one.processor.name.startswith("Quern"))
        assert [one.kind for one in quernstone.purposes] == kinds


def test_a_product_that_is_not_understood_may_touch_every_app() -> None:
    seen = state({"confluence": "not_exposed", "trello": "exposed"}, [listed(row(products="Frobnicator"))])
    assert [one.touches for one in exposures(seen, processors(seen))] == [Touches.MAY, Touches.MAY]


def test_before_the_first_import_the_shipped_list_is_in_force() -> None:
    later = imported(MARCH, NOW + timedelta(days=1))
    seen = state({"confluence": "exposed"}, [later])
    found = list_in_force(seen)
    assert found is not None
    assert found.shipped
    assert found.effective == date(2024, 9, 30)


def test_an_older_list_that_is_imported_later_does_not_come_in_force() -> None:
    seen = state({"confluence": "exposed"}, [imported(SEPTEMBER, JANUARY), imported(MARCH, NOW)])
    found = list_in_force(seen)
    assert found is not None
    assert found.effective == date(2026, 9, 14)


@pytest.mark.parametrize(("before", "after"), [(MARCH, SEPTEMBER), (SEPTEMBER, MARCH)])
def test_both_pages_differ_as_written_down_by_hand(before: str, after: str) -> None:
    seen = state({"confluence": "exposed", "jira-software": "not_exposed"})
    wanted = [one for one in table("changes.csv") if (one.pop("before"), one.pop("after")) == (before, after)]
    found = [
        {
            "change": one.kind.value,
            "processor": one.name,
            "was": one.before,
            "is": one.after,
            "touches": touching(seen, one)[0],
        }
        for one in list_changes(of_page(before), of_page(after))
    ]
    assert found == wanted


def test_a_change_says_which_apps_it_touches_and_why() -> None:
    seen = state({"confluence": "exposed", "jira-software": "not_exposed"})
    told = {one.name: touching(seen, one)[1] for one in list_changes(of_page(MARCH), of_page(SEPTEMBER))}
    assert told["Vertigo Models LLC"] == (
        "acme.atlassian.net/confluence: listed for All Applicable Cloud Products with Atlassian Intelligence"
        " or Rovo, and AI reaches the app"
    )
    assert told["Zendelig"] == "none of your apps: the list does not name Confluence for it"
    assert touching(None, list_changes(of_page(MARCH), of_page(SEPTEMBER))[0])[0] == "unknown"


def changed(old: Row, new: Row) -> list[tuple[str, str]]:
    def rows(one: Row) -> SubprocessorList:
        return listed(row("Another Company", purposes="Support"), one)

    found = list_changes(understood(rows(old), RULES), understood(rows(new), RULES))
    return [(one.kind.value, one.name) for one in found]


OLD = row("Cloud Example, Ltd.", "Jira Align")
SAME = {
    "the same": OLD,
    "other spelling of the name": row("Cloud Example Ltd", "Jira Align"),
    "other words for a place": row("Cloud Example, Ltd.", "Jira Align", locations="United States"),
    "another order": row("Cloud Example, Ltd.", "Jira Align", purposes="cloud hosting  provider."),
}
OTHER = {
    "scope": row("Cloud Example, Ltd.", "Jira Align, Rovo MCP"),
    "purpose": row("Cloud Example, Ltd.", "Jira Align", "Cloud hosting and training of AI models"),
    "location": row("Cloud Example, Ltd.", "Jira Align", locations="USA, for support requests only: India"),
}


@pytest.mark.parametrize("case", SAME)
def test_other_words_for_the_same_are_no_change(case: str) -> None:
    assert changed(OLD, SAME[case]) == []


@pytest.mark.parametrize("case", OTHER)
def test_a_cell_that_means_otherwise_is_a_change(case: str) -> None:
    assert changed(OLD, OTHER[case]) == [(case, "Cloud Example, Ltd.")]


def test_an_exclusion_that_came_or_went_is_a_change_of_scope() -> None:
    old, new = row(products="Jira Cloud Products"), row(products="Jira Cloud Products (excluding Jira Align)")
    assert changed(old, new) == [("scope", "Some Company")]


def linked(name: str, *urls: str, products: str = "Loom", purposes: str = "Support") -> Row:
    return Row(name, products, purposes, "Content", "USA", "Trust", tuple(Link("Trust", url) for url in urls))


def test_a_row_is_renamed_where_its_links_stay() -> None:
    old = linked("Partner Example", "https://partner.example/trust", "https://partner.example/security")
    new = linked("Everhelp Inc.", "https://partner.example/security", "https://partner.example/trust")
    assert changed(old, new) == [("renamed", "Everhelp Inc.")]


def test_a_row_is_renamed_where_the_address_stays() -> None:
    old = linked("Partner Example", "https://www.partner.example/trust")
    new = linked("Everhelp Inc.", "https://partner.example/trust-center")
    assert changed(old, new) == [("renamed", "Everhelp Inc."), ("security", "Everhelp Inc.")]


def test_two_companies_at_one_trust_portal_are_not_taken_for_one() -> None:
    old = linked("Mailer Example", "https://trust.example/mailer", purposes="Notification provider")
    new = linked("Chat Sample", "https://trust.example/chat", products="Trello", purposes="Customer support platform")
    assert changed(old, new) == [("added", "Chat Sample"), ("removed", "Mailer Example")]


def test_a_second_row_of_a_company_is_added_not_renamed() -> None:
    both = "https://hosting.example/programs"
    old = listed(linked("Hosting Example", both))
    new = listed(linked("Hosting Example", both), linked("Hosting Example (Models)", both, purposes="Generative AI"))
    found = list_changes(understood(old, RULES), understood(new, RULES))
    assert [(one.kind.value, one.name) for one in found] == [("added", "Hosting Example (Models)")]


def test_a_list_is_compared_with_the_one_before_it_however_they_were_imported() -> None:
    march, september = imported(MARCH, NOW), imported(SEPTEMBER, JANUARY)
    history = ListHistory.of([september, march, imported(SEPTEMBER, NOW)], [])
    assert version_before(history, history.imports[-1], RULES.baseline) == march
    assert version_before(history, march, RULES.baseline) is RULES.baseline


def test_a_review_counts_for_its_list_from_its_import_on() -> None:
    september = imported(SEPTEMBER, NOW)
    early = Review(september.effective, "", signature(NOW - timedelta(days=1)))
    late = Review(september.effective, "", signature(NOW + timedelta(days=1)))
    assert ListHistory.of([september], [early]).reviewed(september) is None
    assert ListHistory.of([september], [early, late]).reviewed(september) == late


def test_every_app_is_joined_with_every_row() -> None:
    seen = state({"confluence": "exposed", "trello": "unknown"}, [imported(MARCH)])
    assert len(list(exposures(seen, processors(seen)))) == 2 * 12 == len(seen.subjects(Kind.APP)) * 12

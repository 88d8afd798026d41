"""What a person types into the filter, and what is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.tui.rows.filtering import (
    SORTS,
    Heading,
    Narrowing,
    filtered,
    grouped,
    hint,
    ordered,
    parse,
    quoted,
)
from tests.tui.boards import board, many


def left(text: str, *, hide_passes: bool = False) -> list[str]:
    """Check and subject of what the filter leaves of the fixed board."""
    index = board().index
    places = filtered(index, ordered(index, "check"), parse(text), hide_passes=hide_passes)
    return [f"{index.rows[one].finding.check} {index.rows[one].about.label}" for one in places]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 20),
        ("outcome:fail", 1),
        ("outcome:fail,waived", 2),
        ("OUTCOME:Not-Achievable", 1),
        ("-outcome:unknown", 11),
        ("severity:critical outcome:conflict", 2),
        ("check:dr", 12),
        ("check:DR-01", 4),
        ("check:app-location-allowed", 4),
        ("check:App-Location", 8),
        ("check:*-location-*", 8),
        ("check:dr-*", 12),
        ("-check:dr-0?", 8),
        ("app-location-allowed", 4),
        ("family:ai", 4),
        ("site:acme-lab", 4),
        ('site:""', 8),
        ("app:jira", 4),
        ("app:acme-lab.atlassian.net/jira-software", 4),
        ("org:bank", 6),
        ("kind:organization", 8),
        ("grade:documented outcome:pass", 5),
        ("is:bad", 4),
        ("is:unverified", 9),
        ("is:open", 13),
        ("is:new", 1),
        ("is:waived", 1),
        ("is:nonsense", 0),
        ("US", 6),
        ("location us", 4),
        ('"stored in US"', 2),
        ("outcome:", 20),
        ("nosuchfacet:x", 0),
        ("outcome:fail outcome:pass", 0),
    ],
)
def test_the_filter_leaves(text: str, count: int) -> None:
    """Every term has to fit; facets are whole words, beginnings or parts, as the help says."""
    assert len(left(text)) == count


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("realm:us check:DR-01", {"acme-us.atlassian.net/confluence", "acme-lab.atlassian.net/jira-software"}),
        ("realm:EEA check:DR-01", {"acme.atlassian.net/confluence"}),
        (
            "-realm:EEA kind:app check:DR-01",
            {"acme-us.atlassian.net/confluence", "acme-lab.atlassian.net/jira-software"},
        ),
        ("plan:standard site:acme-us check:DR-01", {"acme-us.atlassian.net/confluence"}),
        ("pinned:yes realm:EU check:DR-01", {"acme.atlassian.net/confluence"}),
        ("pinned:no", set()),
    ],
)
def test_findings_are_found_by_their_apps_location_plan_and_pin(text: str, subjects: set[str]) -> None:
    """A group of locations stands for each of them."""
    assert {one.partition(" ")[2].partition(" ")[0] for one in left(text)} - {"Acme"} == subjects


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("outcome:fail", ""),
        ("app:acme.atlassian.net/jira", ""),
        ("http://acme", ""),
        ("outcom:fail", "No facet outcom: did you mean outcome:fail?"),
        ("reallm:US", "No facet reallm: did you mean realm:US?"),
        ("outcome:fial", "No finding has outcome:fial: did you mean outcome:fail?"),
        ("is:opne", "No finding has is:opne: did you mean is:open?"),
        ("realm:EUU", "No finding has realm:EUU: did you mean realm:eu?"),
        ("plan:stand", ""),
        ("plan:gold", "No finding has plan:gold, only standard"),
        ("pinned:yess", "No finding has pinned:yess: did you mean pinned:yes?"),
        ("realm:", ""),
    ],
)
def test_a_slip_of_a_facet_or_a_value_is_answered_with_what_was_meant(text: str, told: str) -> None:
    assert hint(text, board().index) == told


def test_passes_can_be_hidden() -> None:
    """What asks for nothing goes; a waived finding stays."""
    assert len(left("", hide_passes=True)) == 14
    assert any("DR-01 acme-us" in one for one in left("outcome:waived", hide_passes=True))


@pytest.mark.parametrize("text", ["ari:cloud:x", "with blank", "a,b", '"', "[bold]", "=1+1", "\x1b[31m", "id:x is:bad"])
def test_a_quoted_value_means_itself(text: str) -> None:
    """Whatever an identifier holds, but for quotation marks, one term of one value comes back."""
    (term,) = parse(f"id:{quoted(text)}")
    assert term.values == (text.replace('"', "").casefold(),)


@pytest.mark.parametrize("text", ['"', '""', ":", "-", "a:", '-"', "  ", ",,,", "id:", 'site:"unclosed', "--x", "-:"])
def test_half_typed_filters_are_harmless(text: str) -> None:
    """Every key stroke is a filter."""
    assert len(left(text)) <= 20


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_keeps_every_finding(sort: str) -> None:
    """No row vanishes by sorting."""
    index = board().index
    assert sorted(ordered(index, sort)) == list(range(20))


def test_gravity_puts_first_what_the_customer_can_change() -> None:
    """Violated, by severity; what no plan of theirs can do comes after what they can."""
    index = board().index
    first = [index.rows[one].finding.outcome.value for one in ordered(index, "gravity")[:4]]
    assert first == ["fail", "conflict", "conflict", "not_achievable"]


@pytest.mark.parametrize("group", ["site", "check", "family", "outcome"])
def test_groups_have_a_heading_with_their_number(group: str) -> None:
    """Headings count what stands beneath them; together that is everything."""
    index = board().index
    lines = grouped(index, ordered(index, "gravity"), group)
    headings = [line for line in lines if isinstance(line, Heading)]
    assert sum(heading.count for heading in headings) == 20 == len(lines) - len(headings)
    assert [heading.title for heading in headings] == sorted(heading.title for heading in headings)


def test_very_many_findings_are_filtered_by_every_term() -> None:
    """The short cut for words gives the same as the terms one by one."""
    index = many(700).index
    terms = parse("app-0000 outcome:fail -severity:info")
    places = filtered(index, range(700), terms, hide_passes=False)
    assert places == [n for n in range(700) if all(term.fits(index.rows[n]) for term in terms)]
    assert places


_INDEX = board().index
TYPED = (
    "",
    "u",
    "us",
    "us ",
    "us e",
    "us eu",
    "u eu",
    "-u",
    "-us",
    "check:d",
    "check:dr us",
    "check:dr use",
    "is:open",
)


@given(st.lists(st.tuples(st.sampled_from(TYPED), st.booleans(), st.sampled_from(("gravity", "check"))), max_size=12))
def test_what_was_typed_before_changes_nothing(typed: list[tuple[str, bool, str]]) -> None:
    """Letter by letter, back again, in another order: what is left is what the filter alone leaves."""
    index = _INDEX
    orders = {sort: ordered(index, sort) for sort in ("gravity", "check")}
    narrowing = Narrowing()
    for text, hide_passes, sort in typed:
        found = narrowing.filtered(index, orders[sort], parse(text), hide_passes=hide_passes)
        assert found == filtered(index, orders[sort], parse(text), hide_passes=hide_passes)

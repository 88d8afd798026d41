"""Pages cut into headings and provisions: HTML as browsers read it, plain text, and days that pages name."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.core.model.provisions import Provision, ProvisionKind, folded, text_digest
from contribaudit.core.resolve.editions import ChangeKind, compare
from contribaudit.errors import PageNotRead
from contribaudit.vendors.decoding import stated_day
from contribaudit.vendors.pages import read_page
from tests.vendors.documents import RULES

HTML = """<!doctype html><html><head><title>T</title><style>p{}</style></head><body><nav>menu</nav>
<main><h1>Terms &amp; more</h1>lead <b>bold</b> text<div>a division<p>a paragraph</p>its tail</div>
<ul><li>one<ul><li>nested</li></ul></li><li><p>two</p></li></ul>
<h2>A<br>B</h2><table><tr><th>Plan</th><th>Default</th></tr>
<tr><td>Free</td><td><p>x: On</p><p>y: Off</p></td></tr></table>
<h3>Deep</h3><p>under all</p><h2>C</h2><noscript>no</noscript><script>var p = "<p>no</p>"</script><p>end</p>
</main><footer>foot</footer></body></html>"""


def shown(body: str) -> list[str]:
    return [f"{one.kind.value[0]} {'/'.join(one.heading)} {one.text}" for one in read_page(body.encode()).provisions]


def test_html_is_cut_into_blocks_under_their_headings() -> None:
    top = "Terms & more"
    assert shown(HTML) == [
        f"h  {top}",
        f"t {top} lead bold text",
        f"t {top} a division",
        f"t {top} a paragraph",
        f"t {top} its tail",
        f"i {top} one",
        f"i {top} nested",
        f"i {top} two",
        f"h {top} A B",
        f"r {top}/A B Plan | Default",
        f"r {top}/A B Free | x: On y: Off",
        f"h {top}/A B Deep",
        f"t {top}/A B/Deep under all",
        f"h {top} C",
        f"t {top}/C end",
    ]


def test_a_page_without_main_loses_its_menus_alone() -> None:
    body = HTML.replace("<main>", "<div>").replace("</main>", "</div>")
    assert shown(body) == shown(HTML)


def test_a_page_of_nothing_but_a_header_is_still_read() -> None:
    assert shown("<html><body><header><p>All there is</p></header></body></html>") == ["t  All there is"]


def test_what_surrounds_a_page_elsewhere_may_be_its_text() -> None:
    """An article's own header, the question on a button, a page that is one long form."""
    question = "<button>Which provider do you use?</button><p>Ours.</p><button>Copy link</button>"
    assert shown(f"<body><header>Menu</header><article><header><h1>FAQ</h1></header>{question}</article></body>") == [
        "h  FAQ",
        "t FAQ Which provider do you use?",
        "t FAQ Ours.",
    ]
    words = " ".join(f"word{number}" for number in range(200))
    assert shown(f"<body><form><p>{words}</p></form><p>after</p></body>") == [f"t  {words}", "t  after"]
    assert shown("<body><form><p>Search here</p></form><p>after</p></body>") == ["t  after"]


def test_plain_text_has_paragraphs_items_and_rows() -> None:
    blocks = (
        "# Terms",
        "First\nline.",
        "* an item",
        "## Next",
        "Name",
        "|",
        "Place",
        "---|---",
        "Acme",
        "|",
        "USA",
        "## End",
    )
    text = "\n  \n".join(blocks)
    assert shown(text) == [
        "h  Terms",
        "t Terms First line.",
        "i Terms an item",
        "h Terms Next",
        "r Terms/Next Name | Place",
        "r Terms/Next Acme | USA",
        "h Terms End",
    ]


def test_an_endless_paragraph_comes_in_pieces() -> None:
    found = read_page(("<p>" + "A sentence of words. " * 10_000 + "</p>").encode()).provisions
    assert all(len(one.text) <= 30_000 for one in found)
    assert sum(one.text.count("sentence") for one in found) == 10_000


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Effective starting: October 15, 2024", date(2024, 10, 15)),
        ("_Effective Starting March 2, 2026_", date(2026, 3, 2)),
        ("Last updated: April 1, 2024", date(2024, 4, 1)),
        ("Last updated on 1st Sept 2025", date(2025, 9, 1)),
        ("Effective 2026-08-17", date(2026, 8, 17)),
        ("Effective date: 30 February 2026", None),
        ("On August 17, 2026 we begin.", None),
        ("Published by Atlassian in Sydney.", None),
    ],
)
def test_the_day_that_a_page_names(text: str, day: date | None) -> None:
    assert stated_day((Provision(ProvisionKind.TEXT, (), text),)) == day


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"%PDF-", b"\xff\xfe", b"PK\x03\x04", b"<p>\xff", b"<div>" * 3000, "<p>\u00e2\u20ac\u2122".encode()],
)
def test_what_holds_no_text_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(PageNotRead) as caught:
        read_page(body)
    assert caught.value.why in ("empty", "not_text", "encoding")


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_by_name(body: bytes) -> None:
    try:
        page = read_page(body)
    except PageNotRead as error:
        told = error.why
    else:
        told = ""
        assert all(one.text == " ".join(one.text.split()) != "" for one in page.provisions)
    assert told in ("", "empty", "not_text", "encoding", "too_large")


WORDS = st.lists(
    st.sampled_from(["data", "is", "not", "may", "kept", "train", "delete", "region", "days", "sold", "by", "us"]),
    min_size=1,
    max_size=6,
)
TEXTS = st.lists(
    WORDS.map(lambda words: Provision(ProvisionKind.TEXT, ("H",), " ".join(words))),
    max_size=8,
    unique_by=lambda one: one.text,
).map(tuple)


@given(TEXTS, TEXTS, st.randoms())
def test_a_comparison_accounts_for_every_provision(
    before: tuple[Provision, ...], after: tuple[Provision, ...], random: object
) -> None:
    """Nothing is lost or told twice; what only moved is the same; a copy with itself has no change."""
    found = compare(RULES, "dpa", before, after)
    kinds = [one.kind for one in found.changes]
    reworded = kinds.count(ChangeKind.REWORDED)
    assert found.same + reworded + kinds.count(ChangeKind.REMOVED) == len(before)
    assert found.same + reworded + kinds.count(ChangeKind.ADDED) == len(after)
    assert found.same == len({one.text for one in before} & {one.text for one in after})
    assert compare(RULES, "dpa", before, before).changes == ()
    shuffled = list(before)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's
    assert compare(RULES, "dpa", before, tuple(shuffled)).changes == ()
    back = compare(RULES, "dpa", after, before)
    assert (back.same, len(back.changes)) == (found.same, len(found.changes))


@given(TEXTS)
def test_the_digest_of_a_text_is_blind_to_typography(text: tuple[Provision, ...]) -> None:
    typeset = tuple(Provision(one.kind, one.heading, one.text.replace(" ", "\u00a0 ")) for one in text)
    assert text_digest(typeset) == text_digest(text)
    assert [folded(one.text) for one in typeset] == [one.text for one in text]

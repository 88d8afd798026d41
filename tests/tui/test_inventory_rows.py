"""The inventory's lines, without a screen: what stands where, and what each line says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.text import Text

from contribaudit.core.model import names
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import State
from contribaudit.exporters.terminal import capture
from contribaudit.tui.rows import inventory
from contribaudit.tui.rows.inventory import described, findings_of
from contribaudit.tui.rows.outline import ADD_TOKENS, NOT_READ, Leaf, Node, Outline, Places, listing_text
from contribaudit.tui.widgets import inventory_tree
from tests.builders import ABSENT, ORG, UNREAD, app, collection, collections, facts, observed, state_of
from tests.tui import boards
from tests.tui.inventories import PARTLY, TRACKER, WIKI, kept, space


def outline(state: State) -> Outline:
    places = Places(state)
    made = Outline(places.children)
    made.open(*places.opened_at_first())
    return made


def told(state: State) -> list[str]:
    """Every open line, its columns between bars."""
    made, lines = outline(state), []
    for number in range(len(made)):
        line = made.line(number)
        assert isinstance(line, Node)
        known = inventory.facts_of(state, line.subject) if line.subject is not None else None
        texts = inventory.cells(line, opened=made.is_open(line.path), facts=known, count=inventory.Count(), space=None)
        lines.append("|".join(text.plain for text in texts).rstrip("| "))
    return lines


def test_every_kind_of_line() -> None:
    """What was not read says so, in place of a value; nothing is left out."""
    first, second, alone, named = app("one"), app("two"), app("three"), app("four")
    state = state_of(
        *facts(first, host="acme.atlassian.net", alias="app:acme.atlassian.net/confluence"),
        *facts(second, host="acme.atlassian.net", alias="app:acme.atlassian.net/jira", realm=UNREAD, plan=UNREAD),
        *facts(alone, type_key="trello", name="Trello", move=ABSENT, policies=ABSENT, policy_realms=ABSENT),
        observed(names.MOVE, named, "applied"),
    )
    assert told(state) == [
        "v Acme|unknown|unknown|unknown||unknown",
        "  v acme.atlassian.net  2 apps|unknown||unknown",
        "    > Confluence|unknown||unknown|EU pinned|Standard",
        "    > jira|unknown||unknown|unknown|unknown",
        "    Trello|no setting||unknown|EU pin?|Standard",
        "  > other entries (1)  not counted as apps",
    ]


def test_a_list_that_broke_off_is_said_and_takes_nothing_away() -> None:
    """An app of an earlier run stays, and says why it was not seen."""
    gone = facts(app("one"), host="acme.atlassian.net")
    runs = collections(collection("workspaces", "count_mismatch"))
    state = state_of(runs=runs, known={"workspaces": gone})
    lines = "\n".join(told(state))
    assert "v Acme  the list of apps is incomplete: workspaces answered count_mismatch" in lines
    assert "not seen in this run: " in lines


@pytest.mark.parametrize(
    ("texts", "styles"),
    [
        (("contributed", "contributed~", "exposed"), ("CONTRIBUTED", "CONTRIBUTED~", "EXPOSED")),
        (("not contributed", "stale", "no setting"), ("not contributed", "stale", "no setting")),
    ],
)
def test_a_risk_is_seen_without_colours(texts: tuple[str, str, str], styles: tuple[str, ...]) -> None:
    node = Node(("o",), "Acme", organization_subject(ORG))
    found = inventory.cells(node, opened=False, facts=inventory.Facts(texts), count=None, space=None)
    assert tuple(text.plain for text in found[1:4]) == styles


def test_counts_go_upwards() -> None:
    """A site and an organization show what is beneath them; what no app has is not counted."""
    report = boards.board().report
    counts = inventory.tally(report)
    counted = [one for one in report.findings if one.outcome.value != "no_such_setting" and one.subject.organization]
    for organization in report.state.organizations:
        mine = [one for one in counted if one.subject.organization == organization]
        whole = counts[organization_subject(organization)]
        assert whole.total == len(mine)
        assert whole.failing == sum(one.outcome.value in ("fail", "conflict") for one in mine)
        assert whole.unreachable == sum(one.outcome.value == "not_achievable" for one in mine)
    (of_site,) = (n for s, n in counts.items() if s.kind is Kind.SITE and s.id == "acme-lab.atlassian.net")
    assert of_site == sum(
        (n for s, n in counts.items() if s.kind is Kind.APP and _host(report.state, s) == "acme-lab.atlassian.net"),
        inventory.Count(),
    )


def _host(state: State, one: Subject) -> str:
    return state.place(one).site


def test_lines_are_found_by_number_however_many_there_are() -> None:
    """A node with two children of its own and 20,000 that are only counted."""
    many = Node(("a", "b"), "many", opens=True, many=20_000)
    asked: list[object] = []

    def children(node: Node | None) -> Sequence[Node]:
        asked.append(node)
        if node is None:
            return [Node(("a",), "first", opens=True), Node(("z",), "last")]
        return [many, Node(("a", "c"), "after")] if node.path == ("a",) else [Node((*node.path, "x"), "remark")]

    made = Outline(children)
    assert (len(made), asked) == (2, [None])
    made.open(("a",), ("a", "b"))
    assert len(made) == 2 + 2 + 1 + 20_000
    assert [made.line(n) for n in (3, 4, 20_002)] == [Leaf(many, 0), Leaf(many, 1), Leaf(many, 19_999)]
    assert [_label(made.line(n)) for n in (0, 1, 2, 20_003, 20_004)] == ["first", "many", "remark", "after", "last"]
    assert made.number_of(("a", "b"), 19_999) == 20_002
    assert made.number_of(("z",)) == 20_004
    assert made.number_of(("a", "b", "y")) is None
    assert len(asked) == 3
    made.close(("a",))
    made.open(("a",))
    assert len(made) == 20_005
    with pytest.raises(IndexError):
        made.line(20_005)


def _label(line: Node | Leaf) -> str:
    assert isinstance(line, Node)
    return line.label


def test_what_a_listing_says(tmp_path: Path) -> None:
    """Whole, counted by the API, in part, not at all."""
    for name, spaces, changed, said in (
        ("whole", [space("ENG")], {}, "1 space, as visible to ann@acme.example; not counted in the console"),
        ("counted", [space("ENG")], {"announced": 29}, "1 of 29 spaces, 28 not visible to ann@acme.example"),
        (
            "part", [space("ENG")], PARTLY,
            "1 space, as visible to ann@acme.example; not counted in the console; "
            "not read completely: the site answered 403",
        ),
        ("none", None, {}, f"{NOT_READ}: {ADD_TOKENS}"),
    ):  # fmt: skip
        with kept(tmp_path / name, spaces, **changed) as source:
            assert listing_text(source.load().report.state, WIKI) == said


def test_remarks_stand_in_place_of_spaces(tmp_path: Path) -> None:
    for name, spaces, changed, remark in (
        ("none", None, {}, NOT_READ),
        ("empty", [], {}, "no spaces"),
        ("part", [space("ENG")], PARTLY, "not read completely"),
    ):
        with kept(tmp_path / name, spaces, **changed) as source:
            state = source.load().report.state
            made = outline(state)
            path = Places(state).path_of(WIKI)
            assert path is not None
            made.open(path)
            number = made.number_of(path)
            assert number is not None
            assert _label(made.line(number + 1)) == remark


def test_one_of_many_is_found(tmp_path: Path) -> None:
    """By key, name, ARI and alias; the key itself before what only holds it."""
    spaces = [space(f"A{n:03}", f"Team {n}") for n in range(150)] + [space("A00"), space("HR", "Cases of HR")]
    with kept(tmp_path / "h.db", spaces) as source:
        state = source.load().report.state
        assert [one.name for one in inventory_tree.hits(state, "cases")] == ["HR  Cases of HR"]
        assert inventory_tree.hits(state, "a00")[0].name == "A00  The A00"
        assert len(inventory_tree.hits(state, "team")) == inventory_tree.MOST_HITS
        assert [one.subject.id for one in inventory_tree.hits(state, "ari:cloud:confluence::space/HR")] == [
            spaces[-1].id
        ]
        assert [one.subject.id for one in inventory_tree.hits(state, "space:ACME.atlassian.net/confluence/hr")] == [
            spaces[-1].id
        ]
        jira = inventory_tree.hits(state, "jira")[0]
        assert (jira.subject, jira.name) == (TRACKER, "acme.atlassian.net/jira-software")
        assert inventory_tree.hits(state, "  ") == []


def test_a_subject_in_full(tmp_path: Path) -> None:
    """What holds and why, what was seen with grade, source and age, findings, and how far its spaces are known."""
    with kept(tmp_path / "h.db", [space("ENG")], announced=29) as source:
        report = source.load().report
        said = capture(described(report, WIKI))
        for part in (
            "app:acme.atlassian.net/confluence",
            "1 of 29 spaces, 28 not visible to ann@acme.example",
            "EFFECTIVE SETTINGS AND REASONS",
            "Effective in-app data contribution (effective.in_app)  not yet effective",
            "Location (residency.realm)  EU",
            "documented, GET /apps, 12 h ago",
        ):
            assert part in said, part
        assert [one.check for one in findings_of(report, TRACKER)] == ["DR-01"]
        assert "FAIL  critical  App data is in an allowed location (DR-01): " in capture(described(report, TRACKER))
        assert "EFFECTIVE SETTINGS" not in capture(described(report, WIKI, computed=False))


def test_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    """Markup, control characters and direction marks of a space's name stay letters."""
    hostile = "[red]x[/red]\x1b[31m\u202e\n=1+1"
    with kept(tmp_path / "h.db", [space("ENG", hostile)]) as source:
        state = source.load().report.state
        (hit,) = inventory_tree.hits(state, "eng")
        texts = [*inventory_tree.hit_cells(hit)]
        known = state.spaces(WIKI.organization).page(WIKI, 0, 1)[0]
        node = Node(("o", "a"), "app", WIKI, many=1)
        texts += inventory.cells(Leaf(node, 0), opened=False, facts=inventory.Facts(), count=None, space=known)
        texts.append(Text(capture(described(source.load().report, known.space.subject))))
        joined = "".join(text.plain for text in texts)
        assert "[red]x[/red]" in joined
        assert not set(joined) & {"\x1b", "\u202e"}

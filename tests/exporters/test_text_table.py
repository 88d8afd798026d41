"""The table is readable at every width and obeys nothing that it shows."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from rich.text import Text

from contribaudit.core.advise.report import Report
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.exporters import text_table
from contribaudit.exporters.json_v1 import lean_document
from contribaudit.exporters.terminal import capture, plain_table, shorten
from contribaudit.exporters.text import safe_text
from contribaudit.exporters.text_table import MOST_LINES
from tests.exporters.awkward import (
    ONE,
    TEXTS,
    app,
    awkward_report,
    change,
    collection,
    described,
    finding,
    report,
    state_of,
)

WIDTHS = (40, 80, 120, 200)


def render(what: Report, **how: Any) -> str:
    return text_table.render(lean_document(what), **how)


def at(width: int, monkeypatch: pytest.MonkeyPatch, what: Report, **how: bool) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    return render(what, **how)


def squeezed(text: str) -> str:
    """The text without blanks and line ends: what is left when a table wraps it."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["awkward", "drifted"])
def test_fits(width: int, name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """No line is wider than the terminal, none ends in blanks."""
    what = awkward_report() if name == "awkward" else request.getfixturevalue("drifted_report")
    lines = at(width, monkeypatch, what, everything=True).splitlines()
    assert [line for line in lines if cell_len(line) > width] == []
    assert [line for line in lines if line != line.rstrip(" ")] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_every_word_of_every_finding_is_there(
    width: int, monkeypatch: pytest.MonkeyPatch, drifted_report: Report
) -> None:
    """Nothing is cut off a reason: wrapped, it reads as it was."""
    text = at(width, monkeypatch, drifted_report, everything=True)
    # Wrapped beside other columns a reason is interrupted; the widest table has each on one line or two.
    if width in (80, 200):
        missing = [one.reason for one in drifted_report.findings if squeezed(one.reason) not in squeezed(text)]
        assert missing == []
    for one in drifted_report.findings:
        assert all(word in text for word in one.reason.split() if len(word) < 20)


def test_reasons_are_sentences_not_towers(monkeypatch: pytest.MonkeyPatch, drifted_report: Report) -> None:
    """At 80 columns a finding or a step takes a few lines, and a reason stands under its check."""
    text = at(80, monkeypatch, drifted_report, everything=True)
    assert len(text.splitlines()) < 4 * (len(drifted_report.findings) + len(drifted_report.steps)) + 20
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("fail") and "DR-01" in line)
    assert lines[place].endswith("App data is in an allowed location")
    assert lines[place + 1].startswith(" " * 16)
    assert " on acme" in lines[place + 1]


def test_a_pipe_is_140_columns(monkeypatch: pytest.MonkeyPatch, drifted_report: Report) -> None:
    """Without $COLUMNS, or with nonsense in it, a pipe gets lines of 140 columns."""
    for nonsense in ("", "0", "wide", "-5", "²"):
        monkeypatch.setenv("COLUMNS", nonsense)
        assert 120 < max(map(cell_len, render(drifted_report).splitlines())) <= 140
    monkeypatch.delenv("COLUMNS")
    assert 120 < max(map(cell_len, render(drifted_report).splitlines())) <= 140


def test_a_terminal_tells_its_width(monkeypatch: pytest.MonkeyPatch, drifted_report: Report) -> None:
    """On a terminal the table is as wide as the terminal, and never narrower than 40 columns."""
    for columns, most in ((72, 72), (10, 40)):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert most - 10 < max(map(cell_len, render(drifted_report, terminal=True).splitlines())) <= most


def test_color_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No escape unless asked, whatever the environment forces; asked, only colours and weights."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    bare = render(awkward_report(), terminal=True)
    assert "\x1b" not in bare
    colored = render(awkward_report(), terminal=True, color=True)
    assert "\x1b[" in colored
    styled = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in styled.splitlines()] == bare.splitlines()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_observed_is_obeyed(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No control, no direction mark, no lone surrogate reaches the terminal."""
    text = at(width, monkeypatch, awkward_report(), everything=True)
    assert {unicodedata.category(one) for one in text.replace("\n", "")}.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert not any(mark in text for mark in "\u202e\u2066\u200f\u200b\ufeff")
    text.encode("utf-8")


def test_markup_and_emoji_codes_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brackets and colons in names, reasons, warnings and changes stay what they are."""
    text = at(200, monkeypatch, awkward_report(), everything=True)
    for word in ("markup", "emoji-code", "emoji", "quotes", "dollar"):
        assert squeezed(f"{TEXTS[word]} is not allowed") in squeezed(text)
    assert "policy =policy [bold]of[/bold]" in text
    assert "matches nothing \ufffd[31m[bold]." in text
    assert "by [red]ops@acme.example\ufffd" in text


def test_a_long_name_does_not_push_the_rest_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of 300 characters is cut in its middle."""
    text = at(120, monkeypatch, awkward_report(), everything=True)
    assert "LLLL…LLLL" in text
    assert "L" * 60 not in text.replace("is not allowed", "").split("LLL is not")[0].splitlines()[0]


def test_shorten_keeps_texts_apart() -> None:
    """What is cut is still unique; where that cannot be, the text stays whole."""
    same = "ari:cloud:jira::site/"
    ends = [f"{same}{'0' * 80}{number}" for number in range(20)]
    starts = [f"{number:02}{'-' * 80}/jira-software" for number in range(20)]
    middles = [f"{'a' * 80}{number}{'b' * 80}" for number in range(3)]
    short = shorten([*ends, *starts, *middles, "short", "日本" * 30])
    assert len(set(short.values())) == len(short) == 45
    assert all(cell_len(short[one]) <= 60 for one in [*ends, *starts, "short", "日本" * 30])
    assert all(short[one] == one for one in middles)
    assert short["short"] == "short"
    assert "…" in short["日本" * 30]


def test_shorten_never_takes_a_text_that_is_there() -> None:
    """A short text that looks like the cut of a long one stays the only one that looks so."""
    long = "x" * 100
    cut = shorten([long])[long]
    both = shorten([long, cut])
    assert both[cut] == cut
    assert both[long] != cut


def test_two_subjects_with_one_name_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two apps go by one name, each has its ID beside it."""
    facts = described(app("a"), "wiki", alias="app:acme/wiki") + described(app("b"), "wiki", alias="app:acme/wiki")
    what = report([finding(app("a")), finding(app("b"))], state_of(facts))
    text = at(120, monkeypatch, what, everything=True)
    assert "Jira (wiki) (ari:cloud:jira::site/a)" in text
    assert "Jira (wiki) (ari:cloud:jira::site/b)" in text


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (None, "39 administration entries are not apps\n"),
        (0, "; the API key expires today\n"),
        (1, "; the API key expires in 1 day\n"),
        (2, "; the API key expires in 2 days\n"),
        (-1, "; the API key expired 1 day ago\n"),
        (-2, "; the API key expired 2 days ago\n"),
    ],
)
def test_one_is_singular(days: int | None, words: str) -> None:
    """One organization, one site, one app, one day."""
    state = state_of(described(app("a"), "a"))
    text = render(report(state=state, key_days_left=days), everything=True)
    assert "1 organization, 1 site, 1 app" in text
    assert words in text


def test_several_are_plural() -> None:
    """More and none are plural; an organization that was not read is counted as such."""
    facts = described(app("a"), "a", "a.net") + described(app("b"), "b", "b.net")
    assert "1 organization, 2 sites, 2 apps; 38 administration" in render(report(state=state_of(facts)))
    unread = state_of([], {ONE: [collection(status=CollectionStatus.PARTIAL)]}, {"two": "no key"})
    text = render(report(state=unread))
    assert "1 of 2 organizations, 0 sites, 0 apps\n" in text
    assert f"not read completely: {unread.organization_name(ONE)}, workspaces: " in text


@pytest.mark.parametrize(
    ("listed", "says"),
    [(1, "1 app\n"), (2, "1 app; 1 administration entry is not an app\n"), (0, "1 app\n")],
)
def test_apps_are_counted_once(listed: int, says: str) -> None:
    """What the list holds beside apps is said; that of a list that broke off is not known."""
    ran = replace(collection(), announced=listed, read=listed)
    state = state_of(described(app("a"), "a"), {ONE: [ran]})
    assert f"1 organization, 1 site, {says}" in render(report(state=state))


def test_most_severe_first() -> None:
    """Violations come before what is unproven, and that before the rest; within them by severity."""
    text = render(awkward_report(), everything=True)
    words = "fail|conflict|not achievable|unknown|stale|pass|pending|waived|exempt"
    listed = re.findall(rf"^({words})  ", text, re.MULTILINE)
    ranks = [
        0 if one in ("fail", "conflict", "not achievable") else 1 if one in ("unknown", "stale") else 2
        for one in listed
    ]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("name", ["awkward", "drifted", "many"])
def test_the_first_table_is_one_screen(
    width: int, name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Whatever is in the report: verdict first and last, three questions, and no ID of a check without its title."""
    if name == "awkward":
        what = awkward_report()
    elif name == "drifted":
        what = request.getfixturevalue("drifted_report")
    else:
        found = [finding(app(f"{n}"), check=f"ZZ-{n % 90:02}", title=f"Title {n % 90}") for n in range(2000)]
        what = report(found, warnings=tuple(f"Warning {n}." for n in range(50)))
    text = at(width, monkeypatch, what)
    lines = text.splitlines()
    assert len(lines) <= (MOST_LINES if width >= 80 else MOST_LINES + 8)
    assert [line for line in lines if cell_len(line) > width] == []
    assert " ".join(lines).startswith(what.headline[:30])
    word = what.headline.partition(" ")[0]
    assert lines[-1] == f"{word} (high and above), exit code {what.run.exit_code}"
    questions = [re.match(r"(Data contribution|AI|Location)(:|  )", line) for line in lines]
    assert [one[1] for one in questions if one] == ["Data contribution", "AI", "Location"]
    titles = {one.check: one.title for one in what.findings}
    for check in re.findall(r"[A-Z]{2}-\d\d", text) if width >= 80 else ():
        assert f"{titles[check]} ({check})" in text
    listed = sum(1 for line in lines if re.match(r"(critical|high|medium|low|info)(:|  ) *\S", line))
    assert listed >= 2, "findings have room at every width"
    more = re.search(r"and [\d,]+ more findings?: contribaudit findings", " ".join(lines))
    assert listed <= 12
    assert more or listed == len({one.check for one in what.findings if one.outcome.value not in QUIET})


QUIET = ("pass", "no_such_setting")


def test_findings_of_one_check_stand_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apps of one site are joined; what fails is named first; one finding alone says why."""
    facts = [
        fact
        for name, host in (("a", "x.net"), ("b", "x.net"), ("c", "y.net"))
        for fact in described(app(name), name, host, alias=f"app:{host}/jira")
    ]
    found = [
        finding(app("c"), Outcome.UNKNOWN),
        finding(app("a")),
        finding(app("b")),
        finding(app("c"), check="DR-02", title="App is pinned to its location", reason="no policy holds it"),
    ]
    text = at(100, monkeypatch, report(found, state_of(facts)))
    assert "high      App data is in an allowed location (DR-01): 2 fail, 1 unknown\n" in text
    assert "          Jira and Jira on x.net, Jira on y.net\n" in text
    assert "high      App is pinned to its location (DR-02): fail\n" in text
    assert "          Jira on y.net: no policy holds it\n" in text
    assert "Location           fail       " in text
    assert "Data contribution  not asked  this policy does not ask about it\n" in text


def test_a_pass_of_severity_info_alone_answers_no_question() -> None:
    """The pack for everybody asks of AI only whether an app is on the Free plan."""
    listed = finding(app("a"), Outcome.PASS, check="AI-20", severity=Severity.INFO)
    assert "AI                 not asked  this policy asks nothing above info about it\n" in render(report([listed]))
    graver = finding(app("b"), Outcome.PASS, check="AI-01", severity=Severity.LOW, title="Rovo access matches")
    assert "AI                 pass       Rovo access matches\n" in render(report([listed, graver]))


def test_what_is_fine_is_counted_and_listed_on_demand() -> None:
    """Passes and missing settings are numbers, unless everything is wanted."""
    found = [finding(app("a"), Outcome.PASS, reason="in EU"), finding(app("b"), Outcome.NO_SUCH_SETTING, reason="none")]
    brief = render(report(found))
    assert "1 finding applies: 1 pass, 1 no setting" in brief
    assert "in EU" not in brief
    assert "in EU" in render(report(found), everything=True)
    assert "nothing applies" in render(report())


def test_notes_beside_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiver with the outcome under it, a due date that the reason lacks, and a fragile pass are said."""
    text = at(200, monkeypatch, awkward_report(), everything=True)
    assert "[fail, waived to 2027-01-31 by ciso@acme.example]" in text
    assert "in EU [fragile]" in text
    assert "[due 2026-12-01T19:30:00Z]" in text
    pending = [one for one in awkward_report().findings if one.due_at]
    told = [replace(pending[0], reason="over on 2026-12-01 19:30Z")]
    assert "[due" not in render(report(told))


def test_changes_as_people_count_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new app is one line with what matters of it; of many changes the first few are listed."""
    new = [
        change(app("n"), setting, None, value, existed_before=False)
        for setting, value in ((names.APP_TYPE_KEY, "jira"), (names.PLAN, "Free"), (names.REALM, "US"))
    ]
    some = (*new, change(app("a"), "x", True, None), change(app("b"), "y", "v", None, exists_after=False))
    text = at(120, monkeypatch, report(changes=some), everything=True)
    assert re.search(r"^new +app:ari:cloud:jira::site/n +Free, US$", text, re.MULTILINE)
    assert re.search(r"^x +app:ari:cloud:jira::site/a +yes -> null$", text, re.MULTILINE)
    assert re.search(r"^y +app:ari:cloud:jira::site/b +v -> \(absent\)$", text, re.MULTILINE)
    many = tuple(change(app(str(number)), "x", False, True) for number in range(23))
    first = at(120, monkeypatch, report(changes=many))
    assert "Changed since run #317: 23, 23 without a known cause\n" in first
    assert "! app:ari:cloud:jira::site/0: x: no -> yes, cause not looked up\n" in first
    assert "and 19 more: contribaudit changes\n" in first


def test_the_organization_of_a_collector() -> None:
    """Of several organizations each line says whose it is; one that was not read says why."""
    several = state_of([], {ONE: [collection()], "other": [collection("other")]}, {"two": "there is no key"})
    text = render(report(state=several), everything=True)
    assert re.search(r"^Name of org-one +workspaces +ok +40 +3$", text, re.MULTILINE)
    assert re.search(r"^Name of other +workspaces +ok +40 +3$", text, re.MULTILINE)
    assert re.search(r"^Name of two +not read +there is no key$", text, re.MULTILINE)
    assert "organization" not in render(report()).split("collector")[0].splitlines()[-1]


@pytest.mark.parametrize("flexible", ["", "name", "why"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_of_any_width_loses_nothing(flexible: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever does not fit moves beneath its row or wraps; no cell is cut."""
    monkeypatch.setenv("COLUMNS", str(width))
    columns = ("kind", "name", "site", "plan", "why")
    rows = [
        ("organization", "N" * 30, "S" * 25, "Enterprise", "because of many things"),
        ("app", "M" * 20, "T" * 35, "", "Y" * 50),
    ]
    text = capture(plain_table(columns, rows, flexible=flexible))
    assert all(cell_len(line) <= width for line in text.splitlines())
    counts = {letter: squeezed(text).count(letter * 2) for letter in "NMSTY"}
    assert counts == {letter: squeezed("|".join("|".join(row) for row in rows)).count(letter * 2) for letter in counts}


def test_an_empty_table_is_its_titles() -> None:
    """No rows: the titles alone."""
    assert capture(plain_table(("a", "b"), [])) == "a  b\n"


def test_cells_of_a_table_are_data() -> None:
    """A text in a cell, a title or alone is shown as it is."""
    assert capture("[bold]x[/bold] :smile:") == "[bold]x[/bold] :smile:\n"
    assert capture(plain_table(("[bold]x[/bold]", ":smile:"), [])) == "[bold]x[/bold]  :smile:\n"
    text = capture(plain_table(("a", "b"), [("[bold]x[/bold] :smile:\x1b[31m", Text("styled", "red"))]))
    assert text == "a                              b\n[bold]x[/bold] :smile:\ufffd[31m  styled\n".replace(
        "a                              b", "a" + " " * 28 + "b"
    )


def findings_in(text: str, found: tuple[Finding, ...]) -> int:
    """How many findings the table lists."""
    words = {one.outcome.words for one in found}
    return sum(1 for line in io.StringIO(text) if line.split("  ")[0] in words and re.search(r"[A-Z]{2}-\d\d", line))


def test_every_finding_has_its_row(monkeypatch: pytest.MonkeyPatch, drifted_report: Report) -> None:
    """No row vanishes, at any width."""
    for what in (awkward_report(), drifted_report):
        for width in (80, 140):
            text = at(width, monkeypatch, what, everything=True)
            assert findings_in(text, what.findings) == len(what.findings)
    assert safe_text("x") == "x"


def test_a_sentence_that_does_not_fit_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands beside it follows with its title, be it the same text."""
    monkeypatch.setenv("COLUMNS", "40")
    text = capture(plain_table(("place", "what", "command"), [("1", "look " * 12, "look " * 12)], flexible="what"))
    lines = [line.strip() for line in text.splitlines()]
    assert lines[1] == "1      look look look look look look"
    assert any(line.startswith("command look") for line in lines)
    assert text.count("look") == 24

"""docs/settings.md is what the catalogue and the rulebook say.

After a change that is meant: `CONTRIBAUDIT_RENEW=1 pytest tests/catalogue`, and read the diff.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contribaudit import catalogue
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.rulebook import Clocks, Limits, Screen, SignalRule
from contribaudit.core.model.setting import Family, Setting
from contribaudit.rulebook import loader
from tests.exporters.golden import ROOT, expect

INTRODUCTION = """\
# The settings
Generated from the catalogue and the rulebook; a test holds it to them.

*How it is known* is the best grade that a value can have today: `documented` by an API, `decoded` from a field whose
meaning is not published, `attested` by a person who looked at the console, `computed` from all of these. Where signals
anchor an attested value, a signal state that the organization has itself proven also gives the value, as `inferred`.
A list is written with commas, the empty list as `none`; a list that nobody looked at is unknown.
"""

TITLES = {
    Family.ORGANIZATION: "Organization and apps",
    Family.DATA_CONTRIBUTION: "Data contribution",
    Family.HIPAA: "HIPAA",
    Family.AI_ACCESS: "AI access",
    Family.AI_TOOLS: "AI beside Rovo access",
    Family.CONNECTORS: "Connectors",
    Family.DATA_RESIDENCY: "Data residency",
    Family.SUB_PROCESSORS: "Sub-processors",
}


def row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield row(titles)
    yield "|" + "---|" * len(titles)
    yield from map(row, rows)


def values(setting: Setting) -> str:
    if setting.words:
        return ", ".join(f"`{word}`" for word in setting.words)
    return "list" if setting.is_list else setting.unit or "text"


def setting_row(setting: Setting) -> list[str]:
    kinds = ", ".join(kind.value for kind in setting.kinds)
    known = "computed" if setting.id.startswith("effective.") else setting.grade.value
    page = f"[page]({setting.documented_at})" if setting.documented_at else ""
    return [f"`{setting.id}`", setting.title, kinds, values(setting), known, page]


def screen_lines(screen: Screen) -> Iterator[str]:
    settings = ", ".join(f"`{setting}`" for setting in screen.settings)
    rows = "the organization" if screen.kind.value == "organization" else f"one row for each {screen.kind.value}"
    plans = f"; {', '.join(screen.plans)}" if screen.plans else ""
    yield f"### {screen.title}"
    yield f"`{screen.id}`: {settings}; {rows}{plans}; about {screen.seconds.look} s and {screen.seconds.value} s a"
    yield f"value; [source]({screen.source})."
    yield f"Grade {screen.grade}."
    for setting, one in screen.asked_if.items():
        yield f"`{setting}` is asked only if `{one.setting}` is {' or '.join(sorted(one.words))}."
    if screen.apps:
        yield f"Apps: {', '.join(screen.apps)}."
    if screen.note:
        yield screen.note
    yield ""
    for generation, path in screen.paths.items():
        yield f"- {generation}: {path}"
    yield ""


def signal_row(rule: SignalRule) -> list[str]:
    kinds = ", ".join(kind.value for kind in rule.kinds)
    return [f"`{rule.signal}`", rule.family, kinds, rule.collector, rule.why, rule.grade]


def figure_rows(figures: Clocks | Limits) -> list[list[str]]:
    found = []
    for name in type(figures).__dataclass_fields__:
        figure = getattr(figures, name)
        found.append([name, str(figure.amount), f"[source]({figure.source})", figure.grade])
    return found


def document() -> str:
    rulebook = loader.load()
    lines = [INTRODUCTION]
    for family in Family:
        rows = [setting_row(setting) for setting in catalogue.ALL if setting.family is family]
        if rows:
            lines += [f"## {TITLES[family]}"]
            lines += [*table(("setting", "what it is", "of", "values", "how it is known", "described"), rows), ""]
    lines += [
        "## Screens",
        "The console screens on which people look up what no API returns. Grade A: Atlassian documents the path."
        " Grade B: other sources do. Grade C: the path is our guess.",
        "",
    ]
    for screen in rulebook.screens:
        lines += screen_lines(screen)
    lines += ["## Signals", "API objects that change when a setting changes. Their meaning is not published.", ""]
    lines += [
        *table(
            ("signal", "anchors", "owned by", "read by", "why", "grade"), [signal_row(one) for one in rulebook.signals]
        )
    ]
    figures = [*figure_rows(rulebook.clocks), *figure_rows(rulebook.limits)]
    lines += ["", "## Clocks and limits", "", *table(("what", "amount", "source", "grade"), figures)]
    return "\n".join(lines) + "\n"


def test_the_page_of_settings_is_what_the_code_says() -> None:
    expect(ROOT / "docs" / "settings.md", document().encode())


def test_the_page_has_every_setting() -> None:
    text = document()
    assert all(f"| `{setting.id}` |" in text for setting in catalogue.ALL)
    assert {setting.grade for setting in catalogue.ALL} == {Grade.DOCUMENTED, Grade.DECODED, Grade.ATTESTED}

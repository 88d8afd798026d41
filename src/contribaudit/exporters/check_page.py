"""Describes checks for people: the list of all checks by question, and a page about each check, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap

from contribaudit import catalogue
from contribaudit.core.judge.check import Check, Parameter, called_by_people
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.phrases import either
from contribaudit.core.model.rulebook import Rulebook, Screen, Words
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind
from contribaudit.errors import RulebookError
from contribaudit.exporters.text import safe_text

WIDTH = 80
QUESTIONS: Mapping[Family, str] = {
    Family.DATA_CONTRIBUTION: "Data contribution: what may Atlassian use?",
    Family.AI_ACCESS: "AI: who and what may use AI on your data?",
    Family.DATA_RESIDENCY: "Location: where is your data kept?",
    Family.SUB_PROCESSORS: "Sub-processors: who else works on your data?",
    Family.GOVERNANCE: "Governance: is the evidence sound, and who decided?",
}
"""The question that the checks of a family answer."""
_INDENT = "  "
_EXAMPLE_APP = "app:acme.atlassian.net/jira-software"


def words_of(check: Check, words: Mapping[str, Words]) -> Words:
    """The title, question and other texts of the check. Raises RulebookError when the rulebook has none."""
    try:
        return words[check.id]
    except KeyError:
        message = f"{check.id} has no words in rulebook/data/checks/*.toml"
        raise RulebookError(message, hint=f"Add [{check.id}] to the file of its family") from None


def listing(checks: Iterable[Check], words: Mapping[str, Words]) -> str:
    """Every check under its family's question: ID, severity and title, with the slug on the next line."""
    blocks: dict[str, list[str]] = {}
    for check in checks:
        check_words = words_of(check, words)
        lines = blocks.setdefault(QUESTIONS[check.family], [])
        title = check_words.title if check.verifiable else f"{check_words.title} (not verifiable today)"
        head = f"{_INDENT}{check.id}  {check_words.severity.value:8}  "
        lines += [*_filled(title, head), f"{' ' * len(head)}{check.slug}"]
    text = "\n\n".join("\n".join((question, *lines)) for question, lines in blocks.items())
    return safe_text(text, keep_lines=True) + "\n"


def page(check: Check, rulebook: Rulebook) -> str:
    """Everything about one check: question, trap, remedy, parameters, proof, outcomes, controls."""
    words = words_of(check, rulebook.words)
    sections = [
        ("Question", list(_paragraph(words.question))),
        ("Why it matters", list(_paragraph(words.trap))),
        ("How to fix", [*_paragraph(words.console_path), *_paragraph(words.remediation)]),
        *((f"Parameter `{one.key}`", list(_parameter(one, rulebook))) for one in check.parameters),
        ("Decision", list(_decisions(check.decisions))),
        ("What proves it", list(_proof(check, rulebook.screens))),
        ("Outcomes", list(_paragraph(_outcomes(check)))),
        ("Applies to", list(_paragraph(_applies(check)))),
        ("Controls", list(_paragraph("; ".join(words.controls)))),
        ("Source", list(_paragraph(words.source))),
    ]
    head = f"{check.called} ({words.severity.value})\n{words.title}\n"
    text = head + "".join(f"\n{title}\n" + "\n".join(lines) + "\n" for title, lines in sections if lines)
    return safe_text(text, keep_lines=True)


def _filled(text: str, head: str) -> list[str]:
    indent = " " * len(head)
    return wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _paragraph(text: str) -> Iterator[str]:
    yield from _filled(text, _INDENT)


def _parameter(parameter: Parameter, rulebook: Rulebook) -> Iterator[str]:
    yield from _paragraph(f"{parameter.means}.")
    yield from _filled(parameter.takes, f"{_INDENT}Takes: ")
    if parameter.vocabulary:
        known = called_by_people(parameter.vocabulary)
        yield from _filled(", ".join(_vocabulary(parameter.vocabulary, rulebook)), f"{_INDENT}Known {known}: ")
    yield from _filled(parameter.default, f"{_INDENT}Default: ")
    yield from _toml(parameter.example)


def _vocabulary(name: str, rulebook: Rulebook) -> list[str]:
    """The words of a vocabulary, each in one spelling. A policy may use the other spellings in the rulebook."""
    match name:
        case "plans":
            return [plan.name.casefold() for plan in rulebook.plans]
        case "realms":
            return [*(realm.code for realm in rulebook.realms), *rulebook.realm_groups]
        case "places":
            return [place.name for place in rulebook.subprocessors.places]
        case _:
            return sorted({app.type_key for app in rulebook.apps.values() if not app.pseudo})


def _toml(text: str) -> Iterator[str]:
    yield ""
    yield from (f"{_INDENT * 2}{line}" for line in text.splitlines())


def decision_example(setting: SettingId) -> str:
    """A `[[decision]]` on the setting, as it would appear in a policy file."""
    value = f'["{_EXAMPLE_APP}"]' if catalogue.find(setting).is_list else f'"{_decided_value(setting)}"'
    return (
        f'[[decision]]\nsetting = "{setting}"\nvalue = {value}\nby = "dpo@acme.example"\n'
        'second = "ciso@acme.example"  # another person\ndate = 2026-06-02\nticket = "GRC-207"'
    )


def _decided_value(setting: SettingId) -> str:
    """A value of the setting as the command line takes it."""
    info = catalogue.find(setting)
    return _EXAMPLE_APP if info.is_list else "off" if info.words else "updated"


def _decisions(settings: tuple[SettingId, ...]) -> Iterator[str]:
    if not settings:
        return
    yield from _paragraph(
        "The policy file can record that a value was chosen on purpose, by two people. The newest decision on "
        f"{either(list(settings))} counts here."
    )
    yield from _toml(decision_example(settings[0]))
    yield ""
    yield from _paragraph("This command writes it:")
    command = f"contribaudit decide {settings[0]} {_decided_value(settings[0])}"
    yield from _toml(f"{command} \\\n  --second ciso@acme.example --ticket GRC-207")


def _proof(check: Check, screens: Iterable[Screen]) -> Iterator[str]:
    if not check.reads:
        yield from _paragraph("No setting: the policy file, the rulebook or the history of audits answers it.")
        return
    settings = [catalogue.find(setting) for setting in check.reads]
    width = max(len(one.id) for one in settings)
    for one in settings:
        yield from _filled(f"{one.title} ({one.grade.value})", f"{_INDENT}{one.id:{width}}  ")
    attested = {one.id for one in settings if one.attestable}
    shown = [one for one in screens if attested & set(one.settings)]
    if shown:
        yield ""
        yield from _paragraph("A person reads what is attested on:")
    for screen in shown:
        yield from _filled(next(iter(screen.paths.values())), f"{_INDENT * 2}")
        yield from _filled(f"contribaudit attest --screen {screen.id}", f"{_INDENT * 3}")


def _outcomes(check: Check) -> str:
    possible = ", ".join(outcome.words for outcome in Outcome if outcome in check.outcomes)
    return possible if check.verifiable else f"{possible}: no source answers this question today"


def _applies(check: Check) -> str:
    match check.kind:
        case Kind.COMPANY:
            return "the company: all organizations together"
        case Kind.ORGANIZATION:
            return "each organization"
        case kind:
            return f"each {kind.value} that the question is about"

"""One file's bytes → its tables, with every problem in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from contribaudit.core.model.policy import Decision, Rule, Waiver, Where
from contribaudit.files import NotToml, toml
from contribaudit.policy_file.locate import Place, line_of, locate
from contribaudit.policy_file.problems import Problem, from_validation, name_of
from contribaudit.policy_file.schema import KEYS, LISTS, DecisionTable, PolicyTable, RuleTable, Table, WaiverTable
from contribaudit.policy_file.values import VERSION, Known

AnyTable = TypeVar("AnyTable", bound=Table)


@dataclass(frozen=True, slots=True)
class Source:
    """A file or a shipped pack."""

    key: str
    """Its real path, or "pack:essentials": two sources with one key are the same."""
    label: str
    """What messages call it."""
    origin: str
    """What its rules are said to come from."""
    path: Path | None
    text: str = ""
    """A pack's text."""

    def at(self, line: int) -> str:
        """The origin of what stands on this line: "policy.toml:12", or the pack's name."""
        return f"{self.origin}:{line}" if self.path else self.origin


@dataclass(frozen=True, slots=True)
class Document:
    """What one source says, before anything is merged. Tables with problems are left out."""

    source: Source
    head: PolicyTable | None = None
    lines: Mapping[Place, int] = field(default_factory=dict)
    extends: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    decisions: tuple[Decision, ...] = ()


def parse(source: Source, text: str, known: Known) -> tuple[Document, list[Problem]]:
    """What the text says, and every problem in it, in the order of their lines."""
    try:
        tables = toml(text)
    except NotToml as error:
        column = f"column {error.column}: " if error.column else ""
        return Document(source), [Problem(source.label, error.line, f"{column}this is not TOML: {error.what}")]
    lines = locate(text)
    problems: list[Problem] = []

    def table(model: type[AnyTable], values: object, at: Place) -> AnyTable | None:
        try:
            return model.model_validate(values, context=known)
        except ValidationError as error:
            problems.extend(from_validation(error, at=at, file=source.label, lines=lines, keys=KEYS))
            return None

    if tables.get("version", VERSION) != VERSION:  # its other keys may mean something else
        table(PolicyTable, {"version": tables["version"]}, ())
        return Document(source), problems
    head = table(PolicyTable, {key: value for key, value in tables.items() if not _is_list_of(key, value)}, ())
    rules: list[tuple[Rule, Place]] = []
    waivers: list[Waiver] = []
    decisions: list[Decision] = []
    for name, model in LISTS.items():
        values = tables.get(name, [])
        for index, item in enumerate(values if isinstance(values, list) else []):
            place: Place = (name, index)
            origin = source.at(line_of(lines, place))
            match table(model, item, place):
                case RuleTable() as rule:
                    rules.append((rule.rule(origin), place))
                case WaiverTable() as waiver:
                    waivers.append(waiver.waiver(origin))
                case DecisionTable() as decision:
                    decisions.append(decision.decision(origin))
    problems += _repeated(source, rules, lines)
    found = Document(
        source=source,
        head=head,
        lines=lines,
        extends=_texts(tables.get("extends")),
        rules=tuple(rule for rule, _ in rules),
        waivers=tuple(waivers),
        decisions=tuple(decisions),
    )
    return found, sorted(problems, key=lambda problem: problem.line)


def identity(rule: Rule) -> tuple[object, ...]:
    """What makes two rules the same rule: check and `where`, without order and case."""
    return (rule.check, *_folded(rule.where))


def _folded(where: Where) -> tuple[object, ...]:
    texts = (where.organization, where.site, where.app, where.plan, where.space)
    return (where.sandbox, *(frozenset(text.casefold() for text in patterns) for patterns in texts))


def _repeated(source: Source, rules: list[tuple[Rule, Place]], lines: Mapping[Place, int]) -> list[Problem]:
    first: dict[tuple[object, ...], int] = {}
    problems = []
    for rule, place in rules:
        line = line_of(lines, place)
        if identity(rule) in first:
            before = first[identity(rule)]
            text = f"{name_of(place)}{rule.check} with the same `where` already stands on line {before}; keep one"
            problems.append(Problem(source.label, line, text))
        first.setdefault(identity(rule), line)
    return problems


def _texts(value: object) -> tuple[str, ...]:
    """The texts of a list; nothing of a list that holds anything else, which is a problem already named."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(item.strip() for item in value)
    return ()


def _is_list_of(key: str, value: Any) -> bool:
    return key in LISTS and isinstance(value, list)

"""Reads a file and everything that it extends into one policy, with every problem in any of them.

The shipped policy packs are TOML files in the same format.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from contribaudit.core.model.policy import AuditPolicy, Decision, EvidenceTerms, Rule, Waiver, Where
from contribaudit.errors import PolicyFileError
from contribaudit.files import NotToml, Unreadable, read_text, toml
from contribaudit.policy_file import expect
from contribaudit.policy_file.canonical_toml import to_toml
from contribaudit.policy_file.problems import (
    Place,
    Problem,
    from_validation,
    line_of,
    locate,
    name_of,
    nearest,
    printable,
    quoted,
)
from contribaudit.policy_file.schema import (
    KEYS,
    LISTS,
    DecisionTable,
    OrganizationTable,
    PolicyTable,
    RuleTable,
    WaiverTable,
)
from contribaudit.policy_file.statements import ExpectTable
from contribaudit.policy_file.values import VERSION, KnownWords, Table

AnyTable = TypeVar("AnyTable", bound=Table)


@dataclass(frozen=True, slots=True)
class Source:
    """A file or a shipped pack."""

    key: str
    """Its real path, or "pack:essentials"; two sources with the same key are identical."""
    label: str
    """The name in messages."""
    origin: str
    """The name in the origin of its rules."""
    path: Path | None
    text: str = ""
    """The text of a pack; "" for a file."""

    def at(self, line: int) -> str:
        """The origin of the content on this line: "policy.toml:12", or the pack's name."""
        return f"{self.origin}:{line}" if self.path else self.origin


@dataclass(frozen=True, slots=True)
class Override:
    """One `[[organization]]`: what differs for some organizations."""

    organization: tuple[str, ...]
    """Patterns for their IDs or names."""
    plan: str | None
    statements: tuple[expect.Merged, ...]
    origin: str


@dataclass(slots=True)
class Document:
    """The content of one source before anything is merged, without tables that have problems."""

    source: Source
    lines: Mapping[Place, int] = field(default_factory=dict)
    head: PolicyTable | None = None
    extends: tuple[str, ...] = ()
    statements: expect.FileStatements | None = None
    overrides: list[Override] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, place: Place, words: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(self.source.label, line_of(self.lines, place), f"{name_of(place)}{words}"))

    def stated(self, table: ExpectTable | None, place: Place) -> expect.FileStatements | None:
        """The statements of the table at this place."""
        if table is None:
            return None
        origins = {key: self.source.at(line_of(self.lines, (*place, key))) for key in table.model_fields_set}
        return expect.FileStatements(table, origins)


def parse(source: Source, text: str, known: KnownWords) -> Document:
    """The content of the text, and every problem in it."""
    try:
        tables = toml(text)
    except NotToml as error:
        column = f"column {error.column}: " if error.column else ""
        problem = Problem(source.label, error.line, f"{column}this is not TOML: {error.what}")
        return Document(source, problems=[problem])
    lines = locate(text)
    document = Document(source, lines)

    def table(model: type[AnyTable], values: object, at: Place) -> AnyTable | None:
        try:
            return model.model_validate(values, context=known)
        except ValidationError as error:
            document.problems += from_validation(error, at=at, file=source.label, lines=lines, keys=KEYS)
            return None

    if tables.get("version", VERSION) != VERSION:  # its other keys may mean something else
        table(PolicyTable, {"version": tables["version"]}, ())
        return document
    if "expect" in tables:  # a statement means the same in every version that reads it
        tables.setdefault("version", VERSION)
    top = {key: value for key, value in tables.items() if key not in LISTS or not isinstance(value, list)}
    document.head = table(PolicyTable, top, ())
    document.extends = _texts(tables.get("extends"))
    document.statements = document.stated(document.head.expect if document.head else None, ("expect",))
    first: dict[tuple[object, ...], int] = {}
    for name, model in LISTS.items():
        values = tables.get(name, [])
        for index, item in enumerate(values if isinstance(values, list) else []):
            place: Place = (name, index)
            line = line_of(lines, place)
            origin = source.at(line)
            match table(model, item, place):
                case OrganizationTable() as override:
                    statements, wrong = expect.merged([document.stated(override.expect, (*place, "expect"))])
                    for _, key, words in wrong:
                        document.refuse((*place, "expect", key), words)
                    made = Override(override.match, override.written_for_plan, tuple(statements), origin)
                    document.overrides.append(made)
                case RuleTable() as written:
                    rule = written.rule(origin)
                    document.rules.append(rule)
                    if identity(rule) in first:
                        before = first[identity(rule)]
                        words = f"{rule.check} with the same `where` is already on line {before}; keep one"
                        document.refuse(place, words)
                    first.setdefault(identity(rule), line)
                case WaiverTable() as waiver:
                    document.waivers.append(waiver.waiver(origin))
                case DecisionTable() as decision:
                    document.decisions.append(decision.decision(origin))
    return document


def identity(rule: Rule) -> tuple[object, ...]:
    """What identifies a rule: its check and `where`, regardless of order and case."""
    return (rule.check, *_folded(rule.where))


def _folded(where: Where) -> tuple[object, ...]:
    texts = (where.organization, where.site, where.app, where.plan, where.space)
    return (where.sandbox, *(frozenset(text.casefold() for text in patterns) for patterns in texts))


def _texts(value: object) -> tuple[str, ...]:
    """The texts of a list; nothing for a list that holds anything else, which is reported as a problem elsewhere."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(item.strip() for item in value)
    return ()


DEFAULT_PACK = "essentials"


def load(
    path: Path | None, known: KnownWords, *, text: str | None = None, packs: Mapping[str, str] | None = None
) -> AuditPolicy:
    """The policy of this file with everything it extends, or the "essentials" pack alone for None.

    `text` replaces the content of the file, so that a change can be tried before it is written. The file need not exist
    then. `packs` are the texts of the packs by name, None for the shipped ones.

    Raises PolicyFileError with every problem of the files, one per line, or when the file cannot be read, or when the
    policy asks for no check.
    """
    packs = texts() if packs is None else packs
    if path is None:
        text, top = packs[DEFAULT_PACK], _pack(DEFAULT_PACK, packs[DEFAULT_PACK])
    else:
        top = _file(path, label=str(path), origin=path.name)
        try:
            text = read_text(path) if text is None else text
        except Unreadable as error:
            raise PolicyFileError(f"{top.label}: {error.reason}", hint=error.hint) from None
    reading = _PolicyReader(known, packs)
    reading.add(top, text, ())
    statements, wrong = expect.merged([document.statements for document in reading.documents])
    for index, key, words in wrong:
        reading.documents[index].refuse(("expect", key), words)
    problems = [
        problem for document in reading.begun for problem in sorted(document.problems, key=lambda one: one.line)
    ]
    if problems:
        raise PolicyFileError(
            "\n".join(str(problem) for problem in problems),
            hint="`contribaudit policy schema` describes every key",
        )
    return _merge_documents(top, reading.documents, statements, known)


class _PolicyReader:
    """Reads a source and everything it extends, each once, extended sources first."""

    def __init__(self, known: KnownWords, packs: Mapping[str, str]) -> None:
        self.begun: list[Document] = []
        """Every document, each before those that it extends."""
        self.documents: list[Document] = []
        """Every document, each after those that it extends."""
        self._known = known
        self._packs = packs

    def add(self, source: Source, text: str, above: tuple[Source, ...]) -> None:
        document = parse(source, text, self._known)
        self.begun.append(document)
        for index, name in enumerate(document.extends):
            if problem := self._extend(document, name, (*above, source)):
                document.refuse(("extends", index), problem)
        self.documents.append(document)

    def _extend(self, document: Document, name: str, above: tuple[Source, ...]) -> str:
        """Read an extended source; returns what is wrong with the name, "" when nothing is."""
        extended = self._find(document.source, name)
        if extended is None:
            explanation = f"; a path has a / or ends in .toml, the shipped packs are {', '.join(self._packs)}"
            return f"there is no pack {quoted(name)}{nearest(name, self._packs, otherwise=explanation)}"
        keys = [source.key for source in above]
        if extended.key in keys:
            circle = [source.label for source in above[keys.index(extended.key) :]]
            return f"these files extend each other in a circle: {' → '.join((*circle, circle[0]))}; remove one of them"
        if any(one.source.key == extended.key for one in self.documents):
            return ""
        try:
            text = read_text(extended.path) if extended.path else extended.text
        except Unreadable as error:
            return f"{extended.label}: {error.reason}"
        self.add(extended, text, above)
        return ""

    def _find(self, source: Source, name: str) -> Source | None:
        if name in self._packs:
            return _pack(name, self._packs[name])
        looks_like_a_path = "/" in name or "\\" in name or name.casefold().endswith(".toml")
        if source.path is None or not looks_like_a_path:
            return None
        return _file(
            source.path.parent / name,
            label=os.path.join(os.path.dirname(source.label), name),  # noqa: PTH118,PTH120  "./" stays as written
            origin=Path(source.origin).parent.joinpath(name).as_posix(),
        )


def _pack(name: str, text: str) -> Source:
    return Source(key=f"pack:{name}", label=name, origin=name, path=None, text=text)


def _file(path: Path, *, label: str, origin: str) -> Source:
    try:
        key = os.path.realpath(path)
    except (OSError, ValueError):  # a null byte; opening the file will report it
        key = str(path)
    shown = origin.encode("utf-8", "backslashreplace").decode()
    return Source(key=key, label=printable(label), origin=printable(shown), path=path)


def _merge_documents(
    top: Source, documents: Sequence[Document], statements: Sequence[expect.Merged], known: KnownWords
) -> AuditPolicy:
    heads = [document.head for document in documents if document.head]
    plan = next((head.written_for_plan for head in reversed(heads) if head.written_for_plan), None)
    own = [document.rules for document in documents]
    stated = expect.placed(statements, own, plan, known.rulebook) if statements else {}
    rules = _without_replaced(_in_order(documents, statements, stated, known))
    if not any(asks(rule, rules[index + 1 :]) for index, rule in enumerate(rules)):
        raise PolicyFileError(
            f"{top.label}: the policy asks for no check",
            hint=f'Say what you want in [expect], add a [[rule]], or extends = ["{DEFAULT_PACK}"]',
        )
    policy = AuditPolicy(
        name=top.origin if top.path is None else heads[-1].name or top.origin,
        rules=rules,
        waivers=tuple(waiver for document in documents for waiver in document.waivers),
        decisions=tuple(decision for document in documents for decision in document.decisions),
        evidence=_evidence(documents),
        written_for_plan=plan,
        extends=documents[-1].extends,
        extends_line=line_of(documents[-1].lines, ("extends",)),
    )
    text = to_toml(policy)
    return replace(policy, resolved_toml=text, sha256=sha256(text.encode()).hexdigest())


def _in_order(
    documents: Sequence[Document],
    statements: Sequence[expect.Merged],
    stated: Mapping[int, Sequence[Rule]],
    known: KnownWords,
) -> list[Rule]:
    """The rules in order: for each file its statements, then its rules.

    The rules of an `[[organization]]` come after the rules for all organizations and before those whose `where` names
    one.
    """
    rules: list[Rule] = []
    for index, document in enumerate(documents):
        rules += stated.get(index, ())
        if not document.overrides:
            rules += document.rules
            continue
        rules += (rule for rule in document.rules if not rule.where.organization)
        for override in document.overrides:
            rules += expect.overridden(
                override.organization,
                override.statements,
                [one for one in statements if one.file <= index],
                rules,
                (override.plan, override.origin),
                known.rulebook,
            )
        rules += (rule for rule in document.rules if rule.where.organization)
    return rules


def _evidence(documents: Iterable[Document]) -> EvidenceTerms:
    terms = EvidenceTerms()
    for document in documents:
        if document.head is None:
            continue
        table = document.head.evidence
        given = table.model_fields_set
        terms = EvidenceTerms(
            accept=table.accept or terms.accept,
            max_age_days={**terms.max_age_days, **table.max_age_days.given()},
            screenshot=table.screenshot if "screenshot" in given else terms.screenshot,
            second_person=table.second_person if "second_person" in given else terms.second_person,
            owner=table.owner or terms.owner,
            due_days=table.due_days or terms.due_days,
        )
    return terms


def _without_replaced(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules without those that a later rule with the same check and `where` replaces."""
    last: dict[tuple[object, ...], Rule] = {}
    for rule in rules:
        last.pop(identity(rule), None)
        last[identity(rule)] = rule
    return tuple(last.values())


def asks(rule: Rule, later: Iterable[Rule]) -> bool:
    """True when the rule is enabled and no later rule disables the whole check."""
    return rule.enabled and not any(
        other.check == rule.check and not other.enabled and other.where == Where() for other in later
    )


NAMES = ("essentials", "no-training", "hipaa", "eu-residency", "sub-processors", "bank")


@dataclass(frozen=True, slots=True)
class Pack:
    """One shipped pack."""

    name: str
    """The name that `extends` takes."""
    title: str
    description: str
    """The first paragraph of the opening comment: who needs the pack, what it asks for, and which plan it requires."""
    rules: int
    """The number of its checks, including those of the packs that it extends."""
    text: str
    """The whole file."""


@cache
def shipped() -> tuple[Pack, ...]:
    """Every shipped pack, in the order of `NAMES`."""
    tables = {name: tomllib.loads(text) for name, text in texts().items()}

    def checks(name: str) -> set[str]:
        own = {rule["check"] for rule in tables[name]["rule"]}
        return own.union(*(checks(other) for other in tables[name].get("extends", ())))

    return tuple(
        Pack(name, str(tables[name]["name"]), _first_paragraph(text), len(checks(name)), text)
        for name, text in texts().items()
    )


@cache
def texts() -> Mapping[str, str]:
    """The text of every shipped pack, by name."""
    folder = resources.files("contribaudit.packs")
    return {name: folder.joinpath(f"{name}.toml").read_text(encoding="utf-8") for name in NAMES}


def _first_paragraph(text: str) -> str:
    words: list[str] = []
    for line in text.splitlines():
        if not line.strip("# "):
            break
        words.extend(line.removeprefix("#").split())
    return " ".join(words)

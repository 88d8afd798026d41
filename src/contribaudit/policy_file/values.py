"""The values that keys of a policy file may hold, with messages that say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, NoReturn, TypeVar
from unicodedata import category

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from contribaudit import catalogue
from contribaudit.core.judge.check import Check, Shape, find
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.core.model.phrases import either
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.policy_file.problems import nearest, printable, quoted

VERSION = 1
MOST_DAYS = 36_500
NEVER = "never"
OUTCOMES = tuple(outcome for outcome in Outcome if outcome not in (Outcome.PASS, Outcome.WAIVED))

TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
TEXT_OR_TEXTS = WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {**TEXTS, "minItems": 1}]})
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class KnownWords:
    """The known words for checking a file; every table is validated with them as its context."""

    rulebook: Rulebook
    """The words for plans, locations, apps and places, and the meaning of those in `[expect]`."""
    checks: Mapping[str, Check]
    """The checks of this version, by ID."""
    decidable: frozenset[str]
    """The IDs of the settings that a decision may name."""


def refuse(text: str) -> NoReturn:
    """Reject the value under validation, with this message."""
    raise PydanticCustomError("policy_file", "{text}", {"text": text})


def known_of(info: ValidationInfo) -> KnownWords:
    """The known words in the validation context."""
    words = info.context
    if not isinstance(words, KnownWords):
        raise TypeError("a policy table is validated with KnownWords as its context")
    return words


Meaning = TypeVar("Meaning")


def _choice_of(what: str, meanings: Mapping[str, Meaning]) -> Callable[[object], Meaning]:
    def choose(value: object) -> Meaning:
        if not isinstance(value, str):
            refuse(f"expected {what}, in quotes")
        if value not in meanings:
            refuse(f"{quoted(value)} is not {what}{nearest(value, meanings)}")
        return meanings[value]

    return choose


def _choices_of(what: str, meanings: Mapping[str, Meaning]) -> Callable[[object], tuple[Meaning, ...]]:
    choose = _choice_of(what, meanings)

    def choose_each(value: object) -> tuple[Meaning, ...]:
        if not isinstance(value, list):
            refuse("expected a list, in [ ]")
        if not value:
            refuse("the list is empty; remove the key to keep the default")
        return tuple(dict.fromkeys(choose(item) for item in value))

    return choose_each


def _day(value: object) -> date:
    if isinstance(value, datetime):
        refuse(f"expected a day without a time, {value.date()}")
    if isinstance(value, str):
        refuse("write a date without quotes: 2027-01-31")
    if not isinstance(value, date):
        refuse("expected a date: 2027-01-31")
    return value


def _patterns(value: object) -> tuple[str, ...]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        refuse("expected a text or a list of texts")
    if not patterns:
        refuse("an empty list selects nothing; remove the key to select everything")
    stripped = [pattern.strip() for pattern in patterns]
    if not all(stripped):
        refuse("an empty text selects nothing")
    return tuple(dict.fromkeys(stripped))


def _checked_value(value: object) -> Value:
    match value:
        case bool():
            return value
        case int() if -_LARGEST <= value < _LARGEST:
            return value
        case str():
            return value
        case list() if all(isinstance(item, str) for item in value):
            return tuple(value)
    refuse("expected a text, a whole number, true, false or a list of texts")


def _expect(value: Any, info: ValidationInfo) -> Value:
    known_words = known_of(info)
    check = known_words.checks.get(info.data.get("check", ""))
    if check is None:
        return None
    expectation = check.expectation
    shape, takes = expectation.shape, expectation.takes
    if shape is Shape.NOTHING:
        refuse(f"{check.called} takes no `expect`; remove it")
    words = value if isinstance(value, list) else [value]
    fits = isinstance(value, list) is (shape is Shape.WORDS) and all(isinstance(word, str) for word in words)
    if not fits or (shape is Shape.DAYS and not re.fullmatch(r"[0-9]{1,5}", words[0])):
        refuse(f"{check.called} takes {takes}")
    if vocabulary := expectation.vocabulary:
        accepted = known_words.rulebook.vocabularies()[vocabulary]
        for word in words:
            if word.casefold() not in accepted:
                refuse(f"{quoted(word)} is not one of the known {expectation.known}{nearest(word, accepted)}")
    elif not all(word.strip() for word in words):
        refuse("a word must not be empty")
    for word in words if expectation.words else ():
        if word.casefold() not in {one.casefold() for one in expectation.words}:
            refuse(f"{check.called} cannot expect {quoted(word)}; it takes {takes}")
    return value if isinstance(value, str) else tuple(words)


def _check_id(value: str, info: ValidationInfo) -> str:
    """The ID of the check that an ID or a slug names; only IDs are used from here on."""
    checks = known_of(info).checks.values()
    named = find(checks, value)
    if named is None:
        padded = re.sub(r"\d+$", lambda number: number[0].zfill(2), value)
        names = [name for check in checks for name in (check.id, check.slug)]
        near = nearest(padded, names, otherwise="; `contribaudit checks list` names them")
        refuse(f"this version has no check {quoted(value)}{near}")
    return named.id


def _setting_id(value: str, info: ValidationInfo) -> str:
    settings = known_of(info).decidable
    if value not in settings:
        refuse(f"this version has no setting {quoted(value)}{nearest(value, settings)}")
    return value


def decided(value: Value, info: ValidationInfo) -> Value:
    """The value of a decision, a word in the catalogue's case; refused where nobody can observe it for the setting."""
    setting = catalogue.find(SettingId(info.data.get("setting", "")))
    if not setting.attestable:  # a source may give words that this version does not know
        return value
    if setting.is_list:
        if not isinstance(value, tuple):
            refuse(f"{setting.id} takes a list of texts; [] is the empty list")
        return value
    if setting.words:
        words = {word.casefold(): word for word in setting.words}
        takes = either([quoted(word) for word in setting.words])
        if not isinstance(value, str):
            refuse(f"{setting.id} takes {takes}")
        if value.strip().casefold() not in words:
            refuse(f"{setting.id} cannot be {quoted(value)}; it takes {takes}")
        return words[value.strip().casefold()]
    if setting.unit == "date":
        if not isinstance(value, str) or not _is_day(value):
            refuse(f'{setting.id} takes a date in quotes: "2027-01-31"')
    elif setting.unit:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            refuse(f"{setting.id} takes a whole number")
    elif not isinstance(value, str) or not value.strip():
        refuse(f"{setting.id} takes a text")
    return value


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _plan(value: str, info: ValidationInfo) -> str:
    plans = [plan.name.casefold() for plan in known_of(info).rulebook.plans]
    if value.casefold() not in plans:
        refuse(f"{quoted(value)} is not a plan{nearest(value, plans)}")
    return value.casefold()


def _version(value: object) -> int:
    if type(value) is not int:
        refuse(f"expected a whole number, version = {VERSION}")
    if value != VERSION:
        refuse(f"this contribaudit reads version {VERSION}, the file says {printable(str(value))}")
    return value


def _visible(text: str) -> str:
    if all(sign.isspace() or category(sign) in ("Cc", "Cf") for sign in text):
        refuse("must not be empty")
    return text


def enum(words: Iterable[str]) -> dict[str, Any]:
    """The JSON Schema that accepts one of these words."""
    return {"enum": [str(word) for word in words]}


_SEVERITIES = {level.value: level for level in Severity}
_FROM_SEVERITIES: Mapping[str, Severity | None] = {**_SEVERITIES, NEVER: None}
_GRADES = {grade.value: grade for grade in Grade if grade is not Grade.PREDICTED}
_WAIVABLE_OUTCOMES = {outcome.value: outcome for outcome in OUTCOMES}
_DAY = WithJsonSchema({"type": "string", "format": "date"})
_VALUE = WithJsonSchema({"anyOf": [{"type": ["boolean", "integer", "string"]}, {**TEXTS, "items": {"type": "string"}}]})

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_visible)]
Day = Annotated[date, PlainValidator(_day), _DAY]
Days = Annotated[int, Field(gt=0, le=MOST_DAYS)]
Patterns = Annotated[
    tuple[str, ...],
    PlainValidator(_patterns),
    TEXT_OR_TEXTS,
]
AnyValue = Annotated[Value, PlainValidator(_checked_value), _VALUE]
Expected = Annotated[Value, PlainValidator(_expect), WithJsonSchema({"anyOf": [{"type": "string"}, TEXTS]})]
CheckId = Annotated[Text, AfterValidator(_check_id)]
SettingName = Annotated[Text, AfterValidator(_setting_id)]
PlanWord = Annotated[Text, AfterValidator(_plan)]
Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"const": VERSION})]
SeverityWord = Annotated[
    Severity, PlainValidator(_choice_of("a severity", _SEVERITIES)), WithJsonSchema(enum(_SEVERITIES))
]
FromSeverity = Annotated[
    Severity | None,
    PlainValidator(_choice_of("a severity or never", _FROM_SEVERITIES)),
    WithJsonSchema(enum(_FROM_SEVERITIES)),
]
Grades = Annotated[
    tuple[Grade, ...],
    PlainValidator(_choices_of("a grade that counts as evidence", _GRADES)),
    WithJsonSchema({"type": "array", "items": enum(_GRADES), "minItems": 1}),
]
Outcomes = Annotated[
    tuple[Outcome, ...],
    PlainValidator(_choices_of("an outcome that can be waived", _WAIVABLE_OUTCOMES)),
    WithJsonSchema({"type": "array", "items": enum(OUTCOMES), "minItems": 1}),
]


class Table(BaseModel):
    """A table of the file: unknown keys are errors, and a text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

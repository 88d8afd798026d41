"""The tables of a policy file, their keys, and what each key may hold, with words that say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, NoReturn, TypeVar
from unicodedata import normalize

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from contribaudit.core.judge.check import Check, Shape, find
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.core.model.policy import WAIVABLE, Decision, Rule, Waiver, Where
from contribaudit.core.model.rulebook import App, Rulebook
from contribaudit.policy_file import locations
from contribaudit.policy_file.problems import nearest, printable, quoted

VERSION = 1
MOST_DAYS = 36_500
NEVER = "never"
OUTCOMES = tuple(outcome for outcome in Outcome if outcome not in (Outcome.PASS, Outcome.WAIVED))

_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Known:
    """What the words of a file are checked against. It is the validation context of every table here."""

    checks: Mapping[str, Check]
    vocabularies: Mapping[str, frozenset[str]]
    """Casefolded words by the name of their vocabulary."""
    plans: tuple[str, ...]
    rulebook: Rulebook | None = None
    """What the words of `[expect]` stand for; None where no file of the tests has that table."""

    @property
    def facts(self) -> Rulebook:
        """The rulebook. Raises TypeError where none was given."""
        if self.rulebook is None:
            raise TypeError("[expect] is read with a rulebook")
        return self.rulebook

    def vocabulary(self, name: str) -> frozenset[str]:
        """The words of one vocabulary; the plans also when the caller gave them only as `plans`. Raises KeyError."""
        if name == "plans" and name not in self.vocabularies:
            return frozenset(plan.casefold() for plan in self.plans)
        return self.vocabularies[name]


def refuse(text: str) -> NoReturn:
    """Says what is wrong with the value under validation."""
    raise PydanticCustomError("policy_file", "{text}", {"text": text})


def _known(info: ValidationInfo) -> Known:
    known = info.context
    if not isinstance(known, Known):
        raise TypeError("a policy table is validated with Known as its context")
    return known


Word = TypeVar("Word", bound=StrEnum)


def _one_of(what: str, words: Iterable[Word]) -> Callable[[object], Word]:
    by_text = {str(word): word for word in words}

    def choose(value: object) -> Word:
        if not isinstance(value, str):
            refuse(f"expected {what}, in quotes")
        if value not in by_text:
            refuse(f"{quoted(value)} is not {what}{nearest(value, by_text)}")
        return by_text[value]

    return choose


def _some_of(what: str, words: Iterable[Word]) -> Callable[[object], tuple[Word, ...]]:
    choose = _one_of(what, words)

    def choose_each(value: object) -> tuple[Word, ...]:
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


def _value(value: object) -> Value:
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


def _expect(value: object, info: ValidationInfo) -> Value:
    known = _known(info)
    check = known.checks.get(info.data.get("check", ""))
    if check is None:
        return None
    expectation = check.expectation
    takes = expectation.takes
    words: list[str]
    match expectation.shape:
        case Shape.NOTHING:
            refuse(f"{check.called} takes no `expect`; remove it")
        case Shape.DAYS:
            if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,5}", value):
                refuse(f"{check.called} takes {takes}")
            words = [value]
        case Shape.WORD:
            if not isinstance(value, str):
                refuse(f"{check.called} takes {takes}")
            words = [value]
        case Shape.WORDS:
            if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
                refuse(f"{check.called} takes {takes}")
            words = value
    if vocabulary := expectation.vocabulary:
        accepted = known.vocabulary(vocabulary)
        for word in words:
            if word.casefold() not in accepted:
                refuse(f"{quoted(word)} is not one of the known {vocabulary}{nearest(word, accepted)}")
    elif not all(word.strip() for word in words):
        refuse("a word must not be empty")
    for word in words if expectation.words else ():
        if word.casefold() not in {one.casefold() for one in expectation.words}:
            refuse(f"{check.called} cannot expect {quoted(word)}; it takes {takes}")
    return value if isinstance(value, str) else tuple(words)


def _check_id(value: str, info: ValidationInfo) -> str:
    """The ID of the check that an ID or a slug names: past this edge there are only IDs."""
    checks = _known(info).checks.values()
    found = find(checks, value)
    if found is None:
        padded = re.sub(r"\d+$", lambda number: number[0].zfill(2), value)
        names = [name for check in checks for name in (check.id, check.slug)]
        near = nearest(padded, names, otherwise="; `contribaudit checks list` names them")
        refuse(f"this version has no check {quoted(value)}{near}")
    return found.id


def _setting_id(value: str, info: ValidationInfo) -> str:
    settings = _known(info).vocabularies.get("settings")
    if settings is not None and value not in settings:
        refuse(f"this version has no setting {quoted(value)}{nearest(value, settings)}")
    return value


def _plan(value: str, info: ValidationInfo) -> str:
    plans = {plan.casefold(): plan for plan in _known(info).plans}
    if value.casefold() not in plans:
        refuse(f"{quoted(value)} is not a plan{nearest(value, plans.values())}")
    return plans[value.casefold()]


def _version(value: object) -> int:
    if type(value) is not int:
        refuse(f"expected a whole number, version = {VERSION}")
    if value != VERSION:
        refuse(f"this contribaudit reads version {VERSION}, the file says {printable(str(value))}")
    return value


def same_person(one: str, other: str) -> bool:
    """True when both texts name one person; case and blanks around them do not make another."""
    return normalize("NFKC", one).strip().casefold() == normalize("NFKC", other).strip().casefold()


def _enum(words: Iterable[str]) -> dict[str, Any]:
    return {"enum": [str(word) for word in words]}


_GRADES = tuple(grade for grade in Grade if grade is not Grade.PREDICTED)
_DAY = WithJsonSchema({"type": "string", "format": "date"})
_VALUE = WithJsonSchema(
    {"anyOf": [{"type": ["boolean", "integer", "string"]}, {**_TEXTS, "items": {"type": "string"}}]}
)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Day = Annotated[date, PlainValidator(_day), _DAY]
Days = Annotated[int, Field(gt=0, le=MOST_DAYS)]
Patterns = Annotated[
    tuple[str, ...],
    PlainValidator(_patterns),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {**_TEXTS, "minItems": 1}]}),
]
AnyValue = Annotated[Value, PlainValidator(_value), _VALUE]
Expected = Annotated[Value, PlainValidator(_expect), WithJsonSchema({"anyOf": [{"type": "string"}, _TEXTS]})]
CheckId = Annotated[Text, AfterValidator(_check_id)]
SettingName = Annotated[Text, AfterValidator(_setting_id)]
PlanWord = Annotated[Text, AfterValidator(_plan)]
Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"const": VERSION})]
SeverityWord = Annotated[Severity, PlainValidator(_one_of("a severity", Severity)), WithJsonSchema(_enum(Severity))]
Grades = Annotated[
    tuple[Grade, ...],
    PlainValidator(_some_of("a grade that counts as evidence", _GRADES)),
    WithJsonSchema({"type": "array", "items": _enum(_GRADES), "minItems": 1}),
]
Outcomes = Annotated[
    tuple[Outcome, ...],
    PlainValidator(_some_of("an outcome that can be waived", OUTCOMES)),
    WithJsonSchema({"type": "array", "items": _enum(OUTCOMES), "minItems": 1}),
]


class _Never(StrEnum):
    NEVER = NEVER


_choose_from_severity = _one_of("a severity or never", (*Severity, *_Never))


def _from_severity(value: object) -> Severity | None:
    word = _choose_from_severity(value)
    return word if isinstance(word, Severity) else None


FromSeverity = Annotated[Severity | None, PlainValidator(_from_severity), WithJsonSchema(_enum((*Severity, *_Never)))]


CONTRIBUTION = ("none", "metadata-only", "any")
BLOCKED, ALLOWED = "blocked", "allowed"
STATEMENTS = (
    "contribution", "ai", "ai_allowed_on", "location", "location_except", "subprocessor_locations",
    "subprocessors_accepted",
)  # fmt: skip
"""The keys of `[expect]` that expand to rules."""
_GROUPS_FORM = 'ai = { groups = ["…"] }'


@dataclass(frozen=True, slots=True)
class Place:
    """A site, an app of one site, or an app on every site, as `ai_allowed_on` names it."""

    text: str
    where: Where
    app: App | None = None
    """None for a whole site."""


def _said(what: str, value: str, known: tuple[str, ...]) -> NoReturn:
    """Refuse a word, with the nearest that is known and all of them."""
    close = nearest(value, known, otherwise=" ", cutoff=0.6).strip()
    takes = f"{close} It takes" if close else "; it takes"
    refuse(f"{quoted(value)} is not {what}{takes} {', '.join(known)}")


def _contribution(value: object) -> str:
    if not isinstance(value, str):
        refuse(f"expected one word in quotes: {', '.join(CONTRIBUTION)}")
    word = value.strip().casefold()
    if word not in CONTRIBUTION:
        _said("a statement about contribution", value, CONTRIBUTION)
    return word


def _ai(value: object) -> str | tuple[str, ...]:
    """ "blocked", "allowed", or the groups that may use AI."""
    if isinstance(value, dict):
        return _groups(value)
    if isinstance(value, list):
        refuse(f"write groups as {_GROUPS_FORM}")
    if not isinstance(value, str):
        refuse(f"expected {BLOCKED}, {ALLOWED} or groups: {_GROUPS_FORM}")
    word = value.strip().casefold()
    if word not in (BLOCKED, ALLOWED):
        _said("a statement about AI", value, (BLOCKED, ALLOWED, _GROUPS_FORM))
    return word


def _groups(table: dict[str, object]) -> tuple[str, ...]:
    for key in table:
        if key != "groups":
            refuse(f"unknown key {quoted(key)}{nearest(key, ('groups',))}")
    groups = table.get("groups")
    if not isinstance(groups, list) or not groups or not all(isinstance(one, str) and one.strip() for one in groups):
        refuse(f'expected names of groups: {_GROUPS_FORM}; without a group write ai = "{BLOCKED}"')
    return tuple(dict.fromkeys(one.strip() for one in groups))


def _listed(value: object, what: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        refuse(f"expected a list of {what}, in [ ]")
    if not texts or not all(one.strip() for one in texts):
        refuse(f"the list names nothing; remove the key or name {what}")
    return tuple(dict.fromkeys(one.strip() for one in texts))


def _locations(value: object, info: ValidationInfo) -> tuple[str, ...]:
    rulebook = _known(info).facts
    known = locations.choices(rulebook)
    found = []
    for word in _listed(value, "locations"):
        name = locations.spelled(word, rulebook)
        if name is None:
            _said("a known location", word, known)
        if not locations.fixed(name, rulebook):
            refuse(f"{quoted(word)} is not a fixed location; it takes {', '.join(known)}")
        found.append(name)
    return tuple(dict.fromkeys(found))


def _app_named(word: str, rulebook: Rulebook) -> App:
    by_title = {app.title.casefold(): app for app in rulebook.apps.values()}
    app = rulebook.app(word) or by_title.get(word.casefold())
    if app is None:
        refuse(f"{quoted(word)} is not a known app{nearest(word, rulebook.apps)}")
    return app


def _without_residency(value: object, info: ValidationInfo) -> tuple[str, ...]:
    """Type keys of the apps."""
    rulebook = _known(info).facts
    found = []
    for word in _listed(value, "apps"):
        app = _app_named(word, rulebook)
        if app.residency == "yes":
            refuse(f"{app.title} offers data residency; pin it, or accept its location with a [[waiver]] on DR-01")
        found.append(app.type_key)
    return tuple(dict.fromkeys(found))


def _places(value: object, info: ValidationInfo) -> tuple[Place, ...]:
    rulebook = _known(info).facts
    return tuple(_place(text, rulebook) for text in _listed(value, "sites and apps"))


def _place(text: str, rulebook: Rulebook) -> Place:
    form = "write a site as labs.atlassian.net, an app as app:acme.atlassian.net/confluence or confluence"
    kind, colon, rest = text.partition(":")
    rest = rest.removeprefix("//") if kind in ("https", "http") else rest
    if kind in ("https", "http"):
        kind, rest = "site", rest.partition("/")[0]
    if not colon:
        kind, rest = ("site", text.rstrip("/")) if "." in text or "*" in text else ("app", text)
    if kind not in ("site", "app"):
        refuse(f"{quoted(text)} is not a site or an app; {form}")
    if kind == "site":
        if not rest.strip("*. ") or "/" in rest:
            refuse(f"{quoted(text)} is not one site; {form}")
        return Place(text, Where(site=(rest,)))
    host, slash, word = rest.rpartition("/")
    if slash and "." not in host:
        refuse(f"{quoted(text)} names an app by its ID; {form}")
    app = _app_named(word, rulebook)
    return Place(text, Where(site=(host,) if host else (), app=tuple(sorted(app.words))), app)


def _processing_places(value: object, info: ValidationInfo) -> tuple[str, ...]:
    known = _known(info).facts.subprocessors
    found = []
    for word in _listed(value, "locations"):
        if known.place_of(word) is None:
            shown = (one.words[0].upper() if len(one.words[0]) < 4 else one.words[0].title() for one in known.places)
            close = nearest(word, tuple(shown), otherwise=" ", cutoff=0.6).strip()
            takes = f"{close} It" if close else "; it"
            refuse(f"{quoted(word)} is not a known location{takes} takes EEA, Global and the names of countries")
        found.append(word)
    return tuple(dict.fromkeys(found))


def _companies(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_listed(value, "companies, by their names in the list")))


_STRINGS = WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {**_TEXTS, "minItems": 1}]})
Statement = Annotated[
    str,
    PlainValidator(lambda value: value if value in STATEMENTS else _said("a statement", str(value), STATEMENTS)),
    WithJsonSchema(_enum(STATEMENTS)),
]


class Table(BaseModel):
    """A table of the file: unknown keys are errors, and a text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class AgeTable(Table):
    """`max_age_days`: days that evidence stays fresh, by grade."""

    documented: Days | None = None
    decoded: Days | None = None
    attested: Days | None = None
    attested_anchored: Days | None = Field(default=None, description="An attestation whose anchors have not moved.")
    inferred: Days | None = None

    def given(self) -> dict[str, int]:
        """The days that were written, by grade."""
        return {name: days for name, days in self if days is not None}


class EvidenceTable(Table):
    """`[evidence]`: which evidence counts, and for how long."""

    accept: Grades | None = None
    max_age_days: AgeTable = Field(default_factory=AgeTable)
    screenshot: FromSeverity = Field(default=None, description="From this severity on an attestation needs one.")
    second_person: FromSeverity = Field(default=None, description="From this severity on an attestation needs one.")
    owner: Text | None = Field(default=None, description="Who mends what fails or is not verified: an address, a team.")
    due_days: Days | None = Field(default=None, description="How many days they have from the first time it was so.")


class WhereTable(Table):
    """`where`: shell-style patterns, compared without case. A list is a choice."""

    organization: Patterns = Field(default=(), description="ID or name.")
    site: Patterns = Field(default=(), description="Host.")
    app: Patterns = Field(default=(), description="The API's typeKey.")
    plan: Patterns = ()
    sandbox: bool | None = Field(default=None, json_schema_extra={"type": "boolean"})
    space: Patterns = Field(default=(), description="Key.")

    def value(self) -> Where:
        """The table as a value of the core."""
        return Where(**dict(self))


class RuleTable(Table):
    """`[[rule]]`: one check, wanted of some subjects."""

    check: CheckId
    where: WhereTable = Field(default_factory=WhereTable)
    expect: Expected = Field(default=None, description="What is wanted; without it what the check itself expects.")
    severity: SeverityWord | None = Field(default=None, description="Without it the check's own.")
    enabled: bool = True
    reason: Text = Field(default="", validate_default=True, description="Why it is on; required when it is off.")
    accept: Grades | None = None
    max_age_days: AgeTable | None = None
    owner: Text | None = Field(default=None, description="Who mends what fails; without it that of [evidence].")
    due_days: Days | None = Field(default=None, description="How many days they have; without it those of [evidence].")
    expands: Statement = Field(default="", description="Written by `policy show`: the key of [expect] behind the rule.")

    @field_validator("reason", mode="wrap")
    @classmethod
    def _off_needs_a_reason(cls, value: Any, inner: Callable[[Any], str], info: ValidationInfo) -> str:
        if value != "":
            return inner(value)
        if info.data.get("enabled") is False:
            refuse("a rule that is switched off needs a reason")
        return ""

    def rule(self, origin: str) -> Rule:
        """The table as a value of the core."""
        return Rule(
            check=self.check,
            origin=origin,
            where=self.where.value(),
            expect=self.expect,
            severity=self.severity,
            enabled=self.enabled,
            reason=self.reason,
            accept=self.accept,
            max_age_days=self.max_age_days.given() if self.max_age_days else None,
            owner=self.owner or "",
            due_days=self.due_days,
            expands=self.expands,
        )


class WaiverTable(Table):
    """`[[waiver]]`: a finding that somebody accepted, for a value, until a day."""

    check: CheckId
    subject: Text | None = None
    where: WhereTable | None = Field(default=None, validate_default=True)
    observed: AnyValue = Field(default=None, description="Binds the waiver to this value.")
    outcomes: Outcomes = Field(default=WAIVABLE, description="Which outcomes it covers.")
    reason: Text
    requested_by: Text
    approved_by: Text = Field(description="Another person than `requested_by`.")
    approved_at: Day
    review_every_days: Days | None = None
    ticket: Text = Field(default="")
    expires: Day = Field(description="Valid through this day, UTC.")

    @field_validator("where", mode="after")
    @classmethod
    def _says_what_it_covers(cls, where: WhereTable | None, info: ValidationInfo) -> WhereTable | None:
        if "subject" not in info.data:
            return where
        subject = info.data["subject"]
        if subject is None and where is None:
            refuse("a waiver names what it covers; give `subject` or `where`")
        if subject is not None and where is not None:
            refuse("a waiver takes `subject` or `where`, not both")
        if where is not None and where.value() == Where():
            refuse("selects everything; a waiver names what it covers")
        return where

    @field_validator("approved_by", mode="after")
    @classmethod
    def _two_people(cls, approved_by: str, info: ValidationInfo) -> str:
        if same_person(approved_by, info.data.get("requested_by", "")):
            refuse("the person who asks for a waiver cannot approve it; name another")
        return approved_by

    @field_validator("expires", mode="after")
    @classmethod
    def _ends_after_it_begins(cls, expires: date, info: ValidationInfo) -> date:
        approved_at = info.data.get("approved_at")
        if approved_at is not None and expires < approved_at:
            refuse(f"{expires} is before `approved_at`, {approved_at}")
        return expires

    def waiver(self, origin: str) -> Waiver:
        """The table as a value of the core."""
        return Waiver(
            check=self.check,
            origin=origin,
            reason=self.reason,
            requested_by=self.requested_by,
            approved_by=self.approved_by,
            approved_at=self.approved_at,
            expires=self.expires,
            subject=self.subject,
            where=self.where.value() if self.where else None,
            observed=self.observed,
            binds_to_value="observed" in self.model_fields_set,
            outcomes=self.outcomes,
            review_every_days=self.review_every_days,
            ticket=self.ticket,
        )


class DecisionTable(Table):
    """`[[decision]]`: a setting that people chose on purpose."""

    setting: SettingName
    value: AnyValue
    by: Text
    second: Text = Field(description="Another person than `by`.")
    date: Day
    ticket: Text

    @field_validator("second", mode="after")
    @classmethod
    def _two_people(cls, second: str, info: ValidationInfo) -> str:
        if same_person(second, info.data.get("by", "")):
            refuse("a decision needs two people; name another than `by`")
        return second

    def decision(self, origin: str) -> Decision:
        """The table as a value of the core."""
        return Decision(
            setting=SettingId(self.setting),
            value=self.value,
            by=self.by,
            second=self.second,
            date=self.date,
            ticket=self.ticket,
            origin=origin,
        )


class ExpectTable(Table):
    """`[expect]`: what the company wants, in its words. Each key expands to rules."""

    contribution: Annotated[str | None, PlainValidator(_contribution), WithJsonSchema(_enum(CONTRIBUTION))] = Field(
        default=None, description="Which data Atlassian may use; none means neither metadata nor in-app data."
    )
    ai: Annotated[
        str | tuple[str, ...] | None,
        PlainValidator(_ai),
        WithJsonSchema(
            {
                "anyOf": [
                    _enum((BLOCKED, ALLOWED)),
                    {
                        "type": "object",
                        "properties": {"groups": {**_TEXTS, "minItems": 1}},
                        "required": ["groups"],
                        "additionalProperties": False,
                    },
                ]
            }
        ),
    ] = Field(default=None, description="Who may use AI; groups are an Enterprise setting.")
    ai_allowed_on: Annotated[tuple[Place, ...], PlainValidator(_places), _STRINGS] = Field(
        default=(), description='Sites and apps where AI is allowed although ai = "blocked".'
    )
    location: Annotated[tuple[str, ...], PlainValidator(_locations), _STRINGS] = Field(
        default=(), description="Locations and groups of locations in which every app is to be pinned."
    )
    location_except: Annotated[tuple[str, ...], PlainValidator(_without_residency), _STRINGS] = Field(
        default=(), description="Apps without data residency that are accepted; needs a reason."
    )
    subprocessor_locations: Annotated[tuple[str, ...], PlainValidator(_processing_places), _STRINGS] = Field(
        default=(), description="Locations in which every sub-processor that touches an app may work."
    )
    subprocessors_accepted: Annotated[tuple[str, ...], PlainValidator(_companies), _STRINGS] = Field(
        default=(), description="Sub-processors that are accepted, training and locations included."
    )
    reason: Text = Field(default="", validate_default=True, description="Who decided this, when, and the ticket.")

    @field_validator("reason", mode="wrap")
    @classmethod
    def _exceptions_need_a_reason(cls, value: Any, inner: Callable[[Any], str], info: ValidationInfo) -> str:
        if value != "":
            return inner(value)
        if info.data.get("location_except"):
            refuse("`location_except` needs a reason: say who accepted these apps")
        return ""


class OrganizationTable(Table):
    """`[[organization]]`: what differs for some organizations of the company."""

    match: Annotated[Patterns, Field(min_length=1)] = Field(
        description="IDs or names of the organizations, shell-style patterns."
    )
    written_for_plan: PlanWord | None = None
    expect: ExpectTable | None = Field(
        default=None, description="Each statement here replaces the general one for these organizations."
    )


class PolicyTable(Table):
    """The whole file."""

    version: Version
    name: Text = Field(default="", description="Without it the file's name.")
    extends: list[Text] = Field(
        default=[], description="Shipped packs, or paths relative to this file; merged left to right."
    )
    written_for_plan: PlanWord | None = None
    evidence: EvidenceTable = Field(default_factory=EvidenceTable)
    expect: ExpectTable | None = None
    organization: list[OrganizationTable] = []
    rule: list[RuleTable] = []
    waiver: list[WaiverTable] = []
    decision: list[DecisionTable] = []


LISTS: Mapping[str, type[Table]] = {
    "organization": OrganizationTable,
    "rule": RuleTable,
    "waiver": WaiverTable,
    "decision": DecisionTable,
}
KEYS: Mapping[str, tuple[str, ...]] = {
    "": tuple(PolicyTable.model_fields),
    "where": tuple(WhereTable.model_fields),
    "evidence": tuple(EvidenceTable.model_fields),
    "expect": (*STATEMENTS, "reason"),
    "max_age_days": tuple(AgeTable.model_fields),
    **{name: tuple(table.model_fields) for name, table in LISTS.items()},
}
"""Known keys by the name of their table, "" for the file itself."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a policy file, with TOML dates as ISO texts.

    It cannot say what depends on other words: that two people differ, which checks exist, what each expects.
    """
    schema = PolicyTable.model_json_schema()
    schema["required"].remove("version")
    schema["anyOf"] = [{"required": ["version"]}, {"required": ["expect"]}]
    tables = schema["$defs"]
    tables["WaiverTable"]["oneOf"] = [{"required": ["subject"]}, {"required": ["where"]}]
    tables["RuleTable"]["if"] = {"properties": {"enabled": {"const": False}}, "required": ["enabled"]}
    tables["RuleTable"]["then"] = {"required": ["reason"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "contribaudit policy file"}

"""The tables of a policy file and their keys; `values` and `statements` say what a key may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    ValidationInfo,
    field_validator,
)

from contribaudit.core.model.policy import WAIVABLE, Decision, Rule, Waiver, Where
from contribaudit.core.model.subject import same_person
from contribaudit.policy_file.statements import STATEMENTS, ExpectTable, Statement
from contribaudit.policy_file.values import (
    AnyValue,
    CheckId,
    Day,
    Days,
    Expected,
    FromSeverity,
    Grades,
    Outcomes,
    Patterns,
    PlanWord,
    SettingName,
    SeverityWord,
    Table,
    Text,
    Version,
    decided,
    refuse,
)


class AgeTable(Table):
    """`max_age_days`: days that evidence stays fresh, by grade."""

    documented: Days | None = None
    decoded: Days | None = None
    attested: Days | None = None
    attested_anchored: Days | None = Field(default=None, description="An attestation whose anchors have not moved.")
    inferred: Days | None = None

    def given(self) -> dict[str, int]:
        """The days that the file gives, by grade."""
        return {name: days for name, days in self if days is not None}


class EvidenceTable(Table):
    """`[evidence]`: which evidence counts, and for how long."""

    accept: Grades | None = None
    max_age_days: AgeTable = Field(default_factory=AgeTable)
    screenshot: FromSeverity = Field(default=None, description="Attestations need a screenshot from this severity on.")
    second_person: FromSeverity = Field(
        default=None, description="Attestations need a second person from this severity on."
    )
    owner: Text | None = Field(default=None, description="Who fixes what fails or is unverified: an address or a team.")
    due_days: Days | None = Field(
        default=None, description="How many days they have, counted from the first run that found it."
    )


class WhereTable(Table):
    """`where`: shell-style patterns, compared without case. Of a list, one has to match."""

    organization: Patterns = Field(default=(), description="ID or name.")
    site: Patterns = Field(default=(), description="Host.")
    app: Patterns = Field(default=(), description="The API's typeKey.")
    plan: Patterns = ()
    sandbox: bool | None = Field(default=None, json_schema_extra={"type": "boolean"})
    space: Patterns = Field(default=(), description="Key.")

    def value(self) -> Where:
        """The table as a `Where`."""
        return Where(**dict(self))


class RuleTable(Table):
    """`[[rule]]`: what one check expects, of all subjects or of some."""

    check: CheckId
    where: WhereTable = Field(default_factory=WhereTable)
    expect: Expected = Field(default=None, description="The wanted value; default: what the check itself expects.")
    severity: SeverityWord | None = Field(default=None, description="Default: that of the check.")
    enabled: bool = True
    reason: Text = Field(default="", validate_default=True, description="The rule's reason; required if it is off.")
    accept: Grades | None = None
    max_age_days: AgeTable | None = None
    owner: Text | None = Field(default=None, description="Who fixes what fails; default: that of [evidence].")
    due_days: Days | None = Field(default=None, description="How many days they have; default: those of [evidence].")
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
        """The table as a `Rule`."""
        days = self.max_age_days.given() if self.max_age_days else None
        fields = {**dict(self), "where": self.where.value(), "max_age_days": days, "owner": self.owner or ""}
        return Rule(origin=origin, **fields)


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
        if where is not None and where.value().selects_everything:
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
        """The table as a `Waiver`."""
        fields = {**dict(self), "where": self.where.value() if self.where else None}
        return Waiver(origin=origin, binds_to_value="observed" in self.model_fields_set, **fields)


class DecisionTable(Table):
    """`[[decision]]`: a setting that people chose on purpose."""

    setting: SettingName
    value: Annotated[AnyValue, AfterValidator(decided)]
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
        """The table as a `Decision`."""
        return Decision(origin=origin, **dict(self))


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
    name: Text = Field(default="", description="Default: the file's name.")
    extends: list[Text] = Field(
        default=[], description="Shipped packs, or paths relative to this file; merged left to right."
    )
    written_for_plan: PlanWord | None = None
    evidence: EvidenceTable = Field(default_factory=EvidenceTable)
    expect: ExpectTable | None = None
    organization: list[OrganizationTable] = Field(default=[])
    rule: list[RuleTable] = Field(default=[])
    waiver: list[WaiverTable] = Field(default=[])
    decision: list[DecisionTable] = Field(default=[])


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
"""Known keys by table name, "" for the file itself."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a policy file, with TOML dates as ISO texts.

    It cannot express what depends on other values: that two people differ, which checks exist, what each check expects.
    """
    schema = PolicyTable.model_json_schema()
    schema["required"].remove("version")
    schema["anyOf"] = [{"required": ["version"]}, {"required": ["expect"]}]
    tables = schema["$defs"]
    tables["WaiverTable"]["oneOf"] = [{"required": ["subject"]}, {"required": ["where"]}]
    tables["RuleTable"]["if"] = {"properties": {"enabled": {"const": False}}, "required": ["enabled"]}
    tables["RuleTable"]["then"] = {"required": ["reason"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "contribaudit policy file"}

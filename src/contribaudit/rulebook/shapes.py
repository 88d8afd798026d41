"""The shape of each rulebook file, checked where the bytes come in.

A table whose keys are the fields of a value in `core` is read into that value directly. Any other table has an entry
class here, which `values` turns into the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from contribaudit.core.model.audit_log import ActionFamily, VendorDate
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.provisions import Anchor, Compared, Overtaken, SeverityRule, Topic
from contribaudit.core.model.rulebook import (
    Clocks,
    Console,
    ContributionDefault,
    Exemption,
    Figure,
    Limits,
    Move,
    Seconds,
    SignalRule,
    Statement,
    Words,
)
from contribaudit.core.model.subject import Kind

_ADDRESS = r"^https://\S+$"
_FORMS = {
    "source": (_ADDRESS, "should be an https address"),
    "address": (_ADDRESS, "should be an https address"),
    "signal": (r"^signal\.[a-z0-9._-]+$", "should be the name of a signal"),
}
"""Pattern and fault of a text in a value, by the name of its field."""

Text = Annotated[str, Field(min_length=1)]
Address = Annotated[str, Field(pattern=_ADDRESS)]


def flaws(part: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield key and problem of each value that passes type checks but is blank, not a URL or not positive.

    A field with a default may be empty. Models are only searched for values: their own fields are already checked.
    """
    if isinstance(part, BaseModel):
        for name, value in part:
            yield from flaws(value, f"{key}.{name}" if key else name)
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part):
            yield from flaws(value, f"{key}.{number}")
    elif is_dataclass(part):
        for attribute in fields(part):
            inner: object = getattr(part, attribute.name)
            place = f"{key}.{attribute.name}"
            # A company's own texts about a check may be brief, and its source any page.
            needed = attribute.name == "controls" if isinstance(part, Words) else attribute.default is MISSING
            form, fault = _FORMS.get(attribute.name, ("", "")) if not isinstance(part, Words) else ("", "")
            if form and not re.search(form, str(inner)):
                yield place, fault
            elif (needed and inner in ("", ())) or (isinstance(inner, tuple) and "" in inner):
                yield place, "should not be empty"
            elif type(inner) is int and inner <= 0:
                yield place, "should be greater than 0"
            yield from flaws(inner, place)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Dated(_Strict):
    """What every file says about itself: when it was compared with its source, and how good that source is."""

    reviewed: date
    source: str
    grade: str
    source_date: date | None = None
    residency_source: str = ""
    rovo_source: str = ""
    rovo_by_group_source: str = ""
    audit_log_source: str = ""
    spaces_source: str = ""

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """The file that this document holds. Raises ValidationError for the first place that does not fit the shape."""
        parsed = cls.model_validate_json(json.dumps(document, default=str))  # JSON has lists where values have tuples
        for key, fault in flaws(parsed):
            error = PydanticCustomError("rulebook", "{fault}", {"fault": fault})
            raise ValidationError.from_exception_data(cls.__name__, [{"type": error, "loc": (key,), "input": None}])
        return parsed


class MetaFile(Dated):
    """rulebook.toml"""

    version: str
    effective: date
    review_within_days: int = Field(gt=0)
    scope_review_within_days: int = Field(default=30, gt=0)


class PlanEntry(_Strict):
    name: str
    words: list[str] = Field(min_length=1)
    residency: bool
    rovo: bool
    rovo_by_group: bool = False
    audit_log: bool = False
    metadata: ContributionDefault
    in_app: ContributionDefault


class PlansFile(Dated):
    """plans.toml, lowest plan first"""

    plan: list[PlanEntry] = Field(min_length=1)
    may_not_count: list[Text] = []


class ExemptionsFile(Dated):
    """exemptions.toml"""

    exemption: list[Exemption] = Field(min_length=1)


class RealmEntry(_Strict):
    code: str
    title: str
    words: list[str] = Field(min_length=1)
    regions: list[str] = []
    held: bool = True


class GroupsFrom(_Strict):
    source: Address
    reviewed: date
    grade: Text


class RealmsFile(Dated):
    """realms.toml"""

    realm: list[RealmEntry] = Field(min_length=1)
    groups: dict[str, list[str]] = {}
    groups_from: GroupsFrom | None = None


class MovesFile(Dated):
    """moves.toml"""

    move: list[Move] = Field(min_length=1)


class AppEntry(_Strict):
    type_key: str
    title: str
    words: list[str] = []
    contribution: str = Field(pattern="^(own|organization|none|unknown)$")
    residency: str = Field(pattern="^(yes|none|unknown)$")
    rovo_block: str = Field(pattern="^(yes|elsewhere|none|unknown)$")
    jira_family: bool = False
    own_workspaces: bool | None = None
    pseudo: bool = False
    spaces: str = Field(default="", pattern="^(jira|confluence|)$")
    project_types: list[Text] = []
    gateway_ai: str = Field(default="", pattern="^(confluence|jira|jsm|)$")
    gateway_region: str = ""
    product_keys: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]] = []


class AppsFile(Dated):
    """apps.toml"""

    app: list[AppEntry] = Field(min_length=1)


class CandidateValue(_Strict):
    holds: Any
    means: Text


class CandidateEntry(_Strict):
    signal: str = Field(pattern=r"^signal\.[a-z0-9._-]+$")
    owner: Literal["organization", "app"]
    pointer: Text
    setting: Text
    called: Text
    reads: list[CandidateValue] = Field(min_length=1)
    otherwise: Text | None = None
    absent: Text | None = None
    why: Text
    source: Address
    grade: Text


class SignalsFile(Dated):
    """signals.toml"""

    signal: list[SignalRule] = []
    candidate: list[CandidateEntry] = []


class DecodedValueEntry(_Strict):
    value: bool | int | str
    when: dict[str, Any] = {}
    null: list[str] = []
    without: list[str] = []
    absent: bool = False


class DecoderEntry(_Strict):
    setting: Text
    signal: Text
    owner: Literal["organization", "app"]
    pointers: list[str] = []
    value: list[DecodedValueEntry] = []
    texts: str = ""
    found_in: Text = Field(alias="from")
    note: str = ""


class DecodersFile(Dated):
    """decoders.toml, and every file of a user's folder of decoders"""

    decoder: list[DecoderEntry] = []

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """The file as TOML gave it: `decoders` itself refuses a date, which JSON does not have, and names its place."""
        return cls.model_validate(document)


class AskedIfEntry(_Strict):
    setting: Text
    words: list[Text] = Field(min_length=1, alias="is")


class ScreenEntry(_Strict):
    id: str = Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
    title: Text
    kind: Kind
    settings: list[Text] = Field(min_length=1)
    apps: list[str] = []
    paths: dict[str, Text] = Field(min_length=1)
    seconds: Seconds
    asked_if: dict[str, AskedIfEntry] = {}
    plans: list[str] = []
    since: date | None = None
    source: Address
    grade: str = Field(pattern="^[ABC]( .*)?$")
    note: str = ""


class ScreensFile(Dated):
    """screens.toml"""

    console: Console | None = None
    screen: list[ScreenEntry] = Field(min_length=1)


class ClocksFile(Dated):
    """clocks.toml"""

    clocks: Clocks
    limits: Limits


class DateEntry(_Strict):
    id: str = Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
    date: date
    title: Text
    what: Text
    source: Address
    grade: str = Field(pattern="^[ABC]$")


class DatesFile(Dated):
    """dates.toml"""

    announced: list[DateEntry] = []


class EventsFile(Dated):
    """events.toml"""

    ignored: list[Text] = []
    retention_days: Figure
    latency_hours: Figure
    rollout_subjects: Figure
    review_days: Figure
    family: list[ActionFamily] = Field(min_length=1)
    date: list[VendorDate] = []


class StatementsFile(Dated):
    """statements.toml"""

    ai_processing: Statement


class ReadingEntry(_Strict):
    short_percent: int = Field(gt=0, lt=100)
    method: Text
    disclaimer: Text
    otherwise: Severity


class DocumentEntry(_Strict):
    name: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Text
    url: Address
    marks: list[Text] = []
    topics: list[Text] = []


class TermsFile(Dated):
    """terms.toml"""

    reading: ReadingEntry
    document: list[DocumentEntry] = Field(min_length=1)
    topic: list[Topic] = []
    severity: list[SeverityRule] = []
    anchor: list[Anchor] = []
    overtaken: list[Overtaken] = []
    compared: list[Compared] = []


class ProductEntry(_Strict):
    name: Text
    words: list[Text] = Field(min_length=1)
    apps: list[Text]
    may: list[Text] = []
    with_ai: bool = False
    ai: str = ""


class PurposeEntry(_Strict):
    kind: Literal["hosting", "ai", "training", "support", "communications", "analytics", "other"]
    words: list[Text] = Field(min_length=1)


class PlaceEntry(_Strict):
    code: Annotated[str, Field(pattern="^(?:[A-Z]{2}|EEA|GLOBAL)$")]
    words: list[Text] = Field(min_length=1)
    eea: bool = False


class ColumnsEntry(_Strict):
    name: list[Text] = Field(min_length=1)
    products: list[Text] = Field(min_length=1)
    purposes: list[Text] = Field(min_length=1)
    data_categories: list[Text] = Field(min_length=1)
    locations: list[Text] = Field(min_length=1)
    security: list[Text] = Field(min_length=1)
    country: list[Text] = Field(min_length=1)


class SubprocessorsFile(Dated):
    """subprocessors.toml"""

    vendor: Text
    list_days: int = Field(gt=0)
    objection_days: int = Field(gt=0)
    everything: list[Text] = Field(min_length=1)
    columns: ColumnsEntry
    product: list[ProductEntry] = Field(min_length=1)
    purpose: list[PurposeEntry] = Field(min_length=1)
    place: list[PlaceEntry] = Field(min_length=1)


class ThirdPartyEntry(_Strict):
    name: Text
    products: Text
    purposes: Text
    data_categories: str
    locations: Text


class GroupCompanyEntry(_Strict):
    name: Text
    products: Text
    country: Text


class ShippedListFile(Dated):
    """subprocessors_shipped.toml"""

    effective: date
    third_party: list[ThirdPartyEntry] = Field(min_length=1)
    group_company: list[GroupCompanyEntry] = []


class ChecksFile(Dated):
    """checks/FAMILY.toml: a table per check, named by its ID"""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Words]

    @property
    def checks(self) -> dict[str, Words]:
        return self.__pydantic_extra__

"""The shape of each rulebook file, checked where the bytes come in."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from contribaudit.core.model.finding import Severity
from contribaudit.core.model.provisions import ProvisionKind
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind

Text = Annotated[str, Field(min_length=1)]
Address = Annotated[str, Field(pattern=r"^https://\S+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Dated(_Strict):
    """What every file says of itself: when it was compared with its source, and how good that source is."""

    reviewed: date
    source: str
    grade: str
    source_date: date | None = None
    residency_source: str = ""
    rovo_source: str = ""
    rovo_by_group_source: str = ""
    audit_log_source: str = ""
    spaces_source: str = ""


class MetaFile(Dated):
    """rulebook.toml"""

    version: str
    effective: date
    review_within_days: int = Field(gt=0)
    scope_review_within_days: int = Field(default=30, gt=0)


class ContributionDefault(_Strict):
    default: str
    changeable: StrictBool


class PlanEntry(_Strict):
    name: str
    words: list[str] = Field(min_length=1)
    residency: StrictBool
    rovo: StrictBool
    rovo_by_group: StrictBool = False
    audit_log: StrictBool = False
    metadata: ContributionDefault
    in_app: ContributionDefault


class PlansFile(Dated):
    """plans.toml, lowest plan first"""

    plan: list[PlanEntry] = Field(min_length=1)
    may_not_count: list[Text] = []


class ExemptionEntry(_Strict):
    word: Text
    title: Text
    plans: list[str] = []
    trial: StrictBool = True
    setting: str = ""
    value: str = ""
    without: str = ""
    apps: list[str] = []
    source: Address
    grade: Text


class ExemptionsFile(Dated):
    """exemptions.toml"""

    exemption: list[ExemptionEntry] = Field(min_length=1)


class RealmEntry(_Strict):
    code: str
    title: str
    words: list[str] = Field(min_length=1)
    held: StrictBool = True


class GroupsFrom(_Strict):
    source: Address
    reviewed: date
    grade: Text


class RealmsFile(Dated):
    """realms.toml"""

    realm: list[RealmEntry] = Field(min_length=1)
    groups: dict[str, list[str]] = {}
    groups_from: GroupsFrom | None = None


class MoveEntry(_Strict):
    word: str
    meaning: str = Field(pattern="^(held|moving|scheduled|leaving|failed)$")
    pinned: StrictBool


class MovesFile(Dated):
    """moves.toml"""

    move: list[MoveEntry] = Field(min_length=1)


class AppEntry(_Strict):
    type_key: str
    title: str
    words: list[str] = []
    contribution: str = Field(pattern="^(own|organization|none|unknown)$")
    residency: str = Field(pattern="^(yes|none|unknown)$")
    rovo_block: str = Field(pattern="^(yes|elsewhere|none|unknown)$")
    jira_family: StrictBool = False
    own_workspaces: StrictBool | None = None
    pseudo: StrictBool = False
    spaces: str = Field(default="", pattern="^(jira|confluence|)$")
    project_types: list[Text] = []
    gateway_ai: str = Field(default="", pattern="^(confluence|jira|jsm|)$")
    gateway_region: str = ""
    product_keys: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]] = []


class AppsFile(Dated):
    """apps.toml"""

    app: list[AppEntry] = Field(min_length=1)


class SignalEntry(_Strict):
    signal: str = Field(pattern=r"^signal\.[a-z0-9._-]+$")
    family: Family
    collector: Text
    kinds: list[Kind] = Field(min_length=1)
    why: Text
    source: Address
    grade: Text


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

    signal: list[SignalEntry] = []
    candidate: list[CandidateEntry] = []


class DecodedValueEntry(_Strict):
    value: StrictBool | StrictInt | str
    when: dict[str, Any] = {}
    null: list[str] = []
    without: list[str] = []
    absent: StrictBool = False


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


class SecondsEntry(_Strict):
    look: StrictInt = Field(gt=0)
    value: StrictInt = Field(gt=0)


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
    seconds: SecondsEntry
    asked_if: dict[str, AskedIfEntry] = {}
    plans: list[str] = []
    source: Address
    grade: str = Field(pattern="^[ABC]( .*)?$")
    note: str = ""


class ConsoleEntry(_Strict):
    name: Text
    address: Address
    source: Address
    reviewed: date
    grade: str = Field(pattern="^[ABC]$")
    note: str = ""


class ScreensFile(Dated):
    """screens.toml"""

    console: ConsoleEntry | None = None
    screen: list[ScreenEntry] = Field(min_length=1)


class FigureEntry(_Strict):
    amount: StrictInt = Field(gt=0)
    source: Address
    grade: Text


class ClocksEntry(_Strict):
    in_app_deletion_days: FigureEntry
    metadata_deletion_days: FigureEntry
    retrain_days: FigureEntry
    residue_years: FigureEntry
    disconnect_hours: FigureEntry
    prompt_retention_days: FigureEntry


class LimitsEntry(_Strict):
    blocklist_items: FigureEntry
    agent_creator_groups: FigureEntry


class ClocksFile(Dated):
    """clocks.toml"""

    clocks: ClocksEntry
    limits: LimitsEntry


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


class ActionFamilyEntry(_Strict):
    name: Text
    words: list[Text] = Field(min_length=1)
    settings: list[Text] = Field(min_length=1)
    kinds: list[Kind] = []
    follows_plan: StrictBool = False
    audited: StrictBool = False


class VendorDateEntry(_Strict):
    on: date
    families: list[Text] = Field(min_length=1)
    what: Text
    source: Address
    grade: Text


class EventsFile(Dated):
    """events.toml"""

    ignored: list[Text] = []
    retention_days: FigureEntry
    latency_hours: FigureEntry
    rollout_subjects: FigureEntry
    review_days: FigureEntry
    family: list[ActionFamilyEntry] = Field(min_length=1)
    date: list[VendorDateEntry] = []


class StatementEntry(_Strict):
    text: Text
    source: Address
    source_date: date | None = None
    grade: Text


class StatementsFile(Dated):
    """statements.toml"""

    ai_processing: StatementEntry


class ReadingEntry(_Strict):
    short_percent: StrictInt = Field(gt=0, lt=100)
    method: Text
    disclaimer: Text
    otherwise: Severity


class DocumentEntry(_Strict):
    name: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Text
    url: Address
    marks: list[Text] = []
    topics: list[Text] = []


class LawEntry(_Strict):
    law: Text
    place: Text
    why: Text


class TopicEntry(_Strict):
    id: Text
    title: Text
    words: list[Text] = Field(min_length=1)
    laws: list[LawEntry] = []


class SeverityEntry(_Strict):
    severity: Severity
    topics: list[Text] = []
    kinds: list[ProvisionKind] = []
    changed: list[Text]
    stands: list[Text]


class AnchorEntry(_Strict):
    id: Text
    document: Text
    phrases: list[Text] = Field(min_length=1)
    fact: Text
    files: list[Text] = []
    checks: list[Text] = []
    settings: list[Text] = []


class OvertakenEntry(_Strict):
    id: Text
    statement: Text
    phrases: list[Text] = Field(min_length=1)
    replaced: Text
    since: date
    document: Text
    source: Address


class NameEntry(_Strict):
    name: Text
    words: list[Text] = Field(min_length=1)


class ComparedEntry(_Strict):
    id: Text
    subject: Text
    about: list[Text] = Field(min_length=1)
    listed_in: Text
    names: list[NameEntry] = []


class TermsFile(Dated):
    """terms.toml"""

    reading: ReadingEntry
    document: list[DocumentEntry] = Field(min_length=1)
    topic: list[TopicEntry] = []
    severity: list[SeverityEntry] = []
    anchor: list[AnchorEntry] = []
    overtaken: list[OvertakenEntry] = []
    compared: list[ComparedEntry] = []


class ProductEntry(_Strict):
    name: Text
    words: list[Text] = Field(min_length=1)
    apps: list[Text]
    may: list[Text] = []
    with_ai: StrictBool = False
    ai: str = ""


class PurposeEntry(_Strict):
    kind: Literal["hosting", "ai", "training", "support", "communications", "analytics", "other"]
    words: list[Text] = Field(min_length=1)


class PlaceEntry(_Strict):
    code: Annotated[str, Field(pattern="^(?:[A-Z]{2}|EEA|GLOBAL)$")]
    words: list[Text] = Field(min_length=1)
    eea: StrictBool = False


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
    list_days: StrictInt = Field(gt=0)
    objection_days: StrictInt = Field(gt=0)
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


class WordsEntry(_Strict):
    title: str
    question: str
    trap: str
    severity: Severity
    remediation: str
    console_path: str
    source: str
    controls: list[str] = Field(min_length=1)


class ChecksFile(Dated):
    """checks/FAMILY.toml: a table per check, named by its ID"""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)
    __pydantic_extra__: dict[str, WordsEntry]

    @property
    def checks(self) -> dict[str, WordsEntry]:
        return self.__pydantic_extra__

"""Findings: what the policy says about the state, one per check and subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Value
from contribaudit.core.model.subject import Subject


class Outcome(StrEnum):
    """Every outcome that a check can have."""

    PASS = "pass"  # noqa: S105  an outcome, not a password
    FAIL = "fail"
    NOT_ACHIEVABLE = "not_achievable"
    NO_SUCH_SETTING = "no_such_setting"
    EXEMPT = "exempt"
    PENDING = "pending"
    NOT_YET_EFFECTIVE = "not_yet_effective"
    UNKNOWN = "unknown"
    STALE = "stale"
    CONFLICT = "conflict"
    WAIVED = "waived"

    @property
    def words(self) -> str:
        """The outcome as people read it: "not achievable", "no setting"."""
        return "no setting" if self is Outcome.NO_SUCH_SETTING else self.value.replace("_", " ")

    @property
    def violates(self) -> bool:
        """True for an outcome that leads to exit code 1."""
        return self in (Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE)

    @property
    def unproven(self) -> bool:
        """True for an outcome that leads to exit code 3."""
        return self in (Outcome.UNKNOWN, Outcome.STALE)

    @property
    def is_open(self) -> bool:
        """True for an outcome that somebody has to do something about: it fails, or is not verified."""
        return self.violates or self.unproven


class Severity(StrEnum):
    """How much a finding matters, most severe first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical, growing as severity falls."""
        return _RANKS[self]

    def at_least(self, other: Severity) -> bool:
        """True when this severity is `other` or a higher one."""
        return self.rank <= other.rank


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to believe a finding."""

    grade: Grade
    source: str
    observed_at: datetime
    sha256: str = ""
    """Digest of the raw object; "" where there is no single one (a list that was read to its end, say)."""
    attested_by: str | None = None
    confirmed_by: str | None = None
    screenshot: bool = False
    anchored: bool = False
    """For attested evidence: whether the API's signals are still as they were during the look."""
    attestation_id: str | None = None
    """ID of the attestation; None where the evidence rests on none."""

    @classmethod
    def of(cls, *observations: Observation) -> tuple[Evidence, ...]:
        """The observations that gave a value, each as evidence."""
        return tuple(_evidence(one) for one in observations if isinstance(one, Observed))


def _evidence(observed: Observed) -> Evidence:
    witness = observed.witness
    if witness is None:
        return Evidence(observed.grade, observed.source, observed.observed_at, observed.response)
    return Evidence(
        observed.grade,
        observed.source,
        observed.observed_at,
        observed.response,
        attested_by=witness.by,
        confirmed_by=witness.confirmed_by,
        screenshot=witness.screenshot,
        anchored=witness.anchored,
        attestation_id=witness.attestation or None,
    )


@dataclass(frozen=True, slots=True)
class AppliedWaiver:
    """The waiver that covers a finding."""

    reason: str
    approved_by: str
    ticket: str
    expires: date


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer about one subject. `id` is stable between runs."""

    check: str
    title: str
    severity: Severity
    outcome: Outcome
    underlying_outcome: Outcome
    """The outcome without the waiver; the same as `outcome` when there is none."""
    reason_code: str
    """A stable word for programs, "realm_not_allowed"."""
    reason: str
    """One sentence for people, without a full stop."""
    subject: Subject
    setting: SettingId | None
    expected: Value
    observed: Value
    """What was seen; None also where nothing was read (the outcome shows which)."""
    evidence: tuple[Evidence, ...] = ()
    """Strongest first, empty when there is none."""
    fragile: bool = False
    """True for a pass that rests only on a plan default or a running trial."""
    due_at: datetime | None = None
    remediation: str = ""
    console_path: str = ""
    controls: tuple[str, ...] = ()
    waiver: AppliedWaiver | None = None
    owner: str = ""
    """Who has to fix it, according to the policy; "" where the policy names nobody."""
    due_days: int | None = None
    """Days that the owner has, from the day on which this was first seen; None where the policy sets none."""
    rule: str = ""
    """Where the policy's rule is written, as "conf/policy.toml:12"; "" where no nearby file is known."""

    @property
    def id(self) -> str:
        """The first 16 hex digits of SHA-256 over check, organization, kind and subject, one a line."""
        key = "\n".join((self.check, self.subject.organization, self.subject.kind, self.subject.id))
        return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]

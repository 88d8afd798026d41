"""What the organization wants: rules, waivers and decisions, as read from a policy file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from posixpath import dirname, join, normpath

from contribaudit.core.model.finding import Evidence, Outcome, Severity
from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.times import later

DEFAULT_MAX_AGE_DAYS: Mapping[str, int] = {
    "documented": 2,
    "decoded": 2,
    "attested": 30,
    "attested_anchored": 30,
    "inferred": 180,
}
DEFAULT_ACCEPTED = (Grade.DOCUMENTED, Grade.DECODED, Grade.ATTESTED, Grade.INFERRED)
CLOCK_TOLERANCE = timedelta(minutes=5)
QUESTIONS = {"contribution": "DC", "ai": "AI", "location": "DR"}
"""The three questions that every report answers: the prefix of their check IDs by the key of `[expect]`."""
WAIVABLE = (Outcome.FAIL, Outcome.NOT_ACHIEVABLE)


def _fits_everything(pattern: str) -> bool:
    return "*" in pattern and set(pattern) <= {"*", "?"}


@dataclass(frozen=True, slots=True)
class Where:
    """Which subjects a rule or waiver is about. An empty tuple selects everything.

    Texts are shell-style patterns ("acme*"), compared without case. A selector on an attribute that was not read, or on
    an unknown plan word, matches, so that nothing unread escapes its rule; a waiver, and a rule that is off, must
    surely match.
    """

    organization: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    sandbox: bool | None = None
    space: tuple[str, ...] = ()

    @property
    def selects_everything(self) -> bool:
        """Whether no selector narrows it: `site = "*"` is as wide as none."""
        return all(isinstance(one, tuple) and any(map(_fits_everything, one)) for one in self.given.values())

    @property
    def given(self) -> dict[str, tuple[str, ...] | bool]:
        """The selectors that narrow it, by name."""
        selectors = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in selectors.items() if value not in ((), None)}


@dataclass(frozen=True, slots=True)
class EvidenceTerms:
    """Which evidence counts, and for how long."""

    accept: tuple[Grade, ...] = DEFAULT_ACCEPTED
    max_age_days: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_MAX_AGE_DAYS))
    """Days by grade, and by "attested_anchored"."""
    screenshot: Severity | None = None
    """From this severity on an attestation needs one; None means never."""
    second_person: Severity | None = None
    owner: str = ""
    """Who fixes what fails or is not verified where the rule names nobody; "" for nobody."""
    due_days: int | None = None
    """Days that the owner has where the rule does not say; None for no due date."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One check that some subjects have to meet. Identity is `check` + `where`."""

    check: str
    origin: str
    """Where it was written: "essentials", or "policy.toml:12"."""
    where: Where = Where()
    expect: Value = None
    """What is wanted; None takes the check's own expectation."""
    severity: Severity | None = None
    """None takes the check's own severity."""
    enabled: bool = True
    reason: str = ""
    """Why the rule is off; also kept when a pack says why it is on."""
    accept: tuple[Grade, ...] | None = None
    max_age_days: Mapping[str, int] | None = None
    """Overrides by grade; None keeps the policy's."""
    owner: str = ""
    """Who fixes what fails or is not verified; "" takes the policy's owner."""
    due_days: int | None = None
    """Days that the owner has from the day on which the finding was first seen; None takes the policy's."""
    expands: str = ""
    """The key of `[expect]` that the rule comes from: "contribution"; "" for a rule that somebody wrote."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that somebody accepted until a day, and perhaps for one value only."""

    check: str
    origin: str
    """Where it was written, in the form of `Rule.origin`; "" for a waiver that is not in a file yet."""
    reason: str
    requested_by: str
    approved_by: str
    approved_at: date
    expires: date
    """Valid through this day, UTC."""
    subject: str | None = None
    where: Where | None = None
    observed: Value = None
    binds_to_value: bool = False
    """True when `observed` was written: the waiver then covers that value only."""
    outcomes: tuple[Outcome, ...] = WAIVABLE
    review_every_days: int | None = None
    ticket: str = ""

    @property
    def review_due(self) -> date | None:
        """The day on which it is due for review, unless it has expired before; None where it needs no review."""
        if self.review_every_days is None:
            return None
        day = later(self.approved_at, timedelta(days=self.review_every_days))
        return day if day <= self.expires else None


@dataclass(frozen=True, slots=True)
class Decision:
    """A setting's value that people chose deliberately, on a date."""

    setting: SettingId
    value: Value
    by: str
    second: str
    date: date
    ticket: str
    origin: str = ""
    """Where it was written, in the form of `Rule.origin`; "" for a decision that is not in a file yet."""


@dataclass(frozen=True, slots=True)
class AuditPolicy:
    """A policy as resolved: packs merged left to right, then the file itself."""

    name: str
    rules: tuple[Rule, ...]
    """In merge order: per subject the last matching one wins."""
    waivers: tuple[Waiver, ...] = ()
    decisions: tuple[Decision, ...] = ()
    evidence: EvidenceTerms = EvidenceTerms()
    written_for_plan: str | None = None
    extends: tuple[str, ...] = ()
    sha256: str = ""
    """Digest of the resolved policy's TOML."""
    resolved_toml: str = ""
    file: str = ""
    """Path of its file from the folder in which the audit was started; "" where there is none, or it is elsewhere."""
    extends_line: int = 1
    """The file's line that brings in the rules of packs."""

    def place(self, rule: Rule) -> str:
        """Where the rule is written, as "conf/policy.toml:12"; "" without a file.

        For a rule of a pack, or of a file outside that folder, this is the line of `file` that brings it in.
        """
        if not self.file:
            return ""
        path, _, line = rule.origin.rpartition(":")
        near = normpath(join(dirname(self.file), path))
        if not path or near.startswith(("../", "/")):
            return f"{self.file}:{self.extends_line}"
        return f"{near}:{line}"


def limit_days(grade: Grade, limits: Mapping[str, int], *, anchored: bool) -> int:
    """Days that evidence of this grade stays fresh. Raises KeyError for a prediction, which is never fresh."""
    return limits["attested_anchored" if anchored else grade]


def fresh_until(observed_at: datetime, grade: Grade, limits: Mapping[str, int], *, anchored: bool) -> datetime:
    """The last moment at which evidence of this age still counts."""
    return later(observed_at, timedelta(days=limit_days(grade, limits, anchored=anchored)))


@dataclass(frozen=True, slots=True)
class Terms:
    """What the evidence of one finding, or of one effective answer, must meet."""

    accept: Collection[Grade]
    max_age_days: Mapping[str, int]
    """Days by grade, and by "attested_anchored"."""
    screenshot: bool = False
    """Whether an attestation needs one."""
    second_person: bool = False

    @classmethod
    def of(cls, policy: AuditPolicy, rule: Rule | None, severity: Severity) -> Terms:
        """The policy's terms under the rule, at the severity of what is judged; the policy's own without a rule."""
        terms = policy.evidence
        return cls(
            rule.accept if rule is not None and rule.accept is not None else terms.accept,
            limits_of(policy, rule),
            terms.screenshot is not None and severity.at_least(terms.screenshot),
            terms.second_person is not None and severity.at_least(terms.second_person),
        )

    def shortcoming(
        self, claim: str, evidence: Iterable[Evidence], as_of: datetime, *, lasting: bool
    ) -> Shortcoming | None:
        """Why this evidence is not enough for the statement `claim`; None where it is.

        A `lasting` statement, such as a bad answer, still counts when its evidence ages or lacks a second person.
        """
        pieces = tuple(evidence)
        return self._not_accepted(claim, pieces, as_of) or (None if lasting else self._not_enough(claim, pieces, as_of))

    def _not_accepted(self, claim: str, evidence: Iterable[Evidence], as_of: datetime) -> Shortcoming | None:
        for piece in evidence:
            if piece.grade is Grade.PREDICTED or piece.grade not in self.accept:
                reason = f"{claim}, but this is {piece.grade} evidence, which the policy does not accept"
                return Shortcoming(Outcome.UNKNOWN, "grade_not_accepted", reason)
            if piece.observed_at > as_of + CLOCK_TOLERANCE:
                reason = f"the evidence is dated {piece.observed_at:%Y-%m-%d %H:%M}Z, which is in the future"
                return Shortcoming(Outcome.UNKNOWN, "evidence_from_the_future", reason)
        return None

    def _not_enough(self, claim: str, evidence: Iterable[Evidence], as_of: datetime) -> Shortcoming | None:
        for piece in evidence:
            if as_of > fresh_until(piece.observed_at, piece.grade, self.max_age_days, anchored=piece.anchored):
                limit = limit_days(piece.grade, self.max_age_days, anchored=piece.anchored)
                days = (as_of - piece.observed_at).days
                age = counted(days, "day") if days > limit else f"more than {counted(limit, 'day')}"
                reason = f"{claim}, but that was seen {age} ago; "
                reason += f"the policy accepts {piece.grade} evidence for {counted(limit, 'day')}"
                return Shortcoming(Outcome.STALE, "evidence_too_old", reason)
            missing = self._what_is_missing(piece)
            if missing:
                reason = f"{claim}, by {piece.attested_by}, but the policy asks for a {missing}"
                return Shortcoming(Outcome.UNKNOWN, f"{missing.replace(' ', '_')}_missing", reason)
        return None

    def _what_is_missing(self, evidence: Evidence) -> str:
        """What an attestation lacks; "" when nothing.

        An attestation that agreed with a decoder must meet the same terms as any other.
        """
        if evidence.grade is not Grade.ATTESTED and not (evidence.grade is Grade.DECODED and evidence.attested_by):
            return ""  # a decoded value that people confirmed rests on one attestation, a signal's proof on several
        if self.screenshot and not evidence.screenshot:
            return "screenshot"
        if self.second_person and evidence.confirmed_by is None:
            return "second person"
        return ""


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """Why evidence does not count."""

    outcome: Outcome
    """`unknown` or `stale`."""
    code: str
    reason: str
    """The fact, and why it is not enough; without a full stop."""


def limits_of(policy: AuditPolicy, rule: Rule | None = None) -> Mapping[str, int]:
    """Days that each grade, and "attested_anchored", stays fresh under a rule; without one, under the policy alone."""
    return {**policy.evidence.max_age_days, **((rule.max_age_days if rule is not None else None) or {})}

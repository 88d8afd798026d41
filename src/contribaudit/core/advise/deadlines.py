"""Deadlines: one list of when keys, evidence, waivers, trials, moves, deletion clocks and announced days end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import chain

from contribaudit.core.advise.expiry import attested_expiries
from contribaudit.core.judge.check import Check
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, SettingId, Unavailable
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import AuditPolicy, fresh_until, limits_of
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.model.times import later, start_of, utc_day
from contribaudit.core.resolve.aliases import alias_of, called, resolve_alias
from contribaudit.core.resolve.exposure import (
    CALLED,
    Span,
    clocks_of,
    exposure_window,
    opt_outs,
    residue_until,
)
from contribaudit.core.resolve.state import State
from contribaudit.errors import AmbiguousSubject

_OWN_KEY = SettingId("api_key.expires_at")
_NEXT_KEY = SettingId("api_key.next_expiry")
_SCHEDULED, _STARTS, _ENDS = names.MOVE_DAYS
_MAX_AGE = "the policy's max_age_days"
SOON_DAYS = 14
"""The report warns about what expires within this many days."""


class DeadlineKind(StrEnum):
    """The kinds of things that run out."""

    API_KEY = "api_key"
    ATTESTATION = "attestation"
    READING = "reading"
    WAIVER = "waiver"
    WAIVER_REVIEW = "waiver_review"
    TRIAL = "trial"
    MOVE = "residency_move"
    DELETION = "deletion"
    RESIDUE = "residue"
    EXPOSURE = "exposure"
    BASELINE = "baseline"
    RULEBOOK = "rulebook_review"
    ANNOUNCED = "announced_date"


_WARNED = {
    DeadlineKind.API_KEY: ("API key expires", "API keys expire", "contribaudit deadlines"),
    DeadlineKind.ATTESTATION: (
        "attested value becomes too old",
        "attested values become too old",
        "contribaudit attest",
    ),
    DeadlineKind.WAIVER: ("waiver expires", "waivers expire", "contribaudit deadlines"),
    DeadlineKind.TRIAL: ("trial ends", "trials end", "contribaudit forecast --trial-ends"),
    DeadlineKind.BASELINE: ("baseline expires", "baselines expire", "contribaudit baseline approve"),
}
"""The words of a warning for one and for several of a kind, and the command to run."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing that runs out."""

    kind: DeadlineKind
    ends_at: datetime | None
    """Aware UTC; for a whole day the midnight at its start. None where no date is known."""
    what: str
    """What happens at that time, as a sentence without a full stop."""
    next_step: str = ""
    whole_day: bool = False
    """True where the deadline is a day that still counts to its end."""
    subject: Subject | None = None
    """None for what belongs to the policy or the rulebook."""
    setting: SettingId | None = None
    check: str = ""
    source: str = ""
    """Where the date comes from."""
    key: str = ""
    """Distinguishes deadlines that agree in kind, subject, setting and check."""

    @property
    def id(self) -> str:
        """The first 16 hex digits of SHA-256 over everything that identifies it but its date, which may move."""
        who = (self.subject.organization, self.subject.kind, self.subject.id) if self.subject else ("", "", "")
        parts = (self.kind, *who, self.setting or "", self.check, self.key)
        return sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def over_at(self) -> datetime | None:
        """The moment from which the deadline is over; None without a date."""
        return later(self.ends_at, timedelta(days=1)) if self.ends_at is not None and self.whole_day else self.ends_at

    def days_left(self, as_of: datetime) -> int | None:
        """Whole days left, 0 on the last day, negative when it is over; None without a date."""
        if self.ends_at is None:
            return None
        if self.whole_day:
            return (self.ends_at.date() - utc_day(as_of)).days
        return (self.ends_at - as_of) // timedelta(days=1)


def within(listed: Iterable[Deadline], as_of: datetime, span: timedelta) -> tuple[Deadline, ...]:
    """The deadlines that are over or end within the span, in the given order; those without a date are left out."""
    return tuple(one for one in listed if one.ends_at is not None and one.ends_at <= as_of + span)


def ending_soon(ends: Iterable[tuple[DeadlineKind, datetime | None]], as_of: datetime) -> list[str]:
    """One warning for each kind that ends within SOON_DAYS and that a person can still do something about.

    `ends` has each deadline's kind, and the moment from which it is over; None where no date is known.
    """
    limit = later(as_of, timedelta(days=SOON_DAYS))
    soon = Counter(kind for kind, over_at in ends if over_at is not None and as_of < over_at <= limit)
    return [
        f"{counted(soon[kind], one, several)} within {SOON_DAYS} days; run `{step}`."
        for kind, (one, several, step) in _WARNED.items()
        if soon[kind]
    ]


def deadlines(
    state: State,
    policy: AuditPolicy,
    checks: Iterable[Check],
    find_setting: Callable[[SettingId], Setting],
) -> tuple[Deadline, ...]:
    """Everything that runs out, soonest first: what is over already, then what is ahead, then what has no known date.

    Deletion clocks that have run out are left out, since nothing more happens by itself (DC-22 still reports them),
    and so are announced days that have passed.
    """
    attested = _attested(state, policy, checks, find_setting)
    return tuple(sorted([*attested, *_not_attested(state, policy)], key=_soonest))


def deadline_warnings(state: State, policy: AuditPolicy, checks: Iterable[Check]) -> list[str]:
    """The warnings of `ending_soon` for the same deadlines, without their sentences: attested values can be many."""
    attested = ((DeadlineKind.ATTESTATION, one.ends_at) for one in attested_expiries(state, policy, checks))
    others = ((one.kind, one.over_at) for one in _not_attested(state, policy))
    return ending_soon(chain(attested, others), state.as_of)


def _not_attested(state: State, policy: AuditPolicy) -> Iterator[Deadline]:
    yield from _of_policy(state, policy)
    yield from _of_rulebook(state)
    for place in state.looked_at:
        yield from _key_expiries(state, place.id)
        yield from _reading(state, place.id, policy)
        yield from _trials(state, place.id)
        yield from _moves(state, place.id)
        yield from _contribution(state, place.id, policy)
        yield from _baseline(state, place.id)


def _soonest(deadline: Deadline) -> tuple[object, ...]:
    moment = deadline.over_at or datetime.max.replace(tzinfo=UTC)
    return (
        deadline.over_at is None,
        moment,
        deadline.kind.value,
        deadline.what,
        deadline.subject.id if deadline.subject else "",
        deadline.key,
    )


def key_days_left(state: State) -> int | None:
    """Whole days until the first API key in use expires, negative when one has; None where no date is known."""
    ends = [state.moment(organization_subject(place.id), _OWN_KEY) for place in state.looked_at]
    return min(((one - state.as_of).days for one in ends if one is not None), default=None)


def _key_expiries(state: State, organization: str) -> Iterator[Deadline]:
    subject = organization_subject(organization)
    own = state.read(subject, _OWN_KEY)
    step = "create a new key, then run `contribaudit login`"
    ends = state.moment(subject, _OWN_KEY)
    if ends is not None:
        what = "the API key used for audits expires"
        yield Deadline(DeadlineKind.API_KEY, ends, what, step, subject=subject, setting=_OWN_KEY, source=own.source)
    elif isinstance(own, Unavailable) or own.value is not None:
        why = own.reason if isinstance(own, Unavailable) else "the API gives no date"
        what, step = f"the expiry date of the API key used for audits is not known: {why}", "contribaudit doctor"
        yield Deadline(DeadlineKind.API_KEY, None, what, step, subject=subject, setting=_OWN_KEY, source=own.source)
    first = state.moment(subject, _NEXT_KEY)
    if first is not None and first != ends:
        source = state.read(subject, _NEXT_KEY).source
        what = "the first of the organization's API keys expires"
        yield Deadline(DeadlineKind.API_KEY, first, what, "check who uses it", False, subject, _NEXT_KEY, source=source)


def _reading(state: State, organization: str, policy: AuditPolicy) -> Iterator[Deadline]:
    """The deadline by which the oldest reading of this run becomes too old under the strictest rule."""
    started = [one.started_at for one in state.organizations[organization].collections.values()]
    limits = [limits_of(policy, rule) for rule in policy.rules if rule.enabled] or [limits_of(policy)]
    ends = [fresh_until(min(started), Grade.DOCUMENTED, one, anchored=False) for one in limits if started]
    if ends:
        what = f"the last audit of {state.organization_name(organization)} becomes too old"
        about = organization_subject(organization)
        yield Deadline(DeadlineKind.READING, min(ends), what, "contribaudit audit", subject=about, source=_MAX_AGE)


def _attested(
    state: State, policy: AuditPolicy, checks: Iterable[Check], find_setting: Callable[[SettingId], Setting]
) -> Iterator[Deadline]:
    for expiry in attested_expiries(state, policy, checks):
        seen = expiry.observation
        by = seen.witness.by if seen.witness is not None else ""
        about = f"{find_setting(seen.setting).title} of {called(state, seen.subject)}"
        what = f"{about}, {seen.grade} by {by}, becomes too old"
        key = (seen.subject, seen.setting, expiry.check)
        yield Deadline(DeadlineKind.ATTESTATION, expiry.ends_at, what, "contribaudit attest", False, *key, _MAX_AGE)


def _of_policy(state: State, policy: AuditPolicy) -> Iterator[Deadline]:
    repeats: Counter[tuple[object, ...]] = Counter()
    for waiver in policy.waivers:
        name = (waiver.check, waiver.subject, str(waiver.where))
        # The line in the file would change with every edit above it.
        key = f"{name[1] or name[2]} {repeats[name]}"
        repeats[name] += 1
        about = f"{waiver.check} for {_named(state, waiver.subject)}" if waiver.subject else waiver.check
        what, step = f"last day of the waiver of {about}", "fix it, or approve it again"
        where = (None, None, waiver.check, waiver.origin, key)
        yield Deadline(DeadlineKind.WAIVER, start_of(waiver.expires), what, step, True, *where)
        if waiver.review_due is not None and waiver.expires >= utc_day(state.as_of):
            what, step = f"the waiver of {about} is due for review", "renew its approval"
            yield Deadline(DeadlineKind.WAIVER_REVIEW, start_of(waiver.review_due), what, step, True, *where)


def _named(state: State, text: str) -> str:
    """The name of a waiver's subject; the waiver's own text where that names no single subject now."""
    with suppress(AmbiguousSubject):
        subject = resolve_alias(state, text)
        return called(state, subject) if subject is not None else text
    return text


def _of_rulebook(state: State) -> Iterator[Deadline]:
    rulebook, today = state.rulebook, utc_day(state.as_of)
    last = later(rulebook.oldest_review, timedelta(days=rulebook.review_within_days))
    what, source = f"last day on which the rulebook review of {rulebook.oldest_review} counts", _rulebook(state)
    step = "update contribaudit"
    yield Deadline(DeadlineKind.RULEBOOK, start_of(last), what, step, True, check="GV-06", source=source)
    announced = DeadlineKind.ANNOUNCED
    if rulebook.effective >= today:
        what, step = "Atlassian begins to use data according to the settings", "contribaudit audit"
        day, source = start_of(rulebook.effective), rulebook.version
        yield Deadline(announced, day, what, step, True, source=source, key="effective")
    for one in rulebook.announced:
        if one.day >= today:
            what = f"{one.title}: {one.what} (grade {one.grade})"
            yield Deadline(announced, start_of(one.day), what, whole_day=True, source=one.source, key=one.id)
    for entry in rulebook.log.dates:
        if entry.on >= today and entry.on != rulebook.effective:
            what, key = f"{entry.what} (grade {entry.grade})", f"{entry.on} {', '.join(entry.families)}"
            day, step = start_of(entry.on), "contribaudit changes"
            yield Deadline(announced, day, what, step, True, source=entry.source, key=key)


def _trials(state: State, organization: str) -> Iterator[Deadline]:
    for app in state.subjects(Kind.APP, organization):
        if state.word(app, names.TRIAL) != "running":
            continue
        ends, name = state.moment(app, names.TRIAL_ENDS), called(state, app)
        what = (
            f"last day of the trial of {name}" if ends else f"a trial of {name} is running, and its end is not recorded"
        )
        step = "contribaudit forecast --trial-ends" if ends else f"contribaudit attest {names.TRIAL_ENDS}"
        source = state.read(app, names.TRIAL_ENDS).source or state.read(app, names.TRIAL).source
        yield Deadline(DeadlineKind.TRIAL, ends, what, step, ends is not None, app, names.TRIAL_ENDS, "DC-08", source)


def _moves(state: State, organization: str) -> Iterator[Deadline]:
    for app in state.subjects(Kind.APP, organization):
        seen, move = state.read(app, names.MOVE), state.rulebook.move(state.word(app, names.MOVE))
        if move is None or move.meaning not in ("scheduled", "moving"):
            continue
        name, dated = called(state, app), False
        verbs = (
            {_ENDS: "ends"} if move.meaning == "moving" else {_SCHEDULED: "is due", _STARTS: "starts", _ENDS: "ends"}
        )
        for setting, verb in verbs.items():
            moment, day = state.moment(app, setting), setting == _SCHEDULED
            if moment is not None:
                dated = True
                what, about = f"the residency move of {name} {verb}", (app, setting, "DR-04", seen.source)
                yield Deadline(DeadlineKind.MOVE, moment, what, "contribaudit audit", day, *about)
        if not dated:
            what = f"a residency move of {name} is {move.meaning}, and the API gives no date"
            about = (app, names.MOVE, "DR-04", seen.source)
            yield Deadline(DeadlineKind.MOVE, None, what, "contribaudit audit", False, *about)


def _contribution(state: State, organization: str, policy: AuditPolicy) -> Iterator[Deadline]:
    """Deletion clocks that still run, data that may be kept after them, and exposure windows that have no end yet."""
    subject = organization_subject(organization)
    for decision in opt_outs(state, organization, policy.decisions):
        setting, name = decision.setting, CALLED[decision.setting]
        for clock in clocks_of(state.rulebook.clocks, decision):
            if clock.due_at > state.as_of:
                what = f"{clock.what} at the latest, after opting out of {name} on {decision.date}"
                step = "ask Atlassian for confirmation"
                source = f"{decision.origin}, {_rulebook(state)} (grade {clock.grade})"
                about = (subject, setting, "DC-22", source)
                yield Deadline(DeadlineKind.DELETION, clock.due_at, what, step, False, *about, clock.what)
        until = residue_until(state.rulebook.clocks, decision.date)
        what = f"aggregated data from before the opt-out from {name} may be kept at least until then"
        about = (subject, setting, "DC-22", _rulebook(state))
        yield Deadline(DeadlineKind.RESIDUE, start_of(until), what, "", True, *about)
    for window in exposure_window(state, organization):
        if window.span in (Span.OPEN, Span.NOT_KNOWN):
            step = f"contribaudit explain {alias_of(state, subject)}"
            check = "DC-21" if window.setting == names.IN_APP else "DC-01"
            about = (subject, window.setting, check, _rulebook(state))
            yield Deadline(DeadlineKind.EXPOSURE, None, window.sentence, step, False, *about)


def _baseline(state: State, organization: str) -> Iterator[Deadline]:
    approved = state.baseline(organization)
    if approved is None or approved.baseline.until is None:
        return
    run = approved.baseline.run
    yield Deadline(
        DeadlineKind.BASELINE,
        approved.baseline.until,
        f"the baseline of run {run}, approved by {approved.baseline.approved.by}, expires",
        "contribaudit baseline approve",
        subject=organization_subject(organization),
        source=f"run {run}",
        key=str(run),
    )


def _rulebook(state: State) -> str:
    return f"rulebook {state.rulebook.version}"

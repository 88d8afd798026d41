"""From a judged run, or watched documents, to messages that arrive once, whoever runs the audit.

What is news is decided by core/advise/notices.py inside one write transaction of the history; sending follows, outside
of it. A destination that fails is tried again by the next audit or `contribaudit notify send`, ever more rarely.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias
from zoneinfo import ZoneInfo

from contribaudit import checks
from contribaudit.core.advise.deadlines import deadlines
from contribaudit.core.advise.document_news import CALLED, document_situation, week_of
from contribaudit.core.advise.gaps import EVERY_HOURS, gaps
from contribaudit.core.advise.notices import (
    Event,
    Matter,
    Message,
    News,
    Situation,
    Told,
    last_slot,
    message_of,
    news,
    quiet_until,
    recovered_of,
    situation,
    summary_of,
    unreached,
)
from contribaudit.core.advise.report import Report
from contribaudit.core.advise.verdict import verdict_word
from contribaudit.core.judge.baseline import standing
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.provisions import TermsRules, Watched
from contribaudit.core.resolve.aliases import called
from contribaudit.operations.notify.channels import Channel
from contribaudit.settings.model import Notify, parsed_hours, parsed_slot
from contribaudit.store.history import History
from contribaudit.store.notices import Delivery

SCHEMA = "contribaudit.notice/1"
_DIGEST = "digest"
_DOCUMENTS_BEGUN, _DOCUMENTS_DIGEST = "documents:begun", "documents:digest"
_COMPANY = ""
"""Stands for every organization, in messages that belong to none."""
_TREND_RUNS = 28
Composed: TypeAlias = tuple[News, list[tuple[Message, datetime]]]
"""What to remember as told, and the messages with the moment from which on each may be sent."""


def tell_of(
    report: Report, policy: AuditPolicy, store: History, notify: Notify, channels: Sequence[Channel], now: datetime
) -> None:
    """Keep the messages that the run gives rise to: one for each kind of event and organization."""
    running_out = deadlines(report.state, policy, checks.ALL, standing(report.state))
    named = {
        finding.subject.id: called(report.state, finding.subject)
        for finding in report.findings
        if finding.outcome.violates or finding.outcome.unproven
    }
    for place in report.state.looked_at:
        if not place.collections:
            continue
        mine = [one for one in running_out if one.subject is None or one.subject.organization == place.id]
        found = situation(
            place.id,
            report.findings,
            [change for change in report.changes if change.subject.organization == place.id],
            place.collections.values(),
            mine,
            fail_on=report.run.fail_on,
            as_of=now,
            named=named,
        )
        missed = _missed(store, place.id, report.run.started_at, now)
        found = Situation((*found.bad, *missed), found.good, found.whole)
        name = report.state.organization_name(place.id)
        footer = _footer(report)
        overview = _overview(store, place.id, report, now)
        _tell(store, place.id, report.run.id, notify, channels, now, found, name, footer, overview)


def tell_unreached(
    organizations: Mapping[str, str],
    code: str,
    reason: str,
    store: History,
    notify: Notify,
    channels: Sequence[Channel],
    now: datetime,
) -> None:
    """Keep the message that nothing could be read. `organizations` maps their IDs to their names."""
    for organization, name in organizations.items():
        found = unreached(organization, code, reason)
        footer = ("Nothing was judged; the last complete run still counts.", "Look: contribaudit doctor")
        _tell(store, organization, None, notify, channels, now, found, name or organization, footer, ())


def _tell(
    store: History,
    organization: str,
    run: int | None,
    notify: Notify,
    channels: Sequence[Channel],
    now: datetime,
    found: Situation,
    called: str,
    footer: Sequence[str],
    overview: Sequence[str],
) -> None:
    def compose(told: Mapping[str, Told], first: bool) -> Composed:
        """What is news, and the messages that tell it with the moment from which on each may be sent."""
        digest = _digest_due(notify, now, told, first) if run is not None else None
        before = {key: one for key, one in told.items() if key != _DIGEST}
        fresh = news(before, found, now)
        made: list[Message] = []
        if first and run is not None:
            made.append(summary_of(found, called))
        else:
            made += _messages(fresh, (Event.FAILURES, Event.STALE, Event.UNREADABLE, Event.EXPIRING), notify, called)
            if digest is not None and Event.DIGEST.value in notify.on:
                made.append(_digest_of(found, called, overview))
        if digest is not None:
            fresh = News((*fresh.tell, digest), fresh.recovered, fresh.forget, fresh.held)
        return fresh, _timed(made, footer, notify, now)

    store.tell(organization, run, now, [one.destination for one in channels], compose)


def tell_of_documents(
    store: History,
    rules: TermsRules,
    documents: Sequence[Watched],
    notify: Notify,
    channels: Sequence[Channel],
    now: datetime,
) -> None:
    """Keep the messages about watched documents: at once when one changed, and a summary every week.

    They belong to no organization: whoever shares the history is told once, whichever runner found it. Nothing where
    no document was ever looked at.
    """
    archive = store.documents()
    if not archive.looks:
        return
    seen = archive.until(now)

    def compose(told: Mapping[str, Told], _first: bool) -> Composed:
        begun = _DOCUMENTS_BEGUN in told
        before = {key: one for key, one in told.items() if key not in (_DOCUMENTS_BEGUN, _DOCUMENTS_DIGEST)}
        fresh = news(before, document_situation(rules, documents, seen, now, told_already=begun), now)
        made = _messages(fresh, (Event.DOCUMENTS, Event.UNREADABLE), notify, CALLED)
        more = [] if begun else [Matter(_DOCUMENTS_BEGUN, Event.FIRST, "", "Documents", "")]
        due = _week_due(notify, now)
        if due and (_DOCUMENTS_DIGEST not in told or told[_DOCUMENTS_DIGEST].state != due):
            more.append(Matter(_DOCUMENTS_DIGEST, Event.DIGEST, due, "Digest", ""))
            if begun and Event.DIGEST.value in notify.on:
                made.append(week_of(rules, documents, seen, now, {"matters": []}))
        noted = News((*fresh.tell, *more), fresh.recovered, fresh.forget, fresh.held)
        footer = ("Look: contribaudit terms diff NAME, contribaudit terms check", rules.disclaimer)
        return noted, _timed(made, footer, notify, now)

    store.tell(_COMPANY, None, now, [one.destination for one in channels], compose)


def _messages(fresh: News, events: Iterable[Event], notify: Notify, called: str) -> list[Message]:
    """A message for each of the events that there is news of, and one of what is right again, as far as wanted."""
    made = []
    for event in events:
        matters = [matter for matter in fresh.tell if matter.event is event]
        if matters and event.value in notify.on:
            made.append(message_of(event, matters, called))
    if fresh.recovered and Event.RECOVERED.value in notify.on:
        made.append(recovered_of(fresh.recovered, called))
    return made


def _timed(
    made: Iterable[Message], footer: Sequence[str], notify: Notify, now: datetime
) -> list[tuple[Message, datetime]]:
    """The messages with their footer, and from when on each may be sent: in quiet hours only what is critical."""
    until = quiet_until(now, parsed_hours(notify.quiet), _zone_of(notify))
    return [
        (
            replace(one, lines=(*one.lines, "", *footer)),
            until if until is not None and not one.critical else now,
        )
        for one in made
    ]


def _week_due(notify: Notify, now: datetime) -> str:
    """When the weekly message was last due; "" where none is wanted."""
    slot = parsed_slot(notify.digest)
    return last_slot(now, slot[0], slot[1], _zone_of(notify)).astimezone(UTC).isoformat() if slot is not None else ""


def _digest_due(notify: Notify, now: datetime, told: Mapping[str, Told], first: bool) -> Matter | None:
    """The digest as a matter whose state is the week that it is of; None where that was told."""
    due, before = _week_due(notify, now), told.get(_DIGEST)
    if not due or (before is not None and before.state == due and not first):
        return None
    return Matter(_DIGEST, Event.DIGEST, due, "Digest", "")


def _digest_of(found: Situation, called: str, overview: Sequence[str]) -> Message:
    """The weekly message: verdict and trend, then what is open."""
    summary = summary_of(found, called)
    return Message(
        Event.DIGEST, f"contribaudit: {called}: the week", (*overview, "", *summary.lines), False, summary.facts
    )


def _zone_of(notify: Notify) -> tzinfo:
    """The time zone of quiet hours and digest."""
    if notify.timezone is not None:
        return ZoneInfo(notify.timezone)
    zone = datetime.now().astimezone().tzinfo
    assert zone is not None
    return zone


def _missed(store: History, organization: str, until: datetime, now: datetime) -> list[Matter]:
    """Stretches of the last week, up to this run, in which no audit began: each is told once."""
    seen = store.runs_seen(organization, since=now - timedelta(days=7))
    holes = gaps(organization, seen, None, until, expected_every_hours=EVERY_HOURS)
    return [
        Matter(
            f"source:{organization}:gap:{hole.since.isoformat()}",
            Event.UNREADABLE,
            "gap",
            "Missed audits",
            f"no audit began between {_minute(hole.since)} and {_minute(hole.until)} UTC",
        )
        for hole in holes
        if not hole.open and not any(hole.since < one.started_at < hole.until for one in seen)
    ]


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _footer(report: Report) -> tuple[str, ...]:
    evidence = f", evidence manifest {report.manifest_sha256}" if report.manifest_sha256 else ""
    return (
        report.headline,
        "Look: contribaudit findings, contribaudit changes, contribaudit next",
        f"Run {report.run.id}, {_minute(report.run.finished_at)} UTC{evidence}",
    )


def _overview(store: History, organization: str, report: Report, now: datetime) -> tuple[str, ...]:
    """The verdict, and how the runs of the last four weeks ended."""
    runs = [
        run
        for run in store.runs(organization=organization, limit=_TREND_RUNS * 4)
        if run.exit_code is not None and run.started_at > now - timedelta(days=_TREND_RUNS)
    ]
    words = Counter(verdict_word(run.exit_code) for run in runs if run.exit_code is not None)
    trend = ", ".join(f"{number} {word}" for word, number in words.most_common())
    return (report.headline, f"Runs of the last four weeks: {trend or 'none'}")


def send_due(
    store: History, channels: Sequence[Channel], now: datetime, *, context: Mapping[str, object] | None = None
) -> list[Delivery]:
    """Send what is due to these destinations; returns the deliveries that failed, with why."""
    by_digest = {channel.destination.digest: channel for channel in channels}
    failed: list[Delivery] = []
    for delivery in store.claim_deliveries(now, list(by_digest)):
        error = by_digest[delivery.destination.digest].send(delivery.message, envelope(delivery, context))
        store.note_delivery(delivery, now, error)
        if error:
            failed.append(replace(delivery, sent_at=None, attempts=delivery.attempts + 1, error=error))
    return failed


def envelope(delivery: Delivery, context: Mapping[str, object] | None = None) -> dict[str, object]:
    """A message for programs: what a webhook gets."""
    message = delivery.message
    return {
        "schema": SCHEMA,
        "id": delivery.message_id,
        "event": message.event.value,
        "organization": delivery.organization,
        "run": delivery.run,
        "created_at": delivery.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "critical": message.critical,
        "title": message.title,
        "text": message.text,
        **(context or {}),
        **message.facts,
    }

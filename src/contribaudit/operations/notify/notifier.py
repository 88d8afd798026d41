"""Makes messages from a judged run or from watched documents; each arrives once, whoever runs the audit.

core/advise/notices.py decides what is news, inside one write transaction of the history; sending follows outside it.
The next audit or `contribaudit notify send` tries a failed destination again, at growing intervals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

from contribaudit import catalogue, checks
from contribaudit.core.advise.deadlines import deadlines
from contribaudit.core.advise.document_news import CALLED, document_situation, week_of
from contribaudit.core.advise.gaps import EVERY_HOURS, gaps
from contribaudit.core.advise.notices import (
    Event,
    Matter,
    Message,
    News,
    ReportedMatter,
    Situation,
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
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.provisions import TermsRules, Watched
from contribaudit.core.resolve.aliases import called
from contribaudit.exporters.text import safe_text
from contribaudit.operations.notify.channels import Channel
from contribaudit.settings.model import Notify
from contribaudit.store.history import History
from contribaudit.store.notices import Compose, Delivery

SCHEMA = "contribaudit.notice/1"
_DIGEST = "digest"
_DOCUMENTS_BEGUN, _DOCUMENTS_DIGEST = "documents:begun", "documents:digest"
_COMPANY = ""
"""The organization ID of messages that belong to no organization."""
_TREND_RUNS = 28
Composed: TypeAlias = tuple[News, list[tuple[Message, datetime]]]
"""The news to remember as reported, and the messages, each with the earliest moment to send it."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Saves messages in the history, and sends those that are due at `now`."""

    store: History
    notify: Notify
    """The events that people want messages about, and when."""
    channels: Sequence[Channel]
    now: datetime

    def notify_of_run(self, report: Report, policy: AuditPolicy) -> None:
        """Save the messages about the run: one for each kind of event and organization."""
        running_out = deadlines(report.state, policy, checks.ALL, catalogue.find)
        named = {
            finding.subject.id: called(report.state, finding.subject)
            for finding in report.findings
            if finding.outcome.is_open
        }
        for place in report.state.looked_at:
            if not place.collections:
                continue
            current = situation(
                place.id,
                report.findings,
                [change for change in report.changes if change.subject.organization == place.id],
                place.collections.values(),
                [one for one in running_out if one.subject is None or one.subject.organization == place.id],
                fail_on=report.run.fail_on,
                as_of=self.now,
                named=named,
            )
            missed = self._missed_runs(place.id, report.run.started_at)
            current = Situation((*current.bad, *missed), current.good, current.whole)
            name = report.state.organization_name(place.id)
            overview = self._overview(place.id, report)
            self._report_matters(place.id, report.run.id, current, name, _footer(report), overview)

    def notify_of_unreached(self, organizations: Mapping[str, str], code: str, reason: str) -> None:
        """Save the message that nothing could be read. `organizations` maps their IDs to their names."""
        footer = ("Nothing was judged; the last complete run still counts.", "Look: contribaudit doctor")
        for organization, name in organizations.items():
            self._report_matters(
                organization, None, unreached(organization, code, reason), name or organization, footer
            )

    def notify_of_documents(self, rules: TermsRules, documents: Sequence[Watched]) -> None:
        """Save the messages about watched documents: one as soon as a document changes, and a summary every week.

        They belong to no organization: all who share the history get each message once, whichever runner found the
        change. Saves nothing if no document was ever looked at.
        """
        archive = self.store.documents()
        if not archive.looks:
            return
        seen = archive.until(self.now)

        def compose(reported: Mapping[str, ReportedMatter], _first: bool) -> Composed:
            begun = _DOCUMENTS_BEGUN in reported
            before = {key: one for key, one in reported.items() if key not in (_DOCUMENTS_BEGUN, _DOCUMENTS_DIGEST)}
            fresh = news(before, document_situation(rules, documents, seen, self.now, told_already=begun), self.now)
            made = self._messages(fresh, (Event.DOCUMENTS, Event.UNREADABLE), CALLED)
            more = [] if begun else [Matter(_DOCUMENTS_BEGUN, Event.FIRST, "", "Documents", "")]
            digest = self._digest_due(_DOCUMENTS_DIGEST, reported)
            if digest is not None:
                more.append(digest)
                if begun and Event.DIGEST.value in self.notify.on:
                    made.append(week_of(rules, documents, seen, self.now, {"matters": []}))
            noted = News((*fresh.tell, *more), fresh.recovered, fresh.forget, fresh.held)
            footer = ("Look: contribaudit terms diff NAME, contribaudit terms check", rules.disclaimer)
            return noted, self._with_send_times(made, footer)

        self._keep_messages(_COMPANY, None, compose)

    def send_due(self, context: Mapping[str, object] | None = None) -> list[Delivery]:
        """Send what is due to the channels; returns the failed deliveries, each with its error."""
        by_digest = {channel.destination.digest: channel for channel in self.channels}
        failed: list[Delivery] = []
        for claimed in self.store.claim_deliveries(self.now, list(by_digest)):
            delivery = replace(claimed, message=_shown_safely(claimed.message))
            error = by_digest[delivery.destination.digest].send(delivery.message, envelope(delivery, context))
            self.store.note_delivery(delivery, self.now, error)
            if error:
                failed.append(replace(delivery, sent_at=None, attempts=delivery.attempts + 1, error=error))
        return failed

    def _report_matters(
        self,
        organization: str,
        run: int | None,
        current: Situation,
        name: str,
        footer: Sequence[str],
        overview: Sequence[str] = (),
    ) -> None:
        def compose(reported: Mapping[str, ReportedMatter], first: bool) -> Composed:
            digest = self._digest_due(_DIGEST, {} if first else reported) if run is not None else None
            before = {key: one for key, one in reported.items() if key != _DIGEST}
            fresh = news(before, current, self.now)
            made: list[Message] = []
            if first and run is not None:
                made.append(summary_of(current, name))
            else:
                made += self._messages(fresh, (Event.FAILURES, Event.STALE, Event.UNREADABLE, Event.EXPIRING), name)
                if digest is not None and Event.DIGEST.value in self.notify.on:
                    made.append(_digest_of(current, name, overview))
            if digest is not None:
                fresh = News((*fresh.tell, digest), fresh.recovered, fresh.forget, fresh.held)
            return fresh, self._with_send_times(made, footer)

        self._keep_messages(organization, run, compose)

    def _keep_messages(self, organization: str, run: int | None, compose: Compose) -> None:
        self.store.tell(organization, run, self.now, [one.destination for one in self.channels], compose)

    def _messages(self, fresh: News, events: Iterable[Event], name: str) -> list[Message]:
        """A message for each of these events with news, and one for what has recovered, as far as `notify.on` asks."""
        made = []
        for event in events:
            matters = [matter for matter in fresh.tell if matter.event is event]
            if matters and event.value in self.notify.on:
                made.append(message_of(event, matters, name))
        if fresh.recovered and Event.RECOVERED.value in self.notify.on:
            made.append(recovered_of(fresh.recovered, name))
        return made

    def _with_send_times(self, made: Iterable[Message], footer: Sequence[str]) -> list[tuple[Message, datetime]]:
        """The messages with their footer and earliest sending time; quiet hours delay all but critical ones."""
        until = quiet_until(self.now, self.notify.quiet, self._zone()) or self.now
        return [(replace(one, lines=(*one.lines, "", *footer)), self.now if one.critical else until) for one in made]

    def _digest_due(self, key: str, reported: Mapping[str, ReportedMatter]) -> Matter | None:
        """The weekly digest as a matter whose state is its due time; None if it was already sent or is not wanted."""
        if self.notify.digest is None:
            return None
        due = last_slot(self.now, *self.notify.digest, self._zone()).astimezone(UTC).isoformat()
        return None if key in reported and reported[key].state == due else Matter(key, Event.DIGEST, due, "Digest", "")

    def _zone(self) -> tzinfo:
        """The time zone of quiet hours and digest."""
        zone = self.notify.timezone or datetime.now().astimezone().tzinfo
        assert zone is not None
        return zone

    def _missed_runs(self, organization: str, until: datetime) -> list[Matter]:
        """Gaps of the last week, up to this run, in which an expected audit did not begin; each is reported once."""
        seen = self.store.runs_seen(organization, since=self.now - timedelta(days=7))
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

    def _overview(self, organization: str, report: Report) -> tuple[str, ...]:
        """The headline, and how the runs of the last four weeks ended."""
        runs = self.store.runs(organization=organization, limit=_TREND_RUNS * 4)
        codes = [one.exit_code for one in runs if one.started_at > self.now - timedelta(days=_TREND_RUNS)]
        words = Counter(verdict_word(code) for code in codes if code is not None)
        trend = ", ".join(f"{number} {word}" for word, number in words.most_common())
        return (report.headline, f"Runs of the last four weeks: {trend or 'none'}")


def _digest_of(current: Situation, called: str, overview: Sequence[str]) -> Message:
    """The weekly message: verdict and trend, then what is open."""
    summary = summary_of(current, called)
    return Message(
        Event.DIGEST, f"contribaudit: {called}: the week", (*overview, "", *summary.lines), False, summary.facts
    )


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _footer(report: Report) -> tuple[str, ...]:
    evidence = f", evidence manifest {report.manifest_sha256}" if report.manifest_sha256 else ""
    return (
        report.headline,
        "Look: contribaudit findings, contribaudit changes, contribaudit next",
        f"Run {report.run.id}, {_minute(report.run.finished_at)} UTC{evidence}",
    )


def _shown_safely(message: Message) -> Message:
    """The message without hidden characters in the names that an administrator gave, and what UTF-8 cannot hold."""

    def safe(value: Any) -> Any:
        match value:
            case str():
                return safe_text(value, keep_lines=True)
            case list() | tuple():
                return [safe(one) for one in value]
            case dict():
                return {key: safe(one) for key, one in value.items()}
            case _:
                return value

    lines = tuple(safe_text(line) for line in message.lines)
    return replace(message, title=safe_text(message.title), lines=lines, facts=safe(dict(message.facts)))


def envelope(delivery: Delivery, context: Mapping[str, object] | None = None) -> dict[str, object]:
    """The message as the JSON object that a webhook receives."""
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

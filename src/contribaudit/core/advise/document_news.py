"""News about watched documents: what changed, what cannot be read, and a weekly summary.

A change is reported once, on the day on which it is found, with both wordings and the facts that rest on them. The
first copy of a document is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from contribaudit.core.advise.notices import Event, Matter, Message, Situation
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.phrases import and_more
from contribaudit.core.model.provisions import Archive, Look, LookOutcome, TermsRules, Watched
from contribaudit.core.resolve.editions import Comparison, changes_of, checks_of, severities_of
from contribaudit.core.resolve.provisions import standings

CALLED = "watched documents"
TOLD_DAYS = 60
"""A change found longer ago than this is no longer news, even if nobody was notified."""
_WEEK = timedelta(days=7)
_QUOTED = 240
_CHANGES = 3


def document_situation(
    rules: TermsRules, documents: Iterable[Watched], archive: Archive, now: datetime, *, told_already: bool
) -> Situation:
    """The news about watched documents. With `told_already` False, for a first notification, only today's count."""
    titles = {one.name: one.title for one in documents}
    since = now - (timedelta(days=TOLD_DAYS) if told_already else timedelta(days=1))
    bad: list[Matter] = []
    good: set[str] = set()
    for name in archive.looks:
        for look in archive.editions(name):
            if look.outcome is LookOutcome.CHANGED and look.recorded.at >= since:
                comparison = changes_of(rules, archive, look)
                if comparison is None or comparison.changes:  # provisions that only moved are no news
                    bad.append(_matter_of_change(rules, look, comparison, titles.get(name, name)))
        unread = archive.unreadable(name)
        key = f"unread-document:{name}"
        if unread is None:
            good.add(key)
        else:
            text = f"{name}: {unread.reason}; the earlier text stays current"
            bad.append(Matter(key, Event.UNREADABLE, unread.code, "Documents that cannot be read", text))
    return Situation(tuple(bad), frozenset(good), whole=True)


def _matter_of_change(rules: TermsRules, look: Look, comparison: Comparison | None, title: str) -> Matter:
    changes = comparison.changes if comparison is not None else ()
    lines = [f"changed, retrieved {look.retrieved_at:%Y-%m-%d %H:%M}Z: {_count_by_severity(comparison)}"]
    for change in changes[:_CHANGES]:
        topics = ", ".join(rules.topic(topic).title for topic in change.topics)
        lines.append(f"  {change.severity.value}: {change.kind.value}" + (f" ({topics})" if topics else ""))
        if change.before is not None:
            lines.append(f"    - {_shortened(change.before.text)}")
        if change.after is not None:
            lines.append(f"    + {_shortened(change.after.text)}")
        if change.anchors:
            lines.append(f"    rests on it: {change.anchors[0].fact} ({', '.join(checks_of(change.anchors))})")
    if len(changes) > _CHANGES:
        lines.append(f"  {and_more(len(changes) - _CHANGES, f'contribaudit terms diff {look.document}')}")
    severity = changes[0].severity if changes else Severity.INFO
    return Matter(f"document:{look.id}", Event.DOCUMENTS, look.text_sha256, title, "\n  ".join(lines), severity)


def _count_by_severity(comparison: Comparison | None) -> str:
    if comparison is None or not comparison.changes:
        return "provisions moved, none changed"
    return severities_of(comparison.changes)


def _shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _QUOTED else f"{plain[:_QUOTED]} …"


def week_of(
    rules: TermsRules, documents: Sequence[Watched], archive: Archive, now: datetime, facts: Mapping[str, object]
) -> Message:
    """The weekly message: what changed in the last seven days, what cannot be read, and which facts are in doubt."""
    recent = {
        name: [one for one in looks if now - _WEEK < one.recorded.at <= now] for name, looks in archive.looks.items()
    }
    changed = [one for looks in recent.values() for one in looks if one.outcome is LookOutcome.CHANGED]
    unread = [one.name for one in documents if archive.unreadable(one.name) is not None]
    never = [one.name for one in documents if one.name not in archive.looks]
    read = [
        one.name
        for one in documents
        if any(look.outcome is not LookOutcome.NOT_READABLE for look in recent.get(one.name, ()))
    ]
    doubtful = [one for one in standings(rules, archive) if one.standing.under_review]
    lines = [f"{len(documents)} documents are watched; {len(read)} were read this week"]
    lines += [f"changed: {one.document}: {_count_by_severity(changes_of(rules, archive, one))}" for one in changed]
    lines += ["no document changed"] if not changed else []
    lines += [f"not readable: {', '.join(unread)}"] if unread else []
    lines += [f"never archived: {', '.join(never)}"] if never else []
    lines += [f"under review: {one.anchor.fact} ({', '.join(one.anchor.checks)})" for one in doubtful]
    return Message(Event.DIGEST, f"contribaudit: {CALLED}: the week", tuple(lines), False, facts)

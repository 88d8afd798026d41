"""Watched documents as rows and JSON: looks, provisions, changes, and the facts that rest on them.

Every form states method and disclaimer: as keys of JSON, as the last lines of a table, as a CSV column.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from contribaudit.core.model.phrases import counted
from contribaudit.core.model.provisions import Archive, Look, LookOutcome, Note, Provisions, TermsRules, Watched
from contribaudit.core.resolve.editions import (
    Comparison,
    ProvisionChange,
    changes_of,
    checks_of,
    laws_of,
    severities_of,
    topics_of,
)
from contribaudit.core.resolve.provisions import AnchorStanding
from contribaudit.exporters.tabular import json_object, render
from contribaudit.exporters.text import Cell, row_of

NEVER_ARCHIVED = "never archived"
LOOKS = (
    "document", "title", "look", "outcome", "code", "reason", "retrieved_at", "stated_on", "source", "fetched",
    "redirects", "sha256", "text_sha256", "size_bytes", "accepted", "recorded_by", "recorded_at", "account", "host",
    "current", "changes", "notice",
)  # fmt: skip
"""A row for each look at a document."""
PROVISIONS = (
    "document", "look", "text_sha256", "position", "kind", "heading", "text", "topics", "anchors", "facts", "checks",
    "standing", "notes", "notice",
)  # fmt: skip
"""A row for each provision of an edition."""
CHANGES = (
    "document", "change", "kind", "severity", "topics", "heading", "before", "after", "words", "anchors", "facts",
    "checks", "findings", "laws", "notes", "from_look", "from_retrieved_at", "to_look", "to_retrieved_at", "notice",
)  # fmt: skip
"""A row for each provision that changed."""
ANCHORS = ("anchor", "document", "standing", "since", "fact", "checks", "files", "before", "after", "by", "notice")
"""A row for each fact that is anchored in a page."""
DOCUMENTS = (
    "document", "title", "url", "status", "retrieved_at", "stated_on", "read_at", "editions", "text_sha256",
    "under_review", "shipped", "notice",
)  # fmt: skip
"""A row for each watched document."""
NOTICE = "compares wording; not legal advice"
Row = tuple[Cell, ...]


def written(
    output_format: str,
    rules: TermsRules,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    name: str,
    head: Mapping[str, Any] | None = None,
    only: Sequence[str] = (),
    flexible: str = "",
    terminal: bool = False,
    above: str = "",
    below: str = "",
) -> str:
    """The rows in a format, with method and disclaimer. `name` is their key in JSON and part of its schema's name."""
    if output_format == "json":
        listed = [json_object(columns[:-1], row[:-1]) for row in rows]
        document = {"schema": f"contribaudit.terms.{name}/1", **(head or {}), name: listed}
        document |= {"method": rules.method, "disclaimer": rules.disclaimer}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if output_format == "csv":
        return render("csv", columns, rows)
    table = render("table", columns, rows, only=only, flexible=flexible, terminal=terminal)
    return f"{above}{table}{below}{statement(rules)}"


def statement(rules: TermsRules) -> str:
    """Method and disclaimer as the lines under a table."""
    return f"\nMethod: {rules.method}\n{rules.disclaimer}\n"


# ── Documents and looks ───────────────────────────────────────────────────────────────────────────────


def document_rows(documents: Iterable[Watched], archive: Archive, standings: Iterable[AnchorStanding]) -> Iterator[Row]:
    """The status of each watched document."""
    doubtful = Counter(one.anchor.document for one in standings if one.standing.under_review)
    for one in documents:
        current, unread = archive.current(one.name), archive.unreadable(one.name)
        yield (
            one.name,
            one.title,
            one.url,
            status_of(archive, one.name),
            current.retrieved_at if current else None,
            current.stated_on if current else None,
            archive.read_at(one.name) if unread is None or current else None,
            len(archive.editions(one.name)),
            current.text_sha256 if current else "",
            doubtful[one.name],
            one.shipped,
            NOTICE,
        )


def status_of(archive: Archive, document: str) -> str:
    """The status in words: "read", "not readable (login_form)", or NEVER_ARCHIVED."""
    unread = archive.unreadable(document)
    if unread is not None:
        return f"not readable ({unread.code})"
    return "read" if archive.current(document) is not None else NEVER_ARCHIVED


def look_rows(
    rules: TermsRules, documents: Iterable[Watched], archive: Archive, *, editions_only: bool = False
) -> list[Row]:
    """Every look, oldest first, with the number of changed provisions."""
    titles = {one.name: one.title for one in documents}
    looks = sorted(
        (look for group in archive.looks.values() for look in group), key=lambda one: (one.retrieved_at, one.id)
    )
    rows: list[Row] = []
    for look in looks:
        if editions_only and look.outcome is LookOutcome.UNCHANGED:
            continue
        current = archive.current(look.document)
        rows.append(
            row_of(
                LOOKS,
                look,
                title=titles.get(look.document, look.document),
                look=look.id,
                outcome=look.outcome.value,
                recorded_by=look.recorded.by,
                recorded_at=look.recorded.at,
                account=look.recorded.account,
                host=look.recorded.host,
                current=current is not None and current.id == look.id,
                changes=summed(changes_of(rules, archive, look)),
                notice=NOTICE,
            )
        )
    return rows


def summed(comparison: Comparison | None) -> str:
    """The changes in numbers: "3 provisions: 1 critical, 2 high"; "" when nothing was compared."""
    if comparison is None:
        return ""
    if not comparison.changes:
        return f"no provision; {comparison.moved} moved" if comparison.moved else "no provision"
    return f"{counted(len(comparison.changes), 'provision')}: {severities_of(comparison.changes)}"


# ── Changes ───────────────────────────────────────────────────────────────────────────────────────────


def change_rows(
    rules: TermsRules,
    changes: Iterable[ProvisionChange],
    before: Look,
    after: Look,
    *,
    findings: Mapping[str, Sequence[str]],
    notes: Sequence[Note] = (),
) -> Iterator[Row]:
    """A row for each change. `findings` maps each check to its last findings: "fail 0123456789abcdef"."""
    for change in changes:
        checks = checks_of(change.anchors)
        yield (
            change.document,
            change.id,
            change.kind.value,
            change.severity.value,
            change.topics,
            change.place,
            change.before.text if change.before else None,
            change.after.text if change.after else None,
            change.words,
            tuple(anchor.id for anchor in change.anchors),
            tuple(anchor.fact for anchor in change.anchors),
            checks,
            tuple(f"{check} {outcome}" for check in checks for outcome in findings.get(check, ())),
            tuple(f"{law.law} {law.place}" for law in laws_of(rules, change.topics)),
            tuple(note_text(note) for note in notes_on(notes, change)),
            before.id,
            before.retrieved_at,
            after.id,
            after.retrieved_at,
            NOTICE,
        )


def notes_on(notes: Iterable[Note], change: ProvisionChange) -> list[Note]:
    """People's notes on the provision, or on a fact that rests on it."""
    texts = {one.text for one in (change.before, change.after) if one is not None}
    anchors = {one.id for one in change.anchors}
    return [
        one
        for one in notes
        if one.document == change.document and (one.anchor in anchors or (one.provision and one.provision in texts))
    ]


def note_text(note: Note) -> str:
    """A note with its author and date."""
    holds = " (the fact still holds)" if note.holds else ""
    return f"{note.signed.at:%Y-%m-%d} {note.signed.by}: {note.text}{holds}"


def change_lines(
    rules: TermsRules,
    comparison: Comparison,
    before: Look,
    after: Look,
    *,
    findings: Mapping[str, Sequence[str]],
    notes: Sequence[Note],
) -> Iterator[str]:
    """The changes as text: topic, both wordings, and the facts that rest on them."""
    yield f"{after.document}: {described(before)} -> {described(after)}"
    moved = f", {comparison.moved} of them moved" if comparison.moved else ""
    yield f"{summed(comparison) if comparison.changes else 'no provision changed'}; {comparison.same} unchanged{moved}"
    for change in comparison.changes:
        topics = ", ".join(rules.topic(topic).title for topic in change.topics) or "no topic"
        yield ""
        yield f"{change.severity.value}: {change.kind.value} ({topics}) [{change.id}]"
        if change.place:
            yield f"  under {change.place}"
        if change.before is not None:
            yield f"  - {change.before.text}"
        if change.after is not None:
            yield f"  + {change.after.text}"
        if change.words:
            yield f"  words: {', '.join(change.words)}"
        for anchor in change.anchors:
            yield f"  rests on it: {anchor.fact} ({', '.join(anchor.checks)}; {', '.join(anchor.files)})"
        outcomes = [f"{check} {outcome}" for check in checks_of(change.anchors) for outcome in findings.get(check, ())]
        if outcomes:
            yield f"  findings: {', '.join(outcomes)}"
        laws = laws_of(rules, change.topics)
        if laws:
            yield f"  law: {'; '.join(f'{law.law} {law.place}' for law in laws)}"
        for note in notes_on(notes, change):
            yield f"  note: {note_text(note)}"


def described(look: Look) -> str:
    """An edition in a few words."""
    stated = f", dated {look.stated_on}" if look.stated_on else ""
    return f"{look.retrieved_at:%Y-%m-%d %H:%M}Z{stated}, text {look.text_sha256[:12]}"


# ── Provisions and facts ──────────────────────────────────────────────────────────────────────────────


def provision_rows(
    rules: TermsRules,
    look: Look,
    provisions: Provisions,
    standings: Iterable[AnchorStanding],
    notes: Iterable[Note] = (),
) -> Iterator[Row]:
    """Every provision of an edition, with the facts that rest on it."""
    on_page = [one for one in standings if one.anchor.document == look.document]
    written_of: dict[str, list[str]] = {}
    for note in notes:
        if note.document == look.document and note.provision:
            written_of.setdefault(note.provision, []).append(note_text(note))
    for position, one in enumerate(provisions, 1):
        resting = [anchored for anchored in on_page if one.text in (anchored.before, anchored.after)]
        anchors = tuple(anchored.anchor for anchored in resting)
        yield (
            look.document,
            look.id,
            look.text_sha256,
            position,
            one.kind.value,
            one.heading,
            one.text,
            topics_of(rules, (one,), look.document),
            tuple(anchor.id for anchor in anchors),
            tuple(anchor.fact for anchor in anchors),
            checks_of(anchors),
            tuple(anchored.standing.value for anchored in resting),
            tuple(written_of.get(one.text, ())),
            NOTICE,
        )


def anchor_rows(standings: Iterable[AnchorStanding]) -> Iterator[Row]:
    """Every fact that is anchored in a page, with its standing."""
    for anchored in standings:
        yield (
            anchored.anchor.id,
            anchored.anchor.document,
            anchored.standing.value,
            anchored.since,
            anchored.anchor.fact,
            anchored.anchor.checks,
            anchored.anchor.files,
            anchored.before,
            anchored.after,
            anchored.by,
            NOTICE,
        )

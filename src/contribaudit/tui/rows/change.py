"""One line of the timeline in full."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from contribaudit.core.model.change import Change
from contribaudit.exporters.text import plain
from contribaudit.exporters.words import Happening
from contribaudit.tui.rows.timeline import Entry, What, gap_told, proof_of, told_of

_VALUES = 40


def change_detail(entry: Entry) -> Text:
    """What is known of it, paragraph by paragraph."""
    said = Text()
    for title, text in _paragraphs(entry):
        said.append(f"{title}\n", "bold").append(f"{text}\n\n")
    said.rstrip()
    return said


def _paragraphs(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.run is not None:
        run = entry.run
        whole = "read everything"
        if not run.complete:
            whole = "read in part: what it did not see counts neither as gone nor as new"
        yield f"RUN #{run.id}", f"{run.started_at:%Y-%m-%d %H:%M:%S}Z to {run.finished_at:%H:%M:%S}Z, {whole}"
        yield "BY", plain(f"{run.trigger}, {run.account} on {run.host}, contribaudit {run.tool_version}")
        outcomes = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in run.summary.items())
        verdict = f"exit code {run.exit_code}: {outcomes}" if run.exit_code is not None else "not judged yet"
        yield "JUDGED", plain(f"{verdict} (policy {run.policy_name}, {run.policy_sha256})")
    elif entry.gap is not None:
        yield "NOTHING OBSERVED", gap_told(entry.gap)
        yield "OF", plain(entry.gap.organization)
        yield "WHAT THAT MEANS", "a change is dated by the readings around it; one that was undone was not seen"
    elif entry.what is What.DAY:
        yield f"{entry.day:%A %d %B %Y}", entry.told or "nothing changed"
        yield "ENTER", "shows the state as of the end of this day on every screen"
    elif entry.happening is not None and entry.main is not None:
        yield from _happening(entry, entry.main)


def _happening(entry: Entry, main: Change) -> Iterator[tuple[str, str]]:
    assert entry.happening is not None
    kind, told = told_of(entry.happening)
    subject = plain(f"{main.subject.kind.value} {main.subject.id}")
    yield plain(main.name or main.subject.id), f"{kind}: {told}\n{subject}"
    for one in main.annotations:
        by = one.by
        note = f"{one.note}\n" if one.note else ""
        yield (
            f"TICKET {plain(one.ticket)}",
            plain(
                f"{note}{by.by or 'nobody named'}, {by.account} on {by.host}, {by.at:%Y-%m-%d %H:%M}Z", keep_lines=True
            ),
        )
    if not main.annotations and main.ticket:
        yield "TICKET", plain(main.ticket)
    since = f"last seen as before {main.last_seen:%Y-%m-%d %H:%M}Z, " if main.last_seen is not None else ""
    yield "WHEN", f"{since}first seen so {main.first_seen:%Y-%m-%d %H:%M}Z: it happened in between"
    proof = list(proof_of(main.why)) if main.why is not None else []
    yield "CAUSE", "\n".join([plain(main.cause or "nobody looked for a cause"), *proof])
    if len(entry.happening.changes) > 1:
        values = [f"{one.setting}: {_value(one)}" for one in entry.happening.changes[:_VALUES]]
        yield "ITS VALUES", "\n".join(values)
    yield "CHANGE", main.id


def _value(change: Change) -> str:
    return told_of(Happening(change.subject, (change,)))[1]

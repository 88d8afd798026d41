"""`attest` alone, the guided walk with one form for each console screen, nothing prefilled; and `--dry-run`, its plan.

The API is read before and after each screen. One answer may apply to all rows of a screen. An interrupted form is saved
as a draft, with which the next walk continues, unless a signal has moved meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from contribaudit.attestations.due import find_screen, path_of, ruled_out
from contribaudit.attestations.recording import allowed, covering_note, doubt, mail, parse_value, short
from contribaudit.audit.attesting import Form
from contribaudit.cli import options
from contribaudit.cli.attest.session import LookFlags, Session, write_recorded
from contribaudit.cli.options import ask_valid, in_lines, kept_when_stopped, person_there
from contribaudit.core.advise.waiting import DueScreen, Row
from contribaudit.core.model.attestation import Attachment, Attestation
from contribaudit.core.model.observation import Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.resolve.aliases import called
from contribaudit.core.resolve.state import State
from contribaudit.errors import ContribauditError, UsageError
from contribaudit.exporters.text import display, duration, rfc3339, row_of, safe_text
from contribaudit.operations import drafts
from contribaudit.operations.clipboard import CLIPBOARD, pictures
from contribaudit.operations.drafts import Draft

KEEP = "="
PLAN = ("screen", "title", "values", "minutes", "severity", "settings", "organization_id")
_PLAN_TABLE = ("screen", "title", "values", "minutes", "severity")


def require_person() -> None:
    """Raise UsageError when there is no terminal."""
    if not person_there():
        raise UsageError(
            "There is no terminal to ask on",
            hint="Give SETTING VALUE with --subject and --by, or --from FILE; --template prints what is due",
        )


def show_plan(session: Session, screen: str | None, *, everything: bool) -> None:
    """Print the screens that the walk would open, with values and minutes; nothing is asked or recorded."""
    due = _due_screens(session, session.read(), screen, everything=everything)
    rows = [
        row_of(
            PLAN,
            one,
            screen=one.screen.id,
            title=one.screen.title,
            severity=one.severity.value if one.severity is not None else None,
            settings=tuple(dict.fromkeys(str(row.setting.id) for row in one.rows)),
            organization_id=one.organization,
        )
        for one in due
    ]
    session.console.table(PLAN, rows, flexible="title", only=_PLAN_TABLE)
    session.console.diagnostics.conclusion(
        f"{_extent_words(due)}. Run `contribaudit attest` to record them." if due else "Nothing is due."
    )


def walk(session: Session, given: LookFlags, *, everything: bool) -> None:
    """Walk through every screen on which something is due, or that of --screen. Each one is saved once answered."""
    by = given.by or session.settings.attested_by
    by = mail(by) if by else ask_valid("Your email address", mail)
    state = session.read()
    due = _due_screens(session, state, given.screen, everything=everything)
    if not due:
        session.console.diagnostics.conclusion("Nothing is due.")
        return
    _write_line(f"{_extent_words(due)}. Press Enter to skip a value.")
    attestations: list[Attestation] = []
    for one in due:
        recorded, state = _screen(session, state, one, by, given)
        attestations += recorded
    write_recorded(session, state, attestations)


def _due_screens(session: Session, state: State, screen: str | None, *, everything: bool) -> list[DueScreen]:
    chosen = find_screen(session.job.rulebook.screens, screen) if screen else None
    return session.due(state, chosen, everything=everything)


def _extent_words(due: Sequence[DueScreen]) -> str:
    values = counted(sum(one.values for one in due), "value")
    return f"{values} on {counted(len(due), 'screen')}, about {duration(sum(one.minutes for one in due), words=True)}"


def _screen(
    session: Session, before: State, due: DueScreen, by: str, given: LookFlags
) -> tuple[tuple[Attestation, ...], State]:
    """Ask for the values of one screen. Returns what was recorded, and the newest state."""
    screen = due.screen
    _write_line("")
    _write_line(screen.title)
    for generation, path in screen.paths.items():
        when = "" if generation == "all" else f" ({generation})"
        _write_line(f"  Go to {path}{when}")
    if screen.note:
        _write_line(f"  {screen.note}")
    draft = _resume_draft(before, due, by)
    with kept_when_stopped(lambda: _kept(draft), (click.Abort, ContribauditError)):
        _ask_settings(before, due.rows, draft)
        if not draft.answers:
            drafts.discard(draft)
            return (), before
        path = given.console_path or ask_valid("Menu path taken", lambda text: short(text, "The path"), path_of(screen))
        shots, bodies = _shots(given)
        looked = session.looked(before)
        form = Form(screen.id, draft.entered, by, path, given.note, shots)
        attestations = session.filled(looked, form, session.settings.attested_by or "")
    session.job.store.add_attestations(attestations, bodies)
    drafts.discard(draft)
    return attestations, looked.state


def _resume_draft(before: State, due: DueScreen, by: str) -> Draft:
    """The draft of an interrupted form if its signals have not changed since; else an empty draft."""
    fresh = Draft.begin(before, due, by)
    draft = drafts.load(fresh)
    if draft is None:
        return fresh
    if draft.signals != fresh.signals:
        _write_line(
            "  The unfinished form is discarded: a signal has moved since you looked. Look at the screen again."
        )
        drafts.discard(draft)
        return fresh
    _write_line(f"  Resumed: {counted(len(draft.answers), 'answer')} from {rfc3339(draft.begun_at) or ''}.")
    return draft


def _kept(draft: Draft) -> str:
    """Save the answers as a draft, and say how to go on with it; "" without answers."""
    if not draft.answers:
        return ""
    drafts.save(draft)
    text = (
        f"{counted(len(draft.answers), 'answer')} kept as a draft. Run `contribaudit attest` to go on, or"
        " `contribaudit attest --discard` to drop it."
    )
    return f"\n{in_lines(text)}\n"


def _ask_settings(state: State, rows: Sequence[Row], draft: Draft) -> None:
    """Ask setting by setting; if several rows show a setting, first ask whether all show the same value."""
    answers = draft.answers
    for setting in dict.fromkeys(row.setting for row in rows):
        open_rows = [
            row
            for row in rows
            if row.setting is setting and row.key not in answers and not ruled_out(state, row, answers)
        ]
        if len(open_rows) > 1:
            kind = open_rows[0].subject.kind
            question = f"  All {len(open_rows)} {kind}s, {setting.title} ({allowed(setting)}; Enter: one by one)"
            value = _ask_until_valid(state, open_rows[0], question, keep=None)
            if value is not None:
                answers.update({row.key: value for row in open_rows})
                note = covering_note(setting.id, value, len(open_rows))
                draft.notes.update({row.key: note for row in open_rows})
                continue
        for row in open_rows:
            value = _ask_value(state, row)
            if value is not None:
                answers[row.key] = value


def _ask_value(state: State, row: Row) -> Value:
    """The value that the screen shows for the row; None when the person skipped it."""
    question = f"  {safe_text(called(state, row.subject))}, {row.setting.title} ({allowed(row.setting)})"
    if row.last is not None:
        when = (rfc3339(row.last.observed_at) or "")[:10]
        carried = f"{safe_text(row.last.by)}: {display(row.last.value)}"
        question += f" [carried from {when}, {carried}; {KEEP} if it still shows that]"
    return _ask_until_valid(state, row, question, keep=row.last.value if row.last is not None else None)


def _ask_until_valid(state: State, row: Row, question: str, *, keep: Value) -> Value:
    """The value that is typed, asked for until it is valid. If KEEP is typed it is `keep`, unless that is None."""
    while True:
        text = options.ask(question, default="")
        if not text:
            return None
        if text == KEEP and keep is not None:
            return keep
        try:
            value = parse_value(row.setting, text)
        except UsageError as error:
            _write_line(f"    {error}")
            continue
        doubted = doubt(state, row.subject.organization, row.setting.id, value)
        if not doubted:
            return value
        _write_line(f"    {doubted}")
        if options.ask("    Record it anyway? (yes, or Enter to answer again)", default="").casefold() in ("y", "yes"):
            return value


def _shots(given: LookFlags) -> tuple[tuple[Attachment, ...], dict[str, bytes]]:
    """The screenshots of one screen: those of --attach, or the one that the person names."""
    if given.attach:
        return pictures(given.attach)
    while True:
        text = options.ask(f"Screenshot: a file, or `{CLIPBOARD}` (Enter: none)", default="")
        if not text:
            return (), {}
        try:
            return pictures([text])
        except UsageError as error:
            _write_line(f"    {error}")


def _write_line(line: str) -> None:
    click.echo(in_lines(line), err=True)

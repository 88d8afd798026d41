"""`contribaudit signals`: the raw API objects that anchor attestations, and what their states were seen to mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from contribaudit.cli.attest.desk import Desk, desk_options, name_of, open_desk
from contribaudit.cli.options import Console, format_option, pass_console

if TYPE_CHECKING:
    from contribaudit.core.state import State
    from contribaudit.core.subject import Subject
    from contribaudit.exporters.cells import Cell

COLUMNS = ("owner", "signal", "state", "since", "revision", "seen_to_mean", "digests", "raw_sha256", "owner_id")
TABLE = ("owner", "signal", "state", "since", "revision", "seen_to_mean")


@click.group()
def command() -> None:
    """Raw API objects whose meaning is not published. They tell when something moved, not what it says."""


@command.command("list")
@format_option(("table", "json", "csv"), "table")
@desk_options
@pass_console
def list_signals(console: Console, *, output_format: str, organization: str | None, store_location: str | None) -> None:
    """The signals of the last run by owner, since when each stands so, and what people saw while it stood so."""
    from contribaudit.exporters.tabular import render

    with open_desk(console, organization, store_location) as desk:
        rows = _rows(desk, desk.read())
    terminal = console.on_terminal
    console.write(render(output_format, COLUMNS, rows, flexible="seen_to_mean", only=TABLE, terminal=terminal))
    told = f"{len(rows)} signals; contribaudit signals show SIGNAL prints the raw object." if rows else "No signal."
    console.diagnostics.conclusion(told)


@command.command("show")
@click.argument("signal")
@click.option("--subject", metavar="S", default="organization", show_default=True, help="Whose signal.")
@desk_options
@pass_console
def show_signal(
    console: Console, *, signal: str, subject: str, organization: str | None, store_location: str | None
) -> None:
    """The raw object of a signal, as the API gave it in the last run."""
    with open_desk(console, organization, store_location) as desk:
        state = desk.read()
        raw = desk.job.store.raw(_raw_digest(state, _owner(state, subject), signal))
    console.write(json.dumps(json.loads(raw), indent=2) + "\n")


@command.command("diff")
@click.argument("signal")
@click.argument("before", type=click.IntRange(min=1))
@click.argument("after", type=click.IntRange(min=1))
@click.option("--subject", metavar="S", default="organization", show_default=True, help="Whose signal.")
@format_option(("table", "json", "csv"), "table")
@desk_options
@pass_console
def diff_signal(
    console: Console,
    *,
    signal: str,
    before: int,
    after: int,
    subject: str,
    output_format: str,
    organization: str | None,
    store_location: str | None,
) -> None:
    """What differs in a signal's raw object between the runs BEFORE and AFTER, by JSON pointer."""
    from contribaudit.exporters.tabular import render
    from contribaudit.testimony.json_diff import differences

    with open_desk(console, organization, store_location) as desk:
        owner = _owner(desk.read(), subject)
        one, other = (_object_of_run(desk, run, owner, signal) for run in (before, after))
    rows = [(pointer, _text(old), _text(new)) for pointer, old, new in differences(one, other)]
    columns = ("pointer", "before", "after")
    console.write(render(output_format, columns, rows, flexible="after", terminal=console.on_terminal))
    count = "1 pointer differs" if len(rows) == 1 else f"{len(rows)} pointers differ"
    console.diagnostics.conclusion(f"{count} between run {before} and run {after}.")


def _rows(desk: Desk, state: State) -> list[tuple[Cell, ...]]:
    from contribaudit.core.setting import Family
    from contribaudit.core.signal import Standing, readings
    from contribaudit.core.subject import Kind, organization_subject

    known = desk.job.store.testimony(desk.organization)
    owners = [organization_subject(desk.organization), *state.subjects(Kind.APP, desk.organization)]
    found = {
        (one.owner, one.signal): one for owner in owners for family in Family for one in readings(state, owner, family)
    }
    place = {owner: number for number, owner in enumerate(owners)}
    rows: list[tuple[Cell, ...]] = []
    for (owner, signal), one in sorted(found.items(), key=lambda item: (place[item[0][0]], item[0][1])):
        held = known.signals.get((owner, signal), ())
        if one.standing is Standing.ABSENT and not held and owner.kind is Kind.APP:
            continue  # most apps have most signals never
        seen = state.value(owner, signal)
        meant = {
            f"{each.setting}={_text(each.value)}"
            for each in known.attestations
            if each.revoked is None
            for anchor in each.anchors
            if (anchor.subject, anchor.signal, anchor.state) == (owner, signal, one.state)
        }
        standing = one.standing.value if one.settled else "being applied"
        rows.append(
            (
                name_of(state, owner),
                str(signal),
                f"{standing}: {one.reason}" if one.reason else standing,
                held[-1][0] if held else None,
                one.revision,
                ", ".join(sorted(meant)),
                one.state or (),
                seen.response if seen is not None else "",
                owner.id,
            )
        )
    return rows


def _owner(state: State, text: str) -> Subject:
    from contribaudit.testimony.attestable import find_subject

    return find_subject(state, text)


def _raw_digest(state: State, owner: Subject, signal: str) -> str:
    """The digest of the raw object behind a signal. Raises UsageError when the API held none."""
    from contribaudit.core.observation import SettingId
    from contribaudit.errors import UsageError
    from contribaudit.store.signal_history import PREFIX

    seen = state.value(owner, SettingId(signal)) if signal.startswith(PREFIX) else None
    if seen is None or not seen.response:
        known = sorted(str(one.setting) for one in state.of(owner) if one.setting.startswith(PREFIX))
        hint = f"It has: {', '.join(known)}." if known else "contribaudit signals list shows which there are."
        raise UsageError(f"{name_of(state, owner)} has no signal {signal[:80]!r} in this run", hint=hint)
    return seen.response


def _object_of_run(desk: Desk, run: int, owner: Subject, signal: str) -> Any:
    """The raw object in a run; None when the run held none."""
    snapshot = desk.job.store.snapshot(desk.organization, run)
    for one in snapshot.observations:
        response = getattr(one, "response", "")
        if one.subject == owner and one.setting == signal and response:
            return json.loads(desk.job.store.raw(response))
    return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)

"""What the signals of the API stand at, and what people saw while each stood so."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contribaudit.attestations.status import SignalLine, seen_to_mean
from contribaudit.core.alias import alias_of
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.resolve.attested import Testimony
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import plain, shown
from contribaudit.tui.rows.line import labelled
from contribaudit.tui.widgets.grid import Column

COLUMNS = (
    Column("owner", 14, flexible=True),
    Column("signal", 16, flexible=True),
    Column("now", 13),
    Column("since", 10, drop_below=90),
    Column("seen to mean", 18, flexible=True, drop_below=68),
)


def signal_cells(state: State, one: SignalLine) -> list[Text]:
    """One line of the signals."""
    seen = one.reading
    return [
        Text(plain(alias_of(state, seen.owner))),
        Text(plain(seen.signal.removeprefix("signal."))),
        Text(seen.standing.value if seen.settled else "being applied", "yellow" if seen.standing == "unread" else ""),
        Text(f"{one.since:%Y-%m-%d}" if one.since is not None else ""),
        Text(_meaning(one.meant) or "nothing yet", "" if one.meant else "dim"),
    ]


def signal_detail(state: State, one: SignalLine, told: Testimony) -> Text:
    """All the states that the signal was in, and what each was seen to mean."""
    seen = one.reading
    said = Text().append(f"{plain(seen.signal)}\n", "bold").append(f"{plain(alias_of(state, seen.owner))}\n\n")
    labelled(said, "now", seen.standing.value if seen.settled else "a change is being applied")
    if seen.reason:
        labelled(said, "because", plain(seen.reason))
    if seen.revision:
        labelled(said, "updated", plain(seen.revision))
    said.append("\nStates, newest first\n", "bold")
    states = [*one.earlier, *([(one.since, seen.state)] if one.since is not None else [])]
    for since, held in reversed(states):
        digest = "absent" if held is None else ", ".join(plain(name[:12]) for name in held)
        said.append(f"  since {since:%Y-%m-%d %H:%M}Z  ", "bold").append(f"{digest}\n")
        meant = seen_to_mean(told.attestations, seen.owner, seen.signal, held)
        for setting, value in meant:
            said.append(f"      {plain(setting)} = {shown(value)}\n")
        if not meant:
            said.append("      nobody looked while it stood so\n", "dim")
    if not states:
        said.append("  no run has kept one yet\n", "dim")
    return said


def _meaning(meant: Sequence[tuple[SettingId, Value]]) -> str:
    return ", ".join(f"{plain(setting)}={shown(value)}" for setting, value in meant)

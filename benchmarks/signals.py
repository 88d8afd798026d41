"""The signal matrix: SIGTERM, SIGINT and Ctrl-C twice at random moments of every kind of command."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Sequence

from benchmarks.blows import (
    READING,
    WRITING,
    Struck,
    command,
    leftovers,
    moment,
    scene,
    strike,
    tried,
    whole,
    wrong_with_history,
)

WAYS = {
    "SIGTERM": ((signal.SIGTERM,), 143),
    "SIGINT": ((signal.SIGINT,), 130),
    "Ctrl-C twice": ((signal.SIGINT, signal.SIGINT), 130),
}
_AT_ITS_END_SECONDS = 0.05


def run(tries: int = 150, seed: int = 1, names: Sequence[str] = (*WRITING, *READING)) -> int:
    """Print a line per signal; gives the number of tries that ended otherwise than they should."""
    rng = random.Random(seed)
    counts: dict[str, Counter[str]] = {way: Counter() for way in WAYS}
    wrong: list[str] = []
    slowest = 0.0
    with scene(names) as found:
        for number in range(tries):
            name, way = names[number % len(names)], list(WAYS)[number // len(names) % len(WAYS)]
            numbers, code = WAYS[way]
            while True:
                after = moment(rng, found.seconds[name])
                with tried(found) as place:
                    struck = strike(command(name), place, after, *numbers)
                    if struck is None or _was_ending(struck):
                        found.seconds[name] *= 0.95  # it was measured when the machine had more to do
                        continue
                    if not struck.listening:
                        counts[way]["early"] += 1
                        continue
                    told = _wrong(struck, code) or wrong_with_history(place) or whole(place)
                    told = told or (f"left behind: {left}" if (left := leftovers(place)) else "")
                counts[way]["tries"] += 1
                counts[way]["wrong"] += bool(told)
                slowest = max(slowest, struck.lived)
                if told:
                    wrong.append(f"  {name} with {way} after {after:.3f} s: {told}")
                break
    print(f"signals: {tries} at random moments of {len(names)} commands (seed {seed}); right is: code 130 or 143, one")
    print("  sentence, no traceback, nothing half written or left behind, the history sound")
    for way, count in counts.items():
        print(
            f"  {way:13} {count['tries']:4} tries, {count['wrong']} wrong ({count['early']} more before the first line)"
        )
    print(f"  the slowest ended after {slowest:.2f} s")
    print("\n".join(wrong) or "  nothing was wrong")
    return len(wrong)


def _was_ending(struck: Struck) -> bool:
    """Whether the signal met a process that had said everything and was being taken down."""
    return struck.code in (0, 1, 3, 4) and struck.worked < _AT_ITS_END_SECONDS


def _wrong(struck: Struck, code: int) -> str:
    if struck.code == 999:
        return "it went on for 30 s"
    if struck.code != code:
        return f"code {struck.code} after {struck.lived:.2f} s: {struck.err[-200:]!r}"
    if "Traceback" in struck.err or "Exception ignored" in struck.err:
        return f"a traceback: {struck.err[-400:]!r}"
    ended = "Interrupted" if code == 130 else "Terminated"
    if struck.err.count(f"{ended}; nothing unfinished was saved.") != 1:
        return f"it said {struck.err[-200:]!r}"
    return "half a line on stdout" if struck.out and not struck.out.endswith(b"\n") else ""

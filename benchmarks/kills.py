"""The kill matrix: SIGKILL at random moments of whatever writes, and what is left then."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Sequence

from benchmarks import blows
from benchmarks.blows import (
    WRITING,
    command,
    leftovers,
    moment,
    scene,
    strike,
    tried,
    whole,
    wrong_with_history,
)


def run(tries: int = 150, seed: int = 1, names: Sequence[str] = tuple(WRITING)) -> int:
    """Print a line per command; gives the number of tries after which something did not hold."""
    rng = random.Random(seed)
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    wrong: list[str] = []
    with scene(names) as found:
        for number in range(tries):
            name = names[number % len(names)]
            while True:
                after = moment(rng, found.seconds[name])
                with tried(found) as place:
                    struck = strike(command(name), place, after, signal.SIGKILL)
                    if struck is None:
                        found.seconds[name] *= 0.95  # it was measured when the machine had more to do
                        continue
                    told = wrong_with_history(place) or whole(place)
                    counts[name]["left"] += bool(leftovers(place))
                    for path in (place / "pack", place / "pack.zip"):
                        if path.exists():  # it was whole; the command itself refuses to write over it
                            path.rename(path.with_name(f"earlier-{path.name}"))
                    again = blows.run_in(place, WRITING[name])
                    if again.returncode not in (0, 1, 3):
                        told = told or f"the next one ended with {again.returncode}: {again.stderr.decode().strip()}"
                    told = told or (f"left behind: {left}" if (left := leftovers(place)) else "")
                counts[name]["tries"] += 1
                counts[name]["wrong"] += bool(told)
                if told:
                    wrong.append(f"  {name} killed after {after:.3f} s: {told}")
                break
    print(f"kills: {tries} SIGKILLs at random moments (seed {seed}); then the history is sound, the last run stands,")
    print("  every pack and report that is there is whole, the same command works, and nothing is left behind")
    for name, count in counts.items():
        took = found.seconds[name]
        told = f"{count['left']:3} left something, {count['wrong']} wrong"
        print(f"  {name:22} {count['tries']:4} kills within {took:4.1f} s, {told}")
    print("\n".join(wrong) or "  nothing was wrong")
    return len(wrong)

"""`python -m benchmarks fuzz`: mutated answers, and whether anything passes on them that is not so.

Whole, valid answers are mutated and served over HTTP, the product reads and judges them, and an oracle that knows what
was served says which passes are true. The oracle has a few lines of its own and calls no rule of the product.

`lists` holds the families of lists, `damage` what is done to answers: a new family is a line in `FAMILIES`, a new kind
of damage a function in `DAMAGE`. A case is made from its family and seed, the same each time.
"""

from __future__ import annotations

import asyncio
import gc
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from benchmarks.fuzz import attestations, lists, spaces, wire
from benchmarks.fuzz.serving import Bench, serving

Case = Callable[[Bench, str, int], Awaitable[tuple[list[str], int, list[str]]]]
"""From the bench, the family and a seed: what was done, how many findings passed, and what is wrong."""
FAMILIES: dict[str, Case] = {
    **dict.fromkeys(lists.FAMILIES, lists.case),
    "spaces": spaces.case,
    "attestations": attestations.case,
    "wire": wire.case,
}
WRONG = ("false pass", "crash", "vanished")


def run(cases: int = 3000, seed: int = 0, families: Sequence[str] = tuple(FAMILIES)) -> int:
    """Print a line per family; gives the number of cases in which something was wrong."""
    print(f"fuzz: {cases} mutated answers a family over HTTP (seeds from {seed}), against an oracle of its own")
    print(f"  {'family':14}  cases  passes  false passes  crashes  vanished rows  seconds")
    bad = 0
    for family in families:
        began = perf_counter()
        counted = one_family(family, cases, seed)
        false, crashes, vanished = (counted[name] for name in WRONG)
        bad += false + crashes + vanished
        print(
            f"  {family:14} {counted['cases']:6} {counted['passes']:7} {false:13} {crashes:8} {vanished:14}"
            f" {perf_counter() - began:8.0f}",
            flush=True,
        )
    return bad


def one_family(family: str, cases: int, seed: int) -> Counter[str]:
    """What its cases gave: "cases", "passes", and what must be none: "false pass", "crash", "vanished"."""
    counted: Counter[str] = Counter(dict.fromkeys(("cases", "passes", *WRONG), 0))

    async def all_of_them() -> None:
        async with serving() as bench:
            for number in range(seed, seed + cases):
                counted["cases"] += 1
                try:
                    done, passes, wrong = await FAMILIES[family](bench, family, number)
                except Exception:  # noqa: BLE001 a crash is what is looked for
                    counted["crash"] += 1
                    print(f"crash: {family} seed {number}\n{traceback.format_exc(limit=-4)}")
                    continue
                counted["passes"] += passes
                counted.update(told.partition(":")[0] for told in wrong)
                for told in wrong:
                    print(f"{told}; {family} seed {number} {done}")

    unfrozen = gc.get_freeze_count() == 0  # a run of tests has frozen what it holds, and keeps it so
    if unfrozen:
        gc.collect()
        gc.freeze()
    try:
        asyncio.run(all_of_them())
    finally:
        if unfrozen:
            gc.unfreeze()
    return counted

"""`make bench`: every figure, one after the other. `python -m benchmarks startup` prints one.

`python -m benchmarks kills --tries 150` and `signals` end a process at random moments; `fuzz --family wire` serves
mutated answers; `runners` needs a PostgreSQL. They end with 1 where something did not hold, take minutes, and come
only when they are named.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import (
    attest,
    dashboard,
    days,
    documents,
    evidence,
    export,
    formats,
    fuzz,
    gateway,
    history,
    hops,
    inventory,
    judging,
    kills,
    runners,
    signals,
    spaces,
    startup,
    tree,
    vendors,
    year,
)

ALL = {
    "startup": startup.run,
    "inventory": inventory.run,
    "history": history.run,
    "year": year.run,
    "judging": judging.run,
    "spaces": spaces.run,
    "gateway": gateway.run,
    "formats": formats.run,
    "evidence": evidence.run,
    "export": export.run,
    "dashboard": dashboard.run,
    "attest": attest.run,
    "tree": tree.run,
    "hops": hops.run,
}
SHOWN = {"days": days.run, "documents": documents.run, "runners": runners.run, "vendors": vendors.run}
MATRICES = {"kills": kills.run, "signals": signals.run}

parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join([*ALL, *MATRICES, *SHOWN, 'fuzz'])}")
parser.add_argument("--tries", "--cases", type=int, help="of kills and signals (150), of each family of fuzz (3000)")
parser.add_argument("--seed", type=int, default=1, help="of kills, signals and fuzz")
parser.add_argument("--family", choices=tuple(fuzz.FAMILIES), action="append", help="of fuzz; all of them by default")
asked = parser.parse_args()
wrong = 0
for name in asked.names or ALL:
    if name in SHOWN:
        wrong += SHOWN[name]()
    elif name == "fuzz":
        wrong += fuzz.run(asked.tries or 3000, asked.seed, asked.family or tuple(fuzz.FAMILIES))
    elif name in MATRICES:
        wrong += MATRICES[name](asked.tries or 150, asked.seed)
    else:
        ALL[name]()
sys.exit(1 if wrong else 0)

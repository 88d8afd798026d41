"""`make bench`: every figure, one after the other. `python -m benchmarks startup` prints one."""

from __future__ import annotations

import sys

from benchmarks import history, inventory, judging, spaces, startup

ALL = {
    "startup": startup.run,
    "inventory": inventory.run,
    "history": history.run,
    "judging": judging.run,
    "spaces": spaces.run,
}

for name in sys.argv[1:] or ALL:
    ALL[name]()

"""`make bench`: every figure, one after the other. `python -m benchmarks startup` prints one."""

from __future__ import annotations

import sys

from benchmarks import dashboard, evidence, export, formats, history, inventory, judging, spaces, startup, tree, year

ALL = {
    "startup": startup.run,
    "inventory": inventory.run,
    "history": history.run,
    "year": year.run,
    "judging": judging.run,
    "spaces": spaces.run,
    "formats": formats.run,
    "evidence": evidence.run,
    "export": export.run,
    "dashboard": dashboard.run,
    "tree": tree.run,
}

for name in sys.argv[1:] or ALL:
    ALL[name]()

"""`python -m benchmarks.fuzz --family workspaces --cases 3000 --seed 1` is the same as `python -m benchmarks fuzz`."""

from __future__ import annotations

import argparse

from benchmarks import fuzz

parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=fuzz.__doc__)
parser.add_argument("--family", choices=[*fuzz.FAMILIES, "all"], default="all")
parser.add_argument("--cases", type=int, default=3000)
parser.add_argument("--seed", type=int, default=0)
asked = parser.parse_args()
families = tuple(fuzz.FAMILIES) if asked.family == "all" else (asked.family,)
raise SystemExit(1 if fuzz.run(asked.cases, asked.seed, families) else 0)

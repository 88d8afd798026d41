"""DR: where each app keeps its data, and whether it is held there. One file per group of questions."""

from __future__ import annotations

from contribaudit.checks.data_residency import limits, pinning, realm
from contribaudit.core.judge.check import Check

ALL: tuple[Check, ...] = tuple(sorted((*limits.ALL, *pinning.ALL, *realm.ALL), key=lambda check: check.id))

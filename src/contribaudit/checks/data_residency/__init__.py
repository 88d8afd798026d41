"""Data residency checks: where each app keeps its data, and whether it is pinned there. Each file holds one group."""

from __future__ import annotations

from contribaudit.checks.data_residency import limits, pinning, realm
from contribaudit.core.judge.check import Check

ALL: tuple[Check, ...] = tuple(sorted((*limits.ALL, *pinning.ALL, *realm.ALL), key=lambda check: check.id))

"""DR: where each app keeps its data, and whether it is held there. One file per group of questions."""

from __future__ import annotations

from contribaudit.checks.data_residency.limits import DR_03, DR_06, DR_09, DR_10, DR_11, DR_12, DR_14
from contribaudit.checks.data_residency.pinning import DR_02, DR_04, DR_05, DR_07, DR_08
from contribaudit.checks.data_residency.realm import DR_01, DR_13
from contribaudit.core.judge.check import Check

ALL: tuple[Check, ...] = (
    DR_01,
    DR_02,
    DR_03,
    DR_04,
    DR_05,
    DR_06,
    DR_07,
    DR_08,
    DR_09,
    DR_10,
    DR_11,
    DR_12,
    DR_13,
    DR_14,
)

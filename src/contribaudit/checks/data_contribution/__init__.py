"""Data contribution checks: what the organization lets Atlassian use. Each file holds one group of questions."""

from __future__ import annotations

from contribaudit.checks.data_contribution import coverage, limits, plans, spaces, switches
from contribaudit.core.judge.check import Check

ALL: tuple[Check, ...] = tuple(
    sorted((*coverage.ALL, *limits.ALL, *plans.ALL, *spaces.ALL, *switches.ALL), key=lambda check: check.id)
)

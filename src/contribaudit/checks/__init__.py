"""Every check of this version, grouped by family."""

from __future__ import annotations

from contribaudit import catalogue
from contribaudit.checks import ai_access, data_contribution, data_residency, documents, governance, sub_processors
from contribaudit.core.judge.check import Check

ALL: tuple[Check, ...] = (
    *data_contribution.ALL,
    *ai_access.ALL,
    *data_residency.ALL,
    *sub_processors.ALL,
    *governance.ALL,
    *documents.ALL,
)

DECIDABLE: frozenset[str] = frozenset(setting.id for setting in catalogue.ALL).union(
    *(check.decisions for check in ALL)
)
"""IDs that a `[[decision]]` may name: every setting, and what only people can state, such as updated records."""

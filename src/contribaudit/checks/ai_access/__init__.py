"""AI checks: who and what may use Rovo and other AI. Each file holds one group of questions."""

from __future__ import annotations

from contribaudit.checks.ai_access import apps, limits, people, tools
from contribaudit.core.judge.check import Check

ALL: tuple[Check, ...] = tuple(sorted((*apps.ALL, *limits.ALL, *people.ALL, *tools.ALL), key=lambda check: check.id))

"""AI: who and what may use Rovo and other AI. One file per group of questions."""

from __future__ import annotations

from contribaudit.checks.ai_access.apps import AI_01, AI_02, AI_03, AI_04, AI_05, AI_08, AI_20
from contribaudit.checks.ai_access.limits import AI_21, AI_22, AI_24, AI_25
from contribaudit.checks.ai_access.people import AI_06, AI_07, AI_19
from contribaudit.checks.ai_access.tools import (
    AI_09,
    AI_10,
    AI_11,
    AI_12,
    AI_13,
    AI_14,
    AI_15,
    AI_16,
    AI_17,
    AI_18,
    AI_23,
)
from contribaudit.core.judge.check import Check

ALL: tuple[Check, ...] = (
    AI_01,
    AI_02,
    AI_03,
    AI_04,
    AI_05,
    AI_06,
    AI_07,
    AI_08,
    AI_09,
    AI_10,
    AI_11,
    AI_12,
    AI_13,
    AI_14,
    AI_15,
    AI_16,
    AI_17,
    AI_18,
    AI_19,
    AI_20,
    AI_21,
    AI_22,
    AI_23,
    AI_24,
    AI_25,
)

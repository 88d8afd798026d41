"""DC: what the organization lets Atlassian use. One file per group of questions."""

from __future__ import annotations

from contribaudit.checks.data_contribution.coverage import DC_10, DC_18, DC_19, DC_23, DC_25
from contribaudit.checks.data_contribution.limits import DC_14, DC_16, DC_17, DC_21, DC_22
from contribaudit.checks.data_contribution.plans import DC_05, DC_06, DC_07, DC_08, DC_09, DC_20, DC_24
from contribaudit.checks.data_contribution.spaces import DC_11, DC_12
from contribaudit.checks.data_contribution.switches import DC_01, DC_02, DC_03, DC_04, DC_13, DC_15
from contribaudit.core.judge.check import Check

ALL: tuple[Check, ...] = (
    DC_01,
    DC_02,
    DC_03,
    DC_04,
    DC_05,
    DC_06,
    DC_07,
    DC_08,
    DC_09,
    DC_10,
    DC_11,
    DC_12,
    DC_13,
    DC_14,
    DC_15,
    DC_16,
    DC_17,
    DC_18,
    DC_19,
    DC_20,
    DC_21,
    DC_22,
    DC_23,
    DC_24,
    DC_25,
)

"""Where AI processes what an app holds.

Residency is about storage: https://support.atlassian.com/security-and-access-policies/docs/understand-data-residency/.
What becomes of requests to language models, the rulebook states.
"""

from __future__ import annotations

from dataclasses import replace

from contribaudit.core.effective_ai_switches import EXPOSED
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.effective_ai import ai
from contribaudit.core.resolve.reasons import VALUE, Effective, rule
from contribaudit.core.resolve.state import State

AI_PROCESSING = SettingId("effective.ai_processing")
OUTSIDE = "outside"
NOTHING = "none"


def ai_processing(state: State, subject: Subject) -> Effective:
    """ "outside" of the realm where AI reaches the subject, "none" where it does not; else what AI exposure answers."""
    exposure = ai(state, subject)
    leaves = rule(state, state.rulebook.statements.ai_processing.text)
    stays = rule(state, "where AI does not reach, it processes nothing")
    exposed = exposure.value == EXPOSED
    return replace(
        exposure,
        setting=AI_PROCESSING,
        value=(OUTSIDE if exposed else NOTHING) if exposure.outcome == VALUE else None,
        predicted=OUTSIDE if exposure.predicted == EXPOSED else None,
        chain=(*exposure.chain, leaves if exposed else stays) if exposure.outcome == VALUE else exposure.chain,
    )

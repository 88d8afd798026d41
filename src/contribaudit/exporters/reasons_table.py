"""Effective answers as rows: one for each link of each chain of reasons, then one for each plain setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contribaudit.core.alias import alias_of
from contribaudit.core.model.observation import Observation, Observed
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.reasons import Effective
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import Cell

COLUMNS = (
    "organization_id", "subject", "setting", "outcome", "value", "predicted", "fragile", "step", "decisive", "reason",
    "source", "grade", "observed_at", "sha256", "attested_by",
)  # fmt: skip
SHOWN = ("setting", "outcome", "value", "step", "reason", "grade", "observed_at")
"""Those that a terminal has room for."""


def rows(
    state: State, subject: Subject, answers: Sequence[Effective], observations: Sequence[Observation] = ()
) -> Iterator[tuple[Cell, ...]]:
    """In the order of the answers, each chain from its first link; `step` counts from 1."""
    about = (subject.organization, alias_of(state, subject))
    for one in answers:
        answer = (one.setting, str(one.outcome), one.value, one.predicted, one.fragile)
        for step, reason in enumerate(one.chain, 1):
            yield (*about, *answer, step, reason.decisive, reason.sentence, reason.source, *_seen(reason.observation))
    for seen in observations:
        read = isinstance(seen, Observed)
        value = seen.value if isinstance(seen, Observed) else None
        reason_text = None if isinstance(seen, Observed) else seen.reason
        answer_row = (seen.setting, "value" if read else "unknown", value, None, False)
        yield (*about, *answer_row, 1, True, reason_text, seen.source, *_seen(seen))


def _seen(one: Observation | None) -> tuple[Cell, Cell, Cell, Cell]:
    if not isinstance(one, Observed):
        return None, None, None, None
    return one.grade.value, one.observed_at, one.response, one.witness.by if one.witness else None

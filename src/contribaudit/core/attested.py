"""Attested values as observations: in force, held by their anchors, proven by signals, stale or contradicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contribaudit.core.attestation import Attestation
from contribaudit.core.observation import Observation, SettingId
from contribaudit.core.setting import Setting
from contribaudit.core.signal import SignalHistory
from contribaudit.core.state import State


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """The highest plan from a run on, until the next entry."""

    since: datetime
    highest: str | None
    """None where a run could not tell; `words` then stands for it."""
    words: tuple[str, ...]
    """Every plan word of the organization's apps, sorted."""


@dataclass(frozen=True, slots=True)
class Testimony:
    """What people recorded of one organization, and how signals and plans stood meanwhile."""

    attestations: tuple[Attestation, ...] = ()
    """All of them, revoked and superseded ones included."""
    signals: SignalHistory = field(default_factory=dict)
    plans: tuple[PlanSeen, ...] = ()
    """Oldest first."""


def attested_observations(
    state: State, testimony: Mapping[str, Testimony], find_setting: Callable[[SettingId], Setting]
) -> Iterator[Observation]:
    """One observation per subject and setting that anybody attested, by the rules of evidence.

    `testimony` is by organization. Yields `Observed` of grade attested or inferred, or `Unavailable` with a code that
    says why the value does not count: STALE_CODES, CONFLICT_CODE, "signal_unread", "plan_unread", "revoked".
    """
    raise NotImplementedError

"""Changes that no collector sees: what people attested, the highest plan, and edits of policy, rulebook and tool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise

from contribaudit.core.frame import RunFrame
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, standing
from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.setting import Setting, same_value
from contribaudit.core.model.subject import COMPANY, Subject, organization_subject
from contribaudit.core.plan_moves import PlanSeen

_WORKSPACES = "workspaces"


def attested_changes(
    attestations: Iterable[Attestation],
    find_setting: Callable[[SettingId], Setting],
    since: datetime,
    until: datetime,
) -> Iterator[Change]:
    """Where a look shows another value than the look before it, of looks after `since` and not later than `until`.

    What was taken back counts on neither side, nor do looks of one moment that contradict each other.
    """
    known = standing(attestations, until)
    looks = sorted(known, key=lambda one: (one.subject, one.setting, one.observed_at))
    for (subject, setting), group in groupby(looks, key=lambda one: (one.subject, one.setting)):
        agreed = [
            same
            for _, moment in groupby(group, key=lambda one: one.observed_at)
            if (same := _agreed(find_setting(setting), list(moment))) is not None
        ]
        for one, other in pairwise(agreed):
            if since < other.observed_at <= until and not same_value(find_setting(setting), one.value, other.value):
                yield _change(subject, setting, one.value, other.value, one.observed_at, other.observed_at)


def _agreed(setting: Setting, looks: list[Attestation]) -> Attestation | None:
    return looks[0] if all(same_value(setting, looks[0].value, one.value) for one in looks) else None


def plan_changes(organization: str, plans: Sequence[PlanSeen], frames: Sequence[RunFrame]) -> Iterator[Change]:
    """Where the highest plan of a run was another than before, in the runs after the first of `frames`."""
    if not frames:
        return
    for one, other in pairwise(plans):
        if not frames[0].started_at < other.since <= frames[-1].started_at or one.highest == other.highest:
            continue
        read = [frame.started_at for frame in frames if frame.started_at < other.since and _WORKSPACES in frame.whole]
        last = max(read, default=one.since)
        yield _change(
            organization_subject(organization), names.HIGHEST_PLAN, one.highest, other.highest, last, other.since
        )


def edits(frames: Sequence[RunFrame]) -> Iterator[Change]:
    """Where a run used another policy, rulebook or version of the tool than the run before, after the first."""
    for one, other in pairwise(frames):
        for setting, before, after in (
            (names.POLICY_DIGEST, one.policy_sha256, other.policy_sha256),
            (names.RULEBOOK_DIGEST, one.rulebook_sha256, other.rulebook_sha256),
            (names.TOOL_VERSION, one.tool_version, other.tool_version),
        ):
            if before != after:
                yield _change(COMPANY, setting, before, after, one.started_at, other.started_at)


def _change(
    subject: Subject, setting: SettingId, before: Value, after: Value, last: datetime, first: datetime
) -> Change:
    return Change(subject, setting, before, after, True, True, first, last)

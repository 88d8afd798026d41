"""What runs out."""

from __future__ import annotations

from datetime import UTC, datetime

from contribaudit.core.observation import SettingId
from contribaudit.core.state import State
from contribaudit.core.subject import organization_subject

_OWN_KEY = SettingId("api_key.expires_at")


def key_days_left(state: State) -> int | None:
    """Whole days until the first of the keys that we read with ends, negative when one has; None where none tells."""
    days: list[int] = []
    for organization in (place.id for place in state.looked_at):
        seen = state.value(organization_subject(organization), _OWN_KEY)
        if seen is None or not isinstance(seen.value, str):
            continue
        try:
            ends = datetime.fromisoformat(seen.value)
        except ValueError:
            continue
        aware = ends if ends.tzinfo else ends.replace(tzinfo=UTC)
        days.append((aware - state.as_of).days)
    return min(days, default=None)

"""Edition and trial of an app, as its entitlement in the gateway tells them: in the older billing (HAMS) or the newer.

https://developer.atlassian.com/platform/atlassian-graphql-api/graphql/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from contribaudit.atlassian.graphql import NotTold, Part, SiteAnswer
from contribaudit.core.model.times import parse_utc

NONE = "none"
"""What stands for no trial."""
_SOME_TRIAL = "trial"
"""A trial of which no edition is told."""
_TRIAL_END = ("subscription", "trial", "endTimestamp")
_NO_END = NotTold("null", "the gateway tells no end of the trial")
NO_EDITION = NotTold("no_edition", "the gateway tells no edition of an app on Atlassian's new billing")


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One app's, in an answer: `path` leads to it, `where` is what people are told.

    A null with an error is never read as "no trial".
    """

    answer: SiteAnswer
    path: tuple[str | int, ...]
    where: tuple[str | int, ...]

    def read(self, *path: str) -> Any:
        """The value; None where the gateway gave null and no error, NotTold for what else is no value."""
        told = self.answer.at(Part.PLANS, *self.path, *path)
        return None if isinstance(told, NotTold) and told.code == "null" else told

    def text(self, *path: str) -> str | NotTold | None:
        """A text; a blank one counts as null."""
        told = self.read(*path)
        if told is None or isinstance(told, NotTold):
            return told
        if not isinstance(told, str):
            return NotTold("wrong_type", f"`{path[-1]}` is a {type(told).__name__}, not a text")
        return told.strip() or None

    def trial(self, billing: str, now: datetime) -> tuple[str | NotTold, str | NotTold | None]:
        """The edition on trial and the trial's last day (ISO), None for the end of no trial."""
        whole = self.answer.at(Part.PLANS, *self.path)
        if isinstance(whole, NotTold):
            return whole, whole
        return self._hams(now) if billing == "hams" else self._ccp(now)

    def _hams(self, now: datetime) -> tuple[str | NotTold, str | NotTold | None]:
        word = self.text("trialEdition")
        ends = [self._day(*path) for path in (("trialEditionEndDate",), ("trialEndDate",), _TRIAL_END)]
        days = [one for one in ends if isinstance(one, date)]
        broken = next((one for one in (word, *ends) if isinstance(one, NotTold)), None)
        if isinstance(word, str):
            return word, days[0].isoformat() if days else broken or _NO_END
        if broken is not None:
            return broken, broken
        # An app of a paid plan keeps the end of the trial that it began with.
        ahead = [one for one in days if one >= now.date()]
        if not ahead:
            return NONE, None
        edition = self.text("currentEdition")
        return edition if isinstance(edition, str) else _SOME_TRIAL, max(ahead).isoformat()

    def _ccp(self, now: datetime) -> tuple[str | NotTold, str | NotTold | None]:
        subscription = self.answer.at(Part.PLANS, *self.path, "subscription")
        trial = subscription if isinstance(subscription, NotTold) else self.read("subscription", "trial")
        if trial is None:
            return NONE, None
        end = trial if isinstance(trial, NotTold) else self._day(*_TRIAL_END)
        if isinstance(end, NotTold):
            return end, end
        if end is None:
            return _SOME_TRIAL, _NO_END
        return (_SOME_TRIAL, end.isoformat()) if end >= now.date() else (NONE, None)

    def _day(self, *path: str) -> date | NotTold | None:
        told = self.read(*path)
        if told is None or isinstance(told, NotTold):
            return told
        at = moment(told)
        return at.date() if at is not None else NotTold("wrong_type", f"`{path[-1]}` is no date and no milliseconds")


def moment(told: object) -> datetime | None:
    """A date or time in text, or milliseconds since 1970 as a number or its text; None for anything else."""
    if isinstance(told, str) and (at := parse_utc(told)) is not None:
        return at
    try:
        number = float(told) if isinstance(told, str | int | float) and not isinstance(told, bool) else None
        return datetime.fromtimestamp(number / 1000, UTC) if number is not None else None
    except (ValueError, OverflowError, OSError):
        return None

"""Reads the values in the GraphQL gateway's answer about a site, field by field.

A field that is null, refused or broken is unavailable with its reason. What the values mean is not decided here. An
app's edition and trial are in its entitlement, in the older billing (HAMS) or the newer.
https://developer.atlassian.com/platform/atlassian-graphql-api/graphql/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from contribaudit.atlassian.calls import ASK_GATEWAY
from contribaudit.atlassian.graphql import NoValue, Part, SiteAnswer
from contribaudit.catalogue import ai_access as settings
from contribaudit.collectors.interface import Kept
from contribaudit.core.model.observation import Observation, Observed, Unavailable, Value
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Subject
from contribaudit.core.model.times import parse_utc

METADATA = ("search", "configuration", "siteMetadata")
ENTITLEMENT: tuple[str | int, ...] = ("tenantContexts", 0, "entitlementInfo")
"""The path of an app's plan as sources show it; the answer has it under `plan_key`."""
PlanPlace: TypeAlias = tuple[SiteAnswer, tuple[str | int, ...]] | NoValue
"""The answer and the path where an app's plan is, or why no answer has it."""
OF_A_PLAN = (settings.GATEWAY_EDITION, settings.GATEWAY_TRIAL, settings.GATEWAY_TRIAL_ENDS_ON)
SAID = frozenset(("null", "not_listed", "no_entitlement", "no_edition"))
"""Codes for what the gateway states by giving no value, which is no failure of the reading."""


NONE = "none"
"""The value for no trial."""
_FIRST_YEAR = 2000
_SOME_TRIAL = "trial"
"""The value for a trial whose edition is not given."""
_TRIAL_END = ("subscription", "trial", "endTimestamp")
_NO_END = NoValue("null", "the gateway gives no end date for the trial")
NO_EDITION = NoValue("no_edition", "the gateway gives no edition for an app on Atlassian's new billing")


@dataclass(frozen=True, slots=True)
class Entitlement:
    """An app's entitlement in an answer. A null with an error is never read as "no trial"."""

    answer: SiteAnswer
    path: tuple[str | int, ...]

    def read(self, *path: str) -> Any:
        """The value; None when the gateway gave null without an error, NoValue for any other missing value.

        A value beside an error about it is none: an edition that a failed resolver left may be too low.
        """
        value = self.answer.at(Part.PLANS, *self.path, *path)
        if isinstance(value, NoValue):
            return None if value.code == "null" else value
        return self.answer.doubt(*self.path, *path) or value

    def text(self, *path: str) -> str | NoValue | None:
        """The text; a blank text counts as null."""
        value = self.read(*path)
        if value is None or isinstance(value, NoValue):
            return value
        if not isinstance(value, str):
            return NoValue("wrong_type", f"`{path[-1]}` is a {type(value).__name__}, not a text")
        return value.strip() or None

    def trial(self, billing: str, now: datetime) -> tuple[str | NoValue, str | NoValue | None]:
        """The edition on trial and the trial's last day (ISO); the day is None when there is no trial."""
        whole = self.answer.at(Part.PLANS, *self.path)
        if isinstance(whole, NoValue):
            return whole, whole
        return self._hams_trial(now) if billing == "hams" else self._ccp_trial(now)

    def _hams_trial(self, now: datetime) -> tuple[str | NoValue, str | NoValue | None]:
        word = self.text("trialEdition")
        ends = [self._day(*path) for path in (("trialEditionEndDate",), ("trialEndDate",), _TRIAL_END)]
        days = [one for one in ends if isinstance(one, date)]
        broken = next((one for one in (word, *ends) if isinstance(one, NoValue)), None)
        if isinstance(word, str):
            return word, days[0].isoformat() if days else broken or _NO_END
        if broken is not None:
            return broken, broken
        # An app on a paid plan keeps the end date of its initial trial.
        ahead = [one for one in days if one >= now.date()]
        if not ahead:
            return NONE, None
        edition = self.text("currentEdition")
        return edition if isinstance(edition, str) else _SOME_TRIAL, max(ahead).isoformat()

    def _ccp_trial(self, now: datetime) -> tuple[str | NoValue, str | NoValue | None]:
        subscription = self.answer.at(Part.PLANS, *self.path, "subscription")
        trial = subscription if isinstance(subscription, NoValue) else self.read("subscription", "trial")
        if trial is None:
            return NONE, None
        end = trial if isinstance(trial, NoValue) else self._day(*_TRIAL_END)
        if isinstance(end, NoValue):
            return end, end
        if end is None:
            return _SOME_TRIAL, _NO_END
        return (_SOME_TRIAL, end.isoformat()) if end >= now.date() else (NONE, None)

    def _day(self, *path: str) -> date | NoValue | None:
        value = self.read(*path)
        if value is None or isinstance(value, NoValue):
            return value
        at = moment(value)
        return (
            at.date() if at is not None else NoValue("wrong_type", f"`{path[-1]}` is neither a date nor milliseconds")
        )


def moment(value: object) -> datetime | None:
    """A date or time in text, or milliseconds since 1970 as a number or text; None for anything else.

    A time before any trial existed is None as well: 0 is no date, and seconds read as milliseconds give 1970.
    """
    at = parse_utc(value)
    try:
        if at is None and isinstance(value, str | int | float) and not isinstance(value, bool):
            at = datetime.fromtimestamp(float(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at is not None and at.year >= _FIRST_YEAR else None


@dataclass(slots=True)
class GatewayRecord(Kept):
    """What a reading of the gateway keeps, and why it is incomplete."""

    started_at: datetime
    short: dict[str, tuple[str, str | None]] = field(init=False, default_factory=dict)
    """Code and missing scope, by reason."""


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Reads typed values from one answer."""

    kept: GatewayRecord
    answer: SiteAnswer
    response: str

    def truth(self, setting: Setting, subject: Subject, part: Part, path: tuple[str | int, ...]) -> Observation:
        """The true or false at a path of the answer; a false beside an error about it is no answer."""
        value = self._typed(setting, subject, part, path, bool)
        doubt = self.answer.doubt(*path) if isinstance(value, Observed) and value.value is False else None
        return self.observation(setting, subject, doubt, part, path) if doubt is not None else value

    def text(self, setting: Setting, subject: Subject, part: Part, path: tuple[str | int, ...]) -> Observation:
        """The text at a path of the answer."""
        return self._typed(setting, subject, part, path, str)

    def _typed(
        self, setting: Setting, subject: Subject, part: Part, path: tuple[str | int, ...], kind: type[bool] | type[str]
    ) -> Observation:
        value = self.answer.at(part, *path)
        if isinstance(value, NoValue) or type(value) is kind:
            return self.observation(setting, subject, value, part, path)
        return self._unexpected(setting, subject, part, path, value)

    def regions(self, app: Subject, product: str) -> Observation:
        """The regions of one product, from all its entries together."""
        setting, path = settings.GATEWAY_REGIONS, (*METADATA, "productInfo")
        entries = self.answer.at(Part.SITE, *path)
        entries = entries if isinstance(entries, NoValue) else self.answer.doubt(*path) or entries
        if isinstance(entries, NoValue):
            return self.observation(setting, app, entries, Part.SITE, path)
        listed = entries if isinstance(entries, list) else [entries]
        if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in listed):
            return self._unexpected(setting, app, Part.SITE, path, entries)
        region_lists = [one.get("dataRegion") for one in listed if one["name"].casefold() == product]
        if not region_lists:
            why = NoValue("not_listed", f"the gateway lists no regions for a product called {product}")
            return self.observation(setting, app, why, Part.SITE, path)
        if not all(isinstance(one, list) and all(isinstance(name, str) for name in one) for one in region_lists):
            return self._unexpected(setting, app, Part.SITE, (*path, "dataRegion"), region_lists[0])
        regions = tuple(dict.fromkeys(name for one in region_lists for name in one))
        if not regions:
            why = NoValue("null", f"the gateway lists {product} with no region")
            return self.observation(setting, app, why, Part.SITE, path)
        return self.observation(setting, app, regions, Part.SITE, (*path, "dataRegion"))

    def plan(self, app: Subject, location: PlanPlace, now: datetime) -> Iterator[Observation]:
        """The app's edition, trial and last day of the trial."""
        if isinstance(location, NoValue):
            why = location
            if location.code == "null":
                why = NoValue("no_entitlement", "the gateway knows no plan of the app under any spelling of its key")
            for setting in OF_A_PLAN:
                yield self.observation(setting, app, why, Part.PLANS, ENTITLEMENT)
            return
        answer, path = location
        plan = answer.at(Part.PLANS, *path)
        billings = [name for name in ("hams", "ccp") if isinstance(plan, dict) and name in plan]
        if len(billings) != 1:
            for setting in OF_A_PLAN:
                yield self._unexpected(setting, app, Part.PLANS, ENTITLEMENT, plan)
            return
        (billing,) = billings
        entitlement = Entitlement(answer, (*path, billing))
        yield self._edition(app, entitlement, billing)
        trial, ends = entitlement.trial(billing, now)
        for setting, value in ((settings.GATEWAY_TRIAL, trial), (settings.GATEWAY_TRIAL_ENDS_ON, ends)):
            yield self.observation(setting, app, value, Part.PLANS, ENTITLEMENT)

    def _edition(self, app: Subject, entitlement: Entitlement, billing: str) -> Observation:
        edition = entitlement.text("currentEdition") if billing == "hams" else NO_EDITION
        if edition is None:
            edition = NoValue("null", "the gateway gave null for the app's edition, and no reason")
        return self.observation(settings.GATEWAY_EDITION, app, edition, Part.PLANS, (*ENTITLEMENT, "currentEdition"))

    def observation(
        self, setting: Setting, subject: Subject, value: Value | NoValue, part: Part, path: tuple[str | int, ...]
    ) -> Observation:
        """The value of a field, or why it has none; the source says how far the field is published.

        An error makes the reading incomplete, a plain null does not.
        """
        at = self.kept.started_at
        if not isinstance(value, NoValue):
            return Observed(setting.id, subject, value, setting.grade, at, _source(part, path), self.response)
        if value.code not in SAID:
            self.kept.short.setdefault(value.reason, (value.code, None))
        return Unavailable(setting.id, subject, value.code, value.reason, at, _source(part, path))

    def _unexpected(
        self, setting: Setting, subject: Subject, part: Part, path: tuple[str | int, ...], value: object
    ) -> Observation:
        name = str(path[-1])
        self.kept.surprise(f"{name}: {type(value).__name__}", self.response)
        why = NoValue("wrong_type", f"`{name}` is a {type(value).__name__}, which this version does not know there")
        return self.observation(setting, subject, why, part, path)


def _source(part: Part, path: Iterable[str | int]) -> str:
    """Where a value comes from: the call, the field, and how far the field is published."""
    named = ".".join(step for step in path if isinstance(step, str))
    return f"{ASK_GATEWAY.title} {named} ({part.lifecycle.value})"

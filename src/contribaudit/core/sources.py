"""Which source that was not read a finding waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from contribaudit.core.judge.check import Check
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.observation import SettingId, Unavailable
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.core.snapshot import Collection, CollectionStatus

SPACES_PREFIX = "spaces_"
"""How the names of collectors begin that list spaces, each with a token of its own."""
_WORKSPACES, _POLICIES, _EVENTS, _NONE = "workspaces", "policies", "events", ""
_COLLECTORS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("apps_unread", "no_apps", "plan_unread", "plan_not_told", "site_not_known", "parent_not_known",
         "unclear_apps", "nothing_looked_at", "rule_not_certain"),
        (_WORKSPACES,),
    ),
    "inventory_not_whole": (_WORKSPACES, _POLICIES),
    "signal_unread": (_POLICIES,),
    "log_unread": (_EVENTS,),
    "not_read": (_NONE,),
}  # fmt: skip
"""Whose lists a reason's code is about."""
_NOT_OFFERED = ("forbidden", "key_refused", "not_found", "organization_not_found")
"""What an optional source answers where the plan does not have it, or the key goes without."""
_SPACES_READ = (names.SPACE_COUNT,)
"""What a check reads that looks at the listings of spaces."""


@dataclass(frozen=True, slots=True)
class UnreadSource:
    """An organization that was not read at all, or one collector that did not come to its end there."""

    place: OrganizationState
    collection: Collection | None = None

    @property
    def cause(self) -> tuple[str, str, str | None]:
        """What mends it mends all with the same: organization, code, missing scope."""
        if self.collection is None:
            return self.place.id, "", None
        return self.place.id, self.collection.code, self.collection.missing_scope


def needed_collectors(
    checks: Iterable[Check],
    promises: Mapping[str, Iterable[SettingId]],
    find_setting: Callable[[SettingId], Setting],
    listings: Iterable[str] = (),
) -> frozenset[str]:
    """Names of the collectors that checks need: those that promise what they read, and the list of apps for a question
    about apps, or about values of apps or of the plan that follows from them. `listings` list spaces.
    """
    needed: set[str] = set()
    for check in checks:
        reads = frozenset(check.reads)
        needed |= {collector for collector, promised in promises.items() if not reads.isdisjoint(promised)}
        about_apps = check.kind is Kind.APP or any(Kind.APP in find_setting(one).kinds for one in reads)
        if about_apps or names.HIGHEST_PLAN in reads:
            needed.add(_WORKSPACES)
        if not reads.isdisjoint(_SPACES_READ):
            needed |= set(listings)
    return frozenset(needed)


def needed_and_unread(state: State, findings: Iterable[Finding], needed: frozenset[str]) -> list[UnreadSource]:
    """The sources that were not read whole although the rules need them, organization by organization.

    Needed is what `needed_collectors` names, and what an unverified finding says that it waits for. A source that not
    every plan or key has counts where it was there and broke off, not where the plan or the key has none.
    """
    short = state.once("unread sources", lambda: _short(state))
    if not short:
        return []
    waited = {
        (source.place.id, source.collection.collector)
        for one in findings
        if one.outcome.unproven and _wanted(state, one)
        for source in unread_sources(state, one)
        if source.collection is not None
    }
    return [
        one
        for one in short
        if one.collection is None
        or (
            (one.collection.collector in needed or (one.place.id, one.collection.collector) in waited)
            and not (one.collection.optional and one.collection.code in _NOT_OFFERED)
        )
    ]


def unread_sources(state: State, finding: Finding) -> list[UnreadSource]:
    """The sources that the finding may wait for, the likeliest first; none where everything that it needs was read.

    The code tells, or else the setting. A finding of which neither does waits for any that every plan and key has.
    """
    about = finding.subject.organization
    short = [one for one in state.once("unread sources", lambda: _short(state)) if about in (one.place.id, "")]
    if not short:
        return []
    wanted = _wanted(state, finding)
    return [one for one in short if one.collection is None or _may_be(one.collection, wanted)]


def unread_spaces(state: State, organization: str) -> list[UnreadSource]:
    """The listings of spaces that did not come to their end there."""
    place = state.organizations[organization]
    return [
        UnreadSource(place, one)
        for one in place.collections.values()
        if one.collector.startswith(SPACES_PREFIX) and one.status is not CollectionStatus.OK
    ]


def _short(state: State) -> tuple[UnreadSource, ...]:
    """Every source that was not read whole, organization by organization."""
    found: list[UnreadSource] = []
    for place in state.looked_at:
        runs = place.collections.values()
        found += [UnreadSource(place, one) for one in runs if one.status is not CollectionStatus.OK]
        found += [] if runs else [UnreadSource(place)]
    return tuple(found)


def _may_be(collection: Collection, wanted: tuple[str, ...]) -> bool:
    return collection.collector in wanted if wanted else not collection.optional


def _wanted(state: State, finding: Finding) -> tuple[str, ...]:
    """Names of collectors; empty where nothing tells which."""
    if finding.reason_code in _COLLECTORS:
        return _COLLECTORS[finding.reason_code]
    seen = state.read(finding.subject, finding.setting) if finding.setting is not None else None
    return (seen.source,) if isinstance(seen, Unavailable) and seen.code == finding.reason_code and seen.source else ()

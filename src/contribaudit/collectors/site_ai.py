"""What Atlassian's GraphQL gateway tells each site's API token about AI, plans, trials and regions.

Each site gets one query, and sites are read concurrently. The first site is read alone: what it reveals (refused
fields, the spelling of product keys) saves a second query for every other site. A partial answer is used field by
field; a field that is null, refused or broken is unavailable with its reason. What the values mean is not decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from contribaudit.atlassian.calls import ASK_GATEWAY, Call
from contribaudit.atlassian.graphql import Lifecycle, NoValue, Part, Question, SiteAnswer, plan_key
from contribaudit.atlassian.sites import SiteClient
from contribaudit.atlassian.transport import IN_FLIGHT, utc_now
from contribaudit.catalogue import ai_access as settings
from contribaudit.collectors.gateway_answers import METADATA, OF_A_PLAN, AnswerReader, GatewayRecord, PlanPlace
from contribaudit.collectors.interface import broken_by
from contribaudit.collectors.sites import AppSite, app_sites, concluded, sites_missing
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observation, SettingId, Unavailable
from contribaudit.core.model.rulebook import App, Rulebook
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.core.model.subject import Subject
from contribaudit.errors import AdminApiError, QueryRefused
from contribaudit.progress import SILENT, Progress

NAME = ASK_GATEWAY.name


@dataclass(frozen=True, slots=True)
class GatewaySource:
    """The source, as documentation and policies need it; `promises` is what it must report for its sites and apps."""

    name: str
    call: Call
    promises: tuple[SettingId, ...]
    proves: str


SITE_AI = GatewaySource(
    NAME,
    ASK_GATEWAY,
    tuple(setting.id for setting in settings.GATEWAY),
    "Whether AI and Rovo are on for Confluence, Jira, Jira Service Management and the site, as the token's account sees"
    ' it, so "not enabled" holds for that account alone; edition and trial of each app; the regions of its data; the'
    " site's organization.",
)

_AI_FIELDS: Mapping[str, tuple[tuple[Setting, Part, tuple[str, ...]], ...]] = {
    "confluence": (
        (settings.GATEWAY_AI, Part.CONFLUENCE, ("getAIConfig", "isEnabled")),
        (settings.GATEWAY_ROVO, Part.CONFLUENCE, ("getAIConfig", "isRovoEnabled")),
        (settings.GATEWAY_ROVO_LLM, Part.CONFLUENCE, ("getAIConfig", "isRovoLLMEnabled")),
    ),
    "jira": (
        (settings.GATEWAY_ROVO, Part.JIRA, ("jira", "isRovoEnabled")),
        (settings.GATEWAY_ROVO_LLM, Part.JIRA_LLM, ("jira_isRovoLLMEnabled",)),
    ),
    "jsm": ((settings.GATEWAY_AI, Part.JSM, ("virtualAgent", "virtualAgentEntitlements", "isAiEnabledInAdminHub")),),
}
"""An app's settings that the gateway gives, each with its part and path, by the rulebook's word in `gateway_ai`."""


_OTHER_SITE = NoValue("other_site", "the gateway answered for another site")


def gateway_sites(snapshot: Snapshot, rulebook: Rulebook) -> list[AppSite]:
    """The sites of the organization's apps, without siteless apps that the gateway does not cover."""
    return app_sites(snapshot, rulebook, lambda rule, on_a_site: on_a_site or _gateway_covers(rule))


def _gateway_covers(rule: App) -> bool:
    return bool(rule.gateway_ai or rule.gateway_region or (rule.product_keys and not rule.own_workspaces))


async def collect_site_ai(
    snapshot: Snapshot,
    client: SiteClient,
    rulebook: Rulebook,
    progress: Progress = SILENT,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> Snapshot:
    """The snapshot with what the gateway says about each of its sites.

    API errors end up in the observations of the site, and in the collection's reason.
    """
    run = _Run(snapshot, client, rulebook, progress, clock())
    await run.read()
    return replace(
        snapshot,
        finished_at=clock(),
        collections=(*snapshot.collections, run.collection()),
        by_collector={**snapshot.by_collector, NAME: tuple(run.observations)},
        surprises=(*snapshot.surprises, *run.kept.surprises.values()),
        raw={**snapshot.raw, **run.kept.raw},
        requests=client.ledger.entries,
    )


class _Run:
    """One reading of all sites."""

    def __init__(
        self, snapshot: Snapshot, client: SiteClient, rulebook: Rulebook, progress: Progress, started_at: datetime
    ) -> None:
        self.kept = GatewayRecord(NAME, started_at)
        self._organization = snapshot.organization
        self._sites_missing = sites_missing(snapshot)
        self._client = client
        self._progress = progress
        self._began = monotonic()
        self._refused: dict[Part, NoValue] = {}
        """The parts that the gateway refused for a site, which no other site is asked for."""
        self._spellings: dict[str, str] = {}
        """The product key under which the gateway gave a plan, by type key."""
        self._sites = gateway_sites(snapshot, rulebook)
        self._observations: dict[int, list[Observation]] = {}
        self._answered = 0

    @property
    def observations(self) -> Iterator[Observation]:
        """What was read, and what was not, in the order of the sites."""
        for number in sorted(self._observations):
            yield from self._observations[number]

    async def read(self) -> None:
        """Read every site that can be read."""
        self._progress.collector_started(self._organization, NAME)
        waiting = iter(enumerate(self._sites))

        async def worker(most: int | None = None) -> None:
            for number, site in waiting:
                asked = await self._read_site(number, site)
                self._progress.page_read(self._organization, NAME, self._answered, len(self._sites))
                if asked and most is not None:
                    return

        await worker(most=1)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT, len(self._sites))):
                group.create_task(worker())

    async def _read_site(self, number: int, site: AppSite) -> bool:
        """Read one site; False when no request was made for it."""
        host = self._client.host_of(site.hosts)
        access = self._client.access(host)
        asked = False
        why: NoValue | None = None
        scope: str | None = None
        if not site.cloud_id:
            why = NoValue("no_cloud_id", "the API does not give the site of the app, so the gateway cannot be asked")
        elif access.missing:
            why = NoValue("no_token", access.missing)
        elif self._parts_for(site):
            asked = True
            try:
                keys = self._product_keys(site)
                answer = await self._ask_gateway(host, site, keys)
                plans = await self._plans(host, site, answer, keys)
                self._observations[number] = list(self._observed(site, answer, plans))
                self._answered += 1
            except AdminApiError as error:
                why, scope = NoValue(error.code, error.message), error.missing_scope
            except Exception as error:  # noqa: BLE001  one site's unexpected answer must not end the audit of all
                failure = broken_by(error, ASK_GATEWAY)
                why = NoValue(failure.code, failure.message)
                self._progress.collector_broke(self._organization, NAME, error)
        if why is not None:
            self.kept.short.setdefault(why.reason, (why.code, scope))
            self._observations[number] = list(self._unavailable(site, why, scope))
        return asked

    def _parts_for(self, site: AppSite) -> tuple[Part, ...]:
        """The parts worth requesting for a site."""
        reads = self._client.reads
        parts: dict[Part, None] = {}
        if "ai" in reads:
            for _, rule in site.apps:
                parts |= dict.fromkeys(part for _, part, _ in _AI_FIELDS.get(rule.gateway_ai, ()))
        if {"ai", "regions"} & reads:
            parts[Part.SITE] = None
        if "trials" in reads and site.keys():
            parts[Part.PLANS] = None
        return tuple(parts)

    def _product_keys(self, site: AppSite) -> tuple[str, ...]:
        """The product keys to request: the spelling that worked before, else every spelling."""
        spellings = self._spellings
        return _without_repeats((spellings[app],) if app in spellings else keys for app, keys in site.keys().items())

    async def _ask_gateway(
        self, host: str, site: AppSite, keys: tuple[str, ...], only: tuple[Part, ...] | None = None
    ) -> SiteAnswer:
        """The gateway's answer, requested again without the parts that it refuses. Raises AdminApiError."""
        refused = self._refused
        while True:
            parts = tuple(part for part in only or self._parts_for(site) if part not in refused)
            if not parts:
                return SiteAnswer({}, (), str, dict(refused))
            question = Question(site.cloud_id, parts, keys)
            try:
                answer = await self._client.ask(question, host=host)
            except QueryRefused as error:
                gone = question.refused_by(error.errors) or dict.fromkeys(_likely_refused(parts), error.message)
                if not gone:
                    raise
                for part, message in gone.items():
                    reason = (
                        f"the gateway refused the question, which is {part.lifecycle.value}: {message.rstrip('. ')}"
                    )
                    refused.setdefault(part, NoValue(error.code, reason))
            else:
                return replace(answer, refused=dict(refused))

    async def _plans(
        self, host: str, site: AppSite, answer: SiteAnswer, keys: tuple[str, ...]
    ) -> Mapping[str, PlanPlace]:
        """Where each app's plan is in the answers; other spellings are tried once if the learned one gives nothing."""
        keys_by_app = site.keys() if "trials" in self._client.reads else {}
        places = self._observe_locations(site.cloud_id, keys_by_app, answer, keys)
        spellings = self._spellings
        others = {
            app: tuple(key for key in keys_by_app[app] if key != spellings[app])
            for app, place in places.items()
            if isinstance(place, NoValue) and place.code == "null" and app in spellings
        }
        if any(others.values()):
            rest = _without_repeats(others.values())
            again = await self._ask_gateway(host, site, rest, (Part.PLANS,))
            places |= self._observe_locations(site.cloud_id, others, again, rest)
        return places

    def _observe_locations(
        self, cloud_id: str, keys_by_app: Mapping[str, Sequence[str]], answer: SiteAnswer, keys: Sequence[str]
    ) -> dict[str, PlanPlace]:
        places: dict[str, PlanPlace] = {}
        whose = answer.at(Part.PLANS, "tenantContexts", 0, "cloudId")
        if not isinstance(whose, NoValue) and (not isinstance(whose, str) or whose.casefold() != cloud_id):
            return dict.fromkeys(keys_by_app, _OTHER_SITE)
        if isinstance(whose, NoValue) and whose.code in ("null", "missing_key"):
            unsure = NoValue("missing_key", "the gateway does not say for which site it answered")
            return dict.fromkeys(keys_by_app, unsure)
        for app, spellings in keys_by_app.items():
            for key in spellings:
                if key not in keys:
                    continue
                path = ("tenantContexts", 0, plan_key(keys.index(key)))
                value = answer.at(Part.PLANS, *path)
                if not isinstance(value, NoValue):
                    places[app] = (answer, path)
                    self._spellings.setdefault(app, key)
                    break
                # An error says more than a null, which any wrong spelling may give.
                earlier = places.get(app)
                if earlier is None or (isinstance(earlier, NoValue) and earlier.code == "null"):
                    places[app] = value
        return places

    def _observed(self, site: AppSite, answer: SiteAnswer, plans: Mapping[str, PlanPlace]) -> Iterator[Observation]:
        """The observations from an answer, field by field."""
        response = self.kept.keep({"data": answer.data, "errors": list(answer.errors)})
        reader = AnswerReader(self.kept, answer, response)
        subject = site.subject(self._organization)
        whose = answer.at(Part.PLANS, "tenantContexts", 0, "cloudId") if Part.PLANS in self._parts_for(site) else None
        if isinstance(whose, str) and whose.strip() and whose.casefold() != site.cloud_id:
            # The rest came with it, say from a cache that does not tell one site's query from another's.
            self.kept.short.setdefault(_OTHER_SITE.reason, (_OTHER_SITE.code, None))
            yield from self._unavailable(site, _OTHER_SITE, None)
            return
        organizations = [
            answer.at(Part.SITE, *METADATA, "orgId") if Part.SITE in self._parts_for(site) else None,
            answer.at(Part.PLANS, "tenantContexts", 0, "orgId") if Part.PLANS in self._parts_for(site) else None,
        ]
        owners = {owner.rpartition("/")[2].casefold(): owner for owner in organizations if isinstance(owner, str)}
        foreign = next((owner for key, owner in owners.items() if key != self._organization.casefold()), None)
        if foreign is not None:
            yield reader.observation(settings.GATEWAY_ORGANIZATION, subject, foreign, Part.SITE, (*METADATA, "orgId"))
            shown = answer.quote(foreign)
            why = NoValue(names.OTHER_ORGANIZATION, f"the gateway says that the site belongs to organization {shown}")
            self.kept.short.setdefault(why.reason, (why.code, None))
            yield from self._unavailable(site, why, None, but=settings.GATEWAY_ORGANIZATION)
            return
        if owners:
            whole = next(iter(owners.values()))
            yield reader.observation(settings.GATEWAY_ORGANIZATION, subject, whole, Part.SITE, (*METADATA, "orgId"))
        else:
            yield reader.text(settings.GATEWAY_ORGANIZATION, subject, Part.SITE, (*METADATA, "orgId"))
        if "ai" in self._client.reads:
            yield reader.truth(settings.GATEWAY_ROVO, subject, Part.SITE, (*METADATA, "isRovoEnabled"))
        for app, rule in site.apps:
            yield from self._of_app(app, rule, reader, plans)

    def _of_app(
        self, app: Subject, rule: App, reader: AnswerReader, plans: Mapping[str, PlanPlace]
    ) -> Iterator[Observation]:
        if "ai" in self._client.reads:
            for setting, part, path in _AI_FIELDS.get(rule.gateway_ai, ()):
                yield reader.truth(setting, app, part, path)
        if "regions" in self._client.reads and rule.gateway_region:
            yield reader.regions(app, rule.gateway_region)
        if rule.type_key in plans:
            yield from reader.plan(app, plans[rule.type_key], self.kept.started_at)

    def _unavailable(
        self, site: AppSite, why: NoValue, scope: str | None, but: Setting | None = None
    ) -> Iterator[Observation]:
        """Every setting that the site should have given, as unavailable."""
        reads = self._client.reads
        owed: list[tuple[Setting, Subject]] = []
        if site.cloud_id:
            subject = site.subject(self._organization)
            owed += [(settings.GATEWAY_ORGANIZATION, subject)] if but is not settings.GATEWAY_ORGANIZATION else []
            owed += [(settings.GATEWAY_ROVO, subject)] if "ai" in reads else []
        for app, rule in site.apps:
            owed += [(one, app) for one, _, _ in _AI_FIELDS.get(rule.gateway_ai, ()) if "ai" in reads]
            owed += [(settings.GATEWAY_REGIONS, app)] if "regions" in reads and rule.gateway_region else []
            owed += [(one, app) for one in OF_A_PLAN if "trials" in reads and rule.product_keys]
        for setting, about in owed:
            yield Unavailable(setting.id, about, why.code, why.reason, self.kept.started_at, ASK_GATEWAY.title, scope)

    def collection(self) -> Collection:
        """The state of all sites together, at most as complete as the list of apps."""
        shortfalls = [(code, reason, scope) for reason, (code, scope) in self.kept.short.items()]
        collection = Collection(
            self._organization,
            NAME,
            CollectionStatus.OK,
            self.kept.started_at,
            len(self._sites),
            self._answered,
            requests=self._client.ledger.count(ASK_GATEWAY.name),
            seconds=round(monotonic() - self._began, 3),
        )
        return concluded(collection, shortfalls + self._sites_missing, self._progress, anything=bool(self._answered))


def _likely_refused(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Parts to drop when the gateway does not say what it refuses: experiments first, then betas, else ()."""
    for stage in (Lifecycle.EXPERIMENTAL, Lifecycle.BETA):
        if refusable := tuple(part for part in parts if part.lifecycle is stage):
            return refusable
    return ()


def _without_repeats(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))

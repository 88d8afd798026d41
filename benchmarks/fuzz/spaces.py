"""The family `spaces`: listings of Jira's and Confluence's spaces, read with a site's token.

What the checks say of sensitive and of new spaces holds only for a listing that came whole, and shows no fewer spaces
than somebody counted in the administration.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from benchmarks.fuzz import lists
from benchmarks.fuzz.audits import audit_job, organization_of
from benchmarks.fuzz.damage import DAMAGE, Damage, Pages, damaged, entries_of, written
from benchmarks.fuzz.oracle import Served, parsed, same
from benchmarks.fuzz.serving import Asked, Bench, Sent, answer, no_wait
from contribaudit.atlassian.connect import connect_sites
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.sites import Access, Accesses, SiteClient
from contribaudit.atlassian.transport import Ledger
from contribaudit.audit.pipeline import audit
from contribaudit.audit.replay import last_state
from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import Kind, Subject, organization_subject

MINE = Accesses(Access(Credential(SecretStr("site-token"), "ann@acme.example")))
HOST = "acme0.atlassian.net"
SITE = lists.cloud_id(0)
JIRA, WIKI = (lists.app(number)["id"] for number in (0, 1))
JIRA_SPACE, WIKI_SPACE = f"space:{HOST}/jira-software/HR", f"space:{HOST}/confluence/SEC"
POLICY = f"""
[[rule]]
check = "DC-11"
expect = ["{WIKI_SPACE}", "{JIRA_SPACE}"]
[[rule]]
check = "DC-12"
"""
PER_PAGE = 3
OLD = frozenset(str(number) for number in (*range(100, 105), *range(200, 205)))
"""The IDs of the spaces that the first run saw."""


def jira(total: int = 5) -> Pages:
    """Projects on two pages."""
    every = [_project(number, key) for number, key in enumerate(("HOME", "HR", "OPS", "WEB", "OLD")[:total])]
    pages: Pages = []
    for start in range(0, total, PER_PAGE):
        values = every[start : start + PER_PAGE]
        last = start + PER_PAGE >= total
        pages.append({"startAt": start, "maxResults": PER_PAGE, "total": total, "isLast": last, "values": values})
    return pages


def _project(number: int, key: str) -> dict[str, Any]:
    found = {"id": str(100 + number), "key": key, "name": f"The {key}", "projectTypeKey": "software"}
    return found | ({"archived": True} if key == "OLD" else {})


def wiki() -> Pages:
    """Spaces on two pages; nobody says how many there are."""
    every = [_space(number, key) for number, key in enumerate(("HOME", "SEC", "ENG", "OLD", "~ann"))]
    return [
        {"results": every[:3], "_links": {"next": "/wiki/api/v2/spaces?cursor=c1", "base": "b"}},
        {"results": every[3:], "_links": {"base": "b"}},
    ]


def _space(number: int, key: str) -> dict[str, Any]:
    kind = "personal" if key.startswith("~") else "global"
    made = "2026-01-01T00:00:00Z"
    return {"id": str(200 + number), "key": key, "name": key, "type": kind, "status": "current", "createdAt": made}


def new_space(chance: random.Random, pages: Pages) -> None:
    """One more, made after the look, and counted where the listing counts."""
    page = chance.choice(pages)
    entries = entries_of(page)
    if entries is None:
        return
    if isinstance(page, dict) and "values" in page:
        entries.append(_project(77, "NEW"))
        for one in pages:
            if isinstance(one, dict) and type(one.get("total")) is int:
                one["total"] += 1
    else:
        entries.append(_space(77, "NEW") | {"createdAt": datetime.now(UTC).isoformat()})


def pass_on_key(chance: random.Random, pages: Pages) -> None:
    """A key names another space from now on."""
    entries = [one for page in pages for one in entries_of(page) or [] if isinstance(one, dict)]
    if len(entries) > 1:
        one, other = chance.sample(entries, 2)
        other["key"] = one.get("key")
        if chance.random() < 0.5:
            one["key"] = "GONE"


def lose(chance: random.Random, pages: Pages) -> None:
    entries = entries_of(chance.choice(pages))
    if entries:
        del entries[chance.randrange(len(entries))]


WAYS: tuple[Damage, ...] = (*DAMAGE[:-2], new_space, new_space, pass_on_key, lose, lose)


async def case(bench: Bench, family: str, seed: int) -> tuple[list[str], int, list[str]]:
    """What was done to the answers, how many findings passed, and what is wrong."""
    chance = random.Random(f"{family}/{seed}")
    organization = organization_of(seed)
    now = datetime.now(UTC)
    clock = [now - timedelta(days=5)]

    def sites(ledger: Ledger) -> AbstractAsyncContextManager[SiteClient]:
        return connect_sites(MINE, api_url=bench.url, ledger=ledger, sleep=no_wait, transport=bench.transport)

    job = audit_job(bench, organization, POLICY, clock=lambda: clock[0], sites=sites)
    admin = _admin(organization)
    plain = {name: [(200, written(page)) for page in pages] for name, pages in _listings().items()}
    bench.reply = _replying({**admin, **plain}, organization)
    earlier = chance.random() < 0.85
    if earlier:
        await audit(job)
    said = _said(chance)
    clock[0] = now - timedelta(days=3)
    pages, done = damaged(chance, _listings(), ("jira", "wiki"), WAYS)
    bench.reply = _replying({**admin, **pages}, organization)
    job.store.add_attestations(tuple(_attestations(organization, said, clock[0], f"{seed}")))
    clock[0] = now
    report = await audit(job)
    state = last_state(job)
    book = state.spaces(organization)
    oracle = _Oracle(pages, said, now - timedelta(days=3), earlier=earlier)
    wrong = [
        f"false pass: {finding.check} {finding.subject.id} ({finding.reason})"
        for finding in report.findings
        if finding.outcome is Outcome.PASS and not oracle.true(finding)
    ]
    for app, listing in book.lists().items():
        told = oracle.of(app.id)
        if listing.status is CollectionStatus.OK and not told.whole:
            wrong.append(f"false pass: the spaces of {app.id} count as read whole")
        known = {one.space.id.rpartition("/")[2].casefold() for one in book.of(app)}
        if listing.status is CollectionStatus.OK:
            wrong += [f"vanished: {one}" for one in told.ids() if one.casefold() not in known]
    if not {finding.check for finding in report.findings} >= {"DC-11", "DC-12"}:
        wrong.append("vanished: a whole check")
    return done, sum(one.outcome is Outcome.PASS for one in report.findings), wrong


def _listings() -> dict[str, Pages]:
    return {"jira": jira(), "wiki": wiki()}


def _admin(organization: str) -> dict[str, list[tuple[int, str]]]:
    apps = [lists.app(number, organization) for number in range(2)]
    policies = [lists.policy(f"p{number}", "ip-allowlist", {"in": []}, []) for number in range(3)]
    found: dict[str, Pages] = {
        "workspaces": lists.workspace_pages(apps, 1),
        "policies": lists.policy_pages(policies),
        **lists.beside(datetime.now(UTC), organization),
    }
    return {name: [(200, written(page)) for page in pages] for name, pages in found.items()}


def _replying(pages: Served, organization: str) -> Callable[[Asked], Sent]:
    usual = lists.replying(pages, organization)

    def reply(asked: Asked) -> Sent:
        if asked.path.startswith("/ex/jira/"):
            start = asked.query.get("startAt", ["0"])[0]
            number = {str(n * PER_PAGE): n for n in range(len(pages["jira"]))}.get(start, -1)
            return _page(pages["jira"], number)
        if asked.path.startswith("/ex/confluence/"):
            number = {None: 0, "c1": 1}.get(asked.cursor, -1)
            return _page(pages["wiki"], number)
        return usual(asked)

    return reply


def _page(pages: Sequence[tuple[int, str]], number: int) -> Sent:
    return answer(*pages[number]) if 0 <= number < len(pages) else answer(400, '{"errorMessages": ["no such page"]}')


def _said(chance: random.Random) -> dict[tuple[str, str], Any]:
    """The switch, the list of its position and the number of spaces, as the console shows them."""
    found: dict[tuple[str, str], Any] = {
        (JIRA, "spaces.count"): chance.choice((5, 5, 5, 4, 6)),
        (WIKI, "spaces.count"): chance.choice((5, 5, 5, 4, 6)),
    }
    if chance.random() < 0.5:
        kept = chance.choice(((WIKI_SPACE, JIRA_SPACE), (WIKI_SPACE, JIRA_SPACE), (WIKI_SPACE,), (JIRA, WIKI)))
        return found | {("", "contribution.in_app"): "on", ("", "contribution.in_app.excluded"): kept}
    opened = chance.choice(((), (), (f"space:{HOST}/confluence/ENG",), (WIKI_SPACE,), (JIRA,)))
    return found | {("", "contribution.in_app"): "off", ("", "contribution.in_app.included"): opened}


def _attestations(
    organization: str, said: dict[tuple[str, str], Any], at: datetime, prefix: str
) -> Iterator[Attestation]:
    for number, ((app, setting), value) in enumerate(said.items()):
        subject = Subject(organization, Kind.APP, app) if app else organization_subject(organization)
        yield Attestation(
            id=f"{prefix}-{number}",
            setting=SettingId(setting),
            subject=subject,
            value=value,
            by="ann@acme.example",
            observed_at=at,
            recorded=Signature("ann@acme.example", at, "", ""),
            look="one look",
            unanchored_reason="nothing was read around the look",
            highest_plan="enterprise",
            plan_words=("Enterprise",),
        )


@dataclass
class _Listing:
    """The entries of one listing that can be read, and whether they surely are all."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    whole: bool = False

    def ids(self) -> set[str]:
        """The IDs as they are written, spaces around them apart."""
        return {str(one.get("id")).strip() for one in self.entries}

    def there_by(self, moment: datetime, seen: frozenset[str], *, undated: bool) -> set[str]:
        """The IDs of those that were there by then: seen before, else by their date, else as `undated` says."""
        return {str(one.get("id")).strip() for one in self.entries if _there_by(one, moment, seen, undated)}


def _there_by(entry: dict[str, Any], moment: datetime, seen: frozenset[str], undated: bool) -> bool:
    if str(entry.get("id")) in seen:
        return True
    try:
        return datetime.fromisoformat(str(entry.get("createdAt"))) <= moment
    except (ValueError, TypeError):
        return undated


class _Oracle:
    """What may pass of spaces."""

    def __init__(self, pages: Served, said: dict[tuple[str, str], Any], looked_at: datetime, *, earlier: bool) -> None:
        """With `earlier`, a run before the look knew which space each key named."""
        self._said, self._looked_at, self._earlier = said, looked_at, earlier
        self._jira, self._wiki = _read_jira(pages["jira"]), _read_wiki(pages["wiki"])

    def of(self, app: str) -> _Listing:
        """The listing of an app."""
        return self._jira if same(app, JIRA) else self._wiki

    def true(self, finding: Finding) -> bool:
        """Whether this pass is true."""
        if finding.check == "DC-11":
            return self._kept_out(WIKI, "SEC", "201") and self._kept_out(JIRA, "HR", "101")
        if not self._on() and not self._list():
            return True  # with nothing on the include list no space contributes, whichever there are
        app = finding.subject.id
        listing = self.of(app)
        counted = self._said[JIRA if same(app, JIRA) else WIKI, "spaces.count"]
        # Without an earlier run an undated space may have been there at the look, and may be new: neither is known.
        seen = OLD if self._earlier else frozenset[str]()
        then = listing.there_by(self._looked_at, seen, undated=not self._earlier)
        new = listing.ids() - listing.there_by(self._looked_at, seen, undated=False)
        if not listing.whole or len(then) < counted:
            return False
        held = self._list()
        return not new or (self._on() and app in held) or (not self._on() and app not in held)

    def _on(self) -> bool:
        return bool(self._said["", "contribution.in_app"] == "on")

    def _list(self) -> tuple[str, ...]:
        name = "excluded" if self._on() else "included"
        found: tuple[str, ...] = self._said["", f"contribution.in_app.{name}"]
        return found

    def _kept_out(self, app: str, key: str, number: str) -> bool:
        """The policy names a space by its key: nothing is known of it unless that is one space, and the same one."""
        held, listing = self._list(), self.of(app)
        if app in held:
            return self._on()
        by_key = f"space:{HOST}/{'jira-software' if app == JIRA else 'confluence'}/{key}"
        if not self._on() and not held:
            return True
        bearers = {str(one.get("id")) for one in listing.entries if same(one.get("key"), key)}
        if not listing.whole or len(bearers) != 1:
            return False
        return (by_key in held) is self._on() and (bearers == {number} or by_key not in held or not self._earlier)


def _read_jira(pages: Sequence[tuple[int, str]]) -> _Listing:
    found = _Listing()
    start, total = 0, None
    for status, text in pages:
        page = parsed(status, text)
        values = page.get("values") if page is not None else None
        if page is None or not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            return found
        if page.get("startAt") != start:
            return found
        found.entries += values
        start += len(values)
        if total is not None and page.get("total") != total:
            return found
        total = page.get("total")
        last = page.get("isLast")
        if last is True or (type(last) is not bool and type(total) is int and start >= total):
            break
        if start % PER_PAGE:
            return found
    else:
        return found
    found.whole = type(total) is int and total == len(found.ids()) and _told_apart(found.entries)
    return found


def _read_wiki(pages: Sequence[tuple[int, str]]) -> _Listing:
    found = _Listing()
    for number, (status, text) in enumerate(pages):
        page = parsed(status, text)
        results = page.get("results") if page is not None else None
        if page is None or not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
            return found
        found.entries += results
        links = page.get("_links")
        if not isinstance(links, dict):
            return found
        following = links.get("next")
        if not following:
            break
        if number + 1 >= len(pages) or not str(following).endswith("c1"):
            return found
    else:
        return found
    found.whole = bool(found.entries) and len(found.ids()) == len(found.entries) and _told_apart(found.entries)
    return found


def _told_apart(entries: list[dict[str, Any]]) -> bool:
    """Whether every entry has an ID, and a key and a name that are texts."""
    texts = all(isinstance(one.get(name), str) for one in entries for name in ("key", "name"))
    return texts and all(type(one.get("id")) in (str, int) and str(one["id"]).strip() for one in entries)

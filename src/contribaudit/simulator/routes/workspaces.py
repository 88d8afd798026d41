"""Workspaces: every app of every site, and apps without a site.

    POST /admin/v2/orgs/{orgId}/workspaces      {limit?, cursor?, sort?, query?}
        {data: [Workspace], links: {self, prev, next}, meta: {pageSize, startIndex, endIndex, total}}

A cursor must come alone: it holds limit, sort and query, and any other property with it is a 400. Errors are bare
objects here. One workspace entry:

    {id: <ARI>, type, attributes: {name, type, typeKey, owner, status, statusDetails, sandbox, realm, regions, hostUrl,
     capacity, usage, createdAt, createdBy, labels, icons, avatars}, links: {self}, relationships: {<name>: [item]}}

`relationships` is a map of arrays. Its names are published nowhere, so they are options. Its items are an entitlement
(the plan), the app's AI policy (`enabled`, `suspended`: seen by a public client library, not documented) and a feature.
`type` of the items, `key` and `planKey` are made up.

The search language, as far as it is published:

    {"and": [..]}  {"nor": [..]}  {"field": {"name", "values"}}  {"searchWorkspaces": "text"}     and sort by a field

The published `features` and `policies` filters take names that are published nowhere: they are a 400 here, as is
anything unknown. An example filters `attributes.type` by "confluence", which is a type key rather than a display name,
so a value matches either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from contribaudit.simulator.endpoint import AnswerError, Call, Endpoint, Page, Position, cut, links, resume
from contribaudit.simulator.options import REALM_NAMES, Options, spell_realm
from contribaudit.simulator.values import App, Json


def workspace_json(app: App, organization_id: str, options: Options) -> Json:
    """An app as the API shows it."""
    url = f"{options.link_host}/admin/v2/orgs/{organization_id}/workspaces/{quote(app.id, safe='')}"
    shown: Json = {
        "id": app.id,
        "type": "workspaces",
        "attributes": _attributes(app, organization_id, options),
        "links": {"self": url},
        "relationships": _relationships(app, options),
    }
    return shown if app.app_type is None else shown | {"appType": app.app_type}


def _attributes(app: App, organization_id: str, options: Options) -> Json:
    attributes: Json = {
        "name": app.name,
        "typeKey": app.type_key,
        "type": app.type,
        "owner": f"ari:cloud:platform::org/{organization_id}",
        "status": app.status,
        "statusDetails": list(app.status_details),
        "icons": {},
        "avatars": {},
        "labels": [],
        "sandbox": None if app.sandbox is None else {"type": app.sandbox},
        "usage": app.usage,
        "capacity": app.capacity,
        "createdAt": None if app.created_at is None else app.created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "createdBy": app.created_by,
        "hostUrl": app.host_url,
        "realm": None if app.realm is None else spell_realm(app.realm, options),
        "regions": list(app.regions),
    }
    for name, value in (("directory", app.directory), ("unit", app.unit)):
        if value is not None:
            attributes[name] = value
    for name in app.absent:
        attributes.pop(name, None)
    return attributes


def _relationships(app: App, options: Options) -> Json:
    entitlements, policies, features = [], [], []
    if app.plan is not None:
        plan = {"key": f"{app.type_key}.ondemand", "planKey": app.plan_key, "plan": app.plan}
        entitlements.append({"id": f"entitlement-{app.type_key}", "type": "entitlements", "attributes": plan})
    if app.ai_enabled is not None:
        ai = {"type": "ai", "enabled": app.ai_enabled, "suspended": app.ai_suspended}
        policies.append({"id": f"policy-ai-{app.type_key}", "type": "policies", "attributes": ai})
    if app.residency_allowed is not None:
        realms = [spell_realm(realm, options) for realm in REALM_NAMES] if app.residency_allowed else []
        residency = {"isDataResidencyAllowed": app.residency_allowed, "realms": realms}
        fields = {"fields": {"dataResidency": residency}}
        features.append({"id": f"feature-residency-{app.type_key}", "type": "features", "attributes": fields})
    # Filled one after the other, because options may give two relationships the same name.
    shown: Json = {}
    for name, items in (
        (options.entitlements_key, entitlements),
        (options.app_policies_key, policies),
        (options.features_key, features),
    ):
        shown.setdefault(name, []).extend(items)
    return shown


FIELDS = ("attributes.type", "attributes.typeKey", "attributes.name")


def search(apps: Sequence[App], query: Any, sort: Any) -> Sequence[App]:
    """The matching apps in the requested order; without query and sort, the apps as they are."""
    matching = apps if query is None else [app for app in apps if matches(app, query)]
    for field in reversed(_list(sort)):
        if not isinstance(field, dict) or field.get("order", "asc") not in ("asc", "desc"):
            raise _invalid("sort")
        name = _field(field.get("field"))
        matching = sorted(matching, key=lambda app: _values(app, name)[0], reverse=field.get("order") == "desc")
    return matching


def matches(app: App, query: Any) -> bool:
    """Whether an app matches. An operator without operands matches every app, as published."""
    match query:
        case {"and": list(parts)} if len(query) == 1:
            return all(matches(app, part) for part in parts)
        case {"nor": list(parts)} if len(query) == 1:
            return not any(matches(app, part) for part in parts)
        case {"field": {"name": str(name), **rest}} if len(query) == 1:
            values = {str(value).casefold() for value in _list(rest.get("values"))}
            return not values or not values.isdisjoint(_values(app, _field(name)))
        case {"searchWorkspaces": str(text)} if len(query) == 1:
            return text.casefold() in app.name.casefold() or text.casefold() in (app.host_url or "").casefold()
    raise _invalid("query")


def _values(app: App, name: str) -> tuple[str, ...]:
    if name == "attributes.name":
        return (app.name.casefold(),)
    return (app.type.casefold(), app.type_key.casefold())


def _field(name: object) -> str:
    if not isinstance(name, str) or name not in FIELDS:
        raise _invalid("field")
    return name


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _invalid("list")
    return value


def _invalid(what: str) -> AnswerError:
    return AnswerError(400, "ADMIN-400-4", f"This {what} is not understood.")


PROPERTIES = ("limit", "cursor", "sort", "query")


def read(call: Call) -> Page:
    """The matching entries, 20 per page unless `limit` (1..1000) says otherwise."""
    position = _position(call.body)
    apps = search(call.organization.apps, position.memory.get("query"), position.memory.get("sort"))
    page = cut("workspaces", apps, position, lambda app: workspace_json(app, call.organization.id, call.options))
    if call.options.total == "distinct":
        page.total = len({app.id for app in apps})
    return page


def shape(call: Call, page: Page) -> Json:
    """The answer. `endIndex` is one past the last entry; an empty page has no indexes. Options shape `next`."""
    start, count = page.position.start, len(page.items)
    shown = links(
        self=call.url_with({"cursor": page.self_cursor}),
        prev=_link(call, page.prev_cursor),
        next=_link(call, page.next_cursor),
    )
    if call.options.null_next and page.next_cursor is None:
        shown["next"] = None
    meta: Json = {"pageSize": page.position.size, "startIndex": None, "endIndex": None, "total": page.total}
    if count:
        meta |= {"startIndex": start, "endIndex": start + count}
    return {"data": page.items, "links": shown, "meta": meta}


def _position(body: Json) -> Position:
    unknown = [name for name in body if name not in PROPERTIES]
    if unknown:
        raise AnswerError(400, "ADMIN-400-24", f"Unknown property {unknown[0]}.")
    cursor = body.get("cursor")
    if cursor is None:
        memory = {name: body[name] for name in ("query", "sort") if body.get(name) is not None}
        return Position(0, _limit(body.get("limit", 20)), memory=memory)
    if len(body) > 1:
        raise AnswerError(400, "ADMIN-400-24", "When a cursor is given, no other property may be present.")
    return resume("workspaces", cursor)


def _limit(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
        raise AnswerError(400, "ADMIN-400-24", "limit must be a number from 1 to 1000.")
    return value


def _link(call: Call, cursor: str | None) -> str | None:
    if cursor is None or call.options.next_link == "token":
        return cursor
    return call.url_with({"cursor": cursor})


SEARCH = Endpoint(
    "workspaces",
    "POST",
    "/admin/v2/orgs/{org_id}/workspaces",
    "read:workspaces:admin",
    "workspaces",
    "bare",
    read,
    shape,
    paged=True,
)

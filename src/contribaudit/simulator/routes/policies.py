"""Organization policies.

    GET /admin/v1/orgs/{orgId}/policies?type=&cursor=
        {data: [Policy], meta: {next, page_size}, links: {self, prev, next}}
    GET /admin/v1/orgs/{orgId}/policies/{policyId}
        {data: Policy}

Policy = {id, type: "policy", attributes: {type, name, status, rule, resources: [Resource]}}. The next page is announced
twice, as a bare cursor in `meta.next` and as a URL in `links.next`. A cursor keeps the type that was asked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contribaudit.simulator.endpoint import (
    V1_ENDPOINT,
    AnswerError,
    Call,
    Page,
    Position,
    bare_item,
    cut,
    links,
    resume,
    whole,
)
from contribaudit.simulator.options import Options, spell_realm
from contribaudit.simulator.values import Json, Policy, Resource

DOCUMENTED_TYPES = ("ip-allowlist", "data-residency", "data-security")


def read_list(call: Call) -> Page:
    """The policies of the requested type, or all. The page size is an option of the simulator, not a parameter."""
    if "cursor" in call.query:
        position = resume("policies", call.query["cursor"])
    else:
        asked = {"type": call.query["type"]} if call.query.get("type") else {}
        position = Position(0, call.options.policies_page_size, memory=asked)
    kind = position.memory.get("type")
    filters = kind in DOCUMENTED_TYPES or (kind is not None and call.options.filters_undocumented_types)
    policies = [policy for policy in call.organization.policies if not filters or policy.type == kind]
    return cut("policies", policies, position, lambda policy: policy_json(policy, call.options))


def shape_list(call: Call, page: Page) -> Json:
    """The answer with the next page as the options place it; on the last page, `meta.next` is null."""
    announced = call.options.policies_next
    return {
        "data": page.items,
        "meta": {"next": page.next_cursor if announced != "links" else None, "page_size": len(page.items)},
        "links": links(
            self=_url(call, page, page.self_cursor if "cursor" in call.query else None),
            prev=_url(call, page, page.prev_cursor) if page.prev_cursor else None,
            next=_url(call, page, page.next_cursor) if page.next_cursor and announced != "meta" else None,
        ),
    }


def read_one(call: Call) -> Page:
    """One policy by its ID."""
    policy_id = call.path_params["policy_id"]
    matching = next((policy for policy in call.organization.policies if policy.id == policy_id), None)
    if matching is None:
        raise AnswerError(404, "ADMIN-404-5", f"The organization has no policy {policy_id}.")
    return whole([policy_json(matching, call.options)])


def policy_json(policy: Policy, options: Options) -> Json:
    """A policy as the API shows it. Fields that are None are omitted, but values within `rule` are served unchanged."""
    attributes: Json = {"type": policy.type}
    if policy.name is not None:
        attributes["name"] = policy.name
    if policy.status is not None:
        attributes["status"] = policy.status
    if policy.rule is not None:
        attributes["rule"] = _rule(policy, options)
    if policy.resources is not None:
        attributes["resources"] = [_resource(resource, options) for resource in policy.resources]
    return {"id": policy.id, "type": "policy", "attributes": attributes | policy.extra}


def _rule(policy: Policy, options: Options) -> Any:
    if policy.type == "data-residency" and isinstance(policy.rule, dict) and "in" in policy.rule:
        return policy.rule | {"in": [spell_realm(realm, options) for realm in policy.rule["in"]]}
    return policy.rule


def _resource(resource: Resource, options: Options) -> Json:
    meta: Json = {}
    if resource.scheduled is not None:
        meta["scheduledDate"] = resource.scheduled.date().isoformat()
    if resource.window_start is not None:
        meta["migrationStartDateTime"] = _time(resource.window_start)
    if resource.window_end is not None:
        meta[options.window_end_key] = _time(resource.window_end)
    if resource.account_id is not None:
        meta["atlassianAccountId"] = resource.account_id
    shown: Json = {"id": resource.id, "applicationStatus": resource.status}
    if meta:
        shown["meta"] = meta
    if resource.ticket is not None:
        shown["links"] = {"ticket": resource.ticket}
    return shown


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _url(call: Call, page: Page, cursor: str | None) -> str:
    return call.url_with(page.position.memory | ({"cursor": cursor} if cursor else {}))


_PATH = "/admin/v1/orgs/{org_id}/policies"
LIST = V1_ENDPOINT("policies", "GET", _PATH, "read:policies:admin", read=read_list, shape=shape_list, paged=True)
GET = V1_ENDPOINT("policy", "GET", f"{_PATH}/{{policy_id}}", "read:policies:admin", read=read_one, shape=bare_item)

"""The shape of one workspace entry.

    {id: <ARI>, type, attributes: {name, type, typeKey, owner, status, statusDetails, sandbox, realm, regions, hostUrl,
     capacity, usage, createdAt, createdBy, labels, icons, avatars}, links: {self}, relationships: {<name>: [item]}}

`relationships` is a map of arrays; which names it has is published nowhere, so the names are options. Its items are an
entitlement (the plan), the app's AI policy (`enabled`, `suspended`: seen by a public client library, not documented)
and a feature. `type` of the items, `key` and `planKey` are made up.
"""

from __future__ import annotations

from urllib.parse import quote

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
    # Written one after the other: two options with the same name put everything under one key.
    shown: Json = {}
    for name, items in (
        (options.entitlements_key, entitlements),
        (options.app_policies_key, policies),
        (options.features_key, features),
    ):
        shown.setdefault(name, []).extend(items)
    return shown

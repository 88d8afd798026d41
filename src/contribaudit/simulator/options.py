"""What the published facts leave open about the admin API, each as a switch.

Atlassian publishes no name for the keys under `relationships`, no spelling of a realm, no page size for policies, and
so on. A client must cope with every setting here; tests vary them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

ForbiddenForm: TypeAlias = Literal["a", "b", "c", "bare"]
"""How a 403 looks: a: NoPermsError with timestamp and path; b: `errors` list; c: code and message; bare: no list."""


@dataclass(frozen=True, slots=True)
class Options:
    """One reading of everything that the facts leave open. The defaults are made up unless they say otherwise."""

    entitlements_key: str = "entitlements"
    """Name of the relationship that holds plans. `products` would be as likely."""
    app_policies_key: str = "policies"
    """Name of the relationship that holds the AI policy item."""
    features_key: str = "features"
    """Name of the relationship that holds features."""
    next_link: Literal["url", "token"] = "url"
    """`links.next` of workspaces: documented as a URL, but clients in the field cope with a bare token too."""
    null_next: bool = False
    """Whether the last page of workspaces says `"next": null` instead of leaving it out."""
    total: Literal["entries", "distinct"] = "entries"
    """Whether `meta.total` counts a repeated entry each time or once."""
    realm_spelling: Literal["code", "name", "lower"] = "code"
    """A realm as `EU`, as `European Union`, or as `eu`; in workspaces and in the rules of residency policies."""
    window_end_key: Literal["migrationEndDataTime", "migrationEndDateTime"] = "migrationEndDataTime"
    """The end of a migration window: published once with each spelling."""
    own_key_listed: bool = True
    """Whether the list of API keys holds the key that asks."""
    policies_page_size: int = 20
    """Policies on a page: not a parameter, and no figure is published."""
    policies_next: Literal["both", "meta", "links"] = "both"
    """Where the next page of policies is announced: `meta.next`, `links.next`, or both."""
    filters_undocumented_types: bool = True
    """Whether `?type=` filters policy types that are not documented; otherwise it is ignored for them."""
    orgs_page_size: int = 20
    """Organizations on a page: not a parameter."""
    forbidden_forms: Mapping[str, ForbiddenForm] = field(default_factory=dict)
    """Endpoint name to the form of its 403, where it should differ from the endpoint's own."""
    link_host: str = "https://api.atlassian.com"
    """Host in every link. A client must never take the host from there: the key stays home."""
    log_available: bool = True
    """Whether the organization has an audit log: a subscription is needed for one."""
    log_unavailable: Literal["empty", "forbidden"] = "empty"
    """What an organization without an audit log is answered. Both have been seen."""
    log_delay_seconds: float = 0
    """How long after it happened an event is processed, and so becomes visible. No figure is published."""
    site_refusal: Literal[403, 404] = 404
    """What a token is answered at a site where its account has no access."""
    gateway_beta: bool = True
    """Whether the fields of the gateway that are in beta are open to the site; a query with them is refused else."""
    gateway_experiment: bool = True
    """Whether the gateway still has the fields that were experimental when its types were published."""
    gateway_failing: tuple[str, ...] = ()
    """Fields that the gateway answers with null and an error: "getAIConfig", "configuration", "entitlementInfo"."""
    gateway_product_key_ending: str = ".ondemand"
    """What the gateway's keys of products end with. No spelling is published."""
    gateway_organization: str = ""
    """The organization that the gateway says the sites belong to; "" for their own."""
    gateway_refusal: Literal[200, 400] = 200
    """The status of an answer that refuses a query."""
    rate_limits: Mapping[str, int] = field(
        default_factory=lambda: {"event-actions": 10, "events": 10, "events-stream": 50}
    )
    """Endpoint name to requests a minute. These are published; no other is."""
    default_rate_limit: int = 600
    """Requests a minute for every other endpoint."""
    enforce_rate_limits: bool = False
    """Whether a request beyond the limit is answered with 429. The X-RateLimit headers count in any case."""


REALM_NAMES = {
    "Global": "Global",
    "EU": "European Union",
    "US": "United States",
    "AU": "Australia",
    "DE": "Germany",
    "SG": "Singapore",
    "CA": "Canada",
    "IN": "India",
    "KR": "South Korea",
    "JP": "Japan",
    "GB": "United Kingdom",
    "CH": "Switzerland",
}
"""Realm codes are documented; that the API might answer with a name is a guess worth testing."""


def spell_realm(realm: str, options: Options) -> str:
    """A realm as the options want it; a realm that has no name keeps its code."""
    if options.realm_spelling == "name":
        return REALM_NAMES.get(realm, realm)
    return realm.lower() if options.realm_spelling == "lower" else realm

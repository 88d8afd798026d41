"""What the published facts about the admin API leave open, each as an option.

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
    """One choice for everything that the facts leave open. Defaults are made up unless a field says otherwise."""

    entitlements_key: str = "entitlements"
    """Name of the relationship that holds plans. `products` would be just as likely."""
    app_policies_key: str = "policies"
    """Name of the relationship that holds the AI policy item."""
    features_key: str = "features"
    """Name of the relationship that holds features."""
    next_link: Literal["url", "token"] = "url"
    """`links.next` of workspaces: documented as a URL, but public clients also accept a bare token."""
    null_next: bool = False
    """Whether the last page of workspaces sends `"next": null` instead of omitting it."""
    total: Literal["entries", "distinct"] = "entries"
    """Whether `meta.total` counts a repeated entry each time or once."""
    realm_spelling: Literal["code", "name", "lower"] = "code"
    """How a realm is spelled in workspaces and residency rules: `EU`, `European Union` or `eu`."""
    window_end_key: Literal["migrationEndDataTime", "migrationEndDateTime"] = "migrationEndDataTime"
    """Name of the field for the end of a migration window, which is published once with each spelling."""
    own_key_listed: bool = True
    """Whether the list of API keys includes the key of the request."""
    policies_page_size: int = 20
    """Policies per page: not a parameter, and no figure is published."""
    policies_next: Literal["both", "meta", "links"] = "both"
    """Where the next page of policies is given: `meta.next`, `links.next`, or both."""
    filters_undocumented_types: bool = True
    """Whether `?type=` also filters by undocumented policy types; if not, it is ignored for them."""
    orgs_page_size: int = 20
    """Organizations per page: not a parameter."""
    forbidden_forms: Mapping[str, ForbiddenForm] = field(default_factory=dict)
    """The form of an endpoint's 403, by endpoint name, where it differs from the endpoint's own."""
    link_host: str = "https://api.atlassian.com"
    """Host in every link. A client must never take the host from a link, because the key must stay with the API."""
    log_available: bool = True
    """Whether the organization has an audit log, which requires a subscription."""
    log_unavailable: Literal["empty", "forbidden"] = "empty"
    """How the log endpoints answer for an organization without an audit log. Both forms have been seen."""
    log_delay_seconds: float = 0
    """Seconds from an event until it is processed, and so becomes visible. No figure is published."""
    site_refusal: Literal[403, 404] = 404
    """The status for a token at a site where its account has no access."""
    gateway_beta: bool = True
    """Whether the gateway's beta fields are open to the site; if not, a query with them is refused."""
    gateway_experiment: bool = True
    """Whether the gateway still has the fields that were experimental when its types were published."""
    gateway_failing: tuple[str, ...] = ()
    """Fields that the gateway answers with null and an error: "getAIConfig", "configuration", "entitlementInfo"."""
    gateway_product_key_ending: str = ".ondemand"
    """The ending of the gateway's product keys. No spelling is published."""
    gateway_organization: str = ""
    """The organization to which the gateway assigns the sites; "" for their own."""
    gateway_refusal: Literal[200, 400] = 200
    """The status of an answer that refuses a query."""
    rate_limits: Mapping[str, int] = field(
        default_factory=lambda: {"event-actions": 10, "events": 10, "events-stream": 50}
    )
    """Requests per minute by endpoint name. Only these limits are published."""
    default_rate_limit: int = 600
    """Requests per minute for every other endpoint."""
    enforce_rate_limits: bool = False
    """Whether a request beyond the limit is answered with 429. The X-RateLimit headers are sent in any case."""


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
"""Realm names by code. The codes are documented; that the API may answer with a name is a guess worth testing."""


def spell_realm(realm: str, options: Options) -> str:
    """A realm in the spelling of the options; a realm without a name keeps its code."""
    if options.realm_spelling == "name":
        return REALM_NAMES.get(realm, realm)
    return realm.lower() if options.realm_spelling == "lower" else realm

"""The queries to Atlassian's GraphQL gateway, and the use of a partial answer, field by field.

One query asks everything about one site. It consists of the fixed parts below: no outside text becomes part of a query,
and no mutation can be expressed. When the gateway refuses a part (a beta that is not open, an experiment that ended),
the query is repeated without it.

The types are those of the public package @atlassian/forge-graphql-types 4.3.0:
https://developer.atlassian.com/platform/atlassian-graphql-api/graphql/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

import httpx

from contribaudit.atlassian import responses
from contribaudit.atlassian.calls import ASK_GATEWAY, Call
from contribaudit.atlassian.paging import Request
from contribaudit.atlassian.responses import Quote
from contribaudit.errors import AccessDenied, AdminApiError, QueryRefused, RateLimited, TokenRefused

Path: TypeAlias = tuple[str | int, ...]
"""The location of a value in `data`: keys, and positions in lists from 0."""


class Lifecycle(Enum):
    """How far Atlassian has published a field, in Atlassian's own words."""

    PRODUCTION = "production"
    BETA = "beta"
    EXPERIMENTAL = "experimental"


@dataclass(frozen=True, slots=True)
class _PartText:
    line: str
    """The part as one line of the document."""
    lifecycle: Lifecycle
    names: str
    """Names, separated by spaces, that only this part may have in the gateway's messages."""


class Part(Enum):
    """One part of a query, and how far it is published."""

    CONFLUENCE = _PartText(
        "getAIConfig(cloudId: $site, product: CONFLUENCE) { isEnabled isRovoEnabled isRovoLLMEnabled }",
        Lifecycle.PRODUCTION,
        "getAIConfig AIConfigResponse",
    )
    JIRA = _PartText(
        'jira { isRovoEnabled(cloudId: $cloud) @optIn(to: "JiraAtlassianIntelligence") }',
        Lifecycle.BETA,
        "JiraQuery JiraAtlassianIntelligence",
    )
    JIRA_LLM = _PartText(
        'jira_isRovoLLMEnabled(cloudId: $cloud) @optIn(to: "JiraAtlassianIntelligence")',
        Lifecycle.BETA,
        "jira_isRovoLLMEnabled JiraAtlassianIntelligence",
    )
    JSM = _PartText(
        "virtualAgent {"
        ' virtualAgentEntitlements(cloudId: $cloud) @optIn(to: "VirtualAgent") { isAiEnabledInAdminHub } }',
        Lifecycle.EXPERIMENTAL,
        "virtualAgent VirtualAgent virtualAgentEntitlements isAiEnabledInAdminHub VirtualAgentQueryApi",
    )
    SITE = _PartText(
        "search { configuration(cloudId: $cloud)"
        " { siteMetadata { isRovoEnabled orgId productInfo { name dataRegion } } } }",
        Lifecycle.PRODUCTION,
        "SearchQueryAPI siteMetadata productInfo dataRegion SearchConfigurationSiteMetadata",
    )
    PLANS = _PartText(
        "tenantContexts(cloudIds: [$cloud]) { cloudId orgId%s }",
        Lifecycle.PRODUCTION,
        "tenantContexts entitlementInfo TenantContext CommerceEntitlementInfo HamsEntitlement CcpEntitlement",
    )

    @property
    def lifecycle(self) -> Lifecycle:
        """How far Atlassian has published the part."""
        return self.value.lifecycle


_PLAN = """\
fragment plan on CommerceEntitlementInfo {
  ... on CommerceEntitlementInfoHams {
    hams: entitlement {
      currentEdition trialEdition trialEditionEndDate trialEndDate
      subscription { trial { endTimestamp } }
    }
  }
  ... on CommerceEntitlementInfoCcp {
    ccp: entitlement { subscription { trial { endTimestamp } } }
  }
}"""
_FIRST_PART = 2
"""The line number of the document's first part."""
_PRODUCT_KEY = re.compile(r"[A-Za-z0-9._-]{1,100}")
_CLOUD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Question:
    """The query about one site. Raises ValueError for an invalid cloud ID or product key.

    `product_keys` are the spellings under which PLANS requests the plans of products; the answer holds plan number N
    under `plan_key(N)`.
    """

    cloud_id: str
    parts: tuple[Part, ...]
    product_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _CLOUD_ID.fullmatch(self.cloud_id):
            raise ValueError("this is not a cloud ID")
        if not all(isinstance(part, Part) for part in self.parts) or not self.parts:
            raise ValueError("a question is made of the known parts")
        if not all(_PRODUCT_KEY.fullmatch(key) for key in self.product_keys):
            raise ValueError("this is not a product key")

    @property
    def document(self) -> str:
        """The text of the query."""
        declared = ", ".join(f"${name}: {'ID!' if name == 'cloud' else 'String!'}" for name in self._variables)
        asked = [name for name in self._variables if name not in ("site", "cloud")]
        plans = "".join(f" {name}: entitlementInfo(hamsProductKey: ${name}) {{ ...plan }}" for name in asked)
        lines = [one.value.line % plans if one is Part.PLANS else one.value.line for one in self.parts]
        fragment = [_PLAN] if asked else []
        return "\n".join([f"query Site({declared}) {{", *(f"  {line}" for line in lines), "}", *fragment])

    @property
    def _variables(self) -> dict[str, str]:
        values = {"site": self.cloud_id} if Part.CONFLUENCE in self.parts else {}
        if set(self.parts) - {Part.CONFLUENCE}:
            values["cloud"] = self.cloud_id
        if Part.PLANS in self.parts:
            values |= {plan_key(number): key for number, key in enumerate(self.product_keys)}
        return values

    def request(self) -> Request:
        """The POST request that sends the query."""
        return Request((), {"query": self.document, "variables": self._variables, "operationName": "Site"})

    def refused_by(self, errors: Sequence[Mapping[str, Any]]) -> dict[Part, str]:
        """The parts that these errors concern, each with the message of its first error; {} when none points at any.

        A part is recognized by its line, or by a name in the message that no other part has.
        """
        messages: dict[Part, str] = {}
        for error in errors:
            message = str(error.get("message"))
            lines = [place.get("line") for place in _objects(error.get("locations"))]
            offsets = [line - _FIRST_PART for line in lines if type(line) is int]
            parts = [self.parts[number] for number in offsets if 0 <= number < len(self.parts)]
            if not parts and any(number > len(self.parts) for number in offsets):  # in the fragment
                parts = [part for part in self.parts if part is Part.PLANS]
            if not parts:
                words = set(re.findall(r"\w+", message))
                parts = [part for part in self.parts if words & set(part.value.names.split())]
            for part in parts:
                messages.setdefault(part, message)
        return messages


def plan_key(number: int) -> str:
    """The name under which the answer holds the plan of the product key with this number."""
    return f"p{number}"


@dataclass(frozen=True, slots=True)
class NoValue:
    """Why a field has no value: a stable code, and a sentence for people without a full stop."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """The gateway's answer about one site, and the parts that it refused.

    `errors` are those that came with the values, as the gateway sent them.
    """

    data: Mapping[str, Any]
    errors: tuple[Mapping[str, Any], ...]
    quote: Callable[[object], str]
    refused: Mapping[Part, NoValue] = field(default_factory=dict)

    def at(self, part: Part, *path: str | int) -> Any:
        """The value at a path, or NoValue: its part was refused, it is null (with or without an error), or missing."""
        if part in self.refused:
            return self.refused[part]
        value: Any = self.data
        for depth, step in enumerate(path):
            where = path[: depth + 1]
            if isinstance(step, int):
                if value == []:
                    return NoValue("not_listed", f"`{_dotted_path(path[:depth])}` is empty")
                if not isinstance(value, list) or len(value) <= step:
                    return NoValue("wrong_type", f"`{_dotted_path(path[:depth])}` is not the list that it should be")
                if any(one != value[step] for one in value):
                    why = f"`{_dotted_path(path[:depth])}` has {len(value)} entries that differ, and one was asked for"
                    return NoValue("contradicting_entries", why)
                value = value[step]
            elif not isinstance(value, dict):
                return NoValue("wrong_type", f"`{_dotted_path(path[:depth])}` is not the object that it should be")
            elif step in value:
                value = value[step]
            else:
                return self._reason_for_null(where) or NoValue(
                    "missing_key", f"the answer has no `{_dotted_path(where)}`"
                )
            if value is None:
                return self._reason_for_null(where) or NoValue(
                    "null", f"the gateway gave null for `{_dotted_path(where)}`, without a reason"
                )
        return value

    def doubt(self, *path: str | int) -> NoValue | None:
        """The error about this value, or about what holds it, that came beside the value; None without one.

        An error without a path may be about any value.
        """
        about = (one for one in self.errors if not isinstance(given := one.get("path"), list) or _begins(path, given))
        error = next(about, None)
        if error is None:
            return None
        reason = f"the gateway gave `{_dotted_path(path)}` and an error about it: {error_words(error, self.quote)}"
        return NoValue(code_of(error), reason)

    def _reason_for_null(self, path: Path) -> NoValue | None:
        """The error that explains a null. A null moves up to where the schema allows one; its error keeps its path."""
        pathless = [error for error in self.errors if not isinstance(error.get("path"), list)]
        about = [
            error
            for error in self.errors
            if isinstance(given := error.get("path"), list)
            and all(one == other for one, other in zip(path, given, strict=False))
        ]
        error = next(iter((*about, *pathless)), None)
        if error is None:
            return None
        reason = f"the gateway gave no `{_dotted_path(path)}`: {error_words(error, self.quote)}"
        return NoValue(code_of(error), reason)


def _begins(path: Path, given: Sequence[Any]) -> bool:
    """Whether the path begins with the given steps."""
    return list(path[: len(given)]) == given


def error_words(error: Mapping[str, Any], quote: Callable[[object], str]) -> str:
    """An error's own message, in quotation marks."""
    message = error.get("message")
    return f'"{quote(message)}"' if isinstance(message, str) and message.strip() else "it does not say why"


_STATUS_CODES = {401: "token_refused", 403: "forbidden", 404: "not_found", 429: "rate_limited"}
_CLASSES = {
    "unauthorized": "token_refused",
    "unauthenticated": "token_refused",
    "forbidden": "forbidden",
    "notfound": "not_found",
    "ratelimit": "rate_limited",
    "toomanyrequests": "rate_limited",
    "cost": "rate_limited",
}


def code_of(error: Mapping[str, Any]) -> str:
    """The stable code of an error by its status or its classification; "gateway_error" for any other."""
    given = error.get("extensions")
    extensions = given if isinstance(given, dict) else {}
    status = extensions.get("statusCode")
    if isinstance(status, int):
        return _STATUS_CODES.get(status, "server_failed" if status >= 500 else "gateway_error")
    kinds = [extensions.get(name) for name in ("classification", "errorType", "code")]
    for kind in kinds:
        word = re.sub(r"[^a-z]", "", kind.casefold()) if isinstance(kind, str) else ""
        for sign, code in _CLASSES.items():
            if sign in word:
                return code
    return "gateway_error"


def answer_of(document: Mapping[str, Any], quote: Quote) -> SiteAnswer:
    """The content of a good answer. Raises QueryRefused, TokenRefused, AccessDenied or RateLimited without data."""
    errors = _errors_in(document)
    data = document.get("data")
    if isinstance(data, dict) and (data or not errors):
        return SiteAnswer(data, errors, quote)
    raise _without_data(errors, quote)


def _without_data(errors: tuple[dict[str, Any], ...], quote: Quote) -> AdminApiError:
    title = ASK_GATEWAY.title
    for error in errors:
        what = f"{title} answered {error_words(error, quote)}"
        match code_of(error):
            case "token_refused":
                return TokenRefused(f"The gateway refused the API token: {what}", call=title, hint=_TOKEN)
            case "forbidden":
                return AccessDenied(what, call=title, hint=_ACCESS)
            case "rate_limited":
                return RateLimited(
                    f"Atlassian's cost limit stopped it: {what}",
                    call=title,
                    hint="Wait some minutes, then run it again; another tool of this account may use the same limit",
                )
    message = "; ".join(dict.fromkeys(error_words(error, quote) for error in errors[:3])) or "neither data nor errors"
    shown = tuple({**error, "message": quote(error.get("message"))} for error in errors)
    return QueryRefused(f"{title} answered {message}", call=title, hint=_REPORT, errors=shown)


_REPORT = "Try again; if it happens again, the gateway has changed: report it"
_ACCESS = "Give the token's account access to the site"
_TOKEN = (
    "The token is wrong, expired or revoked, or does not belong to the account that `email` names. Create one at"
    f" {responses.TOKENS}{responses.KEEP_TOKEN}"
)


def refusal(call: Call, response: httpx.Response, quote: Quote, asked_seconds: float | None) -> AdminApiError:
    """The error as in `responses.site_refusal`; a 400 of the gateway that holds errors is a refused query."""
    if call is ASK_GATEWAY and response.status_code == 400:
        document = responses.json_in(response.content)
        errors = _errors_in(document) if isinstance(document, dict) else ()
        if errors:
            return _without_data(errors, quote)
    return responses.site_refusal(call, response, quote, asked_seconds)


def cost_limit(call: Call, response: httpx.Response, quote: Quote) -> AdminApiError | None:
    """The rate limit in an answer with status 200 that holds no value; None for every other answer."""
    if call is not ASK_GATEWAY or b'"errors"' not in response.content:
        return None
    document = responses.json_in(response.content)
    if not isinstance(document, dict):
        return None
    errors, data = _errors_in(document), document.get("data")
    valueless = not data or (isinstance(data, dict) and all(value is None for value in data.values()))
    limited = tuple(error for error in errors if code_of(error) == "rate_limited")
    return _without_data(limited, quote) if valueless and limited else None


def _objects(values: object) -> Iterator[dict[str, Any]]:
    yield from (one for one in values if isinstance(one, dict)) if isinstance(values, list) else ()


def _errors_in(document: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The errors of an answer. An error that is not an object, alone or in a list, counts as one about any field."""
    errors = document.get("errors")
    entries = errors if isinstance(errors, list) else [errors] if errors else []
    return tuple(one if isinstance(one, dict) else {"message": str(one)} for one in entries)


def _dotted_path(path: Path) -> str:
    return ".".join(str(step) for step in path)

"""Atlassian's GraphQL gateway, limited to questions about one site.

    POST /graphql {query, variables?, operationName?}
        {data?, errors?: [{message, locations?, path?, extensions: {statusCode?, classification}}]}

The types are those in `gateway.graphql`. A document that they do not allow gets only `errors`; a field without a value
for the caller is null, with an error. The classifications are made up. Answers depend on the account: Rovo may be
limited to groups, and `SiteToken.rovo` says whether the token's account is in one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from contribaudit.simulator.endpoint import Call, Endpoint, Page, whole
from contribaudit.simulator.values import App, Json

if TYPE_CHECKING:  # graphql-core takes as long to load as all of the simulator, and few requests want it
    import graphql
    from graphql import GraphQLError, GraphQLSchema

BETA = "JiraAtlassianIntelligence"
EXPERIMENT = "virtualAgent"
JIRA = ("jira-software", "jira-core", "jira-servicedesk", "jira-product-discovery")
WITH_PLANS = (*JIRA, "confluence", "compass")
"""Type keys of the apps whose plans the gateway knows, which are their product keys without the ending."""


@cache
def schema_text() -> str:
    """The gateway's types, in GraphQL's schema language."""
    return resources.files("contribaudit.simulator").joinpath("gateway.graphql").read_text(encoding="utf-8")


@cache
def schema(*, experiment: bool = True) -> GraphQLSchema:
    """The gateway's published types; without `experiment`, the experimental field is missing."""
    from graphql import build_schema

    types = build_schema(schema_text())
    if not experiment:
        assert types.query_type is not None
        del types.query_type.fields[EXPERIMENT]
    return types


def read(call: Call) -> Page:
    """The answer to a query."""
    closed = frozenset() if call.options.gateway_beta else frozenset((BETA,))
    return whole([answer(schema(experiment=call.options.gateway_experiment), call.body, root(call), closed)])


def shape(_: Call, page: Page) -> Json:
    """The answer as it is."""
    return page.items[0] if page.items else {}


def root(call: Call) -> Json:
    """The value of each field of `Query`, as functions of its arguments."""
    failing = call.options.gateway_failing

    def guarded(name: str, value_of: Callable[[list[App]], Any]) -> Callable[..., Any]:
        def resolve(**arguments: Any) -> Any:
            if name in failing:
                raise FieldError(f"{name} is not available", 500, "DataFetchingException")
            return value_of(_site(call, str(arguments["cloudId"])))

        return resolve

    def tenants(cloudIds: list[str] | None = None, **others: Any) -> list[Json]:  # noqa: N803
        if cloudIds is None or others:
            raise FieldError("Exactly one of the arguments is needed", 400, "DataFetchingException")
        return [_tenant(call, cloud_id) for cloud_id in cloudIds]

    return {
        "getAIConfig": guarded("getAIConfig", lambda apps: _config(call, apps)),
        "jira": {"isRovoEnabled": guarded("isRovoEnabled", lambda apps: _rovo(call, _of(apps, JIRA)))},
        "jira_isRovoLLMEnabled": guarded("jira_isRovoLLMEnabled", lambda apps: _rovo(call, _of(apps, JIRA))),
        "search": {"configuration": guarded("configuration", lambda apps: {"siteMetadata": _metadata(call, apps)})},
        "virtualAgent": {
            "virtualAgentEntitlements": guarded("virtualAgentEntitlements", lambda apps: _service_desk(call, apps))
        },
        "tenantContexts": tenants,
    }


def _site(call: Call, cloud_id: str) -> list[App]:
    """The apps of a site, each once; raises FieldError for a site that does not exist or is closed to the account."""
    token = call.token
    if token.sites is not None and cloud_id not in token.sites:
        raise FieldError("The account has no access to this site", 403, "ForbiddenException")
    apps = {app.id: app for app in call.organization.apps if app.id.endswith(f"site/{cloud_id}")}
    if not apps:
        raise FieldError("There is no such site", 404, "NotFoundException")
    return list(apps.values())


def _of(apps: Iterable[App], type_keys: Iterable[str]) -> list[App]:
    return [app for app in apps if app.type_key in type_keys]


def rovo_is_on(app: App) -> bool:
    """Whether Rovo is on for somebody, by the app's own field or else by its AI policy item."""
    return app.rovo if app.rovo is not None else app.ai_enabled is True and not app.ai_suspended


def _rovo(call: Call, apps: list[App]) -> bool:
    return call.token.rovo and any(map(rovo_is_on, apps))


def _config(call: Call, apps: list[App]) -> Json | None:
    confluence = _of(apps, ("confluence",))
    if not confluence:
        return None
    on = _rovo(call, confluence)
    return {"isEnabled": on, "isRovoEnabled": on, "isRovoLLMEnabled": on}


def _service_desk(call: Call, apps: list[App]) -> Json | None:
    desks = _of(apps, ("jira-servicedesk",))
    return {"isAiEnabledInAdminHub": _rovo(call, desks), "isVirtualAgentAvailable": True} if desks else None


def _metadata(call: Call, apps: list[App]) -> Json:
    products = [("jira", _of(apps, JIRA)), ("confluence", _of(apps, ("confluence",)))]
    return {
        "applicationMode": None,
        "isJiraIssueIndexed": True,
        "isRovoEnabled": _rovo(call, apps),
        "orgId": _organization(call),
        "productInfo": [{"name": name, "dataRegion": list(group[0].regions)} for name, group in products if group],
        "siteName": apps[0].name,
    }


def _organization(call: Call) -> str:
    return call.options.gateway_organization or call.organization.id


def _tenant(call: Call, cloud_id: str) -> Json:
    apps = _site(call, cloud_id)
    host = (apps[0].host_url or "").removeprefix("https://")

    def entitlement(hamsProductKey: str) -> Json | None:  # noqa: N803
        if "entitlementInfo" in call.options.gateway_failing:
            raise FieldError("entitlementInfo is not available", 500, "DataFetchingException")
        ending = call.options.gateway_product_key_ending
        app = next((app for app in _of(apps, WITH_PLANS) if f"{app.type_key}{ending}" == hamsProductKey), None)
        return None if app is None or app.plan is None else _entitlement(app)

    return {
        "cloudId": cloud_id,
        "hostName": host,
        "cloudUrl": apps[0].host_url,
        "orgId": _organization(call),
        "entitlementInfo": entitlement,
    }


def _entitlement(app: App) -> Json:
    """The app's entitlement, billed in the older way (HAMS) or the newer one (CCP), which has no edition here."""
    ends = app.trial_ends_at
    timed = {"startTimestamp": None, "endTimestamp": ends.timestamp() * 1000 if ends else None, "timeLeft": None}
    trial = timed if app.trial else None
    identity = f"entitlement-{app.type_key}"
    details: Json
    if app.billing == "ccp":
        offered = trial and trial | {"endBehaviour": "BILLING_PLAN"}
        details = {"id": identity, "offeringKey": None, "subscription": {"id": identity, "trial": offered}}
        return {"__typename": "CommerceEntitlementInfoCcp", "entitlementId": identity, "entitlement": details}
    details = {
        "id": identity,
        "productKey": app.type_key,
        "name": app.type,
        "status": "ACTIVE",
        "suspended": False,
        "currentEdition": app.plan_key,
        "futureEdition": None,
        "overriddenEdition": None,
        "trialEdition": app.trial.lower() if app.trial else None,
        "trialEditionEndDate": ends.date().isoformat() if app.trial and ends else None,
        "trialEndDate": None,
        "startDate": None,
        "endDate": None,
        "subscription": {"trial": trial},
    }
    return {"__typename": "CommerceEntitlementInfoHams", "entitlementId": identity, "entitlement": details}


ASK = Endpoint("gateway", "POST", "/graphql", None, "gateway", None, read, shape)
ASK_AT_SITE = replace(ASK, path="/gateway/api/graphql")
"""The same gateway, as served by a site's own host."""


_OPT_IN = re.compile(r'@optIn\(to: "(\w+)"\)')


class FieldError(Exception):
    """Raised by a resolver for a field that has no value for the caller."""

    def __init__(self, message: str, status: int, classification: str) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = {"statusCode": status, "classification": classification}


def answer(schema: GraphQLSchema, request: Mapping[str, Any], root: Json, closed: frozenset[str]) -> Json:
    """The body of an answer. `root` holds, for each field of `Query`, a value or a function of its arguments.

    `closed` names the opt-ins that are not open. An answer without `data` means that the document was refused.
    """
    from graphql import ExecutionResult, execute

    text, variables = request.get("query"), request.get("variables")
    if not isinstance(text, str):
        return {"errors": [{"message": "The request has no query"}]}
    document, problems = _checked(schema, text, closed)
    if document is None or problems:
        return {"errors": [_refusal(problem) for problem in problems]}
    result = execute(
        schema,
        document,
        root,
        variable_values=variables if isinstance(variables, dict) else {},
        field_resolver=_value,
        type_resolver=lambda value, _info, _kind: str(value["__typename"]),
    )
    assert isinstance(result, ExecutionResult)
    if result.data is None:
        return {"errors": [_refusal(problem) for problem in result.errors or ()]}
    return dict(result.formatted)


def _value(source: Any, info: graphql.GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value


@lru_cache(maxsize=256)
def _checked(
    schema: GraphQLSchema, text: str, closed: frozenset[str]
) -> tuple[graphql.DocumentNode | None, list[GraphQLError]]:
    """The parsed document and its violations of the types; cached, because a client asks every site the same."""
    from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse, specified_rules, validate

    try:
        document = parse(text)
    except GraphQLError as error:
        return None, [error]
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        return document, [GraphQLError("Exactly one operation is known here, and it is a query")]
    return document, validate(schema, document, [*specified_rules, _opt_ins(closed)])


def _opt_ins(closed: frozenset[str]) -> type[graphql.ValidationRule]:
    """The rule that a field needs its opt-in, which must be open, on the field or a parent in the same fragment."""
    from graphql import FieldNode, GraphQLError, ValidationRule

    class OptIns(ValidationRule):
        def enter_field(self, node: FieldNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> None:
            field, kind = self.context.get_field_def(), self.context.get_parent_type()
            needed = _OPT_IN.search((field.description if field else "") or "")
            opted = [_opted(one) for one in (node, *ancestors) if isinstance(one, FieldNode)]
            if needed and kind and (needed[1] in closed or not any(needed[1] in words for words in opted)):
                message = f'The field "{node.name.value}" of "{kind.name}" needs @optIn(to: "{needed[1]}")'
                self.report_error(GraphQLError(f"{message}, and it is not open", node))

    return OptIns


def _opted(field: graphql.FieldNode) -> set[str]:
    from graphql import value_from_ast_untyped

    words: set[str] = set()
    for argument in (argument for directive in field.directives or () for argument in directive.arguments or ()):
        value = value_from_ast_untyped(argument.value)
        words |= {value} if isinstance(value, str) else set(value)
    return words


def _refusal(problem: GraphQLError) -> Json:
    return dict(problem.formatted) | {"extensions": {"classification": "ValidationError"}}

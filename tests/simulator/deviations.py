"""Where the simulator knowingly answers otherwise than Atlassian's published OpenAPI, and why.

The contract test validates every answer against that document, read strictly (a property it does not name counts as a
deviation), and compares what it finds with `ALL`: an unlisted deviation fails it, and so does a listed one that no
answer needs any more.
"""

from __future__ import annotations

from dataclasses import dataclass

UNDOCUMENTED_STATUS = "undocumented status"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference from the published document.

    `at` is the place in the body, lists written `[]`; `rule` is the JSON Schema keyword that it breaks, or
    `UNDOCUMENTED_STATUS`; `why` says where the difference was observed, or why we want it.
    """

    endpoint: str
    status: int
    at: str
    rule: str
    why: str


_LIBRARIES = (
    "Observed: the response models of two public client libraries, checked against live organizations, have it."
)
_RULES = "Observed by two public client libraries: rules of policy types that are not documented have other fields."
_REFUSED = "A key without the scope has to be refused somehow; such answers are shown in community threads."
_UNKNOWN_ORGANIZATION = "Documented for the organization itself; an unknown one must be answered here as well."


def _of_policies(endpoint: str, data: str) -> tuple[Deviation, ...]:
    """What holds for a policy in the list and for one by its ID."""
    attributes = f"{data}.attributes"
    rule = f"{attributes}.rule"
    return (
        Deviation(endpoint, 200, f"{attributes}.type", "enum", f"{_LIBRARIES} generative-ai, for example."),
        Deviation(endpoint, 200, f"{attributes}.ownerId", "additionalProperties", _LIBRARIES),
        Deviation(endpoint, 200, f"{attributes}.createdAt", "additionalProperties", _LIBRARIES),
        Deviation(endpoint, 200, f"{attributes}.resources[].applicationStatus", "enum", f"{_LIBRARIES} enabled."),
        Deviation(endpoint, 200, rule, "type", "Observed by two public client libraries: a rule can be an array."),
        Deviation(endpoint, 200, rule, "required", "Observed by two public client libraries: a rule can lack `in`."),
        Deviation(endpoint, 200, f"{rule}.off", "additionalProperties", _RULES),
        Deviation(endpoint, 200, f"{rule}.scopeType", "additionalProperties", _RULES),
        Deviation(endpoint, 200, f"{rule}.consented", "additionalProperties", _RULES),
        Deviation(endpoint, 200, f"{rule}.adminApprovalSummary", "additionalProperties", _RULES),
        Deviation(endpoint, 200, f"{rule}.notification", "additionalProperties", _RULES),
    )


def _of_the_log(endpoint: str) -> tuple[Deviation, ...]:
    """What holds for both ways to read the audit log."""
    return (
        Deviation(
            endpoint,
            200,
            "data[].attributes.context[]",
            "required",
            "Observed: a public sample of an event has a context without an ID.",
        ),
        Deviation(endpoint, 403, "", UNDOCUMENTED_STATUS, _REFUSED),
        Deviation(endpoint, 404, "", UNDOCUMENTED_STATUS, _UNKNOWN_ORGANIZATION),
    )


ALL: tuple[Deviation, ...] = (
    Deviation("org", 403, "", UNDOCUMENTED_STATUS, _REFUSED),
    Deviation("workspaces", 200, "data[].appType", "additionalProperties", _LIBRARIES),
    Deviation(
        "workspaces",
        200,
        "data[].attributes.realm",
        "type",
        "Wanted: nothing says that every app has a realm, so a client must stand a null.",
    ),
    Deviation(
        "workspaces",
        200,
        "data[].attributes.status",
        "enum",
        "Documented elsewhere: Atlassian's GraphQL gateway says that marketplace apps use other values.",
    ),
    Deviation("workspaces", 200, "data[].relationships.policies[].attributes.type", "additionalProperties", _LIBRARIES),
    Deviation(
        "workspaces", 200, "data[].relationships.policies[].attributes.enabled", "additionalProperties", _LIBRARIES
    ),
    Deviation(
        "workspaces", 200, "data[].relationships.policies[].attributes.suspended", "additionalProperties", _LIBRARIES
    ),
    Deviation(
        "workspaces",
        429,
        "",
        UNDOCUMENTED_STATUS,
        "Documented in the text for every endpoint, and in the list of answers of every other one.",
    ),
    Deviation("directories", 403, "", UNDOCUMENTED_STATUS, _REFUSED),
    Deviation("directories", 404, "", UNDOCUMENTED_STATUS, _UNKNOWN_ORGANIZATION),
    *_of_policies("policies", "data[]"),
    Deviation(
        "policies",
        400,
        "",
        UNDOCUMENTED_STATUS,
        "Documented for the cursor of the list of organizations; a broken cursor must be answered here as well.",
    ),
    Deviation("policies", 403, "", UNDOCUMENTED_STATUS, _REFUSED),
    Deviation("policies", 404, "", UNDOCUMENTED_STATUS, _UNKNOWN_ORGANIZATION),
    *_of_policies("policy", "data"),
    Deviation("policy", 403, "", UNDOCUMENTED_STATUS, _REFUSED),
    Deviation("event-actions", 403, "", UNDOCUMENTED_STATUS, _REFUSED),
    *_of_the_log("events-stream"),
    *_of_the_log("events"),
)

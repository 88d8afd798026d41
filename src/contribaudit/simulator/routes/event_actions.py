"""The audit log's catalogue of actions.

    GET /admin/v1/orgs/{orgId}/event-actions      {data: [{id, type, attributes: {displayName, groupDisplayName}}]}

Never paged. The `type` of an entry is made up: none is published.
"""

from __future__ import annotations

from contribaudit.simulator.endpoint import Call, Endpoint, Page, whole
from contribaudit.simulator.values import Json


def read(call: Call) -> Page:
    """Every action, in the order of the scenario."""
    return whole(
        [
            {
                "id": action.id,
                "type": "eventActions",
                "attributes": {"displayName": action.name, "groupDisplayName": action.group},
            }
            for action in call.organization.event_actions
        ]
    )


def shape(_: Call, page: Page) -> Json:
    """No links, no meta."""
    return {"data": page.items}


LIST = Endpoint(
    "event-actions", "GET", "/admin/v1/orgs/{org_id}/event-actions", "read:events:admin", "v1", "a", read, shape
)

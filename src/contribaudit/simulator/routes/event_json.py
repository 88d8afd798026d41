"""The shape of one entry of the audit log.

{id, type: "events", attributes: {time, processedAt (stream only), action, actor: {id, name, email, auth, links},
 context: [Object], container: [Object], location}, message: {content, format}, links: {self}}
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contribaudit.simulator.endpoint import Call
from contribaudit.simulator.options import Options
from contribaudit.simulator.values import Actor, Event, Json


def processed_at(event: Event, options: Options) -> datetime:
    """When the log shows an event."""
    return event.processed_at or event.time + timedelta(seconds=options.log_delay_seconds)


def event_json(event: Event, call: Call, *, streamed: bool) -> Json:
    """An event as the API shows it."""
    attributes: Json = {"time": _time(event.time)}
    if streamed:
        attributes["processedAt"] = _time(processed_at(event, call.options))
    attributes |= {
        "action": event.action,
        "actor": _actor(event.actor, call),
        "context": list(event.context),
        "container": list(event.container),
    }
    if event.location is not None:
        attributes["location"] = event.location
    shown: Json = {"id": event.id, "type": "events", "attributes": attributes}
    if event.message is not None:
        shown["message"] = {"content": event.message, "format": "simple"}
    url = f"{call.options.link_host}/admin/v1/orgs/{call.organization.id}/events/{event.id}"
    return shown | {"links": {"self": url}}


def _actor(actor: Actor, call: Call) -> Json:
    shown: Json = {"id": actor.id}
    for name, value in (("name", actor.name), ("email", actor.email), ("auth", actor.auth)):
        if value is not None:
            shown[name] = value
    url = f"{call.options.link_host}/admin/v1/orgs/{call.organization.id}/users/{actor.id}"
    return shown | {"links": {"self": url}}


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"

"""The audit log.

    GET /admin/v1/orgs/{orgId}/events-stream?cursor=&from=&to=&limit=&sortOrder=                      by processing time
    GET /admin/v1/orgs/{orgId}/events?cursor=&q=&from=&to=&action=&actor=&ip=&product=&location=&limit=     newest first
        {data: [Event], meta: {next, page_size}, links: {self, prev, next}}
    GET /admin/v1/orgs/{orgId}/event-actions
        {data: [{id, type, attributes: {displayName, groupDisplayName}}]}, never paged; the `type` is made up

`from` and `to` are milliseconds since the epoch and mean when an event happened, both included. The stream gives a
cursor on every page, the last and the empty one too: asked again with it, it gives what has been processed since. Such
a cursor keeps order, `from` and `to`; of the other parameters, only `limit` counts. An event is there from the moment
it is processed until it is 180 days old. An organization without an audit log has none or is refused, as the options
say.

One entry of the audit log:

{id, type: "events", attributes: {time, processedAt (stream only), action, actor: {id, name, email, auth, links},
 context: [Object], container: [Object], location}, message: {content, format}, links: {self}}
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from contribaudit.simulator.endpoint import (
    V1_ENDPOINT,
    AnswerError,
    Call,
    Page,
    Position,
    cut,
    encode,
    links,
    page_size,
    resume,
    whole,
)
from contribaudit.simulator.options import Options
from contribaudit.simulator.values import Actor, Event, Json


def processed_at(event: Event, options: Options) -> datetime:
    """When an event appears in the log."""
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


def read_actions(call: Call) -> Page:
    """Every action in the catalogue, in the scenario's order."""
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


RETENTION_DAYS = 180
PRODUCTS = ("bitbucket", "confluence", "guard_detect", "jira", "loom")
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def read_stream(call: Call) -> Page:
    """The events after the cursor, 200 per page unless `limit` (1..500) says otherwise."""
    position = _position(call, "events-stream", ("from", "to", "sortOrder"), 200)
    memory = position.memory
    backwards = memory.get("sortOrder") == "desc"
    ranked = [(_rank(call, event), event) for event in _visible(call) if _happened_between(event, memory)]
    ranked.sort(key=lambda entry: entry[0], reverse=backwards)
    if "after" in memory:
        last = tuple(memory["after"])
        ranked = [entry for entry in ranked if (entry[0] < last if backwards else entry[0] > last)]
    served = ranked[: position.size]
    if served:
        memory = memory | {"after": served[-1][0]}
    # A pass ends with a page that is not full; the next pass counts its pages from 1 again.
    number = position.number + 1 if len(served) == position.size else 1
    after = Position(0, position.size, number, memory)
    return Page(
        items=[event_json(event, call, streamed=True) for _, event in served],
        position=position,
        total=len(ranked),
        self_cursor=encode("events-stream", position),
        next_cursor=encode("events-stream", after),
        prev_cursor=None,
    )


def read_list(call: Call) -> Page:
    """The matching events, newest first, 30 per page unless `limit` (1..500) says otherwise."""
    names = ("q", "from", "to", "action", "actor", "ip", "product", "location")
    position = _position(call, "events", names, 30)
    events = [event for event in _visible(call) if _matches(event, position.memory)]
    events.sort(key=lambda event: (event.time, event.id), reverse=True)
    return cut("events", events, position, lambda event: event_json(event, call, streamed=False))


def shape(call: Call, page: Page) -> Json:
    """The answer with the next page as a bare cursor and as a URL; the last page has neither."""
    meta: Json = {"page_size": len(page.items)}
    if page.next_cursor is not None:
        meta["next"] = page.next_cursor
    return {
        "data": page.items,
        "meta": meta,
        "links": links(
            self=_url(call, page.self_cursor if "cursor" in call.query else None),
            prev=None if page.prev_cursor is None else _url(call, page.prev_cursor),
            next=None if page.next_cursor is None else _url(call, page.next_cursor),
        ),
    }


def _visible(call: Call) -> list[Event]:
    if not call.options.log_available:
        if call.options.log_unavailable == "forbidden":
            raise AnswerError(403, "ADMIN-403-3", "The organization has no audit log.")
        return []
    oldest = call.now - timedelta(days=RETENTION_DAYS)
    return [
        event
        for event in call.organization.events
        if event.time >= oldest and processed_at(event, call.options) <= call.now
    ]


def _rank(call: Call, event: Event) -> tuple[float, str]:
    return processed_at(event, call.options).timestamp(), event.id


def _position(call: Call, endpoint: str, names: tuple[str, ...], default: int) -> Position:
    if "cursor" in call.query:
        resumed = resume(endpoint, call.query["cursor"])
        if not _sound(resumed.memory):
            raise AnswerError(400, "ADMIN-400-1", "This endpoint did not give that cursor.")
        return Position(resumed.start, _size(call, resumed.size), resumed.number, resumed.memory)
    memory = {name: call.query[name] for name in names if call.query.get(name)}
    _check(memory)
    return Position(0, _size(call, default), memory=memory)


def _sound(memory: Json) -> bool:
    after = memory.get("after", [0.0, ""])
    return isinstance(after, list) and [type(part) for part in after] == [float, str]


def _size(call: Call, default: int) -> int:
    return page_size(call.query.get("limit", str(default)), 500, "ADMIN-400-19")


def _check(memory: Json) -> None:
    for name in ("from", "to"):
        if name in memory and _moment(memory[name]) is None:
            raise AnswerError(400, "ADMIN-400-3", f"{name} must be milliseconds since the epoch.")
    if memory.get("sortOrder", "asc") not in ("asc", "desc"):
        raise AnswerError(400, "ADMIN-400-19", "sortOrder must be asc or desc.")
    if "product" in memory and not set(memory["product"].split(",")) <= set(PRODUCTS):
        raise AnswerError(400, "ADMIN-400-19", f"product must be among {', '.join(PRODUCTS)}.")
    if "location" in memory and _places(memory["location"]) is None:
        raise AnswerError(400, "ADMIN-400-19", "location must be a JSON array of objects.")


def _moment(text: str) -> datetime | None:
    """Milliseconds since the epoch as a moment; None for anything else, such as an ISO date."""
    if not (text.isascii() and text.isdecimal()):
        return None
    try:
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _places(text: str) -> list[Json] | None:
    try:
        places: Any = json.loads(text)
    except ValueError:
        return None
    return places if isinstance(places, list) and all(isinstance(place, dict) for place in places) else None


def _happened_between(event: Event, memory: Json) -> bool:
    first = _moment(memory["from"]) if "from" in memory else None
    last = _moment(memory["to"]) if "to" in memory else None
    return (first or event.time) <= event.time <= (last or LATEST)


def _matches(event: Event, memory: Json) -> bool:
    place = event.location or {}
    own = {"action": event.action, "actor": event.actor.id, "ip": place.get("ip"), "product": event.product}
    return (
        _happened_between(event, memory)
        and all(value in memory[name].split(",") for name, value in own.items() if name in memory)
        and ("location" not in memory or any(place.items() >= one.items() for one in _places(memory["location"]) or ()))
        and memory.get("q", "").casefold() in _searched(event)
    )


def _searched(event: Event) -> str:
    """The text in which `q` is searched. Which fields Atlassian searches is not published."""
    words = (event.action, event.message, event.actor.name, event.actor.email, json.dumps(event.context))
    return " ".join(word for word in words if word).casefold()


def _url(call: Call, cursor: str | None) -> str:
    parameters = {name: value for name, value in call.query.items() if name != "cursor"}
    return call.url_with(parameters | ({} if cursor is None else {"cursor": cursor}))


_PATH = "/admin/v1/orgs/{org_id}"
ACTIONS = V1_ENDPOINT(
    "event-actions",
    "GET",
    f"{_PATH}/event-actions",
    "read:events:admin",
    read=read_actions,
    shape=lambda _, page: {"data": page.items},
)
STREAM = V1_ENDPOINT(
    "events-stream", "GET", f"{_PATH}/events-stream", "read:events:admin", read=read_stream, shape=shape, paged=True
)
LIST = V1_ENDPOINT("events", "GET", f"{_PATH}/events", "read:events:admin", read=read_list, shape=shape, paged=True)

"""The search language of workspaces, as far as it is published.

    {"and": [..]}  {"nor": [..]}  {"field": {"name", "values"}}  {"searchWorkspaces": "text"}     and sort by a field

The published `features` and `policies` filters take names that are published nowhere: they are a 400 here, as is
anything unknown. An example filters `attributes.type` by "confluence", which is a type key rather than a display name,
so a value matches either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contribaudit.simulator.errors import AnswerError
from contribaudit.simulator.values import App

FIELDS = ("attributes.type", "attributes.typeKey", "attributes.name")


def search(apps: Sequence[App], query: Any, sort: Any) -> Sequence[App]:
    """The apps that match, in the order asked for; without either, the apps as they are."""
    found = apps if query is None else [app for app in apps if matches(app, query)]
    for field in reversed(_list(sort)):
        if not isinstance(field, dict) or field.get("order", "asc") not in ("asc", "desc"):
            raise _invalid("sort")
        name = _field(field.get("field"))
        found = sorted(found, key=lambda app: _values(app, name)[0], reverse=field.get("order") == "desc")
    return found


def matches(app: App, query: Any) -> bool:
    """Whether an app matches. An operator without operands matches everything, as published."""
    match query:
        case {"and": list(parts)} if len(query) == 1:
            return all(matches(app, part) for part in parts)
        case {"nor": list(parts)} if len(query) == 1:
            return not any(matches(app, part) for part in parts)
        case {"field": {"name": str(name), **rest}} if len(query) == 1:
            wanted = {str(value).casefold() for value in _list(rest.get("values"))}
            return not wanted or not wanted.isdisjoint(_values(app, _field(name)))
        case {"searchWorkspaces": str(text)} if len(query) == 1:
            return text.casefold() in app.name.casefold() or text.casefold() in (app.host_url or "").casefold()
    raise _invalid("query")


def _values(app: App, name: str) -> tuple[str, ...]:
    if name == "attributes.name":
        return (app.name.casefold(),)
    return (app.type.casefold(), app.type_key.casefold())


def _field(name: object) -> str:
    if not isinstance(name, str) or name not in FIELDS:
        raise _invalid("field")
    return name


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _invalid("list")
    return value


def _invalid(what: str) -> AnswerError:
    return AnswerError(400, "ADMIN-400-4", f"This {what} is not understood.")

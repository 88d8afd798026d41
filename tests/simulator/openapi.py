"""Atlassian's published OpenAPI document, read strictly."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

VARIABLE = "CONTRIBAUDIT_OPENAPI"
BESIDE_THE_REPOSITORY = Path(__file__).parents[3] / "shared" / "reference" / "openapi" / "organization.json"


def find() -> Path | None:
    """The document's file: where the environment variable says, else in the folder beside the repository, else None."""
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE])
    return BESIDE_THE_REPOSITORY if BESIDE_THE_REPOSITORY.exists() else None


class Document:
    """Response schemas by path, method and status, as JSON Schemas that allow no property they do not name."""

    def __init__(self, file: Path) -> None:
        self._document = json.loads(file.read_text(encoding="utf-8"))

    def response(self, path: str, method: str, status: int) -> dict[str, Any] | None:
        """The schema of an answer's body, None when the status is not documented."""
        found = self._document["paths"][path][method.lower()]["responses"].get(str(status))
        if found is None:
            return None
        schema: dict[str, Any] = self._resolve(found)["content"]["application/json"]["schema"]
        return self._strict(schema)

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _strict(self, schema: dict[str, Any]) -> dict[str, Any]:
        schema = dict(self._resolve(schema))
        for part in schema.pop("allOf", []):
            part = self._resolve(part)
            properties = schema.get("properties", {}) | part.get("properties", {})
            schema = schema | part | {"properties": properties}
        if "properties" in schema:
            schema["properties"] = {name: self._strict(value) for name, value in schema["properties"].items()}
            schema.setdefault("additionalProperties", False)
        elif isinstance(schema.get("additionalProperties"), dict):
            schema["additionalProperties"] = self._strict(schema["additionalProperties"])
        if "items" in schema:
            schema["items"] = self._strict(schema["items"])
        for word in ("anyOf", "oneOf"):
            if word in schema:
                schema[word] = [self._strict(part) for part in schema[word]]
        if schema.pop("nullable", False):
            schema = {"anyOf": [schema, {"type": "null"}]}
        return schema


def breaches(schema: dict[str, Any], body: Any) -> set[tuple[str, str]]:
    """Where a body breaks a schema, and which keyword it breaks there."""
    return {found for error in Draft202012Validator(schema).iter_errors(body) for found in _places(error)}


def _places(error: ValidationError) -> Iterator[tuple[str, str]]:
    if error.validator in ("anyOf", "oneOf") and error.context:
        # Of the alternatives, the one that is least wrong was meant.
        branches: dict[object, list[ValidationError]] = {}
        for part in error.context:
            branches.setdefault(part.schema_path[0], []).append(part)
        least = min(branches.values(), key=lambda found: (sum(e.validator == "type" for e in found), len(found)))
        for part in least:
            yield from _places(part)
        return
    at = "".join("[]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".")
    if (
        error.validator == "additionalProperties"
        and isinstance(error.schema, dict)
        and isinstance(error.instance, dict)
    ):
        for name in set(error.instance) - set(error.schema.get("properties", {})):
            yield f"{at}.{name}".lstrip("."), "additionalProperties"
        return
    yield at, str(error.validator)


def template(path: str) -> str:
    """An endpoint's path as the document writes it: without /admin, parameters in camel case."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), path.removeprefix("/admin"))

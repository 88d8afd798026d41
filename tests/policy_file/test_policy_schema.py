"""The published JSON Schema says what the loader says, as far as a schema can."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contribaudit import policy_file

from .policy_builders import DECISION, DOCUMENTED, RULE, WAIVER, table

VALIDATOR = Draft202012Validator(policy_file.json_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_schema_is_one() -> None:
    schema = policy_file.json_schema()
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["properties"]["version"]["const"] == 1


def test_the_documented_file_and_the_packs_are_valid() -> None:
    for text in (DOCUMENTED, *(pack.text for pack in policy_file.packs())):
        assert list(VALIDATOR.iter_errors(as_json(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "[expect]\ncontribution = 'none'\nai = 'blocked'\nlocation = ['EEA']",
        "[expect]\nai = { groups = ['ai-users'] }\nlocation = 'EEA'\nlocation_except = ['trello']\nreason = 'x'",
    ],
)
def test_statements_alone_are_valid(text: str) -> None:
    assert list(VALIDATOR.iter_errors(as_json(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version = 2",
        "version = 1\nnam = 'x'",
        f"version = 1\n{RULE}severty = 'high'",
        f"version = 1\n{RULE}severity = 'urgent'",
        f"version = 1\n{RULE}enabled = false",
        f"version = 1\n{RULE}where = {{ app = [] }}",
        f"version = 1\n{RULE}where = {{ sandbox = 'no' }}",
        "version = 1\n[evidence]\naccept = ['predicted']",
        "version = 1\n[evidence]\nmax_age_days = { attested = 0 }",
        "version = 1\n[evidence]\nscreenshot = 'always'",
        f"version = 1\n{table('waiver', WAIVER, {'expires': ''})}",
        f"version = 1\n{table('waiver', WAIVER, {'subject': ''})}",
        "version = 1\n" + table("waiver", WAIVER, {"where": "{ site = 'a' }"}),
        "version = 1\n" + table("waiver", WAIVER, {"outcomes": "['pass']"}),
        f"version = 1\n{table('decision', DECISION, {'second': ''})}",
        "[expect]\ncontribution = 'off'",
        "[expect]\nai = ['ai-users']",
        "[expect]\nai = { groups = [] }",
        "[expect]\nlocation = []",
        "[expect]\nsubprocessor_locations = []",
        "[expect]\ncontributon = 'none'",
    ],
)
def test_mistakes_are_invalid(text: str) -> None:
    assert list(VALIDATOR.iter_errors(as_json(text)))


def as_json(text: str) -> dict[str, Any]:
    """The file's tables with dates as ISO texts."""

    def written(value: object) -> object:
        match value:
            case dict():
                return {key: written(item) for key, item in value.items()}
            case list():
                return [written(item) for item in value]
            case date():
                return value.isoformat()
        return value

    return {key: written(value) for key, value in tomllib.loads(text).items()}

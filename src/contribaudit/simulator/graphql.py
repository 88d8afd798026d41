"""GraphQL as Atlassian's gateway answers it: by graphql-core, with the opt-ins that a field's description names.

schema = read_schema(text)
answer(schema, request, root)     # {"data": ..., "errors": [...]}, as the gateway would send it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from contribaudit.simulator.values import Json

if TYPE_CHECKING:  # graphql-core takes as long to load as all of the simulator, and few requests want it
    import graphql
    from graphql import GraphQLError, GraphQLSchema

_OPT_IN = re.compile(r'@optIn\(to: "(\w+)"\)')


class FieldError(Exception):
    """A field that has no value for the caller: what a resolver raises."""

    def __init__(self, message: str, status: int, classification: str) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = {"statusCode": status, "classification": classification}


def read_schema(text: str, *gone: str) -> GraphQLSchema:
    """The types of a text in GraphQL's schema language, without the fields of `Query` that are `gone`."""
    from graphql import build_schema

    schema = build_schema(text)
    for field in gone:
        assert schema.query_type is not None
        del schema.query_type.fields[field]
    return schema


def answer(schema: GraphQLSchema, request: Mapping[str, Any], root: Json, closed: frozenset[str]) -> Json:
    """The body of an answer. `root` holds a value or a function of the arguments for each field of `Query`.

    `closed` names opt-ins that are not open. An answer without `data` is a refusal of the document.
    """
    from graphql import ExecutionResult, execute

    text, told = request.get("query"), request.get("variables")
    if not isinstance(text, str):
        return {"errors": [{"message": "The request has no query"}]}
    document, problems = _checked(schema, text, closed)
    if document is None or problems:
        return {"errors": [_refusal(one) for one in problems]}
    found = execute(
        schema,
        document,
        root,
        variable_values=told if isinstance(told, dict) else {},
        field_resolver=_value,
        type_resolver=lambda value, _info, _kind: str(value["__typename"]),
    )
    assert isinstance(found, ExecutionResult)
    if found.data is None:
        return {"errors": [_refusal(one) for one in found.errors or ()]}
    return dict(found.formatted)


def _value(source: Any, info: graphql.GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    value = source[info.field_name]
    return value(**arguments) if callable(value) else value


@lru_cache(maxsize=256)
def _checked(
    schema: GraphQLSchema, text: str, closed: frozenset[str]
) -> tuple[graphql.DocumentNode | None, list[GraphQLError]]:
    """The document and what the types do not allow of it; a client asks the same of every site."""
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
    """The rule that a field has the opt-in that it needs, an open one, on it or on a parent of the same fragment."""
    from graphql import FieldNode, GraphQLError, ValidationRule

    class OptIns(ValidationRule):
        def enter_field(self, node: FieldNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> None:
            field, kind = self.context.get_field_def(), self.context.get_parent_type()
            needed = _OPT_IN.search((field.description if field else "") or "")
            opted = [_opted(one) for one in (node, *ancestors) if isinstance(one, FieldNode)]
            if needed and kind and (needed[1] in closed or not any(needed[1] in words for words in opted)):
                told = f'The field "{node.name.value}" of "{kind.name}" needs @optIn(to: "{needed[1]}")'
                self.report_error(GraphQLError(f"{told}, and it is not open", node))

    return OptIns


def _opted(field: graphql.FieldNode) -> set[str]:
    from graphql import value_from_ast_untyped

    told: set[str] = set()
    for argument in (argument for directive in field.directives or () for argument in directive.arguments or ()):
        value = value_from_ast_untyped(argument.value)
        told |= {value} if isinstance(value, str) else set(value)
    return told


def _refusal(problem: GraphQLError) -> Json:
    return dict(problem.formatted) | {"extensions": {"classification": "ValidationError"}}

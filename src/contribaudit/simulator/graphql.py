"""GraphQL as far as the gateway needs it: types read from a file, queries parsed, held to the types, and answered.

    schema = read_schema(text)
    outcome = answer(schema, request, root)     # {"data": ..., "errors": [...]}, as the gateway would send it

Of the language it knows queries with variables, aliases, arguments, directives and fragments; of types, objects,
interfaces, enumerations and scalars. A test compares its answers with those of graphql-core.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str | int, ...]

_TOKEN = re.compile(
    r'(?P<skip>[\s,\ufeff]+|#[^\n]*)|(?P<block>"""(?s:.*?)""")|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<spread>\.\.\.)'
    r"|(?P<name>[_A-Za-z][_0-9A-Za-z]*)|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark>[!$&()\[\]{}:=@|])"
)


class Refused(Exception):
    """The document is not answered: `line` and `column` from 1, 0 where no place is to blame."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class FieldError(Exception):
    """A field that has no value for the caller: what a resolver raises."""

    def __init__(self, message: str, status: int, classification: str) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.classification = classification


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int
    column: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, line, start = 0, 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Refused(f"Syntax error: unexpected character {text[at]!r}", line, at - start + 1)
        kind = match.lastgroup or ""
        if kind != "skip":
            found.append(_Token(kind, match[0], line, at - start + 1))
        line += match[0].count("\n")
        start = at + match[0].rfind("\n") + 1 if "\n" in match[0] else start
        at = match.end()
    return found


class _Reader:
    """Tokens, one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    @property
    def next(self) -> _Token:
        last = self._tokens[-1] if self._tokens else _Token("end", "", 1, 1)
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token("end", "", last.line, last.column)

    def take(self, *wanted: str) -> _Token:
        """The next token, which must be one of these texts, or of a kind written `<name>`."""
        token = self.next
        if wanted and token.text not in wanted and f"<{token.kind}>" not in wanted:
            raise Refused(
                f"Syntax error: expected {' or '.join(wanted)}, found {token.text!r}", token.line, token.column
            )
        self._at += 1
        return token

    def skip(self, text: str) -> bool:
        """Whether the next token was this one; it is taken then."""
        if self.next.text != text or self.next.kind == "text":
            return False
        self._at += 1
        return True


# Types


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field of a type: its type as written (`[String!]!`), its arguments, and the opt-in that it needs."""

    type: str
    arguments: Mapping[str, str]
    opt_in: str = ""


@dataclass(slots=True)
class Schema:
    """Objects and interfaces by name, and which objects an interface has."""

    types: dict[str, dict[str, FieldType]] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)

    def without(self, *gone: str) -> Schema:
        """The schema without these fields, each as `Type.field`."""
        types = {
            name: {one: kind for one, kind in fields.items() if f"{name}.{one}" not in gone}
            for name, fields in self.types.items()
        }
        return Schema(types, self.members)


def named(kind: str) -> str:
    """The name in a type as written: `String` of `[String!]!`."""
    return kind.strip("[]!")


_DEFINITIONS = ("type", "interface", "enum", "scalar", "directive")


def read_schema(text: str) -> Schema:
    """The types of a file in GraphQL's schema language. Raises Refused for what it does not know."""
    schema, reader = Schema(), _Reader(text)
    while reader.next.kind != "end":
        if reader.next.kind in ("text", "block"):
            reader.take()
        word = reader.take(*_DEFINITIONS).text
        if word == "directive":
            while reader.next.text not in _DEFINITIONS and reader.next.kind not in ("text", "block", "end"):
                reader.take()
            continue
        name = reader.take("<name>").text
        if word == "enum":
            reader.take("{")
            while not reader.skip("}"):
                reader.take("<name>")
        elif word != "scalar":
            while reader.skip("implements") or reader.skip("&"):
                schema.members.setdefault(reader.take("<name>").text, set()).add(name)
            schema.types[name] = dict(_fields(reader))
    return schema


def _fields(reader: _Reader) -> Iterator[tuple[str, FieldType]]:
    reader.take("{")
    while not reader.skip("}"):
        told = reader.take().text if reader.next.kind in ("text", "block") else ""
        name = reader.take("<name>").text
        arguments: dict[str, str] = {}
        if reader.skip("("):
            while not reader.skip(")"):
                argument = reader.take("<name>").text
                reader.take(":")
                arguments[argument] = _type(reader)
        reader.take(":")
        opt_in = re.search(r'@optIn\(to: \\"(\w+)\\"\)', told)
        yield name, FieldType(_type(reader), arguments, opt_in[1] if opt_in else "")


def _type(reader: _Reader) -> str:
    if reader.skip("["):
        kind = f"[{_type(reader)}]"
        reader.take("]")
    else:
        kind = reader.take("<name>").text
    return f"{kind}!" if reader.skip("!") else kind


# Queries


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str


@dataclass(frozen=True, slots=True)
class _Selection:
    """A field, or what is selected of one type (`name` "" and `on` its name)."""

    name: str
    alias: str
    arguments: Mapping[str, Any]
    opted: frozenset[str]
    selections: tuple[_Selection, ...] | None
    on: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class _Query:
    variables: Mapping[str, str]
    selections: tuple[_Selection, ...]


def _parse(text: str) -> _Query:
    reader = _Reader(text)
    queries: list[tuple[_Token, Mapping[str, str], list[Any]]] = []
    fragments: dict[str, tuple[str, list[Any]]] = {}
    while reader.next.kind != "end":
        token = reader.next
        if token.text == "fragment":
            reader.take()
            name = reader.take("<name>").text
            reader.take("on")
            fragments[name] = (reader.take("<name>").text, _raw_selections(reader))
            continue
        if token.text != "{":
            if reader.take("query", "mutation", "subscription").text != "query":
                raise Refused(f"Only queries are known here, no {token.text}", token.line, token.column)
            if reader.next.kind == "name":
                reader.take()
        queries.append((token, dict(_variables(reader)), _raw_selections(reader)))
    if len(queries) != 1:
        raise Refused("Exactly one operation is known here")
    _, variables, selections = queries[0]
    return _Query(variables, tuple(_expand(selections, fragments, 0)))


def _variables(reader: _Reader) -> Iterator[tuple[str, str]]:
    if reader.skip("("):
        while not reader.skip(")"):
            reader.take("$")
            name = reader.take("<name>").text
            reader.take(":")
            yield name, _type(reader)


def _raw_selections(reader: _Reader) -> list[Any]:
    """Selections, spreads of fragments still by name."""
    found: list[Any] = []
    reader.take("{")
    while not reader.skip("}"):
        token = reader.take("<name>", "<spread>")
        if token.kind == "spread":
            if reader.skip("on"):
                kind = reader.take("<name>").text
                found.append(
                    (_Selection("", "", {}, frozenset(), None, kind, token.line, token.column), _raw_selections(reader))
                )
            else:
                found.append((reader.take("<name>").text, token))
            continue
        name = reader.take("<name>").text if reader.skip(":") else token.text
        arguments = dict(_arguments(reader))
        opted: set[str] = set()
        while reader.skip("@"):
            directive = reader.take("<name>")
            if directive.text != "optIn":
                raise Refused(f'Unknown directive "@{directive.text}"', directive.line, directive.column)
            told = dict(_arguments(reader)).get("to", [])
            opted |= {told} if isinstance(told, str) else set(told)
        inner = _raw_selections(reader) if reader.next.text == "{" else None
        one = _Selection(name, token.text, arguments, frozenset(opted), None, "", token.line, token.column)
        found.append((one, inner))
    return found


def _arguments(reader: _Reader) -> Iterator[tuple[str, Any]]:
    if reader.skip("("):
        while not reader.skip(")"):
            name = reader.take("<name>").text
            reader.take(":")
            yield name, _value(reader)


def _value(reader: _Reader) -> Any:
    if reader.skip("$"):
        return _Variable(reader.take("<name>").text)
    if reader.skip("["):
        listed = []
        while not reader.skip("]"):
            listed.append(_value(reader))
        return listed
    token = reader.take("<name>", "<text>", "<number>")
    if token.kind == "text":
        return token.text[1:-1].encode().decode("unicode_escape")
    return float(token.text) if token.kind == "number" else token.text


def _expand(raw: list[Any], fragments: Mapping[str, tuple[str, list[Any]]], depth: int) -> Iterator[_Selection]:
    if depth > 20:
        raise Refused("Fragments are nested too deeply")
    for one, more in raw:
        if isinstance(one, str):
            if one not in fragments:
                raise Refused(f'Unknown fragment "{one}"', more.line, more.column)
            kind, selections = fragments[one]
            inner: tuple[_Selection, ...] | None = tuple(_expand(selections, fragments, depth + 1))
            yield _Selection("", "", {}, frozenset(), inner, kind, more.line, more.column)
        else:
            inner = None if more is None else tuple(_expand(more, fragments, depth + 1))
            yield _Selection(one.name, one.alias, one.arguments, one.opted, inner, one.on, one.line, one.column)


# Validation


@dataclass(frozen=True, slots=True)
class _Check:
    schema: Schema
    query: _Query
    closed: frozenset[str]
    """Opt-ins that the caller's site is not let into."""

    def problems(self, kind: str, selections: tuple[_Selection, ...], opted: frozenset[str]) -> Iterator[Refused]:
        fields = self.schema.types.get(kind, {})
        for one in selections:
            if one.on:
                possible = {kind, *self.schema.members.get(kind, ())}
                if one.on not in possible and kind not in self.schema.members.get(one.on, ()):
                    yield Refused(f'Fragment cannot be spread here: {kind} is never a "{one.on}"', one.line, one.column)
                else:
                    yield from self.problems(one.on, one.selections or (), opted)
            elif one.name != "__typename":
                yield from self._field(kind, fields, one, opted | one.opted)

    def _field(
        self, kind: str, fields: Mapping[str, FieldType], one: _Selection, opted: frozenset[str]
    ) -> Iterator[Refused]:
        found = fields.get(one.name)
        if found is None:
            yield Refused(f'Cannot query field "{one.name}" on type "{kind}".', one.line, one.column)
            return
        if found.opt_in and (found.opt_in not in opted or found.opt_in in self.closed):
            told = f'The field "{one.name}" of "{kind}" needs @optIn(to: "{found.opt_in}")'
            yield Refused(f"{told}, and it is not open", one.line, one.column)
        for name in one.arguments:
            if name not in found.arguments:
                yield Refused(f'Unknown argument "{name}" on field "{kind}.{one.name}".', one.line, one.column)
        for name, wanted in found.arguments.items():
            if name not in one.arguments and wanted.endswith("!"):
                yield Refused(f'Field "{one.name}" argument "{name}" is required.', one.line, one.column)
            elif name in one.arguments:
                yield from self._argument(one, name, wanted, one.arguments[name])
        inner = named(found.type)
        if inner in self.schema.types and one.selections is None:
            yield Refused(f'Field "{one.name}" must have a selection of subfields.', one.line, one.column)
        elif inner not in self.schema.types and one.selections is not None:
            yield Refused(f'Field "{one.name}" must not have a selection.', one.line, one.column)
        else:
            yield from self.problems(inner, one.selections or (), opted)

    def _argument(self, one: _Selection, name: str, wanted: str, value: Any) -> Iterator[Refused]:
        if isinstance(value, list):
            for each in value:
                yield from self._argument(one, name, wanted.rstrip("!")[1:-1], each)
        elif isinstance(value, _Variable):
            declared = self.query.variables.get(value.name)
            if declared is None:
                yield Refused(f'Variable "${value.name}" is not defined.', one.line, one.column)
            elif declared.rstrip("!") != wanted.rstrip("!") or (wanted.endswith("!") and not declared.endswith("!")):
                told = f'Variable "${value.name}" of type "{declared}" used in position expecting type "{wanted}".'
                yield Refused(told, one.line, one.column)


# Answers


class _Null(Exception):
    """A null where the type allows none: it climbs."""


@dataclass(slots=True)
class _Execution:
    schema: Schema
    values: Mapping[str, Any]
    errors: list[Json] = field(default_factory=list)

    def object(self, kind: str, source: Any, selections: tuple[_Selection, ...], path: Path) -> Json:
        shown: Json = {}
        for one in self._collected(kind, selections):
            if one.name == "__typename":
                shown[one.alias] = kind
            else:
                shown[one.alias] = self._field(self.schema.types[kind][one.name].type, source, one, (*path, one.alias))
        return shown

    def _collected(self, kind: str, selections: tuple[_Selection, ...]) -> list[_Selection]:
        """The fields that this type of object has; those that are asked for twice under one name are one."""
        found: dict[str, _Selection] = {}
        for one in selections:
            if not one.on:
                fitting = [one]
            elif kind == one.on or kind in self.schema.members.get(one.on, ()):
                fitting = self._collected(kind, one.selections or ())
            else:
                continue
            for each in fitting:
                known = found.get(each.alias)
                both = None if known is None or each.selections is None else (known.selections or ()) + each.selections
                found[each.alias] = each if known is None else replace(known, selections=both)
        return list(found.values())

    def _field(self, kind: str, source: Any, one: _Selection, path: Path) -> Any:
        try:
            value = source[one.name]
            if callable(value):
                value = value(**{name: self._valued(told) for name, told in one.arguments.items()})
            return self._complete(kind, value, one, path)
        except FieldError as error:
            extensions = {"statusCode": error.status, "classification": error.classification}
            places = [{"line": one.line, "column": one.column}]
            told = {"message": error.message, "locations": places, "path": list(path), "extensions": extensions}
            self.errors.append(told)
        except _Null:
            pass
        if kind.endswith("!"):
            raise _Null
        return None

    def _complete(self, kind: str, value: Any, one: _Selection, path: Path) -> Any:
        wanted = kind.rstrip("!")
        if value is None:
            if kind.endswith("!"):
                told = f"Cannot return null for non-nullable field {one.name}."
                self.errors.append({"message": told, "path": list(path), "extensions": {"statusCode": 500}})
                raise _Null
            return None
        if wanted.startswith("["):
            return [self._complete(wanted[1:-1], each, one, (*path, number)) for number, each in enumerate(value)]
        if wanted in self.schema.types:
            return self.object(value.get("__typename", wanted), value, one.selections or (), path)
        return value

    def _valued(self, told: Any) -> Any:
        if isinstance(told, _Variable):
            return self.values.get(told.name)
        return [self._valued(one) for one in told] if isinstance(told, list) else told


Resolver: TypeAlias = Callable[..., Any]


def answer(schema: Schema, request: Mapping[str, Any], root: Mapping[str, Any], closed: frozenset[str]) -> Json:
    """The body of an answer. `root` holds a value or a function of the arguments for each field of `Query`.

    `closed` names opt-ins that are not open. An answer without `data` is a refusal of the document.
    """
    try:
        text = request.get("query")
        if not isinstance(text, str):
            raise Refused("The request has no query")
        query = _parse(text)
        problems = list(_Check(schema, query, closed).problems("Query", query.selections, frozenset()))
        told = request.get("variables")
        values = told if isinstance(told, dict) else {}
        for name, kind in query.variables.items():
            if kind.endswith("!") and not isinstance(values.get(name), str):
                problems.append(Refused(f'Variable "${name}" of required type "{kind}" was not provided.'))
    except Refused as error:
        problems = [error]
    if problems:
        return {"errors": [_refusal(one) for one in problems]}
    execution = _Execution(schema, values)
    data = execution.object("Query", root, query.selections, ())
    return {"data": data, "errors": execution.errors} if execution.errors else {"data": data}


def _refusal(problem: Refused) -> Json:
    shown: Json = {"message": problem.message, "extensions": {"classification": "ValidationError"}}
    return shown | {"locations": [{"line": problem.line, "column": problem.column}]} if problem.line else shown

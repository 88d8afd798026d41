"""Conversion of values and names to and from columns, without loss.

Everything is stored in ASCII: PostgreSQL refuses NUL in a text, and neither database keeps a lone surrogate. Other
characters are escaped as in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any

from sqlalchemy import BigInteger, Dialect, Row, Text, TypeDecorator

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.observation import Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def escape(text: str) -> str:
    """The text in printable ASCII; plain names stay as they are."""
    return encode_basestring_ascii(text)[1:-1]


def unescape(text: str) -> str:
    """The original of a text that `escape` returned."""
    return str(json.loads(f'"{text}"')) if "\\" in text else text


def write_value(value: Value) -> str:
    """A setting's value as JSON text."""
    return encode_basestring_ascii(value) if type(value) is str else _encode(value)


@lru_cache(maxsize=4096, typed=True)
def _encode(value: Value) -> str:
    return _ENCODER.encode(value)


@lru_cache(maxsize=4096)
def read_value(text: str) -> Value:
    """The value that `write_value` was given; a list comes back as a tuple. Raises ValueError for any other text."""
    parsed: Any = json.loads(text)
    if isinstance(parsed, dict):
        raise ValueError("a value that no setting has")
    value: Value = _texts(parsed) if isinstance(parsed, list) else parsed
    return value


def read_texts(text: str) -> tuple[str, ...]:
    """The texts of a JSON list. Raises ValueError for any other JSON."""
    return _texts(json.loads(text))


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise ValueError("not a list of texts")
    return tuple(values)


def write_moment(moment: datetime) -> int:
    """Microseconds since 1970, UTC. Raises TypeError for a time without a zone."""
    return (moment - _EPOCH) // _MICROSECOND


def read_moment(microseconds: int) -> datetime:
    """The moment, aware UTC."""
    return _EPOCH + microseconds * _MICROSECOND


def fields_of(record: object, names: Iterable[str]) -> dict[str, Any]:
    """The attributes with these names, as a mapping; for columns that are stored without conversion."""
    return {name: getattr(record, name) for name in names}


def signed(signature: Signature, verb: str = "signed") -> dict[str, Any]:
    """A signature as the columns `<verb>_by`, `<verb>_at`, `account` and `host`."""
    signer = {f"{verb}_by": signature.by, f"{verb}_at": signature.at}
    return signer | {"account": signature.account, "host": signature.host}


def signature_in(row: Row[Any], verb: str = "signed") -> Signature:
    """The signature in a row that `signed` filled."""
    return Signature(getattr(row, f"{verb}_by"), getattr(row, f"{verb}_at"), row.account, row.host)


class Escaped(TypeDecorator[str]):
    """A text column that may hold any text, however hostile."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  SQLAlchemy's call
        """Escape the value on its way to the database."""
        return None if value is None else escape(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], str | None]:  # noqa: ARG002
        """The converter for values from the database, looked up once: a run's columns are read by the ten thousand."""
        return _unescaped


def _unescaped(text: str | None) -> str | None:
    return text if text is None or "\\" not in text else unescape(text)


class Number(TypeDecorator[int]):
    """A column of whole numbers; SQLite by itself would store any value in it."""

    impl = BigInteger
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], int | None]:  # noqa: ARG002
        """The converter for values from the database. It raises ValueError for anything that is not a whole number."""
        return _number


def _number(value: int | None) -> int | None:
    if value is not None and not isinstance(value, int):
        raise ValueError("not a whole number")
    return value


class Moment(TypeDecorator[datetime]):
    """A column of moments, stored as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Convert the moment on its way to the database."""
        return None if value is None else write_moment(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:  # noqa: ARG002
        """The converter for values from the database."""
        return _moment


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else read_moment(microseconds)

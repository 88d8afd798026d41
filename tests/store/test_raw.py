"""Raw objects come back to the byte, or not at all."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.errors import StoreDamaged
from contribaudit.store.history import History
from contribaudit.store.schema import responses

from .builders import ORG, draft, raw_object, realms, snapshot

DIGEST, BODY = raw_object({"id": "one", "realm": "eu"})


def with_raw(number: int, raw: dict[str, bytes]) -> Snapshot:
    taken = snapshot(number, realms(one="eu"))
    seen = tuple(replace(o, response=DIGEST) for o in taken.by_collector["apps"] if isinstance(o, Observed))
    return replace(taken, by_collector={"apps": seen}, raw=raw)


def test_kept_once_and_read_back(history: History) -> None:
    for number in range(3):
        history.save(draft(number), [with_raw(number, {DIGEST: BODY})])
    assert history.raw(DIGEST) == BODY
    (seen,) = history.snapshot(ORG, 3).observations
    assert isinstance(seen, Observed)
    assert seen.response == DIGEST
    with history._reading() as connection:
        assert connection.execute(select(func.count()).select_from(responses)).scalar() == 1


def test_an_object_may_come_after_the_fact(history: History) -> None:
    history.save(draft(0), [with_raw(0, {})])
    with pytest.raises(StoreDamaged, match="not in the history"):
        history.raw(DIGEST)
    history.save(draft(1), [with_raw(1, {DIGEST: BODY})])
    assert history.raw(DIGEST) == BODY


def test_many_objects(history: History) -> None:
    raw = dict(raw_object({"n": n}) for n in range(1_201))
    history.save(draft(0), [replace(snapshot(0, realms()), raw=raw)])
    assert all(history.raw(digest) == raw[digest] for digest in list(raw)[::100])


def test_an_unknown_digest_is_said(history: History) -> None:
    with pytest.raises(StoreDamaged, match="not in the history"):
        history.raw("0" * 64)


@pytest.mark.parametrize("body", [b"no zlib", zlib.compress(b'{"id":"two"}'), zlib.compress(BODY)[:-3]])
def test_an_altered_object_is_said(history: History, body: bytes) -> None:
    history.save(draft(0), [with_raw(0, {DIGEST: BODY})])
    with history._writing() as connection:
        connection.execute(update(responses).values(body=body))
    with pytest.raises(StoreDamaged, match=r"altered|decompressed"):
        history.raw(DIGEST)

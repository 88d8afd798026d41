"""A bug that one answer brings out is one failed collector: the others and the other organizations go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from contribaudit.collectors.api_keys import API_KEYS
from contribaudit.collectors.interface import Reading
from contribaudit.collectors.organization import ORGANIZATION
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot
from contribaudit.errors import StoreError

from .probe import collect

GOOD = httpx.MockTransport(lambda _: httpx.Response(200, json={"data": []}))


def seen_with(error: BaseException, *, after_a_page: bool = False) -> Snapshot:
    async def read(reading: Reading) -> AsyncIterator[Observation]:
        reading.pages += after_a_page
        nothing: tuple[Observation, ...] = ()
        for observation in nothing:
            yield observation
        raise error

    return collect(GOOD, replace(ORGANIZATION, read=read))


@pytest.mark.parametrize("error", [KeyError("x"), OverflowError("date"), ExceptionGroup("", [KeyError()])])
def test_a_bug_fails_its_collector_and_is_to_be_reported(error: Exception) -> None:
    (collection,) = seen_with(error).collections
    assert (collection.status, collection.code) == (CollectionStatus.FAILED, "unexpected_answer")
    assert "gave an unexpected answer" in collection.reason
    assert f"({type(error).__name__} at test_surprises.py:" in collection.reason
    assert collection.reason.endswith("report this")


def test_what_was_read_before_is_kept() -> None:
    assert seen_with(KeyError(), after_a_page=True).collections[0].status is CollectionStatus.PARTIAL


def test_what_stops_a_run_still_stops_it() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        seen_with(StoreError("full"))
    assert caught.group_contains(StoreError)


@pytest.mark.parametrize("total", [2**63, 2**64, 10**300, -1, True, "12", None])
def test_a_total_that_counts_nothing_is_none(total: object) -> None:
    answer = httpx.Response(200, json={"data": [], "meta": {"total": total}})
    (collection,) = collect(httpx.MockTransport(lambda _: answer), API_KEYS).collections
    assert collection.announced is None

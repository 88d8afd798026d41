"""What every test of the client gets."""

from __future__ import annotations

import pytest

from .bench import Bench


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def bench() -> Bench:
    return Bench()

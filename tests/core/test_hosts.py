"""Which hosts are this machine by their very name."""

from __future__ import annotations

import pytest

from contribaudit.core.model.hosts import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.3.2.1", "::1", "0:0:0:0:0:0:0:1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "::", "128.0.0.1", "::ffff:127.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_another_machine(host: str) -> None:
    assert not is_loopback(host)

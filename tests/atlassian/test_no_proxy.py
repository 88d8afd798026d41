"""NO_PROXY as people and platforms write it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from contribaudit.atlassian.connect import connect


@pytest.mark.anyio
@pytest.mark.parametrize("without", ["localhost,[::1]", "fd00::/8", " ::1 , api.atlassian.com:443", "*,[::1]"])
async def test_no_proxy_may_hold_what_httpx_cannot_read(monkeypatch: pytest.MonkeyPatch, without: str) -> None:
    """IPv6 in brackets, networks and ports: the proxy is used for all that is not named, and nothing ends."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", without)
    async with connect(organization="acme", key=SecretStr("k")) as client:
        assert client.organization == "acme"

"""NO_PROXY as people and platforms write it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from contribaudit.atlassian.connect import connect, ignored_exceptions
from contribaudit.errors import ConfigurationError


@pytest.mark.anyio
@pytest.mark.parametrize("without", ["localhost,[::1]", "fd00::/8", " ::1 , api.atlassian.com:443", "*,[::1]"])
async def test_no_proxy_may_hold_what_httpx_cannot_read(monkeypatch: pytest.MonkeyPatch, without: str) -> None:
    """IPv6 in brackets, networks and ports: the proxy is used for all that is not named, and nothing ends."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", without)
    async with connect(organization="acme", key=SecretStr("k")) as client:
        assert client.organization == "acme"


@pytest.mark.parametrize(
    ("without", "ignored"),
    [
        ("localhost,[::1],127.0.0.0/8,.corp.example,api.atlassian.com:443", ()),
        ("fd00::/8, [fd00::5]:443", ("fd00::/8", "[fd00::5]:443")),
        ("10.0.0.0/8,*.corp.example,10.0.0.0/8", ("10.0.0.0/8", "*.corp.example")),
        ("*,fd00::/8", ()),
        ("", ()),
    ],
)
def test_an_ignored_entry_is_told_once(monkeypatch: pytest.MonkeyPatch, without: str, ignored: tuple[str, ...]) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", without)
    assert ignored_exceptions() == tuple(f"{one!r} in NO_PROXY is ignored: it is not a host name" for one in ignored)


@pytest.mark.anyio
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("value", ["gopher://user:s3cret@proxy.example", "http://s3cret@proxy.example:notaport"])
async def test_the_variable_that_holds_a_wrong_address_is_named_alone(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    for name in names:
        monkeypatch.delenv(name.lower(), raising=False)
        monkeypatch.setenv(name, "http://proxy.example:3128")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        async with connect(organization="acme", key=SecretStr("k")):
            pass
    assert f" in {variable} cannot be used" in str(caught.value)
    assert not any(name in str(caught.value) for name in names if name != variable)
    assert "s3cret" not in str(caught.value)

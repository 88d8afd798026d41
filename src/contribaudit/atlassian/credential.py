"""The credential that signs requests, and the one address that the organization's API key may be sent to.

A credential is an organization's API key, or the API token of a person or a service account.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from contribaudit.core.model.hosts import ATLASSIAN, is_loopback
from contribaudit.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret and its owner.

    `email` is the person who owns the token; "" for an organization's key and a service account's token, which are sent
    as bearer tokens. A person's token is sent as user name and password:
    https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
    """

    secret: SecretStr
    email: str = ""

    @property
    def header(self) -> str:
        """The value of the Authorization header."""
        secret = self.secret.get_secret_value()
        return f"Basic {self._basic_pair(secret)}" if self.email else f"Bearer {secret}"

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """Every text that would reveal the secret."""
        if not self.email:
            return (self.secret,)
        return self.secret, SecretStr(self._basic_pair(self.secret.get_secret_value()))

    def _basic_pair(self, secret: str) -> str:
        return base64.b64encode(f"{self.email}:{secret}".encode()).decode("ascii")


_HINT = f"Leave api_url out to use {ATLASSIAN}"


def checked_origin(api_url: str) -> httpx.URL:
    """`api_url` as the base of every request, without a trailing slash in its path.

    Only https is accepted; plain http is limited to loopback (127.0.0.0/8, ::1, localhost), where the simulator
    listens. Raises ConfigurationError, which never repeats the address: a mistyped one may hold a password.
    """
    try:
        url = httpx.URL(api_url.strip())
    except httpx.InvalidURL:
        url = httpx.URL()
    # httpx accepts "https://[x".
    if not re.fullmatch(rb"[A-Za-z0-9._:-]+", url.raw_host) or url.scheme not in {"https", "http"}:
        raise ConfigurationError("api_url is not an https:// address", hint=_HINT)
    if url.userinfo or not {"?", "#"}.isdisjoint(api_url):
        raise ConfigurationError("api_url must not contain a user name, a query or a fragment", hint=_HINT)
    if url.scheme == "http" and not is_loopback(url.host):
        raise ConfigurationError("api_url is plain http, which would expose the key on the network", hint=_HINT)
    return url.copy_with(raw_path=url.raw_path.rstrip(b"/") or b"/")

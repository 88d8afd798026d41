"""What a request is signed with: an organization's API key, or a person's or service account's API token."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret and whose it is.

    `email` is the person's whose token it is; "" for an organization's key and a service account's token, which travel
    as bearer tokens. A person's goes as user name and password:
    https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
    """

    secret: SecretStr
    email: str = ""

    @property
    def header(self) -> str:
        """The value of the Authorization header."""
        secret = self.secret.get_secret_value()
        return f"Basic {self._pair(secret)}" if self.email else f"Bearer {secret}"

    @property
    def unspoken(self) -> tuple[SecretStr, ...]:
        """Every text that would give the secret away."""
        if not self.email:
            return (self.secret,)
        return self.secret, SecretStr(self._pair(self.secret.get_secret_value()))

    def _pair(self, secret: str) -> str:
        return base64.b64encode(f"{self.email}:{secret}".encode()).decode("ascii")

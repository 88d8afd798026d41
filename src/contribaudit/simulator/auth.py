"""Who asks, and may they? Bearer keys, expiry, scopes, and keys of another organization."""

from __future__ import annotations

from datetime import datetime

from contribaudit.simulator.errors import AnswerError
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.values import Key


def authenticate(header: str | None, organization: Organization, now: datetime) -> Key:
    """The key behind an Authorization header.

    Raises a 401 for no header, for Basic (a person's API token does not reach the admin API), and for a key that is
    unknown or expired.
    """
    scheme, _, word = (header or "").partition(" ")
    if scheme.lower() != "bearer":
        raise AnswerError(401, "ADMIN-401-1", "Unauthorized")
    key = next((key for key in organization.keys if key.word == word.strip()), None)
    if key is None or key.expires_at <= now:
        raise AnswerError(401, "ADMIN-401-1", "Unauthorized")
    return key


def may_read(key: Key, scope: str | None, organization: Organization) -> bool:
    """Whether a key belongs to the organization and has the scope. A key without scopes has them all."""
    if key.organization != organization.id:
        return False
    return scope is None or key.scopes is None or scope in key.scopes

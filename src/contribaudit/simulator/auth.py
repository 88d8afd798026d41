"""Authentication: bearer keys, expiry, scopes, and keys of another organization; the tokens of the sites."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from contribaudit.simulator.endpoint import AnswerError
from contribaudit.simulator.options import Options
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.spaces import Family
from contribaudit.simulator.values import Key, SiteToken


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


def authenticate_at_site(header: str | None, organization: Organization, scope: str | None) -> SiteToken:
    """The token behind an Authorization header: Basic with email and token for a person, Bearer for a service account.

    Raises a 401 for anything else, for an unknown token, and for one that lacks the scope. An admin API key does not
    reach the sites.
    """
    scheme, _, rest = (header or "").partition(" ")
    email, word = _person(rest) if scheme.lower() == "basic" else (None, rest.strip())
    if scheme.lower() in ("basic", "bearer"):
        for token in organization.site_tokens:
            if (token.word, token.email) == (word, email):
                if scope is not None and token.scopes is not None and scope not in token.scopes:
                    raise AnswerError(401, "UNAUTHORIZED", "Unauthorized; scope does not match")
                return token
    raise AnswerError(401, "UNAUTHORIZED", "Client must be authenticated to access this resource.")


def reach_site(token: SiteToken, cloud_id: str, family: Family, organization: Organization, options: Options) -> None:
    """Raises the 403 or 404 when a site does not exist, has no such product, or the account may do nothing there."""
    if organization.host_of((cloud_id, family)) is None:
        raise AnswerError(404, "NOT_FOUND", "No message available")
    if token.sites is not None and cloud_id not in token.sites:
        raise AnswerError(options.site_refusal, "NOT_FOUND", "No message available")


def _person(encoded: str) -> tuple[str | None, str]:
    try:
        email, _, word = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None, ""
    return email, word

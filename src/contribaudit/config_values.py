"""What one key of the configuration may hold; what is refused is never repeated, since it may be a secret."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from contribaudit.errors import UsageError
from contribaudit.testimony.mail import mail

_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]")


def _refuse(text: str) -> PydanticCustomError:
    return PydanticCustomError("contribaudit", "{text}", {"text": text})


def _organization_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise _refuse("an organization ID is letters, digits and dashes, as in admin.atlassian.com/o/ID")
    return text


def _api_url(text: str) -> str:
    # The address is never repeated: a mistyped one may hold a password.
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refuse("not an https:// address") from None
    if parts.scheme not in ("https", "http") or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise _refuse("not an https:// address")
    if "@" in parts.netloc or not {"?", "#"}.isdisjoint(text) or parts.path not in ("", "/"):
        raise _refuse("an address without user name, path, query or fragment is wanted")
    if parts.scheme == "http" and not _is_loopback(host):
        raise _refuse("plain http would show the key to the network; only loopback may use it")
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise _refuse("nobody knows the home folder that it starts with; set HOME, or write the whole path") from None


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        # Not repeated: it may be the key itself.
        raise _refuse("the NAME of an environment variable is wanted, never the key")
    return text


def _mail(text: str) -> str:
    try:
        return mail(text)
    except UsageError:
        raise _refuse("a mail address is wanted, as in name@example.com") from None


def _site_host(text: str) -> str:
    host = text.strip().lower()
    if not _HOST.fullmatch(host) or len(host) > 253 or host.rpartition(".")[2].isdigit():
        raise _refuse("the site's host alone is wanted, as in acme.atlassian.net")
    return host


OrganizationId = Annotated[str, AfterValidator(_organization_id)]
ApiUrl = Annotated[str, AfterValidator(_api_url)]
VariableName = Annotated[str, AfterValidator(_variable)]
MailAddress = Annotated[str, AfterValidator(_mail)]
SiteHost = Annotated[str, AfterValidator(_site_host)]
FilePath = Annotated[Path, AfterValidator(_expanded)]
Seconds = Annotated[float, Field(gt=0, le=3600)]

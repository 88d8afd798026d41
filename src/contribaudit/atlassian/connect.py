"""Opens a client on a real transport: certificates, proxies and time limits."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import getproxies

import httpx
from pydantic import SecretStr

from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.credential import checked_origin
from contribaudit.atlassian.responses import variable_of
from contribaudit.atlassian.sites import Accesses, SiteClient
from contribaudit.atlassian.transport import IN_FLIGHT, Ledger, Wire, utc_now
from contribaudit.core.model.hosts import ATLASSIAN, is_loopback
from contribaudit.errors import ConfigurationError
from contribaudit.progress import SILENT, Progress


@dataclass(frozen=True, slots=True)
class Trust:
    """Additional certificates, as PEM files."""

    ca_file: Path | None = None
    """Certificate authorities to trust in addition."""
    certificate: Path | None = None
    """The certificate for servers that require one from clients."""
    key: Path | None = None
    """The certificate's private key; None when the certificate's file holds it."""


USUAL = Trust()


@asynccontextmanager
async def connect(
    *,
    organization: str,
    key: SecretStr,
    api_url: str = ATLASSIAN,
    progress: Progress = SILENT,
    transport: httpx.AsyncBaseTransport | None = None,
    connect_seconds: float = 10.0,
    read_seconds: float = 60.0,
    trust: Trust = USUAL,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], datetime] = utc_now,
) -> AsyncIterator[AdminClient]:
    """A client of `organization`; leaving the block cancels open requests and closes the connections.

    Proxies come from HTTPS_PROXY, ALL_PROXY and NO_PROXY, certificates from SSL_CERT_FILE, SSL_CERT_DIR or else
    certifi, as httpx reads them, and from `trust`. A loopback address is never reached through a proxy.
    `connect_seconds` limits the opening of a connection, `read_seconds` the silence within an answer. `transport`
    replaces the network.

    Raises ConfigurationError for an unusable address, certificate file or proxy setting, and CredentialError for a key
    that no header can hold.
    """
    async with http_client(checked_origin(api_url), transport, connect_seconds, read_seconds, trust=trust) as http:
        wire = Wire(http, api_url, progress, sleep, clock)
        async with aclosing(AdminClient(wire, organization=organization, key=key)) as client:
            yield client


@asynccontextmanager
async def connect_sites(
    accesses: Accesses,
    *,
    api_url: str = ATLASSIAN,
    ledger: Ledger | None = None,
    progress: Progress = SILENT,
    transport: httpx.AsyncBaseTransport | None = None,
    connect_seconds: float = 10.0,
    read_seconds: float = 60.0,
    trust: Trust = USUAL,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], datetime] = utc_now,
) -> AsyncIterator[SiteClient]:
    """A client of sites, with the arguments of `connect`. `ledger` is the audit's; the default is a new one."""
    direct = any(one.direct for one in accesses.by_host.values())
    origin = checked_origin(api_url)
    async with http_client(origin, transport, connect_seconds, read_seconds, certificates=direct, trust=trust) as http:
        wire = Wire(http, api_url, progress, sleep, clock)
        async with aclosing(SiteClient(wire, accesses=accesses, ledger=ledger)) as client:
            yield client


def http_client(
    origin: httpx.URL,
    transport: httpx.AsyncBaseTransport | None,
    connect_seconds: float,
    read_seconds: float,
    *,
    certificates: bool = False,
    trust: Trust = USUAL,
) -> httpx.AsyncClient:
    """The HTTP client, without a credential; only https needs `certificates`. Raises ConfigurationError."""
    trusts_nobody = transport is not None or (origin.scheme == "http" and not certificates)
    odd = any(character in getproxies().get("no", "") for character in "[:")
    try:
        context = _no_certificates() if trusts_nobody else _certificates(trust)
        return httpx.AsyncClient(
            transport=transport,
            verify=context,
            # A proxy would see the key of a plain-http request, and must not carry requests to this machine's own
            # addresses.
            trust_env=not is_loopback(origin.host) and not odd,
            mounts=_mounts(context) if odd and not is_loopback(origin.host) else None,
            timeout=httpx.Timeout(read_seconds, connect=connect_seconds, pool=None),
            limits=httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT),
            follow_redirects=False,
            cookies=_NoCookies(),
        )
    except OSError:  # includes ssl.SSLError
        problem = "The certificates named in SSL_CERT_FILE or SSL_CERT_DIR cannot be read"
    except (ValueError, ImportError, httpx.InvalidURL):
        problem = f"The proxy address in {_unusable_proxy()} cannot be used"
    # Raised outside the except blocks, whose errors quote the proxy's address and so its password.
    raise ConfigurationError(problem, hint="Correct or unset that environment variable")


class _NoCookies(CookieJar):
    """A jar that takes no cookie: none is needed, and one malformed cookie would make an answer unreadable."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Ignore the cookies of a response."""


_HOST = re.compile(r"(?:(?P<scheme>https?|all)://)?[.]?(?P<host>[A-Za-z0-9_-][A-Za-z0-9._-]*)(?::[0-9]{1,5})?")
_OWN = re.compile(r"\[?::1\]?|127\.")


def _mounts(context: ssl.SSLContext) -> dict[str, httpx.AsyncBaseTransport | None]:
    """Proxies and exceptions when NO_PROXY holds IPv6 or ports, which httpx takes for a broken address.

    Entries that are not host names (a network, an IPv6 address in brackets) are left out, because every host read here
    is a name.
    """
    proxies = getproxies()
    without = _no_proxy_entries(proxies)
    if "*" in without:
        return {}
    mounts: dict[str, httpx.AsyncBaseTransport | None] = {}
    for scheme in ("http", "https", "all"):
        if address := proxies.get(scheme):
            mounts[f"{scheme}://"] = httpx.AsyncHTTPTransport(verify=context, proxy=_with_scheme(address))
    for entry in without:
        if found := _HOST.fullmatch(entry):
            scheme, host = found["scheme"] or "all", found["host"]
            mounts[f"{scheme}://{host}"] = mounts[f"{scheme}://*.{host}"] = None
    return mounts


def _no_proxy_entries(proxies: dict[str, str]) -> list[str]:
    """The hosts that NO_PROXY exempts from the proxy."""
    return [entry for one in proxies.get("no", "").split(",") if (entry := one.strip())]


EXCEPTION_FORM = "Use a host name, or a domain for all hosts below it"
"""What an entry of NO_PROXY can be."""


def ignored_exceptions() -> tuple[str, ...]:
    """A sentence on each entry of NO_PROXY that has no effect.

    Hosts are compared by name, so networks are ignored. This machine's own addresses never use a proxy, named or not.
    """
    proxies = getproxies()
    entries = [] if "*" in _no_proxy_entries(proxies) else _no_proxy_entries(proxies)
    ignored = [entry for entry in entries if not (_HOST.fullmatch(entry) or _OWN.match(entry))]
    return tuple(f"{one!r} in {variable_of('no')} is ignored: it is not a host name" for one in dict.fromkeys(ignored))


def _unusable_proxy() -> str:
    """The name of the environment variable with the unusable address, never the address itself."""
    proxies = getproxies()
    for scheme in ("https", "http", "all"):
        if address := proxies.get(scheme):
            try:
                httpx.AsyncHTTPTransport(verify=_no_certificates(), proxy=_with_scheme(address))
            except (ValueError, ImportError, httpx.InvalidURL):
                return variable_of(scheme)
    return variable_of("no")


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"http://{address}"


@cache
def _certificates(trust: Trust) -> ssl.SSLContext:
    """The trusted certificates, loaded once per process and only when needed: that takes 86 ms, 200 times the rest."""
    context = httpx.create_ssl_context()
    problem = ""
    if trust.ca_file is not None:
        try:
            context.load_verify_locations(trust.ca_file)
        except OSError as error:  # includes ssl.SSLError
            problem = f"The certificates in ca_file ({trust.ca_file}) cannot be used: {_unusable_reason(error)}"
    if trust.certificate is not None and not problem:
        try:
            # An empty password, because OpenSSL would otherwise prompt on the terminal.
            context.load_cert_chain(trust.certificate, trust.key, password="")
        except (OSError, ValueError) as error:
            names = " and ".join(str(one) for one in (trust.certificate, trust.key) if one is not None)
            problem = f"The client certificate ({names}) cannot be used: {_unusable_reason(error)}"
    if problem:
        raise ConfigurationError(problem, hint="Name files in PEM, with a private key that is not encrypted")
    return context


def _unusable_reason(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it is not PEM").replace("_", " ").lower()
    return (error.strerror if isinstance(error, OSError) else "") or "it is not PEM"


@cache
def _no_certificates() -> ssl.SSLContext:
    """A context that trusts no certificate, for plain http, because httpx always needs a context."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

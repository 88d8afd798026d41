"""No answer came: one error per cause, told apart by exception class, never by text."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

import httpx

from contribaudit.errors import (
    AdminApiError,
    AdminApiUnreachable,
    ConnectionRefused,
    NameNotResolved,
    TimedOut,
    TlsFailed,
    UnexpectedAnswer,
)

E = TypeVar("E", bound=BaseException)


def no_answer(
    error: BaseException, *, call: str, url: httpx.URL, handled: BaseException | None = None
) -> AdminApiError:
    """What `error`, raised by httpx or the operating system, means to a person. The result does not refer to it.

    `handled` is what was being handled when the request began, which Python hangs on `error` but did not cause it.
    """
    host = url.host
    causes = list(_chain(error, handled))
    if _first(causes, socket.gaierror):
        return NameNotResolved(
            f"No address was found for {host}",
            call=call,
            hint="Check the network connection and DNS; behind a corporate proxy set HTTPS_PROXY",
        )
    if isinstance(error, httpx.ConnectError) and (tls := _first(causes, ssl.SSLError)):
        return TlsFailed(
            f"No secure connection to {host}: {_tls_reason(tls)}",
            call=call,
            hint="Often a corporate proxy that signs with its own certificate authority: "
            "name its certificate file in SSL_CERT_FILE",
        )
    if isinstance(error, httpx.TimeoutException) or _first(causes, TimeoutError):
        what = "accept a connection" if isinstance(error, httpx.ConnectTimeout) else "answer"
        return TimedOut(
            f"{host} did not {what} in time", call=call, hint="Check the network and any proxy, then try again"
        )
    if isinstance(error, httpx.ProxyError):
        return AdminApiUnreachable(
            f"The proxy did not let a request to {host} through",
            call=call,
            hint="Check HTTPS_PROXY and the proxy's user name and password",
        )
    if _first(causes, ConnectionRefusedError):
        return ConnectionRefused(
            f"{host}:{url.port or {'https': 443}.get(url.scheme, 80)} refused the connection",
            call=call,
            hint="A firewall or proxy refuses it, or nothing listens there: check api_url",
        )
    if isinstance(error, httpx.DecodingError):
        return UnexpectedAnswer(
            f"{call} answered with a body that cannot be decompressed",
            call=call,
            hint="A proxy on the way may have changed it; try again without it",
        )
    if isinstance(error, httpx.RemoteProtocolError):
        return AdminApiUnreachable(
            f"{host} broke off its answer, or sent what is not HTTP",
            call=call,
            hint="A proxy on the way may have changed it: check HTTPS_PROXY and api_url, then try again",
        )
    return AdminApiUnreachable(
        f"The connection to {host} broke ({type(error).__name__})",
        call=call,
        hint="Check the network and any proxy, then try again",
    )


def _chain(error: BaseException | None, end: BaseException | None) -> Iterator[BaseException]:
    """The error, its causes and the members of groups: anyio groups the failures of several addresses."""
    if error is None or error is end:
        return
    yield error
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _chain(member, end)
    # __context__ also where it is suppressed: httpcore's pool raises its errors "from None".
    yield from _chain(error.__cause__ or error.__context__, end)


def _first(causes: list[BaseException], kind: type[E]) -> E | None:
    return next((cause for cause in causes if isinstance(cause, kind)), None)


def _tls_reason(error: ssl.SSLError) -> str:
    reason = getattr(error, "verify_message", None) or getattr(error, "reason", None) or "the handshake failed"
    return str(reason).lower().replace("_", " ")

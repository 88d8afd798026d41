"""Sends messages to the services that Apprise supports and to signed webhooks.

Addresses contain secrets, so none is shown; messages name a destination by kind and number. A webhook receives

    POST url, Content-Type: application/json
    X-Contribaudit-Version: 1
    X-Contribaudit-Delivery: the message's number, the same for every attempt
    X-Contribaudit-Timestamp: seconds since 1970
    X-Contribaudit-Signature: v1=HMAC-SHA256(secret, timestamp + "." + body), in hex

with the envelope of `notifier.envelope` as its body. A redirect is not followed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from contribaudit.core.advise.notices import Event, Message
from contribaudit.core.model.hosts import is_loopback
from contribaudit.errors import ConfigurationError, installing
from contribaudit.settings.credentials import read_secret_lines, secret_lines
from contribaudit.settings.model import AppSettings, Notify, Webhook
from contribaudit.store.notices import Destination

_TIMEOUT_SECONDS = 10.0
_DIGITS = 12


class Channel(Protocol):
    """Sends messages to one destination."""

    @property
    def destination(self) -> Destination:
        """The destination as the history and messages name it, without its address."""

    def send(self, message: Message, envelope: Mapping[str, object]) -> str:
        """Send the message once. "" on success, else the reason, without any part of the address."""


def channels(settings: AppSettings) -> tuple[Channel, ...]:
    """A channel for every configured destination, in the order of the configuration; () without `[notify]`.

    Raises ConfigurationError for an address that Apprise does not understand, for an empty variable, or if the extra
    is not installed. Raises CredentialError for a file that cannot be used.
    """
    if settings.notify is None:
        return ()
    urls = addresses(settings.notify)
    configured: list[Channel] = [_apprise(url, number) for number, url in enumerate(urls, 1)]
    configured += [_webhook(one, number) for number, one in enumerate(settings.notify.webhook, 1)]
    return tuple(configured)


def addresses(notify: Notify) -> tuple[str, ...]:
    """The Apprise addresses in the configuration, and in the variable and the file that it names, each once."""
    urls = list(notify.urls)
    if notify.urls_env is not None:
        urls += secret_lines(_variable(notify.urls_env))
    if notify.urls_file is not None:
        urls += read_secret_lines("notification addresses", notify.urls_file)
    return tuple(dict.fromkeys(urls))


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value.strip():
        raise ConfigurationError(
            f"The environment variable {name}, which [notify] names, is empty",
            hint="Set it to the addresses, one a line; or name a file in notify.urls_file",
        )
    return value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True, repr=False)
class AppriseChannel:
    """Sends messages to a service through Apprise."""

    destination: Destination
    service: Any

    def send(self, message: Message, envelope: Mapping[str, object]) -> str:  # noqa: ARG002  for webhooks
        """Send the message as plain text."""
        import apprise

        sender = apprise.Apprise(asset=_asset())
        sender.add(self.service)
        kind = {Event.RECOVERED: apprise.NotifyType.SUCCESS, Event.FAILURES: apprise.NotifyType.FAILURE}
        with _warnings() as warnings:
            try:
                sent = sender.notify(
                    body=message.text,
                    title=message.title,
                    notify_type=kind.get(message.event, apprise.NotifyType.INFO),
                    body_format=apprise.NotifyFormat.TEXT,
                )
            except Exception as error:  # noqa: BLE001  some hundred services' code: none may end an audit
                return f"the service failed ({type(error).__name__})"
        return "" if sent else _reason(warnings)


def _asset() -> Any:
    import apprise

    return apprise.AppriseAsset(
        app_id="contribaudit",
        app_desc="contribaudit",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        plugin_paths=[],
    )


def _require(library: str) -> None:
    """Raise ConfigurationError where the extra that brings this library is not installed."""
    try:
        import_module(library)
    except ImportError:
        raise ConfigurationError(
            "[notify] needs the extra `notify`, which is not installed", hint=installing("notify")
        ) from None


def _apprise(url: str, number: int) -> AppriseChannel:
    _require("apprise")
    import apprise

    kind = url.partition("://")[0].casefold() if "://" in url else ""
    with _warnings():
        service = apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
    if service is None:
        what = f"{kind}://" if re.fullmatch(r"[a-z0-9]{1,20}", kind) else "no scheme"
        raise ConfigurationError(
            f"Notification address {number} ({what}) is not one that Apprise understands",
            hint="Each line is one address, as in mailtos://account:password@mail.example.com",
        )
    return AppriseChannel(Destination(_digest(url), f"{kind} #{number}"), service)


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what Apprise logs in the block instead of showing it, since it may contain addresses."""
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, handler = logging.getLogger("apprise"), Keep(logging.WARNING)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


def _reason(messages: list[str]) -> str:
    text = " ".join(messages)
    status = re.search(r"error=(\d{3})", text)
    if status is not None:
        return f"the service answered {status[1]}"
    if "onnection" in text or "onnect" in text:
        return "the service could not be reached"
    return "the service did not take it"


@dataclass(frozen=True, slots=True, repr=False)
class WebhookChannel:
    """Sends signed envelopes to an address."""

    destination: Destination
    url: str
    secret: bytes

    def send(self, message: Message, envelope: Mapping[str, object]) -> str:  # noqa: ARG002  for services
        """POST the signed envelope once."""
        import requests

        body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
        moment = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "contribaudit",
            "X-Contribaudit-Version": "1",
            "X-Contribaudit-Delivery": str(envelope["id"]),
            "X-Contribaudit-Timestamp": moment,
            "X-Contribaudit-Signature": signature(self.secret, moment, body),
        }
        try:
            answer = requests.post(
                self.url, data=body, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False, stream=True
            )
        except requests.Timeout:
            return f"no answer within {_TIMEOUT_SECONDS:.0f} seconds"
        except requests.RequestException:
            return "the address could not be reached"
        answer.close()
        return "" if answer.ok and not answer.is_redirect else f"the address answered {answer.status_code}"


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """The value of the X-Contribaudit-Signature header."""
    return "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _webhook(webhook: Webhook, number: int) -> WebhookChannel:
    _require("requests")
    url = webhook.url or ""
    if webhook.url_env is not None:
        url = _variable(webhook.url_env).strip()
    elif webhook.url_file is not None:
        url = _read_only_line("webhook address", webhook.url_file)
    _check_address(url, number)
    if webhook.secret_env is not None:
        secret = _variable(webhook.secret_env).strip()
    else:
        assert webhook.secret_file is not None
        secret = _read_only_line("webhook secret", webhook.secret_file)
    return WebhookChannel(Destination(_digest(url), f"webhook #{number}"), url, secret.encode())


def _read_only_line(what: str, path: Path) -> str:
    lines = read_secret_lines(what, path)
    if len(lines) != 1:
        raise ConfigurationError(f"The {what} file {path} must hold one line", hint=f"It holds {len(lines)}")
    return lines[0]


def _check_address(url: str, number: int) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.scheme not in ("https", "http"):
        raise ConfigurationError(f"Webhook {number} has no https:// address", hint="Write the whole address")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"Webhook {number} would send over plain http", hint="Use https; plain http is for loopback alone"
        )

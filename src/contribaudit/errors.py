"""Every error that this tool raises on purpose, each with a next step.

The exit code of an `AdminApiError` only matters when a single call was the whole job (`doctor`, `init`). In an audit, a
failed call makes outcomes `unknown`, and the findings decide the exit code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from contribaudit import exit_codes

if TYPE_CHECKING:
    from pydantic import ValidationError


def installing(extra: str) -> str:
    """The command that adds an extra to this installation: with pipx, uv or pip, from the source of contribaudit."""
    import json
    import re
    import shlex
    import sys
    from importlib import metadata
    from pathlib import Path
    from urllib.request import url2pathname

    name = "contribaudit"
    try:
        distribution = metadata.distribution(name)
        origin, needed = json.loads(distribution.read_text("direct_url.json") or "{}"), distribution.requires or ()
    except metadata.PackageNotFoundError:
        origin, needed = {"url": Path(__file__).resolve().parents[2].as_uri()}, ()
    url, vcs = origin.get("url", ""), origin.get("vcs_info", {})
    source = f"{name}[{extra}]"
    if vcs:
        source = f"{name}[{extra}] @ {vcs['vcs']}+{url}"
    elif url.startswith("file://"):
        source = f"{url2pathname(url.removeprefix('file://'))}[{extra}]"
    place = sys.prefix.replace("\\", "/")
    requirements = [one.partition(";")[0].strip() for one in needed if re.search(rf"extra == ['\"]{extra}['\"]", one)]
    if "/pipx/" in place and requirements:
        return f"Install it with: pipx inject {name} {shlex.join(requirements)}"
    if "/uv/tools/" in place:
        return f"Install it with: uv tool install --force {shlex.quote(source)}"
    return f"Install it with: {shlex.quote(sys.executable)} -m pip install {shlex.quote(source)}"


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The most similar known word, ignoring case; "" when none is similar."""
    from difflib import get_close_matches

    by_folded = {one.casefold(): one for one in sorted(known)}
    matches = get_close_matches(word.strip().casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[matches[0]] if matches else ""


def meant(word: str, known: Iterable[str]) -> str:
    """ "Did you mean x? ", to put before a hint; "" without a similar word."""
    name = nearest(word, known)
    return f"Did you mean {name}? " if name else ""


def or_meant(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """ "; did you mean `x`?", to put after a message; "" without a similar word."""
    name = nearest(word, known, cutoff)
    return f"; did you mean `{name}`?" if name else ""


def invalid(error: ValidationError) -> str:
    """The first error of a model: "key `a.b`: what is wrong"."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"key `{'.'.join(str(part) for part in first['loc'])}`: {first['msg']}"


class ContribauditError(Exception):
    """A problem that a person can act on.

    `message` says what happened, `hint` what to do next. Neither ever holds a key, a token or a header.
    """

    exit_code: ClassVar[int] = exit_codes.TOOL
    code: ClassVar[str] = "error"
    """Names the kind of error for programs. Each class sets its own code; the exit code is inherited unless set."""

    def __init_subclass__(cls, *, code: str, exit_code: int | None = None) -> None:
        super().__init_subclass__()
        cls.code = code
        if exit_code is not None:
            cls.exit_code = exit_code

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        several_lines = "\n" in self.message
        return f"{self.message}\n{self.hint}" if several_lines else f"{self.message.rstrip('.')}. {self.hint}"


class UsageError(ContribauditError, code="usage", exit_code=exit_codes.USAGE):
    """The command line is wrong, or a file that it names."""


class ConfigurationError(UsageError, code="configuration"):
    """config.toml or a CONTRIBAUDIT_ environment variable is wrong."""


class PolicyFileError(UsageError, code="policy_file"):
    """The audit policy file is wrong; the message names file, line and key."""


class RulebookError(UsageError, code="rulebook"):
    """A rulebook file is wrong; the message names file and key."""


class AmbiguousSubject(UsageError, code="ambiguous_subject"):
    """A text names several subjects; the message lists their IDs."""


class SubprocessorsNotRead(UsageError, code="subprocessors_not_read"):
    """A page of sub-processors cannot be read completely, so none of it is imported.

    `why` is a word for programs: "truncated", "unlabelled", "another_page".
    """

    def __init__(self, message: str, *, why: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.why = why


class CredentialError(ContribauditError, code="key_missing", exit_code=exit_codes.KEY):
    """No API key was found."""


class KeyStoreUnusable(CredentialError, code="keyring_unusable"):
    """The operating system's keyring is unusable here, or not trusted with a key."""


class AdminApiError(ContribauditError, code="api_error", exit_code=exit_codes.UNVERIFIED):
    """A call to the admin API gave no usable answer.

    `call` is method and path ("POST /admin/v2/orgs/{orgId}/workspaces"). `missing_scope` names the scope that the call
    needs when it is probably missing, else None.
    """

    def __init__(self, message: str, *, call: str, hint: str = "", missing_scope: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.call = call
        self.missing_scope = missing_scope


class AdminApiUnreachable(AdminApiError, code="unreachable", exit_code=exit_codes.UNREACHED):
    """No answer arrived."""


class NameNotResolved(AdminApiUnreachable, code="dns"):
    """DNS gave no address for the API host."""


class TlsFailed(AdminApiUnreachable, code="tls"):
    """The TLS handshake failed, usually because of a proxy's certificate."""


class ConnectionRefused(AdminApiUnreachable, code="connection_refused"):
    """Nothing listens at that address, or a firewall refuses."""


class TimedOut(AdminApiUnreachable, code="timeout"):
    """The API did not answer in time."""


class KeyRefused(AdminApiError, code="key_refused", exit_code=exit_codes.KEY):
    """401: the key is wrong, expired or revoked."""


class TokenRefused(KeyRefused, code="token_refused"):
    """401 from a site: its token is wrong, expired, revoked or lacks a scope. The organization's key is unaffected."""


class AccessDenied(AdminApiError, code="forbidden", exit_code=exit_codes.KEY):
    """403: the key lacks a scope, or belongs to another organization."""


class NotFound(AdminApiError, code="not_found"):
    """404 on something other than the organization."""


class OrganizationNotFound(AdminApiError, code="organization_not_found", exit_code=exit_codes.USAGE):
    """404 on the organization: the ID is wrong, or the key belongs to another organization."""


class RateLimited(AdminApiError, code="rate_limited"):
    """429, even after every wait that the API asked for.

    `wait_seconds` is the wait that the API asked for, None when it did not say.
    """

    def __init__(self, message: str, *, call: str, hint: str = "", wait_seconds: float | None = None) -> None:
        super().__init__(message, call=call, hint=hint)
        self.wait_seconds = wait_seconds


class ServerFailed(AdminApiError, code="server_failed"):
    """5xx from Atlassian."""


class UnexpectedAnswer(AdminApiError, code="unexpected_answer"):
    """An answer is not what the API documents: HTML, broken JSON, a redirect, a repeated cursor."""


class ListNotWhole(UnexpectedAnswer, code="list_not_whole"):
    """A list came to its end, but its own numbers show that it is incomplete.

    Each kind of contradiction has its own class.
    """


class CountMismatch(ListNotWhole, code="count_mismatch"):
    """The number of different entries differs from the announced number."""


class TotalChanged(ListNotWhole, code="total_changed"):
    """A page announced a different total than the page before it."""


class NoTotal(ListNotWhole, code="no_total"):
    """The announced number of entries is not a number."""


class RepeatedEntries(ListNotWhole, code="repeated_entries"):
    """A list without a total repeated entries, so others may be missing."""


class NoEnvelope(ListNotWhole, code="no_envelope"):
    """A page does not say whether there is a next page."""


class MoreThanRead(ListNotWhole, code="more_than_read"):
    """A page says outside its entries that something is missing: an error, or a next page under another name."""


class QueryRefused(UnexpectedAnswer, code="query_refused"):
    """The GraphQL gateway answered no part of a query, because it does not know a field or does not allow it.

    `errors` are the gateway's own, with their messages made fit for display.
    """

    def __init__(self, message: str, *, call: str, hint: str = "", errors: tuple[dict[str, Any], ...] = ()) -> None:
        super().__init__(message, call=call, hint=hint)
        self.errors = errors


class CursorRefused(UnexpectedAnswer, code="cursor_refused"):
    """400 from the event stream: it rejects the cursor or the start time."""


class NothingRead(ContribauditError, code="nothing_read", exit_code=exit_codes.UNREACHED):
    """No call of an audit got a usable answer, for a reason other than the key; nothing is judged or saved."""


class PageNotRead(ContribauditError, code="page_not_read", exit_code=exit_codes.UNREACHED):
    """A public page, or a copy of it, could not be read.

    `why` is a word for programs: "forbidden", "login_form", "too_large".
    """

    def __init__(self, message: str, *, why: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.why = why


class StoreError(ContribauditError, code="store"):
    """The history cannot be read or written."""


class StoreBusy(StoreError, code="store_busy"):
    """Another audit of the same organization is running on this store."""


class StoreNewer(StoreError, code="store_newer"):
    """The store was written by a newer version of contribaudit."""


class StoreDamaged(StoreError, code="store_damaged", exit_code=exit_codes.DAMAGED):
    """The store's file is no longer a readable database."""


class EvidenceDamaged(ContribauditError, code="evidence_damaged", exit_code=exit_codes.DAMAGED):
    """Exported evidence does not match its manifest, signature or chain."""


class EvidenceNewer(ContribauditError, code="evidence_newer"):
    """The evidence was written by a newer version of contribaudit."""


class OutputError(ContribauditError, code="output"):
    """The result was computed but could not be written."""


class NotDelivered(ContribauditError, code="not_delivered", exit_code=exit_codes.UNREACHED):
    """A destination of `notify test` did not accept the message."""

"""Every error that this tool raises on purpose, each with a next step.

    ContribauditError                      exit code
    ├── UsageError                         2   the command line or a named file is wrong
    │   ├── ConfigurationError             2   config.toml or an environment variable
    │   ├── PolicyFileError                2   the audit policy file: file, line, key
    │   ├── RulebookError                  2   a rulebook file
    │   ├── AmbiguousSubject               2   a text names several subjects; an audit warns and goes on
    │   └── SubprocessorsNotRead           2   a page of sub-processors that cannot be taken in whole; says why
    ├── CredentialError                    4   no key, or a key store that cannot be used
    │   └── KeyStoreUnusable               4
    ├── AdminApiError                      3   one call failed; a collector's run catches it
    │   ├── AdminApiUnreachable            69  retried
    │   │   ├── NameNotResolved            69  DNS
    │   │   ├── TlsFailed                  69  never retried: a certificate does not heal
    │   │   ├── ConnectionRefused          69
    │   │   └── TimedOut                   69
    │   ├── KeyRefused                     4   401
    │   │   └── TokenRefused               4   401 from a site, for a person's or service account's token
    │   ├── AccessDenied                   4   403, names the scope
    │   ├── OrganizationNotFound           2   404 on the organization
    │   ├── NotFound                       3   404 on anything else
    │   ├── RateLimited                    3   429, retried as long as the API asks
    │   ├── ServerFailed                   3   5xx, retried
    │   └── UnexpectedAnswer               3   HTML, broken JSON, a cursor that repeats, a redirect
    │       ├── QueryRefused               3   a GraphQL query of which no part was answered
    │       └── CursorRefused              3   400 from the event stream: start again from a time
    ├── NothingRead                        69  not one call of an audit was answered: no run is kept
    ├── PageNotRead                        69  a public page gave nothing that can be read; its code says why
    ├── StoreError                         70  the history cannot be read or written
    │   ├── StoreBusy                      70  another audit of this organization runs
    │   ├── StoreNewer                     70  written by a newer version
    │   └── StoreDamaged                   5
    ├── EvidenceDamaged                    5   an evidence folder is not what its manifest says
    ├── EvidenceNewer                      70  an evidence folder was written by a newer version
    ├── NotDelivered                       69  a destination did not take a test message
    └── OutputError                        70  the result could not be written (disk full)

The exit code of an `AdminApiError` counts only where a single call was the whole job (`doctor`, `init`): in an audit a
failed call makes outcomes `unknown`, and the findings decide.
"""

from __future__ import annotations

from typing import Any, ClassVar

from contribaudit import exit_codes


def installing(extra: str) -> str:
    """How an extra is added to this installation: by pipx, by uv, or by pip, from where contribaudit came."""
    import json
    import re
    import shlex
    import sys
    from importlib import metadata
    from pathlib import Path
    from urllib.request import url2pathname

    name = "contribaudit"
    try:
        found = metadata.distribution(name)
        origin, needed = json.loads(found.read_text("direct_url.json") or "{}"), found.requires or ()
    except metadata.PackageNotFoundError:
        origin, needed = {"url": Path(__file__).resolve().parents[2].as_uri()}, ()
    url, vcs = origin.get("url", ""), origin.get("vcs_info", {})
    source = f"{name}[{extra}]"
    if vcs:
        source = f"{name}[{extra}] @ {vcs['vcs']}+{url}"
    elif url.startswith("file://"):
        source = f"{url2pathname(url.removeprefix('file://'))}[{extra}]"
    place = sys.prefix.replace("\\", "/")
    wanted = [one.partition(";")[0].strip() for one in needed if re.search(rf"extra == ['\"]{extra}['\"]", one)]
    if "/pipx/" in place and wanted:
        return f"Install it with: pipx inject {name} {shlex.join(wanted)}"
    if "/uv/tools/" in place:
        return f"Install it with: uv tool install --force {shlex.quote(source)}"
    return f"Install it with: {shlex.quote(sys.executable)} -m pip install {shlex.quote(source)}"


class ContribauditError(Exception):
    """Something went wrong that a person can act on.

    `message` says what happened, `hint` what to do next. Neither ever holds a key, a token or a header.
    """

    exit_code: ClassVar[int] = exit_codes.TOOL
    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        several_lines = "\n" in self.message
        return f"{self.message}\n{self.hint}" if several_lines else f"{self.message.rstrip('.')}. {self.hint}"


class UsageError(ContribauditError):
    """The command line is wrong, or a file that it names."""

    exit_code = exit_codes.USAGE
    code = "usage"


class ConfigurationError(UsageError):
    """config.toml or a CONTRIBAUDIT_ environment variable is wrong."""

    code = "configuration"


class PolicyFileError(UsageError):
    """The audit policy file is wrong; the message names file, line and key."""

    code = "policy_file"


class RulebookError(UsageError):
    """A rulebook file is wrong; the message names file and key."""

    code = "rulebook"


class AmbiguousSubject(UsageError):
    """A text names several subjects; the message lists their IDs."""

    code = "ambiguous_subject"


class SubprocessorsNotRead(UsageError):
    """A page of sub-processors that cannot be taken in whole, and so is not taken in at all.

    `why` is a word for programs: "truncated", "unlabelled", "another_page".
    """

    code = "subprocessors_not_read"

    def __init__(self, message: str, *, why: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.why = why


class CredentialError(ContribauditError):
    """No API key was found."""

    exit_code = exit_codes.KEY
    code = "key_missing"


class KeyStoreUnusable(CredentialError):
    """The operating system's keyring cannot be used here, or is one that we do not trust with a key."""

    code = "keyring_unusable"


class AdminApiError(ContribauditError):
    """A call to the admin API gave no usable answer.

    `call` is method and path ("POST /admin/v2/orgs/{orgId}/workspaces"); `missing_scope` names the scope that the
    call needs, when a missing one is a likely cause, else None.
    """

    exit_code = exit_codes.UNVERIFIED
    code = "api_error"

    def __init__(self, message: str, *, call: str, hint: str = "", missing_scope: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.call = call
        self.missing_scope = missing_scope


class AdminApiUnreachable(AdminApiError):
    """No answer came back."""

    exit_code = exit_codes.UNREACHED
    code = "unreachable"


class NameNotResolved(AdminApiUnreachable):
    """DNS gave no address for the API host."""

    code = "dns"


class TlsFailed(AdminApiUnreachable):
    """The TLS handshake failed, usually on a proxy's certificate."""

    code = "tls"


class ConnectionRefused(AdminApiUnreachable):
    """Nobody listens at that address, or a firewall refuses."""

    code = "connection_refused"


class TimedOut(AdminApiUnreachable):
    """The API did not answer in time."""

    code = "timeout"


class KeyRefused(AdminApiError):
    """401: the key is wrong, expired or revoked."""

    exit_code = exit_codes.KEY
    code = "key_refused"


class TokenRefused(KeyRefused):
    """401 from a site: the API token is wrong, expired or revoked, or lacks a scope. The organization's key is not."""

    code = "token_refused"


class AccessDenied(AdminApiError):
    """403: the key lacks a scope, or belongs to another organization."""

    exit_code = exit_codes.KEY
    code = "forbidden"


class NotFound(AdminApiError):
    """404 on something other than the organization."""

    code = "not_found"


class OrganizationNotFound(AdminApiError):
    """404 on the organization: the ID is wrong, or the key belongs to another organization."""

    exit_code = exit_codes.USAGE
    code = "organization_not_found"


class RateLimited(AdminApiError):
    """429, still after every wait that the API asked for.

    `wait_seconds` is what the API asked for, None when it did not say.
    """

    code = "rate_limited"

    def __init__(self, message: str, *, call: str, hint: str = "", wait_seconds: float | None = None) -> None:
        super().__init__(message, call=call, hint=hint)
        self.wait_seconds = wait_seconds


class ServerFailed(AdminApiError):
    """5xx from Atlassian."""

    code = "server_failed"


class UnexpectedAnswer(AdminApiError):
    """An answer that is not what the API documents: HTML, broken JSON, a redirect, a repeated cursor."""

    code = "unexpected_answer"


class ListNotWhole(UnexpectedAnswer):
    """A list came to its end, and its own numbers show that it is not the whole list.

    Each kind has a class of its own.
    """

    code = "list_not_whole"


class CountMismatch(ListNotWhole):
    """Another number of different entries than the list announced."""

    code = "count_mismatch"


class TotalChanged(ListNotWhole):
    """One page announced another total than the page before it."""

    code = "total_changed"


class NoTotal(ListNotWhole):
    """What is announced as the number of entries is no number."""

    code = "no_total"


class RepeatedEntries(ListNotWhole):
    """Entries came twice in a list that does not tell how many there are: others may be missing for them."""

    code = "repeated_entries"


class NoEnvelope(ListNotWhole):
    """A page without what tells whether there is a next one."""

    code = "no_envelope"


class QueryRefused(UnexpectedAnswer):
    """The GraphQL gateway answered no part of a query: it does not know a field, or does not allow it.

    `errors` are the gateway's own, with their messages fit to be shown.
    """

    code = "query_refused"

    def __init__(self, message: str, *, call: str, hint: str = "", errors: tuple[dict[str, Any], ...] = ()) -> None:
        super().__init__(message, call=call, hint=hint)
        self.errors = errors


class CursorRefused(UnexpectedAnswer):
    """400 from the event stream: it does not take the place to go on from, or the time to start at."""

    code = "cursor_refused"


class NothingRead(ContribauditError):
    """Not one call of an audit got a usable answer, for another reason than the key; nothing is judged or kept."""

    exit_code = exit_codes.UNREACHED
    code = "nothing_read"


class PageNotRead(ContribauditError):
    """A public page, or a copy of it, gave nothing that can be read.

    `why` is a word for programs: "forbidden", "login_form", "too_large".
    """

    exit_code = exit_codes.UNREACHED
    code = "page_not_read"

    def __init__(self, message: str, *, why: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.why = why


class StoreError(ContribauditError):
    """The history cannot be read or written."""

    code = "store"


class StoreBusy(StoreError):
    """Another audit of the same organization is running on this store."""

    code = "store_busy"


class StoreNewer(StoreError):
    """The store was written by a newer version of contribaudit."""

    code = "store_newer"


class StoreDamaged(StoreError):
    """The store's file is not a readable database any more."""

    exit_code = exit_codes.DAMAGED
    code = "store_damaged"


class EvidenceDamaged(ContribauditError):
    """Exported evidence is not what its manifest, signature or chain says."""

    exit_code = exit_codes.DAMAGED
    code = "evidence_damaged"


class EvidenceNewer(ContribauditError):
    """The evidence was written by a newer version of contribaudit."""

    code = "evidence_newer"


class OutputError(ContribauditError):
    """The result was computed but could not be written."""

    code = "output"


class NotDelivered(ContribauditError):
    """A destination of `notify test` did not take the message."""

    exit_code = exit_codes.UNREACHED
    code = "not_delivered"

"""Finds, saves and removes the organization's API key and the API tokens of sites.

The key is searched for in this order: --api-key-fd and --api-key-file, CONTRIBAUDIT_API_KEY, what the configuration
names, the system keyring. A site's token is in a variable, a file or the keyring. Only this module imports keyring,
and only when no earlier place has the key: the import takes long, and fails in a container.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import SecretStr

from contribaudit.atlassian.connect import Trust
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.sites import Access, Accesses
from contribaudit.core.model.hosts import ATLASSIAN
from contribaudit.errors import CredentialError, KeyStoreUnusable, UsageError
from contribaudit.files import Unreadable, decoded, read_text, refuse_shared, unreadable
from contribaudit.settings.model import Site, Sites

if TYPE_CHECKING:
    from contribaudit.settings.model import AppSettings, Organization


SERVICE = "contribaudit"
VARIABLE = "CONTRIBAUDIT_API_KEY"
SIGNING_ACCOUNT = "evidence-signing-key"
"""The keyring account of the key that signs evidence."""
ALTERNATIVES = f"set {VARIABLE}, or use --api-key-file FILE or --api-key-fd N"

TRUSTED_BACKENDS: dict[tuple[str, str], str] = {
    ("keyring.backends.SecretService", "Keyring"): "Secret Service (GNOME Keyring, KeePassXC)",
    ("keyring.backends.libsecret", "Keyring"): "Secret Service (libsecret)",
    ("keyring.backends.kwallet", "DBusKeyring"): "KWallet",
    ("keyring.backends.kwallet", "DBusKeyringKWallet4"): "KWallet",
    ("keyring.backends.macOS", "Keyring"): "macOS Keychain",
    ("keyring.backends.Windows", "WinVaultKeyring"): "Windows Credential Manager",
}
"""Display names of the backends that keep a key encrypted, by module and class. All others are refused."""

_CHAINER = ("keyring.backends.chainer", "ChainerBackend")
_LONGEST_KEY = 8192
_LONGEST_LIST = 1 << 16


class NamedKey(NamedTuple):
    """The place of the key given on the command line: a file, a descriptor, or neither."""

    file: Path | None = None
    fd: int | None = None


NOT_NAMED = NamedKey()


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key, and a phrase that says where it came from ("the environment variable CONTRIBAUDIT_API_KEY")."""

    key: SecretStr
    origin: str


def find_key(settings: AppSettings, organization: str, named: NamedKey = NOT_NAMED) -> FoundKey:
    """The key of this organization, from the first place that has one.

    `named` comes from the command line. With several organizations, the file or variable that an `[[organization]]`
    names takes precedence over CONTRIBAUDIT_API_KEY, which fits only one of them.
    Raises UsageError for a file and a descriptor at once, CredentialError if there is no key or a place holds none.
    """
    if named.fd is not None and named.file is not None:
        raise UsageError("--api-key-fd and --api-key-file were both given", hint="Give one of them")
    if named.fd is not None:
        return FoundKey(_from_descriptor(named.fd), f"file descriptor {named.fd}")
    if named.file is not None:
        return FoundKey(read_key_file(named.file), f"the file {named.file}")
    entries = settings.organizations()
    entry = next((one for one in entries if one.id == organization), None)
    own = (entry.api_key_env, entry.api_key_file) if entry is not None else (None, None)
    if len(entries) > 1 and (key := _configured_key(*own)):
        return key
    if settings.api_key is not None:
        return FoundKey(
            checked_key(settings.api_key.get_secret_value(), VARIABLE), f"the environment variable {VARIABLE}"
        )
    if key := _configured_key(*own):
        return key
    if settings.api_key_file is not None and len(entries) <= 1:
        return FoundKey(read_key_file(settings.api_key_file), f"the file {settings.api_key_file}")
    return _from_keyring(organization, settings.api_url, _places_searched(entry))


def secrets(settings: AppSettings) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """The secret files that the configuration names, and every secret in them and in the variables that it names.

    Files that cannot be read are skipped; the keyring is not read.
    """
    files = tuple(dict.fromkeys(settings.secret_files()))
    values = [value for name in (VARIABLE, *settings.secret_variables()) if (value := os.environ.get(name))]
    for place in files:
        with suppress(Unreadable):
            values.append(read_text(place))
    if settings.api_key is not None:
        values.append(settings.api_key.get_secret_value())
    return files, tuple(values)


def account(entry: str, api_url: str) -> str:
    """The keyring account for an organization's key or a site's token at this API address.

    A key saved for one host is never found for another.
    """
    return entry if api_url == ATLASSIAN else f"{entry}@{api_url.partition('://')[2]}"


def read_key_file(path: Path) -> SecretStr:
    """The key in a file. Raises CredentialError if others can read the file, or if it holds no key."""
    name = f"The key file {path}"
    return checked_key(_decoded(_secret_bytes("key file", path, _LONGEST_KEY), name), name)


def trust(settings: AppSettings) -> Trust:
    """The certificates to trust, and the client's. Raises CredentialError for a private key that others can read."""
    network = settings.network
    holds_key = network.client_key or network.client_certificate
    if holds_key is not None:
        _secret_bytes("client key", holds_key, 0)
    return Trust(network.ca_file, network.client_certificate, network.client_key)


def read_secret_lines(what: str, path: Path) -> tuple[str, ...]:
    """The `secret_lines` of a file.

    Raises CredentialError if others can read the file, or if it is unreadable, not text, too long, or empty.
    """
    name = f"The {what} file {path}"
    data = _secret_bytes(f"{what} file", path, _LONGEST_LIST)
    try:
        entries = secret_lines(decoded(data))
    except Unreadable:
        raise CredentialError(f"{name} is not text", hint="Save it as UTF-8") from None
    if not entries or len(data) > _LONGEST_LIST:
        raise CredentialError(f"{name} is {'too long' if entries else 'empty'}", hint="It holds one entry a line")
    return entries


def secret_lines(text: str) -> tuple[str, ...]:
    """The lines of the text, without empty lines and those that begin with #."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _secret_bytes(what: str, path: Path, longest: int) -> bytes:
    """The first `longest` + 1 bytes of a file that only this account can read."""
    try:
        # The same descriptor for the check and the read, so that both see the same file.
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISDIR(status.st_mode):
                refuse_shared(what, path, status)
            return file.read(longest + 1)
    except OSError as error:
        problem = unreadable(error)
        raise CredentialError(f"The {what} {path} cannot be read: {problem.reason}", hint=problem.hint) from None


def save_key(account: str, key: SecretStr) -> str:
    """Save the key in the system keyring under this account; returns the keyring's display name.

    Raises KeyStoreUnusable if there is no trusted keyring, or if it did not store the key.
    """
    with _keyring() as keyring:
        store = _trusted(keyring.get_keyring())
        keyring.set_password(SERVICE, account, key.get_secret_value())
        stored = keyring.get_password(SERVICE, account)
    if stored != key.get_secret_value():
        raise KeyStoreUnusable(f"{store} did not store the key", hint=_other_ways())
    return store


def forget_key(account: str) -> bool:
    """Remove the key from the system keyring; returns False if there was none. Raises KeyStoreUnusable."""
    with _keyring() as keyring:
        _trusted(keyring.get_keyring())
        if keyring.get_password(SERVICE, account) is None:
            return False
        keyring.delete_password(SERVICE, account)
    return True


def key_store() -> str:
    """The display name of the keyring that `save_key` would use. Raises KeyStoreUnusable."""
    with _keyring() as keyring:
        return _trusted(keyring.get_keyring())


def _configured_key(variable: str | None, file: Path | None) -> FoundKey | None:
    """The key in the variable if that is set, else the key in the file; None without a file."""
    if variable is not None and (value := os.environ.get(variable)):
        return FoundKey(checked_key(value, variable), f"the environment variable {variable}")
    return FoundKey(read_key_file(file), f"the file {file}") if file is not None else None


def _from_descriptor(descriptor: int) -> SecretStr:
    name = f"File descriptor {descriptor}"
    data = b""
    try:
        while len(data) <= _LONGEST_KEY and (piece := os.read(descriptor, _LONGEST_KEY + 1)):
            data += piece
    except OSError as error:
        hint = f"Open it in the shell, as in {descriptor}<keyfile"
        raise CredentialError(f"{name} cannot be read: {error.strerror}", hint=hint) from None
    return checked_key(_decoded(data, name), name)


def key_in_keyring(account: str) -> FoundKey | None:
    """The key that the keyring holds for this account, an organization's or a site's; None if it holds none.

    Raises KeyStoreUnusable, and CredentialError for an entry that cannot be a key.
    """
    with _keyring() as keyring:
        store = _trusted(keyring.get_keyring())
        key = keyring.get_password(SERVICE, account)
    return FoundKey(checked_key(key, "The keyring's entry"), f"the keyring ({store})") if key else None


def _from_keyring(organization: str, api_url: str, searched: list[str]) -> FoundKey:
    problem = ""
    key = None
    try:
        key = key_in_keyring(account(organization, api_url))
    except KeyStoreUnusable as error:
        problem = error.message
    if key is not None:
        return key
    places = ", ".join([*searched, f"the keyring ({problem[:1].lower()}{problem[1:]})" if problem else "the keyring"])
    where = "" if api_url == ATLASSIAN else f" at {api_url.partition('://')[2]}"
    what = f"There is no API key for organization {organization}{where}; searched {places}"
    if problem:
        raise KeyStoreUnusable(what, hint=_other_ways())
    raise CredentialError(what, hint=f"Run `contribaudit login --org {organization}`, or {ALTERNATIVES}")


def _places_searched(entry: Organization | None) -> list[str]:
    empty = " (set but empty)" if os.environ.get(VARIABLE) == "" else ""
    places = ["--api-key-fd", "--api-key-file", f"{VARIABLE}{empty}"]
    if entry is not None and entry.api_key_env is not None:
        places.append(f"{entry.api_key_env} (api_key_env)")
    return [*places, "api_key_file in the configuration"]


def _other_ways() -> str:
    return f"{ALTERNATIVES[:1].upper()}{ALTERNATIVES[1:]}; run `contribaudit doctor` for details"


def _decoded(data: bytes, name: str) -> str:
    if len(data) > _LONGEST_KEY:
        raise CredentialError(f"{name} contains more than a key", hint="It must contain only the key, on one line")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"  # `checked_key` refuses it, like every other text that is no key
    return text.removesuffix("\n").removesuffix("\r")


def checked_key(text: str, name: str) -> SecretStr:
    """The text as a key: one line of printable ASCII without spaces. Raises CredentialError for anything else."""
    hint = "It must contain only the key, on one line, as Atlassian shows it once when the key is created"
    if not text.strip():
        raise CredentialError(f"{name} is empty", hint=hint)
    if "\n" in text or "\r" in text:
        raise CredentialError(f"{name} has more than one line", hint=hint)
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise CredentialError(f"{name} contains characters that are not allowed in a key", hint=hint)
    return SecretStr(text)


@contextmanager
def _keyring() -> Iterator[Any]:
    """The keyring module, whose many kinds of failure are raised as KeyStoreUnusable."""
    problem = ""
    try:
        import keyring
    except ImportError as error:
        problem = f"The system keyring cannot be loaded ({type(error).__name__})"
    else:
        try:
            yield keyring
        except _failures() as error:
            problem = f"The system keyring cannot be used: {_error_words(error)}"
    if problem:
        # from None: a backend's error may quote the key.
        raise KeyStoreUnusable(problem, hint=_other_ways()) from None


def _failures() -> tuple[type[Exception], ...]:
    """The exceptions of a keyring that fails, and those that the Secret Service's libraries raise through it."""
    from keyring.errors import KeyringError

    through = (("secretstorage.exceptions", "SecretStorageException"), ("jeepney", "DBusErrorResponse"))
    theirs = (getattr(sys.modules[module], name) for module, name in through if module in sys.modules)
    return KeyringError, RuntimeError, ImportError, OSError, *theirs


def _error_words(error: Exception) -> str:
    # keyring's own message is a paragraph about installing other, unsafe backends.
    kind = type(error).__name__
    if kind == "NoKeyringError":
        return "this account has none"
    return {"KeyringLocked": "it is locked", "InitError": "it does not start"}.get(kind, f"it failed ({kind})")


def _trusted(backend: Any) -> str:
    """The display name of this backend. Raises KeyStoreUnusable unless it, or every backend it chains, is trusted."""
    members = list(backend.backends) if _class_of(backend) == _CHAINER else [backend]
    untrusted = [".".join(_class_of(member)) for member in members if _class_of(member) not in TRUSTED_BACKENDS]
    if members and not untrusted:
        return ", then ".join(dict.fromkeys(TRUSTED_BACKENDS[_class_of(member)] for member in members))
    if _class_of(backend)[0] == "keyring.backends.fail":
        raise KeyStoreUnusable("There is no system keyring here", hint=_other_ways())
    which = ", ".join(untrusted) or "with no member"
    raise KeyStoreUnusable(f"The keyring backend {which} is not trusted with a key", hint=_other_ways())


def _class_of(backend: object) -> tuple[str, str]:
    return type(backend).__module__, type(backend).__qualname__


ALL_SITES = "all"
"""The value of `--site` that means the token of all sites without one of their own."""


def site_account(host: str, api_url: str = ATLASSIAN) -> str:
    """The keyring account of a site's token; a `host` of "" stands for all sites."""
    return account(f"site:{host or '*'}", api_url)


def chosen_site(sites: Sites | None, named: str) -> str:
    """The host that `--site` means; "" for all sites.

    Raises UsageError for a site that the configuration does not list: its token would never be used.
    """
    if sites is None:
        hint = "Add a [sites] table to the configuration, as in config.example.toml"
        raise UsageError("The configuration has no [sites] table", hint=hint)
    if named.casefold() == ALL_SITES:
        return ""
    hosts = [site.host for site in sites.site]
    if (host := named.strip().casefold()) in hosts:
        return host
    known_hosts = f"Known: {', '.join(hosts)}" if hosts else "It lists none"
    raise UsageError(
        "The configuration lists no such site",
        hint=f"{known_hosts}. Add [[sites.site]] with its host, or use --site {ALL_SITES}",
    )


def accesses(sites: Sites, api_url: str = ATLASSIAN) -> Accesses:
    """How each site is read: with the token of all sites, or with its own.

    A site that names its own token or account never gets the token of all sites, which may be another person's.
    Raises CredentialError for a file that cannot be read or holds no token; a token never saved is no error.
    """
    general = _access(api_url, "", sites)
    by_host = {}
    for site in sites.site:
        own = _access(api_url, site.host, site)
        chosen = own if own.credential is not None or site.names_a_token else general
        by_host[site.host] = replace(chosen, direct=site.direct)
    return Accesses(general, by_host, frozenset(sites.read))


def _access(api_url: str, host: str, entry: Sites | Site) -> Access:
    """The token that this entry names, or that the keyring holds for the host; a `host` of "" stands for all sites."""
    token, problem = _configured_key(entry.token_env, entry.token_file), ""
    if token is None:
        try:
            token = key_in_keyring(site_account(host, api_url))
        except CredentialError as error:
            problem = f" ({error.message[:1].lower()}{error.message[1:]})"
    if token is not None:
        return Access(Credential(token.key, entry.email or ""), origin=token.origin)
    places = [f"{entry.token_env} (token_env)"] if entry.token_env is not None else []
    whose = f"of {host}" if host else "of the sites"
    looked = ", ".join([*places, f"the keyring{problem}"])
    option = f"--site {host or ALL_SITES}"
    return Access(
        None, missing=f"there is no API token {whose}: searched {looked}; save one with `contribaudit login {option}`"
    )

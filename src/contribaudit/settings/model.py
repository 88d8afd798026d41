"""config.toml and the CONTRIBAUDIT_ environment variables, as one checked value.

pydantic-settings takes long to import: import this module inside a command's body. Error messages never repeat a
refused value, since it may be a secret.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from contribaudit.attestations.recording import mail
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.hosts import ATLASSIAN, is_loopback
from contribaudit.core.model.phrases import either
from contribaudit.errors import ConfigurationError, UsageError, or_meant
from contribaudit.settings import file
from contribaudit.settings.file import CONFIG_VARIABLE, expanded, find_config, in_present_folder, store_default

_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]")


def _refuse(text: str) -> PydanticCustomError:
    return PydanticCustomError("contribaudit", "{text}", {"text": text})


def _organization_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise _refuse("an organization ID consists of letters, digits and dashes, as in admin.atlassian.com/o/ID")
    return text


def _api_url(text: str) -> str:
    # Messages never repeat the address: a mistyped one may contain a password.
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refuse("not an https:// address") from None
    if parts.scheme not in ("https", "http") or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise _refuse("not an https:// address")
    if "@" in parts.netloc or not {"?", "#"}.isdisjoint(text) or parts.path not in ("", "/"):
        raise _refuse("expected an address without user name, path, query or fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise _refuse("plain http would expose the key on the network; it is allowed for loopback only")
    return f"{parts.scheme}://{parts.netloc}"


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise _refuse("the home folder in it is not known; set HOME, or use an absolute path") from None


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        # Not repeated: it may be the key itself.
        raise _refuse("expected the NAME of an environment variable, never the key itself")
    return text


def _mail(text: str) -> str:
    try:
        return mail(text)
    except UsageError:
        raise _refuse("expected an email address, as in name@example.com") from None


def _site_host(text: str) -> str:
    host = text.strip().lower()
    if not _HOST.fullmatch(host) or len(host) > 253 or host.rpartition(".")[2].isdigit():
        raise _refuse("expected only the host of the site, as in acme.atlassian.net")
    return host


OrganizationId = Annotated[str, AfterValidator(_organization_id)]
ApiUrl = Annotated[str, AfterValidator(_api_url)]
VariableName = Annotated[str, AfterValidator(_variable)]
MailAddress = Annotated[str, AfterValidator(_mail)]
SiteHost = Annotated[str, AfterValidator(_site_host)]
FilePath = Annotated[Path, AfterValidator(_expanded)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


PREFIX = file.PREFIX
OTHER_VARIABLES = (CONFIG_VARIABLE, f"{PREFIX}TRIGGER")
"""Environment variables with a meaning of their own, which are not keys of the configuration."""


class Table(BaseModel):
    """A table of the configuration: unknown keys are errors, and no error quotes a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Organization(Table):
    """One `[[organization]]`: an Atlassian organization of the company, with or without a key of its own."""

    id: OrganizationId
    """The ID in the address bar of admin.atlassian.com, after /o/."""
    name: str = ""
    """Your name for the organization, used in messages until the API has reported its name."""
    api_key_file: FilePath | None = None
    """A file that holds this organization's key and that only you can read."""
    api_key_env: VariableName | None = None
    """The name of the environment variable that holds this organization's key."""
    api_key_label: str = ""
    """The key's label in the console, used to find its expiry date among several keys."""


class Timeouts(Table):
    """How long to wait for the network."""

    connect_seconds: Seconds = 10.0
    """The longest time to wait for a connection."""
    read_seconds: Seconds = 60.0
    """The longest time to wait for the next part of an answer."""


class Network(Table):
    """`[network]`: certificates in addition to the usual ones. Proxies are set in environment variables."""

    ca_file: FilePath | None = None
    """PEM certificates of authorities to trust in addition to the usual ones, such as a corporate proxy's."""
    client_certificate: FilePath | None = None
    """The PEM certificate, with its chain, that a gateway requires of clients."""
    client_key: FilePath | None = None
    """The private key of that certificate, readable by you alone; None if the certificate's file contains it."""

    @model_validator(mode="after")
    def _key_of_a_certificate(self) -> Self:
        if self.client_key is not None and self.client_certificate is None:
            raise _refuse("client_key also needs client_certificate")
        return self


class Site(Table):
    """One `[[sites.site]]`: a site with a token of its own, or one that is read at its own host."""

    host: SiteHost
    """The site's host, as in acme.atlassian.net."""
    email: MailAddress | None = None
    """The email address of the token's owner; None for a service account."""
    token_env: VariableName | None = None
    """The name of the environment variable that holds this site's token."""
    token_file: FilePath | None = None
    """A file that holds this site's token and that only you can read."""
    direct: bool = False
    """Read the site at its own host instead of api_url, as a classic token (one without scopes) requires."""

    @property
    def names_a_token(self) -> bool:
        """Whether this entry names an account or token of its own instead of those of all sites."""
        return self.email is not None or self.token_env is not None or self.token_file is not None


class Sites(Table):
    """`[sites]`: the API token that reads every site, and what it reads. Without this table no site is read."""

    email: MailAddress | None = None
    """The email address of the token's owner; None for a service account."""
    token_env: VariableName | None = None
    """The name of the environment variable that holds the token of all sites."""
    token_file: FilePath | None = None
    """A file that holds the token of all sites and that only you can read."""
    read: Annotated[tuple[Literal["ai", "trials", "regions", "spaces"], ...], Field(min_length=1)] = (
        "ai",
        "trials",
        "regions",
        "spaces",
    )
    """What is read from each site; everything except spaces comes from Atlassian's GraphQL gateway."""
    site: tuple[Site, ...] = ()
    """Sites with a token of their own, or that are read at their own host."""


class Evidence(Table):
    """`[evidence]`: what every audit exports, and the key that signs it."""

    folder: FilePath | None = None
    """Where every audit writes its own evidence folder; None to write none."""
    signing_key: FilePath | None = None
    """A file that holds the Ed25519 signing key and that only you can read."""
    sign_with_keyring: bool = False
    """Sign with the key that `evidence keygen` put into the system keyring."""
    archive: bool = False
    """Write a .zip instead of a folder."""
    people: Literal["named", "pseudonym", "omit"] = "named"
    """How people appear in exported evidence."""


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EventName: TypeAlias = Literal["failures", "stale", "unreadable", "expiring", "documents", "recovered", "digest"]
EVENTS: tuple[EventName, ...] = get_args(EventName)


def _slot(text: object) -> tuple[int, time] | None:
    day, _, clock = str(text).strip().casefold().partition(" ")
    at = _clock(clock)
    if text != "" and (day not in WEEKDAYS or at is None):
        raise _refuse('expected a weekday and a time, as in "monday 08:00", or "" for no digest')
    return (WEEKDAYS.index(day), at) if at is not None else None


def _hours(text: object) -> tuple[time, time] | None:
    begins, _, ends = str(text).partition("-")
    first, last = _clock(begins), _clock(ends)
    if text != "" and (first is None or last is None):
        raise _refuse('expected two times, as in "22:00-06:00", or "" for no quiet hours')
    return (first, last) if first is not None and last is not None else None


def _zone(text: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(text))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _refuse('expected a time zone, as in "Europe/Berlin"') from None


def _clock(text: str) -> time | None:
    found = re.fullmatch(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*", text)
    return time(int(found[1]), int(found[2])) if found else None


class Webhook(Table):
    """One `[[notify.webhook]]`: an address that takes signed messages."""

    url: str | None = None
    """The address, if it contains no secret."""
    url_env: VariableName | None = None
    """The name of the environment variable that holds the address."""
    url_file: FilePath | None = None
    """A file that holds the address and that only you can read."""
    secret_env: VariableName | None = None
    """The name of the environment variable that holds the secret that messages are signed with."""
    secret_file: FilePath | None = None
    """A file that holds the secret that messages are signed with and that only you can read."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if sum(one is not None for one in (self.url, self.url_env, self.url_file)) != 1:
            raise _refuse("a webhook needs one of url, url_env and url_file")
        if (self.secret_env is None) == (self.secret_file is None):
            raise _refuse("a webhook needs secret_env or secret_file, to sign its messages")
        return self


class Notify(Table):
    """`[notify]`: who is notified of what, and when. Without this table nobody is notified."""

    urls: tuple[str, ...] = ()
    """Apprise addresses that contain no secret."""
    urls_env: VariableName | None = None
    """The name of the environment variable that holds Apprise addresses, one per line."""
    urls_file: FilePath | None = None
    """A file that holds Apprise addresses, one per line, and that only you can read."""
    webhook: tuple[Webhook, ...] = ()
    """Addresses that take signed messages."""
    on: tuple[EventName, ...] = EVENTS
    """The events to send a message about."""
    digest: Annotated[tuple[int, time] | None, PlainValidator(_slot)] = (0, time(8))
    """When the weekly digest is due, as in "monday 08:00": the weekday (0 for Monday) and the time; None for never."""
    quiet: Annotated[tuple[time, time] | None, PlainValidator(_hours)] = None
    """Start and end of the hours during which only critical messages are sent, as in "22:00-06:00"; None for none."""
    timezone: Annotated[ZoneInfo, PlainValidator(_zone)] | None = None
    """The time zone of `digest` and `quiet`; None for this machine's."""


_TABLES: dict[str, type[Table]] = {
    "timeouts": Timeouts,
    "network": Network,
    "evidence": Evidence,
    "organization": Organization,
    "sites": Sites,
    "sites.site": Site,
    "notify": Notify,
    "notify.webhook": Webhook,
}
_LISTS = ("organization", "sites.site", "notify.webhook")
"""Tables that may appear several times, so that no environment variable can set their keys."""


class AppSettings(BaseSettings):
    """Everything that can be configured. `AppSettings.load()` reads it; the environment wins over the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    org_id: OrganizationId | None = None
    """The organization to audit when there is only one."""
    api_url: ApiUrl = ATLASSIAN
    """The address of the admin API: https, or plain http for a simulator on this machine."""
    api_key: SecretStr | None = None
    """The organization's API key; from the environment only, never from the file."""
    api_key_file: FilePath | None = None
    """A file that holds the key and that only you can read."""
    api_key_label: str = ""
    """The key's label in the console, used to find its expiry date among several keys."""
    store: SecretStr | None = None
    """The history: a file, or a database URL; secret because a URL may hold a password."""
    policy: FilePath | None = None
    """The audit policy file; without one the "essentials" pack is used."""
    rulebook: FilePath | None = None
    """A folder whose files replace the shipped rulebook's files of the same name."""
    fail_on: Severity = Severity.HIGH
    """The lowest severity at which a finding makes `audit` exit with 1."""
    attested_by: MailAddress | None = None
    """The email address that attestations carry when --by is not given."""
    attestations: FilePath | None = None
    """A folder of attestation files, CSV or TOML, that every audit reads."""
    decoders: FilePath | None = None
    """A folder of decoder files: your own readings of signals, in addition to the rulebook's."""
    organization: tuple[Organization, ...] = ()
    """Every organization of the company; one without a key is reported as not audited."""
    sites: Sites | None = None
    """How sites are read; None to read no site."""
    evidence: Evidence = Evidence()
    """What every audit exports, and the key that signs it."""
    notify: Notify | None = None
    """Who is notified of what is new; None for nobody."""
    timeouts: Timeouts = Timeouts()
    """How long to wait for the network."""
    network: Network = Network()
    """Certificates in addition to the usual ones."""

    _source: Path | None = PrivateAttr(default=None)

    @classmethod
    def load(cls, config: Path | None = None) -> Self:
        """The settings in force; `config` is --config. Raises ConfigurationError, with file and line where known."""
        path = find_config(config)
        source = file.ConfigFile(path, file.read(path) if path is not None else "")
        tables = {name: table.model_fields for name, table in _TABLES.items()}
        fields = (one for known_fields in (cls.model_fields, *tables.values()) for one in known_fields.items())
        paths = {name for name, field in fields if FilePath in get_args(field.annotation)}
        top = [name for name in cls.model_fields if name != "api_key"]
        document = source.parsed({"": top, **tables})
        if config is None and path is not None and in_present_folder(path):
            source.refuse_places(document)
        problem: ConfigurationError
        try:
            settings = cls(**source.absolute(document, {*paths, "store"}))
        except ValidationError as error:
            problem = source.explained(error.errors(include_url=False, include_input=False)[0])
        except SettingsError as error:
            field = match[1] if (match := re.search(r'field "(\w+)"', str(error))) else ""
            problem = ConfigurationError(
                f"The environment variable {_not_json(f'{PREFIX}{field}'.upper())} is not valid JSON",
                hint="Write the value as JSON, or use config.toml for it",
            )
        else:
            settings._source = path
            return settings
        # Raised outside the except blocks, because their errors may quote the value of the variable.
        raise problem

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the file (which `load` passes as arguments)."""
        return env_settings, init_settings

    @property
    def source(self) -> Path | None:
        """The configuration file that was read, None when there is none."""
        return self._source

    def organizations(self) -> tuple[Organization, ...]:
        """Every organization once: `org_id` first, completed with the general key file and label, then the others."""
        listed = self.organization
        if self.org_id is None:
            return listed
        own = next((one for one in listed if one.id == self.org_id), Organization(id=self.org_id))
        completed = own.model_copy(
            update={
                "api_key_file": own.api_key_file or (None if own.api_key_env else self.api_key_file),
                "api_key_label": own.api_key_label or self.api_key_label,
            }
        )
        return completed, *(one for one in listed if one.id != self.org_id)

    def secret_files(self) -> tuple[Path, ...]:
        """Every file with a key, token or address that the configuration names."""
        key = self.network.client_key or self.network.client_certificate
        single = (self.api_key_file, self.evidence.signing_key, key)
        return tuple(one for one in (*single, *self._named_in_tables("_file")) if one is not None)

    def secret_variables(self) -> tuple[str, ...]:
        """Every environment variable with a key, token or address that the configuration names."""
        return tuple(one for one in self._named_in_tables("_env") if one is not None)

    def _named_in_tables(self, suffix: str) -> Iterator[Any]:
        tables: list[Table] = [*self.organization]
        if self.sites is not None:
            tables += [self.sites, *self.sites.site]
        if self.notify is not None:
            tables += [self.notify, *self.notify.webhook]
        return (value for table in tables for name, value in table if name.endswith(suffix))

    def store_location(self) -> str:
        """The store as `History.open` takes it: a path or a URL, password included. Never print it."""
        if self.store is None:
            return str(store_default())
        location = self.store.get_secret_value()
        return location if "://" in location else str(expanded(location))

    def store_shown(self) -> str:
        """The store as messages may name it: the path, or the URL without account, password and options."""
        return shown_location(self.store_location())

    def unmatched_environment(self) -> tuple[str, ...]:
        """A complaint about each CONTRIBAUDIT_ environment variable that is not a setting, usually a misspelt one.

        pydantic-settings ignores such variables silently.
        """
        variables = {*OTHER_VARIABLES, *(f"{PREFIX}{field.upper()}" for field in AppSettings.model_fields)}
        for name, table in _TABLES.items():
            if name not in _LISTS:
                variables |= {f"{PREFIX}{name.upper()}__{field.upper()}" for field in table.model_fields}
        ours = variables | set(self.secret_variables())
        strange = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name not in ours)
        strange = [name for name in strange if name.upper() not in variables]
        return tuple(f"the environment variable {name} is not a setting{or_meant(name, variables)}" for name in strange)


def shown_location(location: str) -> str:
    """A store's path or URL without account, password and options."""
    if "://" not in location:
        return location
    scheme, _, rest = location.partition("://")
    address = re.split(r"[?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{address.rpartition('@')[2]}"


def _not_json(variable: str) -> str:
    """The set variable or variables, among this one and those of its keys, that are not JSON: "A", "A or B"."""
    found: list[str] = []
    for name, value in sorted(os.environ.items()):
        if value and (name.upper() == variable or name.upper().startswith(f"{variable}__")):
            try:
                json.loads(value)
            except ValueError:
                found.append(name)
    return either(found or [variable])

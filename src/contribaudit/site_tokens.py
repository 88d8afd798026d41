"""Where the API token of each site is found: in a variable, a file or the keyring, as the organization's key is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.sites import Access, Accesses
from contribaudit.errors import CredentialError, UsageError
from contribaudit.settings import credentials
from contribaudit.settings.credentials import Found, checked_key, key_in_keyring, read_key_file
from contribaudit.settings.model import API_URL, Site, Spaces

ALL_SITES = "all"
"""What `--site` calls the token of every site that has none of its own."""


@dataclass(frozen=True, slots=True)
class SiteToken:
    """A token that was found, or why there is none, for one place of the configuration."""

    host: str
    """"" for the token of all sites."""
    found: Found | None
    email: str = ""
    """Whose it is; "" for a service account's."""
    missing: str = ""
    """Why there is none, "" when there is one."""

    @property
    def access(self) -> Access:
        """For the client."""
        credential = Credential(self.found.key, self.email) if self.found is not None else None
        return Access(credential, missing=self.missing)


def account(host: str) -> str:
    """The user name under which the keyring keeps a site's token; "" stands for all sites."""
    return f"site:{host or '*'}"


def chosen_site(spaces: Spaces | None, named: str) -> str:
    """The host that `--site` means, "" for all sites.

    Raises UsageError for one that the configuration does not name: its token would never be looked for.
    """
    if spaces is None:
        hint = "Add the table [spaces] to the configuration; config.example.toml shows it"
        raise UsageError("The configuration does not say how spaces are read", hint=hint)
    if named.casefold() == ALL_SITES:
        return ""
    hosts = [site.host for site in spaces.site]
    if (host := named.strip().casefold()) in hosts:
        return host
    known = f"Known: {', '.join(hosts)}" if hosts else "It names none"
    raise UsageError(
        "The configuration names no such site",
        hint=f"{known}. Add [[spaces.site]] with its host, or use --site {ALL_SITES}",
    )


def tokens(spaces: Spaces, api_url: str = API_URL) -> tuple[SiteToken, ...]:
    """The token of all sites, then that of each site that has its own or is named. Raises CredentialError.

    A site that names a token of its own never gets that of the others: it may be another person's. A file that cannot
    be read, or that holds no token, is an error; that nothing was saved is not.
    """
    general = _found(api_url, "", spaces.email, spaces.token_env, spaces.token_file)
    return (general, *(_of_site(api_url, site, general) for site in spaces.site))


def accesses(spaces: Spaces, found: tuple[SiteToken, ...]) -> Accesses:
    """What the client needs of the tokens that `tokens` found."""
    direct = {site.host for site in spaces.site if site.direct}
    by_host = {}
    for one in found:
        if one.host:
            access = one.access
            by_host[one.host] = Access(access.credential, one.host in direct, access.missing)
    return Accesses(next(one.access for one in found if not one.host), by_host)


def _of_site(api_url: str, site: Site, general: SiteToken) -> SiteToken:
    own = _found(api_url, site.host, site.email, site.token_env, site.token_file)
    if own.found is not None or site.names_a_token:
        return own
    return SiteToken(site.host, general.found, general.email, general.missing)


def _found(api_url: str, host: str, email: str | None, variable: str | None, file: Path | None) -> SiteToken:
    if variable is not None and (value := os.environ.get(variable)):
        found = Found(checked_key(value, variable), f"the environment variable {variable}")
        return SiteToken(host, found, email or "")
    if file is not None:
        return SiteToken(host, Found(read_key_file(file), f"the file {file}"), email or "")
    places = [f"{variable} (token_env)"] if variable is not None else []
    problem = ""
    try:
        if (found_there := key_in_keyring(credentials.account(account(host), api_url))) is not None:
            return SiteToken(host, found_there, email or "")
    except CredentialError as error:
        problem = f" ({error.message[:1].lower()}{error.message[1:]})"
    whose = f"of {host}" if host else "of the sites"
    looked = ", ".join([*places, f"the keyring{problem}"])
    option = f"--site {host or ALL_SITES}"
    missing = f"there is no API token {whose}: looked at {looked}; save one with contribaudit login {option}"
    return SiteToken(host, None, email or "", missing)

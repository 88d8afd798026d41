"""Where the API token of each site is found, and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from contribaudit.atlassian.sites import Access
from contribaudit.errors import CredentialError, UsageError
from contribaudit.settings import credentials as site_tokens
from contribaudit.settings.credentials import forget_key, save_key
from contribaudit.settings.model import AppSettings, Sites
from tests.isolation import LockedKeyring, MemoryKeyring, isolate, use_keyring

ACME, LABS, OTHER = "acme.atlassian.net", "labs.atlassian.net", "other.atlassian.net"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    isolate(monkeypatch, tmp_path)
    use_keyring(monkeypatch, MemoryKeyring())
    return tmp_path


def configured(text: str) -> Sites:
    Path("config.toml").write_text(text)
    sites = AppSettings.load(Path("config.toml")).sites
    assert sites is not None
    return sites


def told(access: Access) -> tuple[str, str, bool]:
    """Token ("" for none), whose, whether at the site's own host."""
    secret = access.credential.secret.get_secret_value() if access.credential is not None else ""
    return secret, access.visible_to, access.direct


def found(text: str, host: str) -> tuple[str, str, bool]:
    sites = configured(text)
    return told(site_tokens.accesses(sites).of(host))


def a_file(name: str, content: str) -> None:
    Path(name).write_text(content)
    Path(name).chmod(0o600)


def test_the_nearest_place_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variable, file, keyring; each gives way to the next."""
    text = '[sites]\nemail = "me@example.com"\ntoken_env = "SITE_TOKEN"\n'
    save_key(site_tokens.site_account(""), SecretStr("from-keyring"))
    a_file("token", "from-file\n")
    monkeypatch.setenv("SITE_TOKEN", "from-variable")
    assert found(f'{text}token_file = "token"\n', OTHER) == ("from-variable", "me@example.com", False)
    monkeypatch.setenv("SITE_TOKEN", "")
    assert found(f'{text}token_file = "token"\n', OTHER)[0] == "from-file"
    assert found(text, OTHER)[0] == "from-keyring"
    assert MemoryKeyring.kept == {("contribaudit", "site:*"): "from-keyring"}


def test_a_token_without_a_person_is_a_service_account_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_TOKEN", "service")
    assert found('[sites]\ntoken_env = "SITE_TOKEN"\n', "") == ("service", "a service account", False)


def test_a_site_s_own_token_goes_with_its_own_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never with the general one, nor the general token with another person's address."""
    monkeypatch.setenv("GENERAL", "general")
    monkeypatch.setenv("OWN", "own")
    general = '[sites]\nemail = "me@example.com"\ntoken_env = "GENERAL"\n'
    site = f'{general}[[sites.site]]\nhost = "{ACME}"\n'
    assert found(f'{site}token_env = "OWN"\n', ACME.upper()) == ("own", "a service account", False)
    assert found(f'{site}token_env = "OWN"\nemail = "jane@example.com"\n', ACME)[:2] == ("own", "jane@example.com")
    assert found(f'{site}token_env = "OWN"\n', LABS)[:2] == ("general", "me@example.com")
    assert found(f'{site}email = "jane@example.com"\n', ACME) == ("", "", False)
    assert found(f'{site}token_env = "UNSET"\n', ACME) == ("", "", False)
    assert found(f"{site}direct = true\n", ACME) == ("general", "me@example.com", True)
    save_key(site_tokens.site_account(ACME), SecretStr("from-keyring"))
    assert found(f"{site}direct = true\n", ACME) == ("from-keyring", "a service account", True)
    assert forget_key(site_tokens.site_account(ACME))


def test_no_token_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    general = site_tokens.accesses(configured('[sites]\ntoken_env = "SITE_TOKEN"\n')).others
    assert "SITE_TOKEN (token_env), the keyring; save one with `contribaudit login --site all`" in general.missing
    use_keyring(monkeypatch, LockedKeyring())
    general = site_tokens.accesses(configured("[sites]\n")).others
    assert "the keyring (the system keyring cannot be used" in general.missing


@pytest.mark.parametrize("content", ["", "two words", "S3cret\nS3cret"])
def test_a_file_that_holds_no_token_is_an_error(content: str) -> None:
    a_file("token", content)
    with pytest.raises(CredentialError) as caught:
        site_tokens.accesses(configured('[sites]\ntoken_file = "token"\n'))
    assert "S3cret" not in str(caught.value)


def test_a_token_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_TOKEN", "S3cret")
    sites = configured('[sites]\nemail = "me@example.com"\ntoken_env = "SITE_TOKEN"\n')
    accesses = site_tokens.accesses(sites)
    assert "S3cret" not in repr(accesses) + repr(accesses.credentials)


def test_only_a_configured_site_is_chosen() -> None:
    sites = configured(f'[[sites.site]]\nhost = "{ACME}"\n')
    assert site_tokens.chosen_site(sites, "All") == ""
    assert site_tokens.chosen_site(sites, ACME.upper()) == ACME
    with pytest.raises(UsageError, match="no such site") as caught:
        site_tokens.chosen_site(sites, LABS)
    assert ACME in caught.value.hint
    with pytest.raises(UsageError, match=r"no \[sites\] table"):
        site_tokens.chosen_site(None, "all")

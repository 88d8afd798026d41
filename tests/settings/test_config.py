"""config.toml and the environment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contribaudit.core.model.finding import Severity
from contribaudit.errors import ConfigurationError
from contribaudit.settings.model import AppSettings, Evidence, Site, Sites, shown_location
from tests.isolation import isolate

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
ACME, LABS = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    isolate(monkeypatch, tmp_path)
    return tmp_path


def load(text: str, path: Path = Path("config.toml")) -> AppSettings:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return AppSettings.load(path)


def test_nothing_configured_has_defaults(home: Path) -> None:
    settings = AppSettings.load()
    assert settings.source is None
    assert settings.api_url == "https://api.atlassian.com"
    assert settings.fail_on is Severity.HIGH
    assert settings.organizations() == ()
    assert settings.store_location() == str(home / ".local/share/contribaudit/history.sqlite")
    assert settings.unmatched_environment() == ()


def test_the_example_shows_every_key() -> None:
    settings = AppSettings.load(EXAMPLE)
    assert [one.name for one in settings.organizations()] == ["Acme", "Acme Labs"]
    text = EXAMPLE.read_text(encoding="utf-8")
    for key in set(AppSettings.model_fields) - {"api_key", "organization", "timeouts", "sites", "evidence", "notify"}:
        assert f"{key} = " in text


def test_the_example_s_evidence_can_be_switched_on() -> None:
    """By taking the comment signs away; every key of the table is there."""
    head, mark, tail = EXAMPLE.read_text(encoding="utf-8").partition("# [evidence]\n")
    table, end, rest = (mark + tail).partition("\n\n")
    switched_on = re.sub("(?m)^# ?", "", table)
    evidence = load(head + switched_on + end + rest).evidence
    assert (evidence.sign_with_keyring, evidence.archive, evidence.people) == (True, True, "pseudonym")
    assert evidence.folder is not None
    for key in Evidence.model_fields:
        assert f"{key} = " in switched_on


def test_the_example_s_spaces_can_be_switched_on() -> None:
    """By taking the comment signs away; every key of the tables is there."""
    head, mark, tail = EXAMPLE.read_text(encoding="utf-8").partition("# [sites]\n")
    switched_on = re.sub("(?m)^# ?", "", mark + tail)
    sites = load(head + switched_on).sites
    assert sites is not None
    assert sites.email == "auditor@example.com"
    assert [site.host for site in sites.site] == ["acme.atlassian.net", "old.example.com"]
    assert [site.direct for site in sites.site] == [False, True]
    for key in Site.model_fields.keys() | (Sites.model_fields.keys() - {"site"}):
        assert f"{key} = " in switched_on


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_FAIL_ON", "low")
    monkeypatch.setenv("CONTRIBAUDIT_TIMEOUTS__READ_SECONDS", "7")
    settings = load('fail_on = "critical"\n[timeouts]\nconnect_seconds = 3\n')
    assert settings.fail_on is Severity.LOW
    assert (settings.timeouts.connect_seconds, settings.timeouts.read_seconds) == (3, 7)


def test_relative_paths_start_at_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'policy = "policy.toml"\nstore = "h.sqlite"\n[[organization]]\nid = "x"\napi_key_file = "k"\n'
    settings = load(text, Path("etc/config.toml"))
    assert settings.policy == home / "etc/policy.toml"
    assert settings.store_location() == str(home / "etc/h.sqlite")
    assert settings.organizations()[0].api_key_file == home / "etc/k"
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", "mine.toml")
    assert AppSettings.load(Path("etc/config.toml")).policy == Path("mine.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("polcy = 1", "config.toml:1: unknown key `polcy`; did you mean `policy`?"),
        ("\n[timeouts]\nread_secs = 1\n", "config.toml:3: unknown key `read_secs`; did you mean `read_seconds`?"),
        ('[[organization]]\nid = "a"\n[[organization]]\nid = "b"\nnmae = "B"', "config.toml:5: unknown key `nmae`"),
        ("org_id = 5", "config.toml:1: key `org_id`: expected text in quotes"),
        ("[organization]\nid = 'a'", "config.toml:1: key `organization`: write [[organization]], in double brackets"),
        ("[[organization]]\nname = 'a'", "key `organization.id`: is required and missing"),
        ("timeouts = 3", "config.toml:1: key `timeouts`: expected a table"),
        ("[timeouts]\nread_seconds = -1", "config.toml:2: key `timeouts.read_seconds`"),
        ('fail_on = "grave"', "key `fail_on`: expected one of critical, high, medium, low, info"),
        ("a = 1\nb = = 2", "config.toml:2: not valid TOML"),
        ('api_key = "S3cretS3cret"', "config.toml:1: an API key must not be written into this file"),
        ('[[organization]]\nid = "a"\napi_key = "S3cretS3cret"', "config.toml:3: an API key must not be written"),
        ('[[organization]]\nid = "a"\napi_key_env = "S3cret-S3cret"', "expected the NAME of an environment variable"),
        (
            '[[organization]]\nid = "a"\n[[organization]]\nid = "a"',
            "config.toml:4: the same organization ID appears twice",
        ),
        ('[sites]\ntokn_file = "x"', "config.toml:2: unknown key `tokn_file`; did you mean `token_file`?"),
        ('[[sites.site]]\nhots = "a.b"', "config.toml:2: unknown key `hots`; did you mean `host`?"),
        ("[[sites.site]]\ndirect = true", "key `sites.site.host`: is required and missing"),
        ('[sites.site]\nhost = "a.b"', "key `sites.site`: write [[sites.site]], in double brackets"),
        ('[[sites.site]]\nhost = "a.b"\n[[sites.site]]\nhost = "A.B"', "config.toml:4: the same host appears twice"),
        (
            '[[sites.site]]\nhost = "https://a.b"',
            "config.toml:2: key `sites.site.host`: expected only the host of the site",
        ),
        ('[[sites.site]]\nhost = "a.b:8443"', "expected only the host of the site"),
        ('[[sites.site]]\nhost = "127.0.0.1"', "expected only the host of the site"),
        ('[[sites.site]]\nhost = "localhost"', "expected only the host of the site"),
        ('[[sites.site]]\nhost = "a.b"\ndirect = "maybe"', "key `sites.site.direct`: expected true or false"),
        ('[sites]\ntoken = "S3cretS3cret"', "config.toml:2: an API token must not be written into this file"),
        ('[[sites.site]]\nhost = "a.b"\ntoken = "S3cret"', "config.toml:3: an API token must not be written"),
        ('[sites]\ntoken_env = "S3cret-S3cret"', "expected the NAME of an environment variable"),
        ('[sites]\nemail = "S3cret"', "expected an email address"),
        ('api_url = "http://api.atlassian.com"', "plain http would expose the key"),
        ('api_url = "https://me:S3cret@api.atlassian.com"', "an address without user name"),
        ('api_url = "https://api.atlassian.com/x"', "an address without user name, path"),
        ('api_url = "ftp://api.atlassian.com"', "not an https:// address"),
        ('api_url = "https://["', "not an https:// address"),
        ('api_url = "https://a:b"', "not an https:// address"),
    ],
)
def test_mistakes_are_named(text: str, told: str) -> None:
    """File, line, key and the nearest known one; never what might be a secret."""
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert told in caught.value.message
    assert caught.value.hint
    assert "S3cret" not in str(caught.value)
    assert "S3cret" not in repr(caught.value.__context__)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080", "http://127.3.2.1", "http://localhost:1/", "http://[::1]:99", "https://proxy.example"],
)
def test_addresses_that_may_be_used(url: str) -> None:
    assert load(f'api_url = "{url}"').api_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CONTRIBAUDIT_FAIL_ON", "grave", "The environment variable CONTRIBAUDIT_FAIL_ON: expected one of"),
        ("CONTRIBAUDIT_TIMEOUTS__READ_SECONDS", "S3cret", "CONTRIBAUDIT_TIMEOUTS__READ_SECONDS: expected a number"),
        ("CONTRIBAUDIT_ORGANIZATION", "S3cret", "CONTRIBAUDIT_ORGANIZATION is not valid JSON"),
        ("CONTRIBAUDIT_NOTIFY__ON", "S3cret", "CONTRIBAUDIT_NOTIFY__ON is not valid JSON"),
        ("CONTRIBAUDIT_NOTIFY__URLS", "S3cret", "CONTRIBAUDIT_NOTIFY__URLS is not valid JSON"),
        ("CONTRIBAUDIT_SITES__READ", "S3cret", "CONTRIBAUDIT_SITES__READ is not valid JSON"),
        ("CONTRIBAUDIT_ORG_ID", "../S3cret", "CONTRIBAUDIT_ORG_ID: an organization ID consists"),
        ("CONTRIBAUDIT_TIMEOUTS__REED", "1", "CONTRIBAUDIT_TIMEOUTS__REED: there is no key `reed`"),
    ],
)
def test_mistakes_in_the_environment_are_named(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        AppSettings.load()
    assert told in caught.value.message
    assert "S3cret" not in str(caught.value)


def test_a_named_file_that_is_not_there(home: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.toml cannot be read: there is no such file"):
        AppSettings.load(Path("missing.toml"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        AppSettings.load(home)
    Path("latin.toml").write_bytes(b'org_id = "\xe9"')
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        AppSettings.load(Path("latin.toml"))


def test_spaces_are_configured_by_file_and_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load("").sites is None
    text = '[sites]\ntoken_file = "t"\n[[sites.site]]\nhost = "Acme.Atlassian.Net"\ntoken_file = "own"\n'
    sites = load(text, Path("etc/config.toml")).sites
    assert sites is not None
    assert (sites.token_file, sites.site[0].token_file) == (home / "etc/t", home / "etc/own")
    assert sites.site[0].host == "acme.atlassian.net"
    monkeypatch.setenv("CONTRIBAUDIT_SITES__EMAIL", "me@example.com")
    monkeypatch.setenv("CONTRIBAUDIT_SITES__TOKEN_ENV", "CONTRIBAUDIT_MY_TOKEN")
    monkeypatch.setenv("CONTRIBAUDIT_MY_TOKEN", "x")
    settings = load("")
    assert settings.sites is not None
    assert (settings.sites.email, settings.sites.token_env) == ("me@example.com", "CONTRIBAUDIT_MY_TOKEN")
    assert settings.unmatched_environment() == ()


def test_names_that_configure_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """pydantic-settings ignores them without a word."""
    monkeypatch.setenv("CONTRIBAUDIT_POLCY", "x")
    monkeypatch.setenv("CONTRIBAUDIT_KEY_LABS", "x")
    monkeypatch.setenv("CONTRIBAUDIT_CONFIG", "config.toml")
    settings = load('[[organization]]\nid = "a"\napi_key_env = "CONTRIBAUDIT_KEY_LABS"')
    assert settings.unmatched_environment() == (
        "the environment variable CONTRIBAUDIT_POLCY is not a setting; did you mean `CONTRIBAUDIT_POLICY`?",
    )


def test_organizations_are_listed_once() -> None:
    text = f'org_id = "{LABS}"\napi_key_label = "audit"\n[[organization]]\nid = "{ACME}"\nname = "Acme"\n'
    first, second = load(text).organizations()
    assert (first.id, first.api_key_label) == (LABS, "audit")
    assert (second.id, second.name, second.api_key_label) == (ACME, "Acme", "")
    (only,) = load(f'org_id = "{ACME}"\n[[organization]]\nid = "{ACME}"\nname = "Acme"\n').organizations()
    assert only.name == "Acme"


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "S3cret")
    monkeypatch.setenv("CONTRIBAUDIT_STORE", "postgresql://me:S3cret@db.example/history?password=S3cret")
    settings = AppSettings.load()
    assert "S3cret" in settings.store_location()
    assert settings.store_shown() == "postgresql://db.example/history"
    for shown in (repr(settings), str(settings), settings.model_dump_json(), settings.store_shown()):
        assert "S3cret" not in shown


def test_a_password_with_an_at_sign_is_not_shown() -> None:
    assert shown_location("postgresql://me:p@ss@db/h") == "postgresql://db/h"


@pytest.mark.parametrize(
    "text",
    [
        'api_url = "https://collector.example"',
        'store = "postgresql://collector.example/x"',
        '[evidence]\nfolder = "/tmp/x"',
        '[[sites.site]]\nhost = "collector.example"\ndirect = true',
    ],
)
def test_a_file_that_nobody_named_sends_nothing_anywhere(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """As in a folder that somebody cloned."""
    Path("contribaudit.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"contribaudit\.toml:\d: key .* not named explicitly"):
        AppSettings.load()
    assert AppSettings.load(Path("contribaudit.toml")).source == Path("contribaudit.toml")
    monkeypatch.setenv("CONTRIBAUDIT_CONFIG", "contribaudit.toml")
    assert AppSettings.load().source == Path("contribaudit.toml")

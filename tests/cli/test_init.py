"""`init`: what is written, what is refused, what is asked."""

from __future__ import annotations

import io
import os
import tomllib
from pathlib import Path

import pytest

from contribaudit.cli.init.interview import _asked_organization
from contribaudit.cli.options import OrganizationId
from contribaudit.settings.model import AppSettings
from contribaudit.simulator import Fault
from tests.cli.conftest import Api, Cli

FLAGS = ("init", "--pack", "essentials", "--yes", "--no-audit")
STATEMENTS = ("--contribution", "none", "--ai", "blocked", "--location", "EEA")


class Terminal(io.StringIO):
    """A person at a terminal who types these lines."""

    def isatty(self) -> bool:
        return True


def typing(monkeypatch: pytest.MonkeyPatch, *typed: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("".join(f"{line}\n" for line in typed)))
    # click reads hidden input from /dev/tty itself: test_login does so in a real terminal.
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: "demo-key")


def test_flags_alone_write_both_files(cli: Cli, api: Api, key_file: Path, home: Path) -> None:
    ended = cli(*FLAGS, "--api-key-file", "key")
    config, policy = home / ".config/contribaudit/config.toml", home / ".config/contribaudit/policy.toml"
    assert (ended.code, ended.out) == (0, f"{config}\n{policy}\n")
    assert tomllib.loads(config.read_text()) == {
        "org_id": api.organization,
        "api_url": api.url,
        "policy": "policy.toml",
        "api_key_file": str(key_file),
    }
    written = tomllib.loads(policy.read_text())
    assert written == {
        "version": 1,
        "name": "Tidy Ltd: audit policy",
        "extends": ["essentials"],
        "written_for_plan": "enterprise",
    }
    assert ended.last == "Written. Next: contribaudit doctor, then contribaudit audit"
    assert "demo-key" not in ended.err + config.read_text() + policy.read_text()


def test_what_it_writes_is_what_the_others_read(
    cli: Cli, api: Api, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli(*FLAGS, "--api-key-file", "key", "--config-file", "etc/my.toml")
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    monkeypatch.delenv("CONTRIBAUDIT_API_URL")
    settings = AppSettings.load(Path("etc/my.toml"))
    assert settings.org_id == api.organization
    assert settings.policy == Path("etc/policy.toml").absolute()
    ended = cli("doctor", "--config", "etc/my.toml")
    assert ended.code == 0


@pytest.mark.parametrize("there", ["config.toml", "policy.toml"])
def test_nothing_is_overwritten(there: str, cli: Cli, api: Api, key_file: Path, home: Path) -> None:
    folder = home / "etc"
    folder.mkdir()
    (folder / there).write_text("mine")
    ended = cli(*FLAGS, "--api-key-file", "key", "--config-file", "etc/config.toml")
    assert ended.code == 2
    assert f"{folder / there} already exists" in ended.err
    assert [path.name for path in folder.iterdir()] == [there]
    assert (folder / there).read_text() == "mine"


def test_without_a_terminal_the_missing_flags_are_named(cli: Cli) -> None:
    ended = cli("init")
    assert ended.code == 2
    for flag in ("--org", "--key-file", "--key-env", "--contribution", "--ai", "--location", "--pack"):
        assert flag in ended.err
    assert "no terminal" in ended.err
    assert "--site-token-file" in cli("init", "--site-email", "ann@acme.example").err


def test_flags_alone_say_everything_and_the_first_audit_runs(
    cli: Cli, api: Api, key_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    monkeypatch.setenv("ACME_KEY", "demo-key")
    token = home / "token"
    token.write_text("demo-site-token\n")
    token.chmod(0o600)
    address = f"https://admin.atlassian.com/o/{api.organization}/overview"
    ended = cli(
        "init",
        *("--org", address, "--key-env", "ACME_KEY", *STATEMENTS, "--location", "CH,GB", "--reason", "GRC-7"),
        *("--ai-allowed-on", "labs.atlassian.net,loom", "--location-except", "trello"),
        *("--site-email", "demo@acme.example", "--site-token-file", "token", "--by", "dpo@acme.example"),
        *("--pack", "essentials", "--pack", "no-training"),
    )
    assert ended.code == 0, ended.err
    folder = home / ".config/contribaudit"
    policy = tomllib.loads((folder / "policy.toml").read_text())
    assert policy["expect"] == {
        "contribution": "none",
        "ai": "blocked",
        "ai_allowed_on": ["labs.atlassian.net", "loom"],
        "location": ["EEA", "CH", "GB"],
        "location_except": ["trello"],
        "reason": "GRC-7",
    }
    assert policy["extends"] == ["essentials", "no-training"]
    assert policy["written_for_plan"] == "enterprise"
    config = tomllib.loads((folder / "config.toml").read_text())
    assert config["attested_by"] == "dpo@acme.example"
    assert config["sites"] == {"email": "demo@acme.example", "token_file": str(token)}
    assert config["organization"] == [{"id": api.organization, "api_key_env": "ACME_KEY"}]
    assert "unverified" in ended.out
    assert cli("runs", "list").code == 0
    for text in (ended.err, ended.out, *(path.read_text() for path in folder.iterdir())):
        assert "demo-key" not in text
        assert "demo-site-token" not in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--location", "EAA"), '--location: "EAA" is not a known location; did you mean `EEA`?'),
        (("--location", "Global"), "is not a fixed location"),
        (("--ai", "block"), "It takes blocked, allowed, or groups:NAME,NAME"),
        (("--ai", "groups:"), "needs the names of the groups"),
        (("--ai-allowed-on", "labs.atlassian.net"), "--ai-allowed-on: also needs `ai`"),
        (("--location", "EEA", "--location-except", "trello"), "needs a reason"),
        (("--contribution", "non"), "'none', 'metadata-only', 'any'"),
        (("--by", "nobody"), "email address"),
        (("--org", "https://admin.atlassian.com/x"), "as in admin.atlassian.com/o/ID"),
        (("--key-env", "NO_SUCH_VARIABLE"), "NO_SUCH_VARIABLE is not set"),
    ],
)
def test_a_wrong_flag_is_refused_before_anything_is_read(
    words: tuple[str, ...], told: str, cli: Cli, home: Path
) -> None:
    ended = cli("init", *words)
    assert ended.code in (2, 4)
    assert told in ended.err
    assert not (home / ".config").exists()


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("https://admin.atlassian.com/o/0f1e2d3c-0000-4000-8000-000000000001/", "0f1e2d3c-0000-4000-8000-000000000001"),
        ("admin.atlassian.com/o/abc-1/billing?x=1#y", "abc-1"),
        ("  https://admin.atlassian.com/o/abc-1  ", "abc-1"),
        ("abc-1", "abc-1"),
    ],
)
def test_an_organization_is_its_id_or_an_address_of_its_pages(text: str, identity: str) -> None:
    assert OrganizationId().convert(text, None, None) == identity


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--pack", "essential"), "did you mean essentials?"), (("--plan", "entreprise"), "did you mean enterprise?")],
)
def test_unknown_words_are_named(
    words: tuple[str, ...], told: str, cli: Cli, api: Api, key_file: Path, home: Path
) -> None:
    ended = cli(*FLAGS, "--api-key-file", "key", *words)
    assert ended.code == 2
    assert told in ended.err
    assert not (home / ".config").exists()


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(("kind", "code"), [("401", 4), ("404", 2), ("500", 3), ("html", 3)])
def test_a_key_that_does_not_work_writes_nothing(
    kind: str, code: int, cli: Cli, api: Api, key_file: Path, home: Path
) -> None:
    api.app.state.faults.append(Fault(kind, "org"))
    assert cli(*FLAGS, "--api-key-file", "key").code == code
    assert not (home / ".config").exists()
    assert cli(*FLAGS, "--api-key-file", "key", "--no-test").code == 0


@pytest.mark.usefixtures("no_waiting")
def test_an_unreachable_api_writes_nothing(
    cli: Cli, key_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_URL", "http://127.0.0.1:1")
    ended = cli(*FLAGS, "--org-id", "acme", "--api-key-file", "key")
    assert ended.code == 69
    assert "Nothing was written" in ended.err
    assert not (home / ".config").exists()


def test_a_folder_that_cannot_be_written(cli: Cli, api: Api, key_file: Path) -> None:
    Path("file").touch()
    ended = cli(*FLAGS, "--api-key-file", "key", "--config-file", "file/config.toml")
    assert ended.code == 2
    assert "cannot be written" in ended.err


@pytest.mark.skipif(os.name != "posix", reason="only there a file's size can be limited")
def test_a_full_disk_leaves_no_half_of_a_file(cli: Cli, api: Api, key_file: Path, home: Path) -> None:
    import resource

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        ended = cli(*FLAGS, "--api-key-file", "key")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert ended.code == 2
    assert ended.err.splitlines()[-2:] == [
        f"contribaudit: {home}/.config/contribaudit/policy.toml cannot be written: File too large",
        "  next: Check the permissions of its folder, and the space that is left",
    ]
    assert not list((home / ".config").rglob("*.toml"))


def test_a_strange_name_cannot_break_the_files(cli: Cli, api: Api, key_file: Path, home: Path) -> None:
    api.app.state.organization.name = 'A"\n[evil]\nx = 1 # \x1b[31m'
    assert cli(*FLAGS, "--api-key-file", "key").code == 0
    folder = home / ".config/contribaudit"
    assert "evil" not in tomllib.loads((folder / "config.toml").read_text())
    assert tomllib.loads((folder / "policy.toml").read_text())["name"].startswith('A" [evil] x = 1 # [31m')


def test_a_person_is_asked_and_the_keyring_keeps_the_key(
    cli: Cli, api: Api, keyring: dict[tuple[str, str], str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Organization, the three statements, who decided, no site token, who attests, no schedule."""
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    typed = (
        "not an id",
        api.organization,
        "",
        "x",
        "1",
        "blocked",
        "",
        "EAA",
        "EEA",
        "Board",
        "",
        "ann",
        "ann@acme.example",
        "weekly",
        "none",
    )
    typing(monkeypatch, *typed, "sure", "y", "y")
    ended = cli("init", "--no-audit")
    assert ended.code == 0, ended.err
    assert keyring == {("contribaudit", f"{api.organization}@{api.url.partition('://')[2]}"): "demo-key"}
    config = tomllib.loads((home / ".config/contribaudit/config.toml").read_text())
    assert "api_key_file" not in config
    assert config["attested_by"] == "ann@acme.example"
    policy = tomllib.loads((home / ".config/contribaudit/policy.toml").read_text())
    assert policy["expect"] == {"contribution": "none", "ai": "blocked", "location": ["EEA"], "reason": "Board"}
    assert 'The key works: the organization is "Tidy Ltd".' in ended.err
    assert "its highest plan is Enterprise" in ended.err
    assert "read:workspaces:admin" in ended.err
    assert "did you mean `EEA`?" in ended.err
    assert "Type one of none, systemd, cron," in ended.err
    assert ended.err.count("Type y for yes or n for no.") == 1
    assert ended.err.count("Type a number from 1 to 3 or its word, or - to skip the question.") == 2
    assert ended.out.count("\n") == 2


@pytest.mark.parametrize("wrong", ["nonsense", "0f1e2d3c-0000-4000-8000", "ATATT3xFfGF0-x"])
def test_what_does_not_look_like_an_organization_is_asked_again_before_the_key(
    wrong: str, cli: Cli, api: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed may be the key: it is not repeated."""
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    typing(monkeypatch, wrong)
    ended = cli("init", "--no-audit")
    assert "does not look like an organization ID" in " ".join(ended.err.split())
    assert ended.err.count("Organization ID or address") == 2
    assert wrong not in ended.err
    assert "key works" not in ended.err


def test_an_unusual_organization_is_taken_when_it_is_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "abc-1", "abc-2", "abc-2")
    assert _asked_organization() == "abc-2"


def test_what_the_plan_cannot_give_is_said_at_the_question(
    cli: Cli, api: Api, key_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = api.app.state.organization
    for app in organization.apps:
        organization.set_plan(app.id, "Premium")
    typing(monkeypatch, "none", "groups", "ai-users", "-", "", "", "", "none", "y")
    ended = cli("init", "--key-file", "key", "--no-audit")
    assert ended.code == 0, ended.err
    assert "on the Premium plan metadata contribution cannot be switched off" in " ".join(ended.err.split())
    assert "on the Premium plan AI cannot be limited to groups" in " ".join(ended.err.split())
    policy = tomllib.loads((home / ".config/contribaudit/policy.toml").read_text())
    assert policy["expect"] == {"contribution": "none", "ai": {"groups": ["ai-users"]}}


@pytest.mark.parametrize("words", [("--contribution", "none"), ("--pack", "no-training")])
def test_what_the_plan_cannot_give_of_the_flags_is_said_too(
    words: tuple[str, ...], cli: Cli, api: Api, key_file: Path
) -> None:
    organization = api.app.state.organization
    for app in organization.apps:
        organization.set_plan(app.id, "Standard")
    ended = cli("init", "--key-file", "key", *words, "--no-audit")
    assert ended.code == 0, ended.err
    assert "on the Standard plan metadata contribution cannot be switched off" in " ".join(ended.err.split())
    assert "[[waiver]]" in ended.err


@pytest.mark.usefixtures("no_waiting")
def test_a_key_that_does_not_work_is_asked_again_and_nothing_is_lost(
    cli: Cli, api: Api, keyring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typing(monkeypatch, "-", "-", "EEA", "", "", "", "none", "y", "y")
    keys = iter(("wrong-key-wrong-key", "", "demo-key"))
    asked: list[str] = []

    def paste(prompt: str) -> str:
        asked.append(prompt)
        return next(keys)

    monkeypatch.setattr("click.termui.hidden_prompt_func", paste)
    ended = cli("init", "--no-audit")
    assert ended.code == 0, ended.err
    assert ended.err.count("Atlassian refused the API key") == 2, "Enter tries the same key again"
    assert "contribaudit login" not in ended.err, "the next question takes a new key"
    assert "Paste another key" in " ".join(asked[1].split()), "what is pasted after a refusal is not shown either"
    assert "The key works" in ended.err
    assert list(keyring.values()) == ["demo-key"]


def test_a_key_may_stay_untested(cli: Cli, api: Api, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "-", "-", "EEA", "", "", "", "none", "y", "n", "n")
    keys = iter(("wrong-key-wrong-key", "untested"))
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: next(keys))
    ended = cli("init", "--no-audit")
    assert ended.code == 0, ended.err
    assert "will not be kept" in ended.err


def test_a_site_token_is_tried_at_once_and_asked_again(
    cli: Cli, api: Api, keyring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typing(monkeypatch, "-", "-", "EEA", "", "demo@acme.example", "", "none", "y", "y", "y")
    secrets = iter(("demo-key", "not-the-token", "demo-site-token"))
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: next(secrets))
    ended = cli("init", "--no-audit")
    assert ended.code == 0, ended.err
    assert "refused the API token" in ended.err
    assert "contribaudit login" not in ended.err
    assert "The token works: tidy.atlassian.net answers." in ended.err
    assert sorted(keyring.values()) == ["demo-key", "demo-site-token"]
    assert "not-the-token" not in ended.err


@pytest.mark.parametrize(
    ("token", "words", "code", "says"),
    [
        ("not-the-token", (), 4, "To continue without a test, add --no-test"),
        ("not-the-token", ("--no-test",), 0, "Written"),
        ("demo-site-token", (), 0, "The token works"),
    ],
)
def test_a_site_token_from_a_file_is_tried_too(
    token: str, words: tuple[str, ...], code: int, says: str, cli: Cli, api: Api, key_file: Path, home: Path
) -> None:
    file = home / "token"
    file.write_text(token)
    file.chmod(0o600)
    access = ("--site-email", "demo@acme.example", "--site-token-file", "token")
    ended = cli(*FLAGS, "--key-file", "key", *access, *words)
    assert ended.code == code, ended.err
    assert says in " ".join(ended.err.split())
    assert (home / ".config/contribaudit/config.toml").exists() is (code == 0)


def test_an_organization_that_the_key_does_not_know_is_asked_again(
    cli: Cli, api: Api, keyring: dict[tuple[str, str], str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing(monkeypatch, api.organization, "-", "-", "EEA", "", "", "", "none", "y", "y")
    ended = cli("init", "--no-audit", "--org", "another")
    assert ended.code == 0, ended.err
    config = tomllib.loads((home / ".config/contribaudit/config.toml").read_text())
    assert config["org_id"] == api.organization


def test_without_a_keyring_key_and_token_go_into_closed_files(
    cli: Cli, api: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.backends.fail import Keyring

    from tests.isolation import use_keyring

    use_keyring(monkeypatch, Keyring(), trusted=False)  # type: ignore[no-untyped-call]
    typing(monkeypatch, "-", "-", "EEA", "", "demo@acme.example", "", "none", "y", "y", "y")
    secrets = iter(("demo-key", "demo-site-token"))
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: next(secrets))
    ended = cli("init", "--no-audit")
    assert ended.code == 0, ended.err
    folder = home / ".config/contribaudit"
    for name, held in (("api-key", "demo-key\n"), ("site-token", "demo-site-token\n")):
        assert (folder / name).read_text() == held
        if os.name == "posix":
            assert (folder / name).stat().st_mode & 0o777 == 0o600
    config = tomllib.loads((folder / "config.toml").read_text())
    assert config["sites"] == {
        "email": "demo@acme.example",
        "token_file": str(folder / "site-token"),
    }
    assert cli("doctor").code == 0


def test_a_key_that_is_kept_nowhere_still_serves_the_first_audit(
    cli: Cli, api: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.backends.fail import Keyring

    from tests.isolation import use_keyring

    use_keyring(monkeypatch, Keyring(), trusted=False)  # type: ignore[no-untyped-call]
    typing(monkeypatch, "-", "-", "EEA", "", "", "", "none", "y", "n")
    ended = cli("init")
    assert ended.code == 0, ended.err
    assert "CONTRIBAUDIT_API_KEY" in ended.err
    assert not (home / ".config/contribaudit/api-key").exists()
    assert "App data is in an allowed location" in ended.out or "Location" in ended.out


def test_a_no_writes_nothing_and_says_how_to_go_on(
    cli: Cli, api: Api, key_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing(monkeypatch, "", "", "none", "n")
    ended = cli("init", "--api-key-file", "key", "--pack", "essentials", "--pack", "hipaa", "--plan", "free")
    assert ended.code == 2
    assert "Nothing was written" in ended.err
    assert f"contribaudit init --org {api.organization} --key-file {key_file}" in " ".join(ended.err.split())
    assert "--pack essentials --pack hipaa" in " ".join(ended.err.split())
    assert "--plan free" in " ".join(ended.err.split())
    assert not (home / ".config").exists()


def test_whoever_stops_has_lost_nothing_that_was_answered(
    cli: Cli, api: Api, key_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing(monkeypatch, "metadata-only", "groups", "ai-users, hr")  # and stdin ends
    ended = cli("init", "--key-file", "key", "--config-file", "my own.toml", "--policy-file", "p.toml", "--no-audit")
    assert ended.code == 130
    told = " ".join(ended.err.split())
    assert "Nothing was written" in told
    assert "--contribution metadata-only --ai groups:ai-users,hr" in told
    assert "--config-file 'my own.toml' --policy-file p.toml --no-audit" in told
    assert not (home / ".config").exists()


def test_hints_name_only_an_unusual_configuration(cli: Cli, api: Api, key_file: Path) -> None:
    words = ("init", "--key-file", "key", *STATEMENTS, "--yes")
    assert "3 of 11: contribaudit next\n" in cli(*words).out
    other = cli(*words, "--config-file", "other.toml", "--policy-file", "o").out
    assert "3 of 11: contribaudit next --config " in " ".join(other.split()), "a long path stands on the next line"


def test_the_next_init_goes_on_where_the_last_one_was_stopped(
    cli: Cli, api: Api, key_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever closed the window did not read how to go on. A no, or a flag, starts anew; no key is kept."""
    typing(monkeypatch, "metadata-only", "blocked")  # and stdin ends
    assert cli("init", "--key-file", "key", "--no-audit").code == 130
    kept = [one for one in home.rglob("init.words") if "demo-key" not in one.read_text(encoding="utf-8")]
    assert len(kept) == 1
    typing(monkeypatch, "y")
    ended = cli("init")
    assert ended.code == 130
    assert "--contribution metadata-only --ai blocked" in " ".join(ended.err.split())
    assert "Which data may Atlassian use" not in ended.err
    assert "Sites or apps where AI is still allowed" in " ".join(ended.err.split())
    typing(monkeypatch, "n")
    assert "Which data may Atlassian use" not in cli("init", "--pack", "essentials").err, "a flag starts anew"
    typing(monkeypatch, "n")
    assert "An earlier setup was interrupted" in cli("init").err
    assert "metadata-only" not in kept[0].read_text(encoding="utf-8")


def test_a_schedule_is_set_up(cli: Cli, api: Api, key_file: Path) -> None:
    ended = cli("init", "--key-file", "key", *STATEMENTS, "--schedule", "cron", "--no-audit")
    assert ended.code == 0, ended.err
    assert "contribaudit" in ended.out
    assert "15 6 * * *" in ended.out


def test_a_configuration_that_is_not_there_yet_is_no_reason_to_run_init_again(cli: Cli, home: Path) -> None:
    """--config names one to read; the hint must not lead back to the same error."""
    ended = cli(*FLAGS, "--config", str(home / "new.toml"))
    assert ended.code == 2
    assert "run `contribaudit init` without them" in ended.last

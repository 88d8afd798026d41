"""`init`: what is written, what is refused, what is asked."""

from __future__ import annotations

import io
import os
import tomllib
from pathlib import Path

import pytest

from contribaudit.settings.model import AppSettings
from contribaudit.simulator import Fault
from tests.cli.conftest import Api, Cli

FLAGS = ("init", "--pack", "essentials", "--yes")


class Terminal(io.StringIO):
    """A person at a terminal who types these lines."""

    def isatty(self) -> bool:
        return True


def typing(monkeypatch: pytest.MonkeyPatch, *typed: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("".join(f"{line}\n" for line in typed)))
    # click reads hidden input from /dev/tty itself: test_login does so in a real terminal.
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: "demo-key")


def test_flags_alone_write_both_files(cli: Cli, api: Api, key_file: Path, home: Path) -> None:
    ended = cli(*FLAGS, "--plan", "Enterprise", "--api-key-file", "key")
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
    for flag in ("--org-id", "--api-key-file", "--pack", "--yes"):
        assert flag in ended.err
    for flag in ("--config-file", "--policy-file"):
        assert flag in ended.last


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
    assert ended.code == 3
    assert "Nothing was written" in ended.err
    assert not (home / ".config").exists()


def test_a_folder_that_cannot_be_written(cli: Cli, api: Api, key_file: Path) -> None:
    Path("file").touch()
    ended = cli(*FLAGS, "--api-key-file", "key", "--config-file", "file/config.toml")
    assert ended.code == 2
    assert "cannot be written" in ended.err


def test_a_strange_name_cannot_break_the_files(cli: Cli, api: Api, key_file: Path, home: Path) -> None:
    api.app.state.organization.name = 'A"\n[evil]\nx = 1 # \x1b[31m'
    assert cli(*FLAGS, "--api-key-file", "key").code == 0
    folder = home / ".config/contribaudit"
    assert "evil" not in tomllib.loads((folder / "config.toml").read_text())
    assert tomllib.loads((folder / "policy.toml").read_text())["name"].startswith('A" [evil] x = 1 # [31m')


def test_a_person_is_asked_and_the_keyring_keeps_the_key(
    cli: Cli, api: Api, keyring: dict[tuple[str, str], str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    typing(monkeypatch, "not an id", api.organization, "essentials", "standard", "y", "y")
    ended = cli("init")
    assert ended.code == 0, ended.err
    assert keyring == {("contribaudit", f"{api.organization}@{api.url.partition('://')[2]}"): "demo-key"}
    config = tomllib.loads((home / ".config/contribaudit/config.toml").read_text())
    assert "api_key_file" not in config
    assert 'The key works: the organization is "Tidy Ltd".' in ended.err
    assert "read:workspaces:admin" in ended.err
    assert ended.out.count("\n") == 2


def test_without_a_keyring_the_key_goes_into_a_closed_file(
    cli: Cli, api: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.backends.fail import Keyring

    from tests.isolation import use_keyring

    use_keyring(monkeypatch, Keyring(), trusted=False)  # type: ignore[no-untyped-call]
    typing(monkeypatch, "essentials", "-", "y", "y")
    ended = cli("init")
    assert ended.code == 0, ended.err
    path = home / ".config/contribaudit/api-key"
    assert path.read_text() == "demo-key\n"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert cli("doctor").code == 0


def test_a_no_writes_nothing(cli: Cli, api: Api, key_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "n")
    ended = cli("init", "--api-key-file", "key", "--pack", "essentials", "--plan", "free")
    assert ended.code == 2
    assert "Nothing was written" in ended.err
    assert not (home / ".config").exists()

"""`doctor --as-scheduled`: what an audit meets that systemd or cron starts, and this shell does not show."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contribaudit.operations import doctor
from tests import forked
from tests.cli.conftest import Api, Cli


@pytest.fixture
def configured(api: Api, home: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Api:
    """As `init` leaves it: a configuration, the key in a file, a history."""
    for name in ("CONTRIBAUDIT_ORG_ID", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (home / "contribaudit.toml").write_text(
        f'org_id = "{api.organization}"\napi_key_file = "{key_file}"\nstore = "data/history.sqlite"\n'
        f'[evidence]\nfolder = "evidence"\n'
    )
    monkeypatch.setenv("CONTRIBAUDIT_CONFIG", str(home / "contribaudit.toml"))
    (home / "data").mkdir()
    (home / "evidence").mkdir()
    return api


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler's process need not read the program first. The others start as a scheduler starts them."""

    def run(words: Sequence[str], *, env: Mapping[str, str], cwd: str, **_how: Any) -> Any:
        done = forked.run(words[words.index("doctor") :], folder=Path(cwd), environment=env)
        return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())

    stand_in = SimpleNamespace(run=run, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired)
    monkeypatch.setattr(doctor, "subprocess", stand_in)


def looked(cli: Cli, *words: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    ended = cli("doctor", "--as-scheduled", "--format", "json", *words)
    found: dict[str, list[dict[str, Any]]] = {}
    for line in json.loads(ended.out)["lines"]:
        found.setdefault(line["name"], []).append(line)
        assert line["status"] == "ok" or line["next"], line
    return ended.code, found


def test_all_is_well(cli: Cli, configured: Api, home: Path) -> None:
    code, found = looked(cli)
    assert (code, {one["status"] for its in found.values() for one in its if one["name"] != "key end"}) == (0, {"ok"})
    assert "no terminal, no HOME" in found["scheduled"][0]["what"]
    assert found["key"][0]["what"] == f"found in the file {home}/key"
    assert [one["what"] for one in found["folder"]] == [
        f"{home}/data can be written",
        f"{home}/evidence can be written",
    ]
    assert found["evidence"][0]["what"] == f"{home}/evidence can be written; not signed"
    assert found["config"][0]["what"] == f"{home}/contribaudit.toml"
    assert configured.app.state.requests


@pytest.mark.usefixtures("forks")
@pytest.mark.parametrize("place", ["variable", "keyring"])
def test_a_key_that_only_this_shell_has_is_missing_there(
    place: str,
    forks: None,
    cli: Cli,
    configured: Api,
    home: Path,
    keyring: dict[Any, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A plain doctor finds it."""
    (home / "key").unlink()
    if place == "variable":
        monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    else:
        text = (home / "contribaudit.toml").read_text().splitlines()
        (home / "contribaudit.toml").write_text("\n".join(one for one in text if "api_key_file" not in one))
        from contribaudit.settings.credentials import SERVICE, account

        keyring[SERVICE, account(configured.organization, configured.url)] = "demo-key"
    assert cli("doctor").code == 0
    code, found = looked(cli)
    assert code == 4
    assert found["key"][0]["status"] == "failed"
    assert "api-key" in found["key"][0]["what"] or "key cannot be read" in found["key"][0]["what"]


@pytest.mark.usefixtures("forks")
@pytest.mark.parametrize("folder", ["data", "evidence"])
def test_a_folder_that_is_not_there_keeps_the_service_from_starting(
    folder: str, cli: Cli, configured: Api, home: Path
) -> None:
    (home / folder).rmdir()
    code, found = looked(cli)
    (failed,) = [one for one in found["folder"] if one["status"] == "failed"]
    assert (code, failed["next"]) == (70, f"mkdir -p {home}/{folder}")


def test_a_shell_s_proxy_and_certificates_are_not_there(
    cli: Cli, configured: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:S3cret@proxy.example:3128")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/corp.pem")
    ended = cli("doctor", "--as-scheduled")
    assert "this shell sets HTTPS_PROXY, SSL_CERT_FILE" in " ".join(ended.out.split())
    assert "S3cret" not in ended.out + ended.err


@pytest.mark.usefixtures("forks")
def test_a_wrong_configuration_is_told_with_its_code(cli: Cli, configured: Api, home: Path) -> None:
    (home / "policy.toml").write_text("version = 1\nrule = 3\n")
    code, found = looked(cli, "--policy", "policy.toml")
    assert code == 2
    assert found["policy"][0]["status"] == "failed"


@pytest.mark.usefixtures("forks")
def test_several_organizations_need_a_key_file_each(cli: Cli, configured: Api, home: Path) -> None:
    """The recipe hands over no key: the configuration says where each is."""
    (home / "contribaudit.toml").write_text(
        f'store = "data/history.sqlite"\n[[organization]]\nid = "{configured.organization}"\nname = "Tidy"\n'
        f'api_key_file = "key"\n[[organization]]\nid = "labs"\nname = "Labs"\napi_key_env = "LABS_KEY"\n'
    )
    ended = cli("schedule", "systemd")
    assert "--api-key-file" not in ended.out
    assert "LoadCredential" not in ended.out
    assert "Labs has no api_key_file" in ended.err
    assert "--api-key-file" not in cli("schedule", "cron").out
    assert cli("schedule", "cron", "--api-key-file", "key").code == 2
    code, found = looked(cli)
    assert code == 0
    assert [(one["status"], one["what"].partition(":")[0]) for one in found["key"]] == [
        ("ok", "Tidy"),
        ("warning", "Labs"),
    ]


def test_words_that_no_scheduler_has_end_with_2(cli: Cli, configured: Api) -> None:
    assert cli("doctor", "--as-scheduled", "--api-key-fd", "3").code == 2
    assert cli("doctor", "--as-scheduled", "--org", "a", "--org", "b").code == 2

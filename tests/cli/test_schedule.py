"""`schedule`: recipes that work without a person."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Api, Cli, Ended


@pytest.fixture(autouse=True)
def organization(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", "acme")


def units(ended: Ended) -> dict[str, configparser.RawConfigParser]:
    """Each unit that was printed, by file name."""
    found: dict[str, str] = {}
    name = ""
    for line in ended.out.splitlines():
        if line.startswith("# /"):
            name = Path(line).name
        found[name] = found.get(name, "") + line + "\n"
    parsed = {}
    for name, text in found.items():
        parsed[name] = configparser.RawConfigParser(strict=False)
        parsed[name].optionxform = str  # type: ignore[assignment,method-assign]
        parsed[name].read_string(text)
    return parsed


def test_systemd_is_a_timer_with_a_service_and_one_to_start_by_hand(cli: Cli, home: Path) -> None:
    ended = cli("schedule", "systemd", "--at", "3:07")
    assert ended.code == 0
    found = units(ended)
    service, timer = found["contribaudit.service"]["Service"], found["contribaudit.timer"]["Timer"]
    words = shlex.split(service["ExecStart"])
    assert Path(words[0]).is_absolute()
    audit, key = ["audit", "--format", "line", "--org", "acme"], ["--api-key-file", "%d/api-key"]
    assert words[1:] == [*audit, "--planned", "03:07", *key]
    assert service["LoadCredential"] == f"api-key:{home}/.config/contribaudit/api-key"
    assert service["ReadWritePaths"] == f"{home}/.local/share/contribaudit"
    assert timer["OnCalendar"] == "*-*-* 03:07:00"
    assert timer["Persistent"] == "true"
    assert "RandomizedDelaySec" in timer
    assert timer["Unit"] == "contribaudit.service"
    assert "systemctl --user enable --now contribaudit.timer" in ended.err
    by_hand = found["contribaudit-now.service"]
    assert by_hand["Service"].pop("ExecStart") == shlex.join([words[0], *audit, *key])
    del service["ExecStart"]
    assert dict(by_hand["Service"]) == dict(service)
    assert found["contribaudit.service"]["Unit"]["RefuseManualStart"] == "yes"
    assert "RefuseManualStart" not in by_hand["Unit"]
    assert "systemctl --user start contribaudit-now.service" in ended.err


def test_installed_units_are_never_overwritten(cli: Cli, home: Path) -> None:
    ended = cli("schedule", "systemd", "--install")
    folder = home / ".config/systemd/user"
    assert ended.code == 0
    names = ("contribaudit.service", "contribaudit-now.service", "contribaudit.timer")
    assert ended.out.split() == [f"{folder}/{name}" for name in names]
    (folder / "contribaudit.service").unlink()
    before = (folder / "contribaudit.timer").stat()
    ended = cli("schedule", "systemd", "--install")
    assert ended.code == 2
    assert "contribaudit-now.service already exists" in ended.err
    assert not (folder / "contribaudit.service").exists()
    assert (folder / "contribaudit.timer").stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units(cli: Cli, home: Path) -> None:
    cli("schedule", "systemd", "--install")
    files = list((home / ".config/systemd/user").iterdir())
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(home)}
    command = ["systemd-analyze", "verify", "--user", *map(str, files)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_service_may_do_little(cli: Cli, home: Path) -> None:
    """By systemd's own account; a user's manager cannot take capabilities away, of which the rest of the figure is."""
    cli("schedule", "systemd", "--install")
    service = home / ".config/systemd/user/contribaudit.service"
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=60", "--no-pager", str(service)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


def test_cron_has_mail_log_and_a_key_file(cli: Cli, home: Path) -> None:
    ended = cli("schedule", "cron", "--at", "23:59", "--mail-to", "it@acme.example")
    assert ended.code == 0
    rows = [row for row in ended.out.splitlines() if not row.startswith("#")]
    assert rows[0] == "MAILTO=it@acme.example"
    minute, hour, *stars, command = rows[-1].split(maxsplit=5)
    assert (minute, hour, stars) == ("59", "23", ["*", "*", "*"])
    audit, _, otherwise = command.partition(" || ")
    assert otherwise.startswith("case $? in")
    assert shlex.split(audit)[1:] == [
        *("audit", "--format", "line", "--org", "acme", "--planned", "23:59"),
        *("--api-key-file", f"{home}/.config/contribaudit/api-key"),
        f"2>>{home}/.local/state/contribaudit/log/audit.log",
    ]
    assert "chmod 600" in ended.out
    assert "put the key into its file" in ended.last
    key = home / ".config/contribaudit/api-key"
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_text("key")
    assert "put the key" not in cli("schedule", "cron").last


@pytest.mark.parametrize(
    ("code", "mailed"),
    [
        (0, ""),
        (1, ""),
        (3, ""),
        *((code, "contribaudit: the cause\n  next: the way out\n") for code in (2, 4, 5, 69, 70, 130, 143)),
    ],
)
def test_cron_mails_why_an_audit_has_no_verdict(cli: Cli, home: Path, code: int, mailed: str) -> None:
    """The log has the error, and nobody reads it every day. A verdict is on stdout already."""
    log = home / "it's a log" / "audit.log"
    log.parent.mkdir()
    _, redirection, rest = cli("schedule", "cron", "--log-file", str(log)).out.splitlines()[-1].partition(" 2>>")
    told = "printf 'progress\\ncontribaudit: the cause\\n  next: the way out\\n' >&2"
    command = f"( {told}; exit {code} ){redirection}{rest}"
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (mailed, "")


def test_odd_paths_are_quoted(cli: Cli, home: Path) -> None:
    folder = home / "a b%c$d'"
    folder.mkdir()
    cron = cli("schedule", "cron", "--api-key-file", str(folder / "key")).out.splitlines()[-1]
    words = shlex.split(cron.replace(r"\%", "%").split(maxsplit=5)[5])
    assert str(folder / "key") in words
    assert "%" not in cron.replace(r"\%", "")
    Path(folder / "contribaudit.toml").write_text('org_id = "acme"\n')
    ended = cli("--config", str(folder / "contribaudit.toml"), "schedule", "systemd", "--install")
    assert ended.code == 0
    text = (home / ".config/systemd/user/contribaudit.service").read_text()
    assert f'"{home}/a b%%c$$d\'/contribaudit.toml"' in text


def test_what_only_this_shell_knows_goes_along(cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", "policy.toml")
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "S3cret")
    monkeypatch.setenv("CONTRIBAUDIT_STORE", "postgresql://me:S3cret@db/history")
    for scheduler in ("systemd", "cron"):
        ended = cli("schedule", scheduler)
        assert f"CONTRIBAUDIT_POLICY={home}/policy.toml" in ended.out
        assert f"CONTRIBAUDIT_API_URL={api.url}" in ended.out
        assert "S3cret" not in ended.out + ended.err
        assert "CONTRIBAUDIT_STORE may hold a password" in ended.err


def test_the_configurations_organizations_need_no_flag(cli: Cli, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    Path("my.toml").write_text('org_id = "acme"\n')
    out = cli("schedule", "cron", "--config", "my.toml").out
    assert f"--config {home}/my.toml" in out
    assert "--org" not in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--at", "25:00"), "not a time of day"),
        (("--at", "noon"), "not a time of day"),
        (("--mail-to", "a\nb"), "line break"),
    ],
)
def test_wrong_words_end_with_2(words: tuple[str, ...], told: str, cli: Cli) -> None:
    ended = cli("schedule", "cron", *words)
    assert ended.code == 2
    assert told in ended.err


def test_no_organization_ends_with_2(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    assert cli("schedule", "systemd").code == 2


def test_a_scheduler_must_be_named(cli: Cli) -> None:
    assert "systemd" in cli("schedule", "--help").out
    assert cli("schedule").code == 2

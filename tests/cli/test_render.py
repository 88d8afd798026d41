"""`render`, and the formats of `audit`, as a user calls them."""

from __future__ import annotations

import io
import json
import socket
import zipfile
from pathlib import Path

import openpyxl
import pytest

from contribaudit.cli.render import FORMATS
from tests import forked

from .conftest import Api, Cli

BINARY = ("xlsx",)


@pytest.fixture
def ready(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    return api


@pytest.fixture
def saved(first_audit: Cli, ready: Api, tmp_path: Path) -> Path:
    """The JSON of an audit."""
    path = tmp_path / "report.json"
    path.write_text(first_audit("--format", "json").out, encoding="utf-8")
    return path


@pytest.mark.parametrize("output_format", FORMATS)
def test_audit_and_render_write_the_same(
    cli: Cli, ready: Api, saved: Path, tmp_path: Path, output_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kept run judged again and its saved JSON rendered are the same, byte for byte, without store or network."""
    monkeypatch.setenv("COLUMNS", "120")
    cli("audit", "--offline", "--at", "1", "--format", "json", "--output", str(saved), "--force")
    live, again = tmp_path / "live", tmp_path / "again"
    cli("audit", "--offline", "--at", "1", "--format", output_format, "--output", str(live))

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("render opened a socket")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr("contribaudit.wiring.open_store", no_network)
    ended = cli("render", str(saved), "--format", output_format, "--output", str(again))
    assert ended.code == 0
    assert ended.out == ""
    assert ended.last.startswith("Run 1 of 20")
    assert again.read_bytes() == live.read_bytes() != b""


def test_render_needs_neither_configuration_nor_key(cli: Cli, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing configured a saved report is rendered; it ends with 0 and says how the audit had ended."""
    for name in ("CONTRIBAUDIT_API_KEY", "CONTRIBAUDIT_ORG_ID", "CONTRIBAUDIT_API_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONTRIBAUDIT_STORE", "/nonexistent/folder/history.sqlite")
    ended = cli("render", str(saved))
    assert ended.code == 0
    assert "UNVERIFIED (high and above)" in ended.out
    assert "ended with exit code 3: UNVERIFIED (high and above); " in ended.last


def test_render_reads_an_archive(cli: Cli, saved: Path, tmp_path: Path) -> None:
    """An evidence .zip and its folder are named as they are."""
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.write(saved, "report.json")
    of_file = cli("render", str(saved), "--format", "line").out
    assert cli("render", str(tmp_path / "pack.zip"), "--format", "line").out == of_file
    assert cli("render", str(tmp_path), "--format", "line").out == of_file


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", 2, "is not JSON"),
        ("{}", 2, 'it has no "schema"'),
        ('{"schema": "contribaudit.report/9"}', 70, "newer version of contribaudit"),
        ('{"schema": "contribaudit.report/1", "run": {}}', 2, "Field required"),
    ],
)
def test_what_is_no_report(cli: Cli, tmp_path: Path, text: str, code: int, says: str) -> None:
    """Each is refused with its code and a next step; nothing is written."""
    path, output = tmp_path / "x.json", tmp_path / "out.html"
    path.write_text(text)
    ended = cli("render", str(path), "--format", "html", "--output", str(output))
    assert ended.code == code
    assert says in ended.err
    assert "next:" in ended.err
    assert not output.exists()


def test_an_output_is_never_overwritten(cli: Cli, saved: Path) -> None:
    """Not even by itself, without --force."""
    before = saved.read_bytes()
    assert cli("render", str(saved), "--format", "html", "--output", str(saved)).code == 2
    assert saved.read_bytes() == before


def test_a_workbook_is_not_written_to_a_terminal(cli: Cli, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before the work, and says how; a pipe takes it."""
    monkeypatch.setattr("contribaudit.cli.console.Console.on_terminal", True)
    ended = cli("render", str(saved), "--format", "xlsx")
    assert (ended.code, ended.out) == (2, "")
    assert "--output" in ended.err
    done = forked.run(["render", str(saved), "--format", "xlsx"])
    assert done.returncode == 0, done.stderr
    book = openpyxl.load_workbook(io.BytesIO(done.stdout))
    assert book.sheetnames[0] == "findings"


def test_a_change_since_then_is_not_in_a_saved_report(cli: Cli, ready: Api, saved: Path) -> None:
    """Rendering tells of the run that was saved, whatever happened since."""
    before = cli("render", str(saved), "--format", "sarif").out
    moved = next(app for app in ready.app.state.organization.apps if app.realm == "EU")
    ready.app.state.organization.set_realm(moved.id, "US", ("us-east-1",))
    cli("audit", "--format", "line")
    assert cli("render", str(saved), "--format", "sarif").out == before


def test_sarif_takes_passes_too(cli: Cli, saved: Path) -> None:
    """--all adds the passes to what SARIF lists."""
    runs = [
        json.loads(cli("render", str(saved), "--format", "sarif", *more).out)["runs"][0] for more in ((), ("--all",))
    ]
    kinds = [{one["kind"] for one in run["results"]} for run in runs]
    assert "pass" not in kinds[0]
    assert "pass" in kinds[1]
    assert len(runs[1]["results"]) == len(json.loads(saved.read_text())["findings"])


def test_list_calls_is_not_changed_by_the_format(cli: Cli, ready: Api) -> None:
    """Formats of a report do not change the list of calls."""
    assert cli("audit", "--list-calls", "--format", "html").out == cli("audit", "--list-calls").out

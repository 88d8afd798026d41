"""`contribaudit terms`: documents archived from files and pages, compared, and shown as of a day."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import Api, Cli
from tests.vendors.documents import OTHERS, SETTINGS, page, settings_page

NAME = "data-contribution-settings"
PAGE = settings_page()
REWORDED = settings_page(sentences=(SETTINGS[0].replace("let you control", "tell you"), *SETTINGS[1:]))
READ_ONLY = ("list", "check", "timeline")


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Saved pages."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "first.html").write_bytes(PAGE)
    (folder / "second.html").write_bytes(REWORDED)
    (folder / "login.html").write_bytes(b"<title>Log in</title><form><input type=password></form>")
    for name in OTHERS:
        (folder / f"{name}.html").write_bytes(page(name))
    return folder


def test_nine_documents_are_watched_and_none_is_fetched(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr("socket.socket.connect", refuse)
    listed = json.loads(cli("terms", "list", "--format", "json").out)["documents"]
    assert len(listed) == 9
    assert {one["status"] for one in listed} == {"never archived"}
    for words in READ_ONLY:
        cli("terms", words)
    assert cli("terms", "check").code == 3


def test_a_copy_comes_from_standard_input_but_not_from_a_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.TextIOWrapper(io.BytesIO(PAGE))
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", typed)
    ended = cli("terms", "add", NAME, "-")
    assert ended.code == 2
    assert "There is nothing on standard input" in ended.err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(PAGE)))
    assert cli("terms", "add", NAME, "-").code == 0
    assert "standard input" in cli("terms", "show", NAME).out


@pytest.mark.parametrize("output_format", ["table", "json", "csv"])
def test_method_and_disclaimer_stand_on_every_output(cli: Cli, pages: Path, output_format: str) -> None:
    cli("terms", "add", NAME, str(pages / "first.html"), "--retrieved-at", "2026-11-25")
    cli("terms", "add", NAME, str(pages / "second.html"))
    for words in (("list",), ("check",), ("timeline",), ("show", NAME), ("diff", NAME)):
        out = cli("terms", *words, "--format", output_format).out
        assert "not legal advice" in out
        if output_format == "json":
            assert {"schema", "method", "disclaimer"} <= json.loads(out).keys()


def test_an_edition_is_compared_shown_and_told_as_of_a_day(cli: Cli, pages: Path) -> None:
    first = cli(
        "terms", "add", NAME, str(pages / "first.html"), "--retrieved-at", "2026-11-25", "--by", "dpo@acme.example"
    )
    assert (first.code, first.out) == (0, f"{NAME}: archived for the first time\n")
    second = cli("terms", "add", NAME, str(pages / "second.html"))
    assert second.code == 0
    assert "changed: 1 provision" in second.out
    assert "under review: settings-control-use" in second.out
    summary = cli("terms", "diff", NAME).out.splitlines()[1]
    assert summary.startswith("1 provision: 1 high; ")
    assert summary.endswith(" unchanged")
    found = json.loads(cli("terms", "diff", NAME, "--format", "json").out)
    (change,) = found["changes"]
    assert (change["kind"], change["severity"]) == ("reworded", "high")
    assert change["before"].startswith("Data contribution settings let you control")
    assert change["after"].startswith("Data contribution settings tell you")
    assert change["anchors"] == ["settings-control-use"]
    assert {"DC-01", "DC-03"} <= set(change["checks"])
    assert {law.split()[0] for law in change["laws"]} == {"EU", "GDPR", "UK", "CCPA", "HIPAA", "DORA"}
    assert "tell you" in cli("terms", "show", NAME).out
    assert "let you control" in cli("terms", "show", NAME, "--as-of", "2026-11-26").out
    assert cli("terms", "show", NAME, "--raw").out == REWORDED.decode()
    early = cli("terms", "show", NAME, "--as-of", "2026-11-01")
    assert (early.code, "2026-11-25" in early.err) == (2, True)
    rows = list(csv.DictReader(io.StringIO(cli("terms", "timeline", "--format", "csv").out)))
    assert [(row["outcome"], row["recorded_by"]) for row in rows] == [("first", "dpo@acme.example"), ("changed", "")]


def test_a_change_names_the_findings_that_rest_on_it(
    cli: Cli, api: Api, key_file: Path, pages: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As the last audit left them; the next one doubts a pass."""
    (tmp_path / "policy.toml").write_text(
        'version = 1\nname = "t"\n[[rule]]\ncheck = "AI-20"\n[[rule]]\ncheck = "GV-06"\n'
    )
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", str(tmp_path / "policy.toml"))
    for name in OTHERS:
        cli("terms", "add", name, str(pages / f"{name}.html"), "--retrieved-at", "2026-11-25")
    cli("terms", "add", NAME, str(pages / "first.html"), "--retrieved-at", "2026-11-25")
    first = json.loads(cli("audit", "--format", "json", "--api-key-file", str(key_file)).out)
    (pages / "rovo.html").write_bytes(page("rovo-access").replace(b"Standard, Premium, and Enterprise", b"all"))
    cli("terms", "add", "rovo-access", str(pages / "rovo.html"))
    (change,) = json.loads(cli("terms", "diff", "rovo-access", "--format", "json").out)["changes"]
    told = {f"AI-20 {one['outcome']} {one['id']}" for one in first["findings"] if one["check"] == "AI-20"}
    assert set(change["findings"]) == told
    assert told
    second = json.loads(cli("audit", "--offline", "--format", "json").out)
    before = {one["id"]: one["outcome"] for one in first["findings"]}
    for one in second["findings"]:
        if one["check"] == "AI-20" and before[one["id"]] not in ("unknown", "stale"):
            assert (one["outcome"], one["reason_code"]) == ("unknown", "rule_under_review")
        if one["check"] == "GV-06":
            assert (before[one["id"]], one["outcome"]) == ("pass", "stale")


@pytest.mark.parametrize(("a", "b"), [("1", "2"), ("2026-11-25", "2026-12-31"), ("first", "second")])
def test_editions_are_named_by_number_day_or_digest(cli: Cli, pages: Path, a: str, b: str) -> None:
    cli("terms", "add", NAME, str(pages / "first.html"), "--retrieved-at", "2026-11-25")
    cli("terms", "add", NAME, str(pages / "second.html"))
    rows = json.loads(cli("terms", "timeline", "--format", "json").out)["timeline"]
    names = {"first": rows[0]["sha256"][:12], "second": rows[1]["text_sha256"][:12]}
    told = cli("terms", "diff", NAME, names.get(a, a), names.get(b, b))
    assert "high: reworded" in told.out
    assert "rests on it: What is contributed follows" in told.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("diff", NAME, "7", "8"), "has 1 edition\n"),
        (("diff", NAME, "1999-01-01", "1"), "No edition"),
        (("diff", NAME, "zzz", "1"), "does not name exactly one edition"),
        (("diff", NAME), "only one edition"),
        (("show", "dpa"), "never archived"),
        (("show", "dpa", "--as-of", "2026-09-15"), "never archived"),
        (("show", NAME, "--as-of", "soon"), "is not a date"),
        (("show", "data-contribution-setting"), "No document called"),
        (("add", "data-contribution-setings", "first.html"), "Did you mean data-contribution-settings"),
        (("add", "No Such!", "first.html", "--title", "x"), "is not a document name"),
        (("add", NAME, "missing.html"), "The page missing.html cannot be read: there is no such file"),
        (("add", NAME, "http://www.atlassian.com/legal"), "plain http"),
        (("add", NAME, "https://me:pw@www.atlassian.com/"), "user name"),
        (("add", NAME, "first.html", "--retrieved-at", "2999-01-01"), "in the future"),
        (("note", NAME, "x", "--holds", "--by", "a@acme.example"), "--anchor"),
        (("note", NAME, "x", "--anchor", "nothing", "--by", "a@acme.example"), "no fact"),
        (("note", NAME, "  ", "--by", "a@acme.example"), "empty"),
        (("note", NAME, "x"), "--by"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(
    cli: Cli, pages: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(pages)
    cli("terms", "add", NAME, "first.html")
    refused = cli("terms", *words)
    assert refused.code == 2
    assert message in refused.err


def test_what_is_no_document_ends_with_3_and_changes_nothing(cli: Cli, pages: Path) -> None:
    cli("terms", "add", NAME, str(pages / "first.html"))
    told = cli("terms", "add", NAME, str(pages / "login.html"))
    assert told.code == 3
    assert "not readable (login_form)" in told.out
    assert "stays" in told.out
    assert "let you control" in cli("terms", "show", NAME).out


def test_a_note_carries_author_and_date_and_ends_a_review(cli: Cli, pages: Path) -> None:
    cli("terms", "add", NAME, str(pages / "first.html"), "--retrieved-at", "2026-11-25")
    for name in OTHERS:
        cli("terms", "add", name, str(pages / f"{name}.html"))
    cli("terms", "add", NAME, str(pages / "second.html"))
    assert json.loads(cli("terms", "check", NAME, "--format", "json").out)["anchors"][0]["standing"] == "changed"
    noted = cli(
        "terms", "note", NAME, "Only the verb changed.", "--anchor", "settings-control-use", "--holds",
        "--by", "dpo@acme.example",
    )  # fmt: skip
    assert noted.code == 0
    checked = cli("terms", "check", NAME, "--format", "json")
    found = json.loads(checked.out)["anchors"][0]
    assert (checked.code, found["standing"], found["by"]) == (0, "confirmed", "dpo@acme.example")
    assert "dpo@acme.example: Only the verb changed." in cli("terms", "diff", NAME).out
    note = json.loads(cli("terms", "timeline", "--format", "json").out)["notes"][0]
    assert (note["author"], note["written_at"][:2]) == ("dpo@acme.example", "20")


def test_contradictions_are_told_by_check(cli: Cli, pages: Path) -> None:
    (pages / "rovo.html").write_bytes(page("rovo-access", "Atlassian Intelligence is powered by OpenAI."))
    cli("terms", "add", "rovo-access", str(pages / "rovo.html"))
    told = cli("terms", "check", "rovo-access")
    assert "OpenAI is the only provider" in told.out
    assert "powered by OpenAI" in told.out


class _Server(BaseHTTPRequestHandler):
    pages: dict[str, tuple[int, bytes, dict[str, str]]] = {}  # noqa: RUF012  set anew by each test
    asked: list[dict[str, str]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        status, body, headers = self.pages.get(self.path, (404, b"", {}))
        if self.path != "/robots.txt":
            self.asked.append(dict(self.headers))
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    _Server.pages, _Server.asked = {}, []
    http = HTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


def test_a_page_is_fetched_only_when_asked_then_conditionally_and_never_with_a_credential(
    cli: Cli, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "very-secret-key")
    _Server.pages = {"/settings": (200, PAGE, {"ETag": '"1"', "Content-Type": "text/html; charset=utf-8"})}
    assert cli("terms", "add", NAME, f"{server}/settings").code == 0
    assert _Server.asked == []
    first = cli("terms", "check", NAME, "--fetch")
    assert (first.code, f"{NAME}: archived for the first time" in first.out) == (0, True)
    again = cli("terms", "check", NAME, "--fetch")
    assert f"{NAME}: unchanged" in again.out
    assert _Server.asked[-1]["If-None-Match"] == '"1"'
    _Server.pages = {"/settings": (200, REWORDED, {"ETag": '"2"'})}
    changed = cli("terms", "check", NAME, "--fetch")
    assert (changed.code, "under review: settings-control-use" in changed.out) == (3, True)
    for status, body, code in ((503, b"", "server_failed"), (200, b"", "empty"), (302, b"", "redirected_elsewhere")):
        _Server.pages = {"/settings": (status, body, {"Location": "https://evil.test/"} if status == 302 else {})}
        failed = cli("terms", "check", NAME, "--fetch")
        assert (failed.code, f"not readable ({code})" in failed.out) == (3, True)
    assert "tell you" in cli("terms", "show", NAME).out
    assert not any("very-secret-key" in str(headers) or "Authorization" in headers for headers in _Server.asked)


def test_a_change_is_told_on_its_day_and_once(cli: Cli, pages: Path, tmp_path: Path) -> None:
    """A destination that is away keeps nobody from importing; what was to be told waits for it."""
    config = tmp_path / "config.toml"
    config.write_text('[notify]\nurls = ["json://127.0.0.1:9/"]\ndigest = ""\n')
    told = ("--config", str(config))
    cli(*told, "terms", "add", NAME, str(pages / "first.html"), "--retrieved-at", "2026-11-25")
    changed = cli(*told, "terms", "add", NAME, str(pages / "second.html"))
    assert changed.code == 0
    assert "was not told" in changed.err
    cli(*told, "terms", "add", NAME, str(pages / "second.html"))
    waiting = json.loads(cli(*told, "notify", "status", "--format", "json").out)
    assert [(one["event"], one["title"]) for one in waiting] == [
        ("documents", "contribaudit: watched documents: 1 document changed")
    ]


@pytest.mark.parametrize("name", ["Sub processors", "subprocessors", "sub_processors", "SUB-PROCESSORS"])
def test_a_name_is_known_however_it_is_spaced(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / "list.html").write_text("<h1>Atlassian sub-processors</h1><p>None at all.</p>")
    assert cli("terms", "add", name, str(tmp_path / "list.html")).out.startswith("sub-processors: archived")


def test_an_own_document_is_watched_with_its_title(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("House rules\n\nBe kind.\n")
    assert cli("terms", "add", "house-rules", str(tmp_path / "rules.txt"), "--title", "House rules").code == 0
    (tmp_path / "rules.txt").write_text("House rules\n\nBe brave.\n")
    assert "changed: 1 provision" in cli("terms", "add", "house-rules", str(tmp_path / "rules.txt")).out
    assert cli("terms", "add", "other-rules", str(tmp_path / "rules.txt")).code == 0
    listed = json.loads(cli("terms", "list", "--format", "json").out)["documents"]
    found = [(one["document"], one["title"], one["shipped"], one["status"]) for one in listed[-2:]]
    assert found == [("house-rules", "House rules", False, "read"), ("other-rules", "other-rules", False, "read")]


def test_hostile_text_is_shown_harmless(cli: Cli, pages: Path) -> None:
    hostile = "\u202e\x1b[31m =HYPERLINK(1) [bold]x[/bold] &lt;script&gt;alert(1)&lt;/script&gt;"
    (pages / "hostile.html").write_bytes(settings_page(sentences=(*SETTINGS, hostile)))
    cli("terms", "add", NAME, str(pages / "hostile.html"))
    error = "<title>404 Page not found \x1b[31m \u202e</title><p>Nothing \x07 here</p>"
    (pages / "error.html").write_text(error)
    told = cli("terms", "add", NAME, str(pages / "error.html"))
    assert told.code == 3
    for words in (("timeline",), ("check",), ("list",), ("timeline", "--format", "csv")):
        assert not {"\x1b", "\u202e", "\x07"} & set(cli("terms", *words).out)
    assert not {"\x1b", "\u202e", "\x07"} & set(told.out + told.err)
    shown = cli("terms", "show", NAME)
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert "<script>alert(1)</script>" in shown.out
    table = csv.reader(io.StringIO(cli("terms", "show", NAME, "--format", "csv").out))
    assert not any(cell.startswith("=") for row in table for cell in row)

"""Messages about an audit, sent to a real mail server and a real web server on loopback."""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from contribaudit.simulator.admin import AdminConsole

from .conftest import Api, Cli

SECRET = "webhook-secret-0123456789"
POLICY = """
version = 1
[[rule]]
check = "DR-01"
expect = ["EU"]
[[rule]]
check = "DC-10"
"""


@dataclass
class Inbox:
    """What a server took: mails as (subject, text), and posts as (headers, body)."""

    mails: list[tuple[str, str]] = field(default_factory=list)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    refuse: bool = False

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, body in self.posts]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def mail_server(inbox: Inbox) -> Iterator[str]:
    class Handler:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  its name
            if inbox.refuse:
                return "451 later"
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            body = message.get_body(("plain",))
            inbox.mails.append((str(message["Subject"]), body.get_content() if body else ""))
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    yield f"mailto://127.0.0.1:{port}?from=audit@acme.example&to=ops@acme.example"
    controller.stop()


@pytest.fixture
def web_server(inbox: Inbox) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not inbox.refuse:
                inbox.posts.append((dict(self.headers), body))
            self.send_response(503 if inbox.refuse else 204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook/token-in-path"
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail_server: str, web_server: str) -> Api:
    """A configuration that tells both servers, and a policy that the tidy organization meets."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    monkeypatch.setenv("NOTIFY_URLS", mail_server)
    monkeypatch.setenv("HOOK_URL", web_server)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(
        'policy = "policy.toml"\n[notify]\nurls_env = "NOTIFY_URLS"\n'
        '[[notify.webhook]]\nurl_env = "HOOK_URL"\nsecret_env = "HOOK_SECRET"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("CONTRIBAUDIT_CONFIG", str(config))
    return api


def test_a_test_message_arrives_everywhere_and_is_signed(cli: Cli, told: Api, inbox: Inbox) -> None:
    ended = cli("notify", "test")
    assert (ended.code, ended.out) == (0, "mailto #1: sent\nwebhook #1: sent\n")
    assert inbox.mails[0][0] == "contribaudit: test message"
    headers, body = inbox.posts[0]
    moment = headers["X-Contribaudit-Timestamp"]
    signed = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Contribaudit-Signature"] == f"v1={signed}"
    assert json.loads(body)["schema"] == "contribaudit.notice/1"


def test_the_first_audit_sums_up_and_the_second_is_silent(cli: Cli, told: Api, inbox: Inbox) -> None:
    assert cli("audit", "--format", "line").code == 0
    assert inbox.events == ["first"]
    cli("audit", "--format", "line")
    assert len(inbox.mails) == len(inbox.posts) == 1


def test_a_new_failure_is_told_once_and_its_recovery_too(cli: Cli, told: Api, inbox: Inbox) -> None:
    """Who did it, the command to look and the run are in the message; the same state is not told again."""
    cli("audit")
    console = AdminConsole(told.app.state.organization)
    app = console.organization.apps[0]
    realm = app.realm
    assert realm is not None
    console.move(app.id, "US")
    assert cli("audit").code == 1
    assert cli("audit").code == 1
    assert inbox.events == ["first", "failures"]
    subject, text = inbox.mails[-1]
    assert "1 finding fails" in subject
    assert "FAIL (high and above)" in text
    assert "contribaudit findings" in text
    console.move(app.id, realm)
    cli("audit")
    assert inbox.events == ["first", "failures", "recovered"]


@pytest.mark.parametrize("name", ["\ud800", "half \u202ea\0\x1b[31m"])
def test_a_name_that_no_wire_takes_silences_nothing(cli: Cli, told: Api, inbox: Inbox, name: str) -> None:
    told.app.state.organization.rename(f"{name} Ltd")
    assert cli("audit").code != 70
    assert (len(inbox.mails), inbox.events) == (1, ["first"])
    posted = json.loads(inbox.posts[0][1])
    assert posted["title"].isprintable()
    assert "\ufffd Ltd" in posted["title"] or "\ufffd[31m Ltd" in posted["title"]


def test_nothing_read_is_told_once_and_is_no_recovery(
    cli: Cli, told: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, no_waiting: None
) -> None:
    cli("audit")
    monkeypatch.setenv("CONTRIBAUDIT_API_URL", "http://127.0.0.1:9")
    assert cli("audit").code == 69
    assert cli("audit").code == 69
    assert inbox.events == ["first", "unreadable"]
    monkeypatch.setenv("CONTRIBAUDIT_API_URL", told.url)
    cli("audit")
    assert inbox.events == ["first", "unreadable", "recovered"]


def test_a_destination_that_fails_is_tried_again_and_changes_no_exit_code(
    cli: Cli, told: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.refuse = True
    ended = cli("audit")
    assert ended.code == 0
    assert "webhook #1 was not told: the address answered 503" in ended.err
    status = json.loads(cli("notify", "status", "--format", "json").out)
    assert [row["state"].partition(":")[0] for row in status] == ["waits", "waits"]
    inbox.refuse = False
    assert cli("notify", "send").code == 0
    assert not inbox.posts  # five minutes have not passed


def test_no_notify_and_a_run_of_some_checks_tell_nobody(cli: Cli, told: Api, inbox: Inbox) -> None:
    cli("audit", "--no-notify")
    cli("audit", "--only", "DR-01")
    assert not inbox.posts
    assert not inbox.mails


def test_no_address_is_shown_or_kept(cli: Cli, told: Api, inbox: Inbox, tmp_path: Path) -> None:
    """Neither messages nor the history hold what the addresses and the secret are."""
    inbox.refuse = True
    ended = [cli("audit"), cli("notify", "status"), cli("notify", "test")]
    shown = "".join(one.out + one.err for one in ended)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*.db*"))
    for secret in ("token-in-path", SECRET):
        assert secret not in shown
        assert secret.encode() not in kept


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ('digest = "someday 08:00"', "weekday"),
        ('quiet = "22-6"', "22:00-06:00"),
        ('timezone = "Mars/Olympus"', "time zone"),
        ('on = ["everything"]', "on"),
        ('[[notify.webhook]]\nurl = "https://a.example"', "secret_env or secret_file"),
        ('urls = ["smoke://signal"]', "address 1 (smoke://)"),
        ('urls = ["secret-without-scheme"]', "address 1 (no scheme)"),
        ('[[notify.webhook]]\nurl = "http://a.example/x"\nsecret_env = "HOOK_SECRET"', "plain http"),
        ('urls_env = "NOT_THERE"', "NOT_THERE"),
    ],
)
def test_what_is_wrong_in_the_table_is_told(cli: Cli, told: Api, tmp_path: Path, table: str, wrong: str) -> None:
    (tmp_path / "config.toml").write_text(f"[notify]\n{table}\n", encoding="utf-8")
    ended = cli("notify", "test")
    assert ended.code == 2
    assert wrong in ended.err
    assert "secret-without-scheme" not in ended.err

"""Behind a corporate proxy, with a corporate authority, towards a gateway that asks for a client certificate."""

from __future__ import annotations

import json
import os
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from contribaudit.atlassian.connect import _certificates
from contribaudit.store.history import History
from tests.cli.conftest import Api, Cli, Ended
from tests.corporate import HOST, PASSWORD, USER, Authority, Certificate, Proxy, gateway, proxy

SPELLINGS = (PASSWORD, quote(PASSWORD, safe=""), b64encode(f"{USER}:{PASSWORD}".encode()).decode(), "S3cret")


@dataclass
class Network:
    authority: Authority
    client: Certificate
    proxy: Proxy
    config: Path
    port: int

    def configure(self, text: str) -> None:
        self.config.write_text(f"[network]\n{text}\n")


@pytest.fixture
def network(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, no_waiting: None
) -> Iterator[Network]:
    """An https address that only the proxy knows, and a key; `mtls` as the parameter asks clients for a certificate."""

    _certificates.cache_clear()  # kept for as long as a process runs
    for name in ("NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    authority = Authority(tmp_path)
    clients = authority.certificate if getattr(request, "param", "") == "mtls" else None
    with ExitStack() as stack:
        port = stack.enter_context(gateway(api.url, authority.issue(HOST), clients=clients))
        forward = stack.enter_context(proxy(lambda: port))
        config = tmp_path / "config.toml"
        config.write_text("")
        monkeypatch.setenv("CONTRIBAUDIT_CONFIG", str(config))
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", f"https://{HOST}")
        monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
        monkeypatch.setenv("HTTPS_PROXY", forward.url())
        yield Network(authority, authority.issue("audit-client"), forward, config, port)


def nowhere(*ended: Ended) -> None:
    """The proxy's password stands in nothing that was printed, however it may be spelt."""
    for one in ended:
        assert not [spelling for spelling in SPELLINGS if spelling in one.out + one.err]


def audited(cli: Cli) -> Ended:
    return cli("audit", "--format", "json", "--verbose")


@pytest.mark.parametrize("named", ["SSL_CERT_FILE", "SSL_CERT_DIR", "ca_file"])
def test_an_audit_through_a_proxy_with_a_corporate_authority(
    cli: Cli, network: Network, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """User and password reach the proxy, percent signs and all, and stand nowhere else: not in history or evidence."""
    if named == "SSL_CERT_FILE":
        monkeypatch.setenv(named, str(network.authority.certificate))
    elif named == "SSL_CERT_DIR":
        folder = tmp_path / "hashed"
        folder.mkdir()
        (folder / f"{_subject_hash(network.authority.certificate)}.0").write_bytes(
            network.authority.certificate.read_bytes()
        )
        monkeypatch.setenv(named, str(folder))
    else:
        network.configure('ca_file = "Corporate-CA.pem"')
    ended = audited(cli)
    assert ended.code in (1, 3), ended.err
    assert {row["status"] for row in json.loads(ended.out)["collection"]} == {"ok"}
    assert set(network.proxy.asked) == {(f"{HOST}:443", f"Basic {SPELLINGS[2]}")}
    nowhere(ended, cli("doctor"), cli("doctor", "--format", "json"), cli("evidence", "export", "pack"))
    for path in [*(tmp_path / "pack").rglob("*"), *tmp_path.rglob("history.sqlite*")]:
        if path.is_file():
            assert b"S3cret" not in path.read_bytes(), path


def _subject_hash(certificate: Path) -> str:
    """What OpenSSL looks for in a folder of certificates."""
    import subprocess

    words = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(certificate)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_without_the_authority_nothing_is_sent(cli: Cli, network: Network, api: Api) -> None:
    ended = audited(cli)
    assert ended.code == 69
    assert "certificate" in ended.err
    assert "ca_file in [network]" in cli("doctor").out
    assert not api.app.state.requests
    nowhere(ended)


@pytest.mark.parametrize("wrong", ["password", "nobody", "port", "name"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    wrong: str, cli: Cli, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.configure('ca_file = "Corporate-CA.pem"')
    url = {
        "password": network.proxy.url(password=f"{PASSWORD}!"),
        "nobody": f"http://127.0.0.1:{network.proxy.port}",
        "port": network.proxy.url().rpartition(":")[0] + ":9",
        "name": f"http://{USER}:S3cret@no-such-proxy.invalid:3128",
    }[wrong]
    monkeypatch.setenv("HTTPS_PROXY", url)
    monkeypatch.setattr("socket.getaddrinfo", known_addresses(socket.getaddrinfo))
    ended, doctor = audited(cli), cli("doctor", "--verbose")
    assert (ended.code, doctor.code) == (69, 69)
    told = {
        "password": f"The proxy refused the request to {HOST} (407)",
        "nobody": f"The proxy refused the request to {HOST} (407)",
        "port": "The proxy in HTTPS_PROXY cannot be reached: it refused the connection",
        "name": "The proxy in HTTPS_PROXY cannot be reached: no address was found for it",
    }[wrong]
    assert told in ended.err
    assert told in " ".join(doctor.out.split())
    nowhere(ended, doctor)


def known_addresses(ask: Callable[..., Any]) -> Callable[..., Any]:
    """`socket.getaddrinfo` for which nothing but this machine has an address: asking the world can take long."""

    def asked(host: Any, *words: Any, **named: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", b"127.0.0.1", b"localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask(host, *words, **named)

    return asked


@pytest.mark.parametrize(
    ("without", "through"),
    [
        ("", True),
        (HOST, False),
        (".corp.example", False),
        ("corp.example", False),
        (f"localhost, {HOST}:443", False),
        ("*", False),
        ("other.example", True),
        ("10.0.0.0/8,[::1]", True),
    ],
)
def test_no_proxy_names_hosts_domains_ports_and_everything(
    without: str, through: bool, cli: Cli, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the proxy the name leads nowhere."""
    network.configure('ca_file = "Corporate-CA.pem"')
    monkeypatch.setenv("NO_PROXY", without)
    monkeypatch.setattr("socket.getaddrinfo", known_addresses(socket.getaddrinfo))
    ended = audited(cli)
    assert bool(network.proxy.asked) is through
    assert ended.code in (1, 3) if through else ended.code == 69
    nowhere(ended)


@pytest.mark.parametrize("network", ["mtls"], indirect=True)
@pytest.mark.parametrize("files", ["both", "one"])
def test_a_gateway_that_asks_for_a_client_certificate(cli: Cli, network: Network, files: str) -> None:
    client = network.client
    network.configure('ca_file = "Corporate-CA.pem"')
    ended = audited(cli)
    assert ended.code == 69
    told = " ".join(cli("doctor").out.split())  # an alert, or a connection that is closed before it arrives
    assert "wants client_certificate in [network]" in told
    key = f'client_key = "{client.key}"' if files == "both" else ""
    network.configure(
        f'ca_file = "Corporate-CA.pem"\nclient_certificate = "{client.certificate if key else client.path}"\n{key}'
    )
    ended = audited(cli)
    assert ended.code in (1, 3), ended.err
    nowhere(ended)


@pytest.mark.parametrize("network", ["mtls"], indirect=True)
@pytest.mark.parametrize(
    ("wrong", "code", "told"),
    [
        ("missing", 2, "No such file"),
        ("not-pem", 2, "The client certificate"),
        ("of-another", 2, "The client certificate"),
        ("encrypted", 2, "The client certificate"),
        ("open-to-others", 4, "can be read or changed by others"),
        ("ca-not-pem", 2, "The certificates in ca_file"),
    ],
)
def test_certificates_that_cannot_be_used_are_named(
    wrong: str, code: int, told: str, cli: Cli, network: Network, tmp_path: Path
) -> None:
    """Nobody is asked for a password on the terminal, and no line of a key is shown."""
    client, other = network.client, network.authority.issue("another")
    certificate, key, authority = client.certificate, client.key, network.authority.certificate
    if wrong == "missing":
        certificate = tmp_path / "none.pem"
    elif wrong == "not-pem":
        certificate.write_text("no certificate")
    elif wrong == "of-another":
        key = other.key
    elif wrong == "encrypted":
        from cryptography.hazmat.primitives import serialization as form

        loaded = form.load_pem_private_key(key.read_bytes(), None)
        locked = form.BestAvailableEncryption(b"S3cret")
        key.write_bytes(loaded.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked))
    elif wrong == "open-to-others":
        key.chmod(0o644)
    else:
        authority = tmp_path / "ca.txt"
        authority.write_text("no authority")
    network.configure(f'ca_file = "{authority}"\nclient_certificate = "{certificate}"\nclient_key = "{key}"')
    ended = audited(cli)
    assert ended.code == code, ended.err
    assert told in ended.err
    assert "PRIVATE KEY" not in ended.err
    nowhere(ended)


def test_a_configuration_by_chance_must_not_trust_an_authority(
    cli: Cli, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that came with a clone could let anybody read the key."""
    monkeypatch.delenv("CONTRIBAUDIT_CONFIG")
    Path("contribaudit.toml").write_text('[network]\nca_file = "Corporate-CA.pem"\n')
    ended = cli("audit")
    assert ended.code == 2
    assert "`network.ca_file` decides where keys or data go" in ended.err
    assert not network.proxy.asked


def test_the_password_stands_in_no_traceback(cli: Cli, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a bug, with --verbose, in the middle of a request."""
    network.configure('ca_file = "Corporate-CA.pem"')

    def bug(*_words: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("contribaudit.atlassian.transport.Ledger.add", bug, raising=False)
    monkeypatch.setattr("contribaudit.audit.pipeline.judge", bug)
    ended = audited(cli)
    assert ended.code == 70
    assert "ZeroDivisionError" in ended.err
    nowhere(ended)


def test_nothing_of_this_leaks_into_the_environment_of_the_history(network: Network, cli: Cli) -> None:
    network.configure('ca_file = "Corporate-CA.pem"')
    assert audited(cli).code in (1, 3)
    with History.open(os.environ["HOME"] + "/.local/share/contribaudit/history.sqlite") as history:
        ledger = history.ledger(1, history.runs()[0].organizations[0])
        assert ledger is not None
        assert {one.status for one in ledger.entries} == {200}

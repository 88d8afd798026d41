"""`login` and `logout`."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contribaudit.simulator import Fault
from tests.cli.conftest import Api, Cli

Kept = dict[tuple[str, str], str]


def test_a_key_that_works_is_saved(cli: Cli, api: Api, keyring: Kept, key_file: Path) -> None:
    ended = cli("login", "--api-key-file", str(key_file))
    assert (ended.code, ended.out) == (0, "")
    assert keyring == {("contribaudit", f"{api.organization}@{api.url.partition('://')[2]}"): "demo-key"}
    assert ended.last.startswith(f'Saved the key of "Tidy Ltd" ({api.organization}) in the keyring: Test keyring')
    assert "demo-key" not in ended.err


@pytest.mark.parametrize("key", ["wrong-key", "expired-key"])
def test_a_refused_key_is_not_saved(key: str, cli: Cli, api: Api, keyring: Kept, key_file: Path) -> None:
    key_file.write_text(key)
    ended = cli("login", "--api-key-file", str(key_file))
    assert ended.code == 4
    assert keyring == {}
    assert "401" in ended.err
    assert key not in ended.err


def test_a_key_of_another_organization_is_not_saved(cli: Cli, api: Api, keyring: Kept, key_file: Path) -> None:
    key_file.write_text("other-org-key")
    assert cli("login", "--api-key-file", str(key_file)).code in (2, 4)
    assert keyring == {}


@pytest.mark.usefixtures("no_waiting")
def test_an_unreachable_api_saves_only_with_no_test(
    cli: Cli, keyring: Kept, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_URL", "http://127.0.0.1:1")
    ended = cli("login", "--org", "acme", "--api-key-file", str(key_file))
    assert ended.code == 69
    assert "The key was not saved" in ended.err
    assert "--no-test" in ended.last
    assert keyring == {}
    assert cli("login", "--org", "acme", "--no-test", "--api-key-file", str(key_file)).code == 0
    assert keyring == {("contribaudit", "acme@127.0.0.1:1"): "demo-key"}


def test_a_server_error_saves_nothing(cli: Cli, api: Api, keyring: Kept, key_file: Path) -> None:
    api.app.state.faults.append(Fault("html", "org"))
    assert cli("login", "--api-key-file", str(key_file)).code == 3
    assert keyring == {}


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("narrow-key", "demo-key", 0, "Saved the key"),
        ("demo-key", "narrow-key", 4, "The new key lacks read:"),
        ("demo-key", "demo-key", 2, "already saved"),
        ("expired-key", "demo-key", 0, "the scopes of the old key are not known"),
        ("demo-key", "other-org-key", 4, ""),
    ],
)
def test_a_key_is_replaced_by_one_that_may_read_no_less(
    old: str, new: str, code: int, told: str, cli: Cli, api: Api, keyring: Kept, key_file: Path
) -> None:
    """Whatever comes of it, neither key is shown, and the old one stays unless the new one is good."""
    account = ("contribaudit", f"{api.organization}@{api.url.partition('://')[2]}")
    keyring[account] = old
    key_file.write_text(new)
    ended = cli("login", "--rotate", "--api-key-file", str(key_file))
    assert ended.code == code
    assert told in ended.err
    assert keyring[account] == (new if code == 0 else old)
    assert old not in ended.err
    assert new not in ended.err


def test_nobody_is_asked_without_a_terminal(cli: Cli, api: Api, keyring: Kept) -> None:
    ended = cli("login")
    assert ended.code == 2
    assert "--api-key-file" in ended.last
    assert keyring == {}


def test_without_a_keyring_the_ways_are_named(
    cli: Cli, api: Api, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.backends.fail import Keyring

    from tests.isolation import use_keyring

    use_keyring(monkeypatch, Keyring(), trusted=False)  # type: ignore[no-untyped-call]
    ended = cli("login", "--api-key-file", str(key_file))
    assert ended.code == 4
    assert "There is no system keyring here" in ended.err
    assert "CONTRIBAUDIT_API_KEY" in ended.last


def test_an_organization_is_needed(cli: Cli, keyring: Kept, key_file: Path) -> None:
    ended = cli("login", "--api-key-file", str(key_file))
    assert ended.code == 2
    assert "--org" in ended.last
    Path("contribaudit.toml").write_text('[[organization]]\nid = "a"\nname = "A"\n[[organization]]\nid = "b"\n')
    ended = cli("login", "--api-key-file", str(key_file))
    assert ended.code == 2
    assert "a (A), b" in ended.last


def test_logout_forgets(cli: Cli, keyring: Kept) -> None:
    keyring["contribaudit", "acme"] = "demo-key"
    ended = cli("logout", "--org", "acme")
    assert ended.code == 0
    assert keyring == {}
    assert "until it is revoked" in ended.last
    assert "nothing to remove" in cli("logout", "--org", "acme").last


def test_a_site_s_token_is_saved_and_forgotten(cli: Cli, keyring: Kept, key_file: Path) -> None:
    Path("contribaudit.toml").write_text('[sites]\n[[sites.site]]\nhost = "acme.atlassian.net"\n')
    for site, account in (("all", "site:*"), ("ACME.atlassian.net", "site:acme.atlassian.net")):
        ended = cli("login", "--site", site, "--api-key-file", str(key_file))
        assert (ended.code, ended.out) == (0, "")
        assert keyring == {("contribaudit", account): "demo-key"}
        assert "not tested" in ended.last
        assert "demo-key" not in ended.err
        assert "until it is revoked" in cli("logout", "--site", site).last
        assert keyring == {}
    assert "nothing to remove" in cli("logout", "--site", "all").last


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--site", "labs.atlassian.net"), "lists no such site"),
        (("--site", "all", "--org", "acme"), "--site and --org were both given"),
        (("--site", "all"), "There is no terminal to ask for the token"),
    ],
)
def test_a_site_that_cannot_be_logged_in_to(words: tuple[str, ...], told: str, cli: Cli, keyring: Kept) -> None:
    Path("contribaudit.toml").write_text('[[sites.site]]\nhost = "acme.atlassian.net"\n')
    ended = cli("login", *words)
    assert ended.code == 2
    assert told in ended.err
    assert keyring == {}


def test_a_token_without_spaces_in_the_configuration_is_refused(cli: Cli, keyring: Kept, key_file: Path) -> None:
    ended = cli("login", "--site", "all", "--api-key-file", str(key_file))
    assert ended.code == 2
    assert "[sites]" in ended.last
    assert keyring == {}


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo terminal")
def test_the_key_is_asked_for_without_showing_it(api: Api) -> None:
    """In a real terminal, whose echo would be seen on the screen."""
    import pty

    saved = f"{api.organization}@{api.url.partition('://')[2]}"
    code = (
        "import keyring; from tests.isolation import MemoryKeyring as K\n"
        "from contribaudit.settings import credentials as c\n"
        "c.TRUSTED_BACKENDS[K.__module__, K.__qualname__] = 'Test keyring'\n"
        "keyring.set_keyring(K())\n"
        "from contribaudit.cli import run\n"
        "code = run(['login'])\n"
        f"print('KEPT', K.kept == {{('contribaudit', {saved!r}): 'demo-key'}}, code)"
    )
    root = Path(__file__).parents[2]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(root), "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            os.close(theirs)
            screen = until(ours, "(not shown)")
            echo_off(ours)  # what is typed before is thrown away
            os.write(ours, b"demo-key\n")
            screen += until(ours, "KEPT")
            process.wait(timeout=30)
        finally:
            process.kill()
    os.close(ours)
    assert "demo-key" not in screen
    assert "KEPT True 0" in screen


def until(terminal: int, text: str) -> str:
    """What the screen shows, up to this text and the rest of its line."""
    screen = ""
    deadline = time.monotonic() + 60
    while text not in screen or (text == "KEPT" and not screen.endswith("\n")):
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, screen
        try:
            screen += os.read(terminal, 4096).decode()
        except OSError:  # the other side has closed
            break
    return screen


def echo_off(terminal: int) -> None:
    """Wait until the terminal shows no longer what is typed."""
    import termios

    deadline = time.monotonic() + 30
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        assert time.monotonic() < deadline, "the echo stays on"
        time.sleep(0.01)

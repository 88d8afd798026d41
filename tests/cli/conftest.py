"""A command line to call, and a simulated API to call it against."""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette

from contribaudit.cli import run
from contribaudit.settings.file import store_default
from contribaudit.simulator import running, scenario_app
from tests.isolation import MemoryKeyring, isolate, use_keyring


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on stderr."""
        return self.err.splitlines()[-1]


Cli = Callable[..., Ended]


@dataclass(frozen=True, slots=True)
class Api:
    """The simulated API on a real socket."""

    url: str
    organization: str
    app: Starlette


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home, which is also the present folder; no terminal on stdin."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call contribaudit with these words."""

    def call(*words: str) -> Ended:
        capsys.readouterr()
        code = run(words)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The tidy organization, and the environment that points at it; no key."""
    app = scenario_app("tidy")
    with running(app) as url:
        organization = app.state.organization.id
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", organization)
        yield Api(url, organization, app)


_KEPT: dict[tuple[str, ...], tuple[Ended, bytes]] = {}
"""Of each first audit in this process: how it ended, and the history that it left."""


@pytest.fixture
def first_audit(cli: Cli) -> Cli:
    """`audit` with these words on no history yet, for a test that looks at what it left.

    Whatever organization, policy and words had their first audit in this process already have what that one left: no
    request is made, and dates that count from now are a little older than those of the organization.
    """

    def call(*words: str) -> Ended:
        place = store_default()
        assert not place.exists()
        policy = os.environ.get("CONTRIBAUDIT_POLICY")
        key = (os.environ["CONTRIBAUDIT_ORG_ID"], Path(policy).read_text(encoding="utf-8") if policy else "", *words)
        if key not in _KEPT:
            ended = cli("audit", *words)
            with closing(sqlite3.connect(place)) as connection:
                _KEPT[key] = ended, connection.serialize()
        else:
            place.parent.mkdir(mode=0o700, parents=True)
            place.touch(mode=0o600)
            place.write_bytes(_KEPT[key][1])
        return _KEPT[key][0]

    return call


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """A trusted keyring; what it keeps."""
    use_keyring(monkeypatch, MemoryKeyring())
    return MemoryKeyring.kept


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with the key that the simulated API takes."""
    path = tmp_path / "key"
    path.write_text("demo-key\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""

    async def at_once(_seconds: float) -> None:
        return

    monkeypatch.setattr("contribaudit.wiring.sleep", at_once)

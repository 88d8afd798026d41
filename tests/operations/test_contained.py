"""The recipes, run: a container of any user ID with a root that cannot be written, and systemd's service."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from contribaudit.operations.schedules import Recipe, units, written
from contribaudit.simulator import running, scenario_app
from contribaudit.store.history import History
from tests.operations.contained import PROGRAM, Mount, require, run

ROOT = Path(__file__).parents[2]
IMAGE = {
    "PATH": "/opt/contribaudit/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
}
"""What the Containerfile sets."""
SOMEBODY = 1_000_660_123
"""An ID that no account has, as OpenShift gives it, with group 0 and a group for the volume."""


@pytest.fixture
def api() -> Iterator[tuple[str, str]]:
    app = scenario_app("tidy")
    with running(app) as url:
        yield url, app.state.organization.id


@pytest.fixture
def root(tmp_path: Path) -> Path:
    require()
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def configuration(folder: Path, url: str, organization: str, evidence: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "policy.toml").write_text('version = 1\nextends = ["essentials"]\n')
    (folder / "config.toml").write_text(
        f'org_id = "{organization}"\napi_url = "{url}"\npolicy = "policy.toml"\n[evidence]\nfolder = "{evidence}"\n'
    )
    for one in (folder, *folder.iterdir()):
        one.chmod(0o755 if one.is_dir() else 0o644)
    return folder


def test_the_image_says_what_the_test_takes_for_its_environment() -> None:
    text = (ROOT / "Containerfile").read_text()
    for name in ("PYTHONDONTWRITEBYTECODE=1", "HOME=/tmp", "LANG=C.UTF-8", "CONTRIBAUDIT_STORE=/data/history.db"):
        assert name in text
    assert 'ENTRYPOINT ["contribaudit"]' in text


@pytest.mark.parametrize("user", [SOMEBODY, 10001])
def test_the_cronjob_runs_as_any_user_on_a_root_that_cannot_be_written(
    user: int, api: tuple[str, str], root: Path, tmp_path: Path
) -> None:
    """Its own args, variables and mounts; the secret behind `..data` links, as Kubernetes lays it out."""
    url, organization = api
    *_, job = yaml.safe_load_all(written("cronjob.yaml", Recipe(("x",), Path("/k"), 6, 15), image="i", namespace="n"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (audit,) = pod["containers"]
    group, volume_group = (0, 10001) if user == SOMEBODY else (10001, 10001)
    data, secret = tmp_path / "data", tmp_path / "secret"
    data.mkdir()
    os.chown(data, 0, volume_group)
    data.chmod(0o2775)
    (secret / "..2026_11_29").mkdir(parents=True)
    key = secret / "..2026_11_29" / "api-key"
    key.write_text("demo-key\n")
    os.chown(key, 0, volume_group)
    key.chmod(0o440)
    (secret / "..data").symlink_to("..2026_11_29")
    (secret / "api-key").symlink_to("..data/api-key")
    sources = {
        "data": data,
        "config": configuration(tmp_path / "config", url, organization, "/data/evidence"),
        "key": secret,
    }
    mounts = [
        Mount(sources[one["name"]], one["mountPath"], writable=not one.get("readOnly", False))
        for one in audit["volumeMounts"]
        if one["name"] in sources
    ]
    environment = IMAGE | {one["name"]: str(one["value"]) for one in audit["env"]}
    for number in (1, 2):
        done = run(
            [PROGRAM, *audit["args"]], environment, mounts, user=user, group=group, groups=[volume_group], root=root
        )
        assert done.returncode == 3, done.stderr  # the pack asks what nobody attested
        assert f"#{number} " in done.stdout
        assert "Traceback" not in done.stderr
    with History.open(str(data / "history.db")) as history:
        assert [one.complete for one in history.runs()] == [True, True]
        assert history.runs()[0].trigger == "schedule"
        assert {one.account for one in history.runs()} == {str(user)}
    packs = sorted((data / "evidence").rglob("manifest.json"))
    assert len(packs) == 2
    assert {one.stat().st_uid for one in (data / "history.db", *packs)} == {user}


def test_the_root_of_this_container_cannot_be_written(root: Path, tmp_path: Path) -> None:
    """What the other tests rest on."""
    script = "id -u; touch /x /opt/contribaudit/x /usr/x 2>&1; touch /tmp/a && echo fine; grep CapEff /proc/self/status"
    done = run(["sh", "-c", script], IMAGE, [], user=SOMEBODY, group=0, root=root)
    assert done.stdout.count("Read-only file system") == 3, done.stdout + done.stderr
    assert str(SOMEBODY) in done.stdout
    assert "fine" in done.stdout
    assert "CapEff:\t0000000000000000" in done.stdout


def test_the_docker_command_runs_with_its_own_words(api: tuple[str, str], root: Path, tmp_path: Path) -> None:
    """Volumes, variables and arguments are read from the command that the recipe prints."""
    url, organization = api
    key = tmp_path / "my key"
    key.write_text("demo-key\n")
    key.chmod(0o600)
    os.chown(key, SOMEBODY, 0)
    words = shlex.split(written("container.sh", Recipe(("x",), key, 6, 15), image="the-image"), comments=True)
    data = configuration(tmp_path / "contribaudit-data", url, organization, "/data/evidence")
    data.chmod(0o700)
    os.chown(data, SOMEBODY, 0)
    volumes = [after.replace("$PWD", str(tmp_path)) for before, after in pairwise(words) if before == "--volume"]
    mounts = []
    for one in volumes:
        source, place, *mode = one.split(":")
        mounts.append(Mount(Path(source), place, writable=mode != ["ro"]))
    given = dict(after.split("=", 1) for before, after in pairwise(words) if before == "--env")
    environment = IMAGE | {"CONTRIBAUDIT_STORE": "/data/history.db"} | given
    for option in ("--read-only", "--tmpfs", "--cap-drop", "--security-opt", "--user"):
        assert option in words
    arguments = words[words.index("the-image") + 1 :]
    done = run([PROGRAM, *arguments], environment, mounts, user=SOMEBODY, group=0, root=root)
    assert done.returncode == 3, done.stderr
    assert (data / "history.db").stat().st_uid == SOMEBODY


def test_systemd_s_service_runs_in_its_sandbox(api: tuple[str, str], root: Path, tmp_path: Path) -> None:
    """Its ExecStart and variables; only its ReadWritePaths can be written, the key is a credential of mode 0440."""
    url, organization = api
    config = configuration(tmp_path / "config", url, organization, str(tmp_path / "evidence"))
    store, evidence, credentials = tmp_path / "data", tmp_path / "evidence", tmp_path / "credentials"
    for one in (store, evidence, credentials):
        one.mkdir()
        os.chown(one, SOMEBODY, SOMEBODY)
    key = credentials / "api-key"
    key.write_text("demo-key\n")
    key.chmod(0o440)
    os.chown(key, 0, SOMEBODY)
    credentials.chmod(0o550)
    recipe = Recipe(
        (PROGRAM,), tmp_path / "k", 6, 15, config=config / "config.toml", store=store / "history.db", evidence=evidence,
        environment=(("CONTRIBAUDIT_STORE", str(store / "history.db")),),
    )  # fmt: skip
    lines = units(recipe)["contribaudit.service"].splitlines()
    values: dict[str, list[str]] = {}
    for line in lines:
        name, sign, value = line.partition("=")
        if sign:
            values.setdefault(name, []).append(value)
    place = "/run/credentials/contribaudit.service"
    start = shlex.split(values["ExecStart"][0].replace("%d", place))
    environment: dict[str, Any] = dict(one.split("=", 1) for one in values["Environment"])
    environment |= {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "CREDENTIALS_DIRECTORY": place}
    mounts = [
        Mount(config, str(config)),
        Mount(credentials, place),
        *(Mount(Path(one), one, writable=True) for one in values["ReadWritePaths"]),
    ]
    done = run(start, environment, mounts, user=SOMEBODY, group=SOMEBODY, root=root)
    assert done.returncode == 3, done.stderr
    assert sorted(one.name for one in evidence.iterdir()) == [organization]


def test_the_service_makes_no_call_that_its_filter_refuses(api: tuple[str, str], tmp_path: Path) -> None:
    """Of the kernel: by strace, against what systemd counts to the set."""
    if not shutil.which("strace") or not shutil.which("systemd-analyze"):
        pytest.skip("needs strace and systemd-analyze")
    (named,) = [
        line.partition("=")[2]
        for line in units(Recipe(("x",), Path("/k"), 6, 15))["contribaudit.service"].splitlines()
        if line.startswith("SystemCallFilter=")
    ]
    url, organization = api
    config = configuration(tmp_path / "config", url, organization, str(tmp_path / "evidence"))
    trace = tmp_path / "trace"
    words = [sys.executable, "-m", "contribaudit", "audit", "--config", str(config / "config.toml"), "--format", "line"]
    environment = os.environ | {"CONTRIBAUDIT_API_KEY": "demo-key", "CONTRIBAUDIT_STORE": str(tmp_path / "history.db")}
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", str(trace), *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    made = {line.split(maxsplit=1)[1].partition("(")[0] for line in trace.read_text(errors="replace").splitlines()}
    calls = {one for one in made if one.isidentifier()}
    assert {"openat", "connect", "clone3"} & calls
    assert calls <= _calls_of(named)


def _calls_of(name: str) -> set[str]:
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", name], capture_output=True, text=True, check=True
    ).stdout
    found: set[str] = set()
    for line in map(str.strip, told.splitlines()[1:]):
        if line and not line.startswith("#"):
            found |= _calls_of(line) if line.startswith("@") else {line}
    return found

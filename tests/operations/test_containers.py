"""Recipes for other platforms, held by the platforms' own checkers where these can be installed."""

from __future__ import annotations

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from contribaudit.operations.schedules import Recipe, launchd, units, written

ROOT = Path(__file__).parents[2]
RECIPE = Recipe(("/opt/ca/bin/contribaudit",), Path("/home/anna/my keys/api-key"), 6, 15, organization="acme")


ELSEWHERE = replace(
    RECIPE,
    environment=(
        ("CONTRIBAUDIT_API_URL", "https://api.example/a b"),
        ("CONTRIBAUDIT_POLICY", "/home/anna/policy.toml"),
        ("CONTRIBAUDIT_FAIL_ON", "medium"),
    ),
)


def test_kubernetes_takes_the_manifests_and_the_pod_may_do_little() -> None:
    documents: list[dict[str, Any]] = list(
        yaml.safe_load_all(written("cronjob.yaml", RECIPE, image="registry.example/contribaudit:1", namespace="audits"))
    )
    for document in documents:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
    pod = documents[-1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (only,) = pod["containers"]
    assert only["args"][-2:] == ["--org", "acme"]
    assert only["securityContext"]["readOnlyRootFilesystem"]
    assert not pod["automountServiceAccountToken"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert documents[-1]["spec"]["schedule"] == "15 6 * * *"


def test_the_recipe_makes_the_namespace_before_it_fills_it() -> None:
    """kubectl refuses a secret in a namespace that is not there."""
    text = written("cronjob.yaml", RECIPE, image="registry.example/contribaudit:1", namespace="audits")
    assert text.index("kubectl create namespace audits") < text.index("kubectl -n audits create secret")
    assert "docker build -t registry.example/contribaudit:1 " in text


def test_the_workflow_uploads_findings_and_evidence_whatever_the_exit_code() -> None:
    found = yaml.load(written("workflow.yml", RECIPE), Loader=yaml.BaseLoader)  # noqa: S506  which only knows texts
    steps = found["jobs"]["audit"]["steps"]
    assert found["on"]["schedule"] == [{"cron": "15 6 * * *"}]
    assert [step["uses"] for step in steps if "uses" in step] == [
        "actions/checkout@v6",
        "actions/setup-python@v6",
        "github/codeql-action/upload-sarif@v4",
        "actions/upload-artifact@v6",
    ]
    assert all("!cancelled()" in step["if"] for step in steps[-2:])
    (audit,) = [step for step in steps if step.get("name") == "Audit"]
    assert "secrets." not in audit["run"]
    assert audit["run"].endswith("--org acme")


@pytest.mark.parametrize("checker", ["actionlint", "shellcheck"])
def test_other_checkers_have_nothing_to_say(checker: str, tmp_path: Path) -> None:
    """Where they are installed."""
    program = shutil.which(checker, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        pytest.skip(f"{checker} is not installed")
    path = tmp_path / ".github" / "workflows" / "contribaudit.yml"
    path.parent.mkdir(parents=True)
    path.write_text(
        written("workflow.yml", ELSEWHERE) if checker == "actionlint" else written("container.sh", ELSEWHERE, image="i")
    )
    words = [program, *(["-s", "sh"] if checker == "shellcheck" else []), str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_container_command_is_shell_and_quotes_the_key_s_path() -> None:
    lines = [
        line
        for line in written("container.sh", RECIPE, image="contribaudit:latest").splitlines()
        if not line.startswith("#")
    ]
    words = shlex.split("\n".join(lines))
    assert words[:4] == ["docker", "run", "--rm", "--read-only"]
    assert "/home/anna/my keys/api-key:/run/secrets/api-key:ro" in words


def test_launchd_gets_a_property_list() -> None:
    agent = plistlib.loads(launchd(RECIPE, log_file="/tmp/audit.log").encode())
    assert agent["StartCalendarInterval"] == {"Hour": 6, "Minute": 15}
    assert agent["ProgramArguments"][-2:] == ["--api-key-file", "/home/anna/my keys/api-key"]


def test_hadolint_has_nothing_to_say_of_the_containerfile() -> None:
    program = Path(sys.executable).with_name("hadolint")
    if not program.is_file():
        pytest.skip("hadolint has no wheel for this platform")
    done = subprocess.run([program, str(ROOT / "Containerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_systemd_s_service_may_write_history_and_evidence() -> None:
    recipe = Recipe(
        ("/opt/ca",), Path("/k"), 6, 15, store=Path("/var/lib/ca/history.db"), evidence=Path("/srv/evidence")
    )
    service = units(recipe)["contribaudit.service"]
    assert "ReadWritePaths=/var/lib/ca\nReadWritePaths=/srv/evidence\n" in service


@pytest.mark.parametrize("platform", ["kubernetes", "github-actions", "docker"])
def test_another_address_of_the_api_goes_along_and_paths_of_this_machine_do_not(platform: str) -> None:
    if platform == "kubernetes":
        *_, job = yaml.safe_load_all(written("cronjob.yaml", ELSEWHERE, image="i", namespace="n"))
        (only,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        given = {one["name"]: one["value"] for one in only["env"]}
    elif platform == "github-actions":
        steps = yaml.safe_load(written("workflow.yml", ELSEWHERE))["jobs"]["audit"]["steps"]
        given = next(step["env"] for step in steps if "env" in step)
    else:
        words = shlex.split(written("container.sh", ELSEWHERE, image="i"), comments=True)
        given = dict(after.split("=", 1) for before, after in pairwise(words) if before == "--env")
    assert given["CONTRIBAUDIT_API_URL"] == "https://api.example/a b"
    assert given["CONTRIBAUDIT_FAIL_ON"] == "medium"
    assert "CONTRIBAUDIT_POLICY" not in given


def test_several_organizations_have_a_key_each() -> None:
    """The recipe hands over none: the configuration names a file for each, in the place that the recipe mounts."""
    several = replace(RECIPE, key_file=None, organization="")
    text = written("cronjob.yaml", several, image="i", namespace="n")
    kubernetes_validate.validate(list(yaml.safe_load_all(text))[-1], kubernetes_validate.latest_version(), strict=True)
    assert 'api_key_file = "/run/secrets/contribaudit/NAME"' in text
    told = written("container.sh", several, image="i")
    assert "./contribaudit-keys:/run/secrets:ro" in shlex.split(told, comments=True)
    for one in (text, told, launchd(several, log_file="/l")):
        assert "--api-key-file" not in one

"""`audit` and the commands beside it, called as a user calls them, against the simulator on a real socket."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from contribaudit.simulator import Fault, running, scenario_app
from tests import forked

from .conftest import Api, Cli

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/report-1.schema.json").read_text(encoding="utf-8"))
VERIFIABLE = """
version = 1
[[rule]]
check = "DR-01"
expect = ["EU"]
[[rule]]
check = "DR-02"
[[rule]]
check = "DC-10"
"""


@pytest.fixture
def ready(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The tidy organization with a key in the environment."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    return api


def policy(folder: Path, text: str = VERIFIABLE) -> str:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("scenario", ["tidy", "drifted", "small", "generated"])
def test_every_scenario_gives_a_report_that_the_published_schema_describes(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, scenario: str
) -> None:
    """`audit --format json` over a real socket validates, and its exit code is the one that it names."""
    app = scenario_app(scenario, apps=60 if scenario == "generated" else None)
    with running(app) as url:
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", app.state.organization.id)
        monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
        ended = cli("audit", "--format", "json")
    report = json.loads(ended.out)
    jsonschema.validate(report, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert ended.code == report["run"]["exit_code"] == 3
    assert report["inventory"]["apps"] > 0


def test_exit_0_when_everything_required_was_verified(cli: Cli, ready: Api, tmp_path: Path) -> None:
    """A policy that only asks what the API can tell is met by the tidy organization."""
    ended = cli("audit", "--policy", policy(tmp_path), "--format", "line")
    assert ended.code == 0, ended.out
    assert ended.out.startswith("PASS (high and above); exit=0")
    assert ended.last == "PASS (high and above)."


def test_exit_1_when_a_setting_drifts_and_the_change_is_told(cli: Cli, ready: Api, tmp_path: Path) -> None:
    """An app that leaves its realm fails, is new in the line, and stands in `changes`."""
    words = ("audit", "--policy", policy(tmp_path), "--format", "line")
    cli(*words)
    moved = next(app for app in ready.app.state.organization.apps if app.realm == "EU")
    ready.app.state.organization.set_realm(moved.id, "US", ("us-east-1",))
    ended = cli(*words)
    assert ended.code == 1
    assert "new: 1 fail, 1 conflict" in ended.out
    changes = json.loads(cli("changes", "--format", "json").out)
    assert [(one["setting"], one["before"], one["after"]) for one in changes] == [
        ("residency.realm", "EU", "US"),
        ("residency.regions", ["eu-central-1", "eu-west-1"], ["us-east-1"]),
    ]


@pytest.mark.parametrize(("expect", "code"), [('contribution = "none"', 3), ('location = ["US"]', 1)])
def test_the_last_line_names_the_first_step_of_the_report(
    cli: Cli, ready: Api, tmp_path: Path, expect: str, code: int
) -> None:
    """Whatever the order of the checks."""
    ended = cli("audit", "--policy", policy(tmp_path, f"[expect]\n{expect}\n"), "--format", "json")
    assert ended.code == code
    first = json.loads(ended.out)["next"][0]
    assert ended.last.endswith(f"; first step ({first['kind']}): {first['text']}.")


def test_the_last_line_names_an_optional_source_that_broke_off(cli: Cli, ready: Api, tmp_path: Path) -> None:
    """No finding at the threshold is open, but one below it needs the audit log: the run is unverified for that."""
    ready.app.state.faults.append(Fault("truncated-json", "events-stream"))
    ended = cli("audit", "--policy", policy(tmp_path, 'version = 1\n[[rule]]\ncheck = "GV-03"\nseverity = "low"\n'))
    assert ended.code == 3
    assert "not everything was read: events: " in ended.last


def test_sarif_points_at_the_policy_file(cli: Cli, ready: Api, tmp_path: Path) -> None:
    """A rule of the file at its line, one of a file that it extends there, one of a pack where it is brought in.

    A policy that is elsewhere, or none at all, is not a path in the folder that the audit is started in.
    """

    def places(*words: str) -> dict[str, str]:
        (run,) = json.loads(cli("audit", "--format", "sarif", "--all", "-q", *words).out)["runs"]
        told = {}
        for one in run["results"]:
            at = one["locations"][0].get("physicalLocation")
            told[one["ruleId"]] = f"{at['artifactLocation']['uri']}:{at['region']['startLine']}" if at else ""
        return told

    for name in ("here/conf", "here/shared", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "here/shared/base.toml").write_text('version = 1\n[[rule]]\ncheck = "DR-02"\n')
    (tmp_path / "elsewhere/base.toml").write_text('version = 1\n[[rule]]\ncheck = "DR-03"\n')
    (tmp_path / "here/conf/policy.toml").write_text(
        'version = 1\nname = "p"\nextends = ["essentials", "../shared/base.toml", "../../elsewhere/base.toml"]\n\n'
        '[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n'
    )
    os.chdir(tmp_path / "here")
    told = places("--policy", "conf/policy.toml")
    assert (told["DR-01"], told["DR-02"]) == ("conf/policy.toml:5", "shared/base.toml:2")
    assert {told["DR-03"], told["GV-06"]} == {"conf/policy.toml:3"}
    os.chdir(tmp_path / "elsewhere")
    assert set(places("--policy", str(tmp_path / "here/conf/policy.toml")).values()) == {""}
    assert set(places().values()) == {""}


def test_the_severity_decides_what_fails(cli: Cli, ready: Api, tmp_path: Path) -> None:
    """--fail-on critical leaves a high finding out of the exit code."""
    text = 'version = 1\n[[rule]]\ncheck = "DC-06"\nexpect = "free"\n'
    assert cli("audit", "--policy", policy(tmp_path, text)).code == 1
    assert cli("audit", "--policy", policy(tmp_path, text), "--fail-on", "critical").code == 0


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("expired-key", 4, "the API refused a key"),
        ("other-org-key", 4, "the API refused a key"),
        ("no-such-key", 4, "the API refused a key"),
        ("narrow-key", 3, "it needs the scope read:"),
    ],
)
def test_a_key_that_may_not_read_proves_nothing(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str, code: int, said: str
) -> None:
    """The exit code is the fixed one, no app passes, and the key is nowhere in what was written."""
    path = policy(tmp_path)
    assert cli("audit", "--policy", path).code == 0
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", key)
    ended = cli("audit", "--policy", path, "--format", "json")
    assert ended.code == code
    assert said in ended.err
    assert key not in ended.out + ended.err
    findings = json.loads(ended.out)["findings"]
    assert {one["outcome"] for one in findings} == {"unknown"}
    assert len(findings) == 15


def test_a_refused_key_says_what_is_saved_and_which_run_was_the_last_complete_one(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice refused, it names the run before both; a run that read nothing is not called complete."""
    assert cli("audit").code != 4
    first = json.loads(cli("runs", "list", "--format", "json").out)[0]
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "no-such-key")
    for run in (2, 3):
        ended = cli("audit")
        assert ended.code == 4
        when = f"{first['finished_at'][:10]} {first['finished_at'][11:16]}Z"
        assert f"Run #{run} is saved; the last complete run is #1, of {when}." in ended.err


def test_a_first_run_with_a_refused_key_names_no_complete_one(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "no-such-key")
    for run in (1, 2):
        ended = cli("audit")
        assert ended.last.endswith(f"Run #{run} is saved.")


def test_an_unknown_organization_is_a_wrong_configuration(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """404 on the organization ends with 2 and says where the ID stands."""
    monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", "99999999-9999-4999-8999-999999999999")
    ended = cli("audit")
    assert ended.code == 2
    assert "admin.atlassian.com/o/ID" in ended.last


def test_without_a_key_nothing_is_read(cli: Cli, api: Api) -> None:
    """A missing key ends with 4 before any request, and says every place that was looked at."""
    ended = cli("audit")
    assert ended.code == 4
    assert not api.app.state.requests
    assert "--api-key-file" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "DR-99"), "No check is called 'DR-99'"),
        (("--only", "DR-01"), "No check would run"),
        (("--policy", "missing.toml"), "no such file"),
        (("--output", "."), "is a folder"),
        (("--output", "taken"), "exists"),
        (("--output", "no/such/folder"), "does not exist"),
        (("--org", "other"), "not in the configuration"),
        (("--format", "pdf"), "pdf"),
        (("--planned", "noon"), "not a time of day"),
        (("--planned", "06:15", "--offline"), "--planned needs a new run"),
    ],
)
def test_what_is_wrong_on_the_command_line_ends_with_2_and_reads_nothing(
    cli: Cli, ready: Api, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Each mistake is named before the first request."""
    (tmp_path / "taken").write_text("evidence")
    ended = cli("audit", *words)
    assert ended.code == 2
    assert said in ended.err
    assert not ready.app.state.requests
    assert (tmp_path / "taken").read_text() == "evidence"


@pytest.mark.parametrize("damage", ["garbage", "folder"])
def test_a_store_that_cannot_be_used_is_not_a_verdict(cli: Cli, ready: Api, tmp_path: Path, damage: str) -> None:
    """A damaged history ends with 5, a folder in its place with 70; stdout stays empty."""
    path = tmp_path / "history.sqlite"
    if damage == "garbage":
        path.write_bytes(b"this is no database" * 100)
    else:
        path.mkdir()
    ended = cli("audit", "--store", str(path))
    assert (ended.code, ended.out) == (5 if damage == "garbage" else 70, "")


@pytest.mark.parametrize("step", ["pipeline.resolve", "pipeline.evaluate", "changes.explain"])
def test_a_bug_while_a_run_is_judged_is_not_called_damage(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """70, as any bug: nobody is told to restore a backup of a sound history, or to move it away."""

    def bug(*_words: object, **_named: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(f"contribaudit.audit.{step}", bug)
    ended = cli("audit")
    assert (ended.code, "This is a bug in contribaudit (KeyError)" in ended.err) == (70, True), ended.err
    assert "backup" not in ended.err


def test_offline_judges_the_last_run_and_reads_nothing(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """--offline needs no key and no network, and finds what the run found."""
    path = policy(tmp_path)
    first = json.loads(cli("audit", "--policy", path, "--format", "json").out)
    monkeypatch.delenv("CONTRIBAUDIT_API_KEY")
    read = len(ready.app.state.requests)
    ended = cli("audit", "--offline", "--policy", path, "--format", "json")
    again = json.loads(ended.out)
    assert ended.code == 0
    assert len(ready.app.state.requests) == read
    assert [(one["id"], one["outcome"]) for one in again["findings"]] == [
        (one["id"], one["outcome"]) for one in first["findings"]
    ]


def test_offline_without_a_run_says_so(cli: Cli, api: Api) -> None:
    """There is nothing to judge before the first audit."""
    ended = cli("audit", "--offline")
    assert ended.code == 2
    assert "There is no saved run" in ended.err


def test_csv_and_json_tell_the_same(cli: Cli, ready: Api, tmp_path: Path) -> None:
    """Every finding has the same outcome in both."""
    path = policy(tmp_path)
    rows = list(csv.DictReader(io.StringIO(cli("audit", "--policy", path, "--format", "csv").out, newline="")))
    findings = json.loads(cli("audit", "--policy", path, "--format", "json").out)["findings"]
    assert {row["finding_id"]: row["outcome"] for row in rows} == {one["id"]: one["outcome"] for one in findings}


def test_list_calls_makes_none(cli: Cli, ready: Api) -> None:
    """Every call with its scope, and no request."""
    ended = cli("audit", "--list-calls")
    assert ended.code == 0
    assert "read:workspaces:admin" in ended.out
    assert not ready.app.state.requests


def test_list_calls_tells_of_sites_only_where_spaces_are_read(cli: Cli, ready: Api) -> None:
    """With which scope, and that another credential than the key sends them."""

    def on_sites() -> set[tuple[str, str]]:
        rows = json.loads(cli("audit", "--list-calls", "--format", "json").out)
        assert {row["sent_with"] for row in rows} <= {"API key", "site token"}
        return {(row["scope"], row["sent_with"]) for row in rows if "{cloudId}" in row["path"]}

    assert on_sites() == set()
    Path("contribaudit.toml").write_text("[sites]\n")
    assert on_sites() == {("read:jira-work", "site token"), ("read:space:confluence", "site token")}
    assert not ready.app.state.requests


def test_an_audit_reads_spaces_with_the_configured_token(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From the configuration to the report's rows; the token is in none of them."""
    Path("contribaudit.toml").write_text('[sites]\nemail = "demo@acme.example"\ntoken_env = "SITE_TOKEN"\n')
    monkeypatch.setenv("SITE_TOKEN", "demo-site-token")
    ended = cli("audit", "--policy", policy(tmp_path), "--format", "json")
    rows = {row["collector"]: row for row in json.loads(ended.out)["collection"]}
    assert {name: rows[name]["status"] for name in ("spaces_jira", "spaces_confluence")} == {
        "spaces_jira": "ok",
        "spaces_confluence": "ok",
    }
    assert rows["spaces_jira"]["read"] > 0
    assert "demo-site-token" not in ended.out + ended.err


def test_an_organization_without_a_key_is_reported_not_forgotten(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two organizations, one key: DC-10 is unknown and names the other one."""
    config = tmp_path / "config.toml"
    config.write_text(
        f'[[organization]]\nid = "{ready.organization}"\napi_key_env = "TIDY_KEY"\n'
        '[[organization]]\nid = "other"\nname = "Acquired Ltd"\n'
    )
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    monkeypatch.delenv("CONTRIBAUDIT_API_KEY")
    monkeypatch.setenv("TIDY_KEY", "demo-key")
    text = 'version = 1\n[[rule]]\ncheck = "DC-10"\n'
    ended = cli("--config", str(config), "audit", "--policy", policy(tmp_path, text), "--format", "json")
    (finding,) = json.loads(ended.out)["findings"]
    assert (ended.code, finding["outcome"]) == (3, "unknown")
    assert "Acquired Ltd" in finding["reason"]


def test_one_key_is_not_tried_on_several_organizations(cli: Cli, ready: Api, tmp_path: Path, key_file: Path) -> None:
    """--api-key-file with two organizations ends with 2."""
    config = tmp_path / "config.toml"
    config.write_text('[[organization]]\nid = "one"\n[[organization]]\nid = "two"\n')
    ended = cli("--config", str(config), "audit", "--api-key-file", str(key_file))
    assert ended.code == 2
    assert "a key reads one" in ended.err


def test_the_history_commands_tell_of_runs(cli: Cli, ready: Api, tmp_path: Path) -> None:
    """`runs` lists and shows, `inventory` reads, all as JSON too."""
    cli("audit", "--policy", policy(tmp_path), "-q")
    (run,) = json.loads(cli("runs", "list", "--format", "json").out)
    assert (run["run"], run["exit_code"], run["complete"]) == (1, 0, True)
    shown = json.loads(cli("runs", "show", "1", "--format", "json").out)
    assert {one["collector"] for one in shown["collection"]} >= {"workspaces", "policies"}
    assert cli("runs", "show", "7").code == 2
    listed = json.loads(cli("inventory", "--format", "json").out)
    assert {one["kind"] for one in listed} == {"organization", "site", "app"}
    assert cli("inventory", "--offline").code == 0


def test_a_schedule_tells_when_it_meant_a_run_to_begin(
    cli: Cli, ready: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest such time on this machine's clock, in history, report and evidence; a person's run has none."""
    for name in ("CI", "INVOCATION_ID"):
        monkeypatch.delenv(name, raising=False)
    half_a_day_ago = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=12)
    words = ("audit", "--policy", policy(tmp_path), "--planned", f"{half_a_day_ago.astimezone():%H:%M}")
    ended = cli(*words, "--format", "json")
    assert json.loads(ended.out)["run"]["planned_at"] is None
    assert "--planned is ignored: a person started this run" in ended.err
    monkeypatch.setenv("CONTRIBAUDIT_TRIGGER", "schedule")
    ended = cli(*words, "--format", "json")
    planned = f"{half_a_day_ago:%Y-%m-%dT%H:%M:%SZ}"
    assert json.loads(ended.out)["run"]["planned_at"] == planned
    assert "--planned" not in ended.err
    told = [(one["planned_at"], one["late_minutes"]) for one in json.loads(cli("runs", "list", "--format", "json").out)]
    assert told[1] == (None, None)
    assert told[0][0] == planned
    assert 12 * 60 <= told[0][1] <= 12 * 60 + 2
    assert planned in cli("runs", "show", "2").out
    assert "late minutes" in cli("runs", "list").out
    assert cli("evidence", "export", "pack", "--policy", "policy.toml", "--from", "2020-01-01").code == 0
    with (tmp_path / "pack/runs.csv").open(encoding="utf-8", newline="") as file:
        runs = [(one["planned_at"], one["late_minutes"]) for one in csv.DictReader(file)]
    assert runs == [("", ""), (planned, str(told[0][1]))]


def test_a_partial_inventory_ends_with_3(cli: Cli, ready: Api) -> None:
    """What could not be listed is said, and the rows of an earlier run stay."""
    cli("audit", "-q")
    ready.app.state.faults.append(Fault("403-a", "workspaces"))
    ended = cli("inventory", "--format", "json")
    apps = [one for one in json.loads(ended.out) if one["kind"] == "app"]
    assert ended.code == 3
    assert apps
    assert all("not seen in this run" in one["note"] for one in apps)


def test_the_policy_commands_check_and_show(cli: Cli, tmp_path: Path) -> None:
    """A mistake is told by line; the resolved policy can be read back."""
    wrong = policy(tmp_path, 'version = 1\n[[rule]]\ncheck = "DR-01"\nexpekt = ["EU"]\n')
    ended = cli("policy", "check", wrong)
    assert ended.code == 2
    assert "policy.toml:4" in ended.err
    assert "expect" in ended.err
    right = policy(tmp_path)
    assert cli("policy", "check", right).code == 0
    resolved = tmp_path / "resolved.toml"
    resolved.write_text(cli("policy", "show", right).out)
    assert cli("policy", "check", str(resolved)).code == 0
    assert json.loads(cli("policy", "schema").out)["title"]
    assert "essentials" in cli("policy", "packs").out


def test_checks_that_cannot_be_verified_today_are_marked(cli: Cli) -> None:
    """`checks list` says which can only answer unknown."""
    rows = json.loads(cli("checks", "list", "--format", "json").out)
    assert {row["id"] for row in rows if not row["verifiable"]} == {
        "DR-08",
    }


def test_the_demo_does_the_whole_job_without_a_key(cli: Cli, tmp_path: Path) -> None:
    """Table, changes and a signed pack, with nothing configured; evidence is never overwritten."""
    folder = tmp_path / "evidence"
    ended = cli("demo", "--out", str(folder))
    assert ended.code == 0
    assert ended.out.startswith("FAIL (high and above); ")
    assert "Confluence on acme-us.atlassian.net: stored in US" in ended.out
    names = {path.name for path in folder.iterdir()}
    assert names >= {"findings.csv", "inventory.csv", "settings.csv", "collection.csv", "manifest.json.sig"}
    assert cli("evidence", "verify", str(folder)).code == 0
    assert cli("demo", "--out", str(folder)).code == 2


def test_stdout_is_the_result_and_nothing_else(ready: Api, tmp_path: Path) -> None:
    """In a process of its own, with a pipe: JSON alone on stdout, the conclusion last on stderr."""
    done = forked.run(["audit", "--policy", policy(tmp_path), "--format", "json", "-v"])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schema"] == "contribaudit.report/1"
    assert done.stderr.splitlines()[-1].startswith(b"PASS (high and above).")


def test_a_run_of_one_organization_does_not_judge_the_others(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With --org only that one is judged; DC-10 asks the last run of each of the others whether it is covered."""
    config = tmp_path / "config.toml"
    other = scenario_app("small")
    with running(other) as url:
        config.write_text(
            f'[[organization]]\nid = "{ready.organization}"\napi_key_env = "KEY"\n'
            f'[[organization]]\nid = "{other.state.organization.id}"\napi_key_env = "KEY"\n'
        )
        monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
        monkeypatch.delenv("CONTRIBAUDIT_API_KEY")
        monkeypatch.setenv("KEY", "demo-key")
        path = policy(tmp_path)

        def audit(organization: str) -> tuple[int, dict[str, str]]:
            words = ("--config", str(config), "audit", "--policy", path, "--format", "json", "--org", organization)
            ended = cli(*words)
            findings = json.loads(ended.out)["findings"]
            assert {one["organization"] for one in findings} <= {organization, ""}
            return ended.code, {one["check"]: one["outcome"] for one in findings}

        code, outcomes = audit(ready.organization)
        assert (code, outcomes["DC-10"]) == (3, "unknown")
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        audit(other.state.organization.id)
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", ready.url)
        code, outcomes = audit(ready.organization)
        assert (code, outcomes["DC-10"]) == (0, "pass")


def test_files_for_monitoring_are_written_beside_the_report(ready: Api, cli: Cli, tmp_path: Path) -> None:
    """They are replaced at every run, and name the exit code with which it ended."""
    gauges, summary = tmp_path / "contribaudit.prom", tmp_path / "last.json"
    for _ in range(2):
        ended = cli("audit", "--policy", policy(tmp_path), "--metrics", str(gauges), "--json-summary", str(summary))
    assert ended.code == json.loads(summary.read_text())["exit_code"] == 0
    assert "contribaudit_exit_code 0\n" in gauges.read_text()
    assert 'contribaudit_verdict{verdict="PASS"} 1\n' in gauges.read_text()
    (success,) = re.findall(r"^contribaudit_last_success_timestamp_seconds (\d+)", gauges.read_text(), re.MULTILINE)
    unverified = policy(tmp_path, 'version = 1\n[[rule]]\ncheck = "DC-07"\n')
    assert cli("audit", "--policy", unverified, "--metrics", str(gauges)).code == 3
    assert 'contribaudit_verdict{verdict="UNVERIFIED"} 1\n' in gauges.read_text()
    assert f"contribaudit_last_success_timestamp_seconds {success}" in gauges.read_text()
    assert "contribaudit_run_limited 0\n" in gauges.read_text()


def test_a_limited_run_is_nowhere_a_success_of_the_whole(ready: Api, cli: Cli, tmp_path: Path) -> None:
    """Monitoring, the table's last line and the list of runs say that --only limited it."""
    gauges, summary = tmp_path / "contribaudit.prom", tmp_path / "last.json"
    written = ["--policy", policy(tmp_path), "--metrics", str(gauges), "--json-summary", str(summary)]
    cli("audit", *written)
    assert "selection" not in cli("runs", "list").out
    (success,) = re.findall(r"^contribaudit_last_success_timestamp_seconds .*", gauges.read_text(), re.MULTILINE)
    for _ in range(2):  # the second one finds the first in the history
        ended = cli("audit", "--only", "DC-10", *written)
        assert ended.code == 0
        assert ended.out.rstrip().endswith("PASS (high and above), limited by --only DC-10, exit code 0")
        assert "contribaudit_run_limited 1\n" in gauges.read_text()
        assert success in gauges.read_text().splitlines()
        assert json.loads(summary.read_text())["run"]["selection"] == "--only DC-10"
    assert "--only DC-10" in cli("runs", "list").out


@pytest.mark.parametrize("invocation", ["", "0f" * 16])
def test_every_line_of_a_json_log_names_its_run(
    invocation: str, ready: Api, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same ID from the first line on, whatever the line tells; by its number once the run is kept."""
    monkeypatch.setenv("INVOCATION_ID", invocation)
    seen: list[str] = []
    for words in (("audit", "--policy", policy(tmp_path), "--verbose"), ("audit", "--policy", "none.toml")):
        lines = [json.loads(line) for line in cli(*words, "--log-format", "json", "--format", "line").err.splitlines()]
        assert lines
        (run_id,) = {line["run_id"] for line in lines}
        assert run_id == invocation or (not invocation and re.fullmatch("[0-9a-f]{32}", run_id))
        seen.append(run_id)
        if words[2] != "none.toml":
            assert lines[0]["run"] is None
            assert (lines[-1]["event"], lines[-1]["run"]) == ("conclusion", 1)
    assert (seen[0] == seen[1]) is bool(invocation)

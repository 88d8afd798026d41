"""`doctor`: a line for everything that an audit needs."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contribaudit.atlassian.calls import ALL
from contribaudit.simulator import Fault, Options
from contribaudit.store.history import History
from tests.cli.conftest import Api, Cli, Ended

Lines = list[dict[str, Any]]


@pytest.fixture
def with_key(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    return api


class Terminal(io.StringIO):
    """A person at a terminal."""

    def isatty(self) -> bool:
        return True


def lines(ended: Ended) -> Lines:
    document = json.loads(ended.out)
    assert document["schema"] == "contribaudit.doctor/1"
    assert document["exit_code"] == ended.code
    found: Lines = document["lines"]
    for line in found:
        assert set(line) == {"status", "name", "what", "next", "exit_code"}
        assert line["status"] == "ok" or line["next"], line
        assert (line["status"] == "failed") == bool(line["exit_code"])
    return found


def named(found: Lines, name: str) -> Lines:
    return [line for line in found if line["name"] == name]


def test_all_is_well(cli: Cli, with_key: Api, keyring: object) -> None:
    ended = cli("doctor", "--format", "json")
    found = lines(ended)
    assert ended.code == 0
    assert {line["status"] for line in found} == {"ok"}
    scopes = {line["what"].partition(": ")[0].split()[0].rstrip(":") for line in named(found, "scope")}
    assert {":".join(scope.split(":")[:3]) for scope in scopes} == {call.scope for call in ALL if call.scope}
    assert "Everything that an audit needs is there" in ended.last
    assert "demo-key" not in ended.out + ended.err


def test_every_scope_is_tried_once_and_nothing_is_created(cli: Cli, with_key: Api, home: Path) -> None:
    """By the first call that needs it: what else it opens tells nothing more."""
    cli("doctor")
    asked = [(request.method, request.path) for request in with_key.app.state.requests]
    first = {call.scope: call for call in reversed(ALL) if call.path.startswith("/admin/")}
    wanted = [(call.method, call.path.replace("{orgId}", with_key.organization)) for call in first.values()]
    assert sorted(asked) == sorted(wanted)
    assert list(home.iterdir()) == []


def test_the_table_fits_80_columns(cli: Cli, with_key: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = cli("doctor")
    rows = ended.out.splitlines()
    assert max(map(len, rows)) <= 80 or max(len(row.split()[-1]) for row in rows) > 50  # a long path stays whole
    assert "\x1b" not in ended.out
    assert all(row.startswith(("ok ", "warning ", "failed ", "   ")) for row in rows)


def test_missing_scopes_are_named(cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "narrow-key")
    ended = cli("doctor", "--format", "json")
    found = lines(ended)
    assert ended.code == 4
    by_status = {
        status: {line["what"].split()[0] for line in named(found, "scope") if line["status"] == status}
        for status in ("ok", "warning", "failed")
    }
    assert by_status == {
        "ok": {"read:orgs:admin:"},
        "failed": {"read:workspaces:admin", "read:directories:admin", "read:policies:admin"},
        "warning": {"read:events:admin", "read:groups:admin", "read:keys:admin"},
    }


def test_a_key_without_scopes_is_a_warning(cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "unscoped-key")
    (limits,) = named(lines(cli("doctor", "--format", "json")), "key limits")
    assert limits["status"] == "warning"
    assert "read:workspaces:admin" in limits["next"]


def test_limits_that_were_not_seen_are_not_ok(cli: Cli, with_key: Api) -> None:
    with_key.app.state.faults.append(Fault("html", "orgs"))
    (limits,) = named(lines(cli("doctor", "--format", "json")), "key limits")
    assert limits["status"] == "warning"


@pytest.mark.parametrize(("key", "name"), [("wrong-key", "key"), ("expired-key", "key")])
def test_a_refused_key_ends_with_4(key: str, name: str, cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", key)
    ended = cli("doctor", "--format", "json")
    found = lines(ended)
    assert ended.code == 4
    assert [line["exit_code"] for line in named(found, name)] == [0, 4]
    assert named(found, "scope") == []
    assert key not in ended.out


def test_no_key_ends_with_4_and_names_the_ways(cli: Cli, api: Api) -> None:
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 4
    assert "--api-key-file" in named(found, "key")[0]["next"]
    assert named(found, "scheduler")[0]["status"] == "warning"
    assert "schedule systemd" in named(found, "scheduler")[0]["next"]


def test_a_key_of_the_environment_is_told_with_what_it_goes_before(
    cli: Cli, with_key: Api, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler does not see this shell's variables, and a key that is saved elsewhere is not used beside one."""
    monkeypatch.setattr("sys.stdin", Terminal())
    (told,) = named(lines(cli("doctor", "--format", "json")), "scheduler")
    assert "environment of this shell, which a scheduler does not see" in told["what"]
    assert "schedule systemd" in told["next"]
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY_FILE", str(key_file))
    (key,) = named(lines(cli("doctor", "--format", "json")), "key")
    assert key["what"].endswith(f"CONTRIBAUDIT_API_KEY, which takes precedence over api_key_file ({key_file})")
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "wrong-key")
    refused = named(lines(cli("doctor", "--format", "json")), "key")[1]
    assert "put it into CONTRIBAUDIT_API_KEY" in refused["next"]
    assert "contribaudit login" not in refused["next"]


def test_a_key_in_a_file_serves_a_scheduler(
    cli: Cli, api: Api, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY_FILE", str(key_file))
    (told,) = named(lines(cli("doctor", "--format", "json")), "scheduler")
    assert "a file, which a scheduler of this account can read" in told["what"]


def test_an_unknown_organization_ends_with_2(cli: Cli, with_key: Api) -> None:
    with_key.app.state.faults.append(Fault("404", "org"))
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 2
    assert named(found, "organization")[-1]["status"] == "failed"


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("url", "told"),
    [("http://127.0.0.1:1", "refused the connection"), ("https://nowhere.invalid", "No address was found")],
)
def test_an_unreachable_api_ends_with_69(url: str, told: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    found = lines(ended := cli("doctor", "--org", "acme", "--format", "json"))
    assert ended.code == 69
    (line,) = named(found, "api")
    assert told in line["what"]
    assert named(found, "scope") == []


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("kind", ["500", "503", "html", "truncated-json", "redirect", "429-seconds"])
@pytest.mark.parametrize(
    ("endpoint", "name"), [("org", "api"), ("policies", "read policies"), ("api-keys", "read api_keys")]
)
def test_a_fault_of_the_api_ends_with_3(kind: str, endpoint: str, name: str, cli: Cli, with_key: Api) -> None:
    with_key.app.state.faults.append(Fault(kind, endpoint))
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 3
    (line,) = named(found, name)
    assert line["exit_code"] == 3


@pytest.mark.parametrize(("days", "status"), [(300, "ok"), (22, "ok"), (5, "warning")])
def test_the_keys_end_is_told(days: int, status: str, cli: Cli, with_key: Api) -> None:
    organization = with_key.app.state.organization
    own = next(key for key in organization.keys if key.word == "demo-key")
    Path("contribaudit.toml").write_text(f'org_id = "{with_key.organization}"\napi_key_label = "{own.label}"\n')
    end = datetime.now(UTC) + timedelta(days=days, hours=1)
    organization.keys = [replace(key, expires_at=end) if key is own else key for key in organization.keys]
    (line,) = named(lines(cli("doctor", "--format", "json")), "key expiry")
    assert line["status"] == status
    assert f"in {days} days" in line["what"]


def test_a_wrong_clock_is_a_warning(cli: Cli, with_key: Api) -> None:
    simulation = with_key.app.state.simulation
    simulation.clock = lambda: datetime.now(UTC) + timedelta(seconds=300)
    (line,) = named(lines(cli("doctor", "--format", "json")), "clock")
    assert line["status"] == "warning"
    assert "s behind the API's" in line["what"]


def test_misspelt_variables_are_a_warning(cli: Cli, with_key: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_POLCY", "policy.toml")
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 0
    (line,) = named(found, "environment")
    assert "CONTRIBAUDIT_POLCY" in line["what"]
    assert "`CONTRIBAUDIT_POLICY`" in line["what"]


def test_a_wrong_configuration_ends_with_2(cli: Cli) -> None:
    Path("contribaudit.toml").write_text("polcy = 1\n")
    ended = cli("doctor", "--format", "json")
    assert ended.code == 2
    assert "contribaudit.toml:1" in lines(ended)[0]["what"]


def test_nothing_configured_ends_with_2(cli: Cli) -> None:
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 2
    assert named(found, "organization")[0]["status"] == "failed"


def test_a_wrong_policy_and_an_expired_waiver(cli: Cli, with_key: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    waiver = '[[waiver]]\ncheck = "DC-06"\nsubject = "organization"\nreason = "r"\nrequested_by = "a@x"\n'
    waiver += 'approved_by = "b@x"\napproved_at = 2026-01-01\nexpires = 2026-02-01\n'
    Path("p.toml").write_text(f'version = 1\nname = "n"\nextends = ["essentials"]\n{waiver}')
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", "p.toml")
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 0
    assert "DC-06" in named(found, "waiver")[0]["what"]
    found = lines(ended := cli("doctor", "--policy", "missing.toml", "--format", "json"))
    assert ended.code == 2
    assert named(found, "policy")[0]["status"] == "failed"


def test_a_wrong_rulebook_ends_with_2(cli: Cli, with_key: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_RULEBOOK", "no-folder")
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 2
    assert named(found, "rulebook")[0]["status"] == "failed"


def test_the_store_is_looked_at(cli: Cli, with_key: Api, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_STORE", "history.sqlite")
    (line,) = named(lines(cli("doctor", "--format", "json")), "store")
    assert "will be created" in line["what"]
    History.open("history.sqlite").close()
    (line,) = named(lines(cli("doctor", "--format", "json")), "store")
    assert "no run yet" in line["what"]
    Path("history.sqlite").write_bytes(b"not a database at all, but long enough to be one" * 100)
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 5
    assert named(found, "store")[0]["exit_code"] == 5


def test_a_database_password_is_not_shown(cli: Cli, with_key: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_STORE", "postgresql://me:S3cret@127.0.0.1:1/history?password=S3cret")
    ended = cli("doctor", "--verbose")
    assert ended.code == 70
    assert "S3cret" not in ended.out + ended.err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_that_cannot_be_written(cli: Cli, with_key: Api, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_STORE", "closed/history.sqlite")
    Path("closed").mkdir(mode=0o500)
    assert cli("doctor").code == 70


def test_a_full_disk_is_a_warning(cli: Cli, with_key: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_STORE", "history.sqlite")
    History.open("history.sqlite").close()
    monkeypatch.setattr("contribaudit.operations.doctor.local.LEAST_FREE_BYTES", 10**18)
    assert named(lines(cli("doctor", "--format", "json")), "disk")[0]["status"] == "warning"


def test_an_old_rulebook_is_a_warning(cli: Cli, with_key: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from contribaudit.core.model.rulebook import Rulebook

    monkeypatch.setattr(Rulebook, "oldest_review", property(lambda _: (datetime.now(UTC) - timedelta(days=400)).date()))
    assert named(lines(cli("doctor", "--format", "json")), "rulebook")[0]["status"] == "warning"


def test_of_several_organizations_one_may_have_no_key(
    cli: Cli, api: Api, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTRIBAUDIT_ORG_ID")
    text = f'[[organization]]\nid = "{api.organization}"\nname = "Tidy"\napi_key_file = "key"\n'
    Path("contribaudit.toml").write_text(text + '[[organization]]\nid = "labs"\nname = "Labs"\n')
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 0
    assert [(line["status"], line["what"].partition(":")[0]) for line in named(found, "key")] == [
        ("ok", "Tidy"),
        ("warning", "Labs"),
    ]
    key_file.unlink()
    assert cli("doctor", "--format", "json").code == 4


ON_SITES = ("jira-projects", "confluence-spaces", "gateway")


def with_spaces(text: str = "") -> None:
    Path("contribaudit.toml").write_text(f'[sites]\nemail = "demo@acme.example"\ntoken_env = "SITE_TOKEN"\n{text}')


def test_sites_that_nobody_asked_for_are_one_line(cli: Cli, with_key: Api, keyring: object) -> None:
    found = lines(cli("doctor", "--format", "json"))
    assert [line["status"] for line in named(found, "sites")] == ["ok"]
    assert named(found, "site") + named(found, "site token") == []
    assert not [request for request in with_key.app.state.requests if "/ex/" in request.path]


def test_a_site_s_token_is_found_and_tried_once(
    cli: Cli, with_key: Api, keyring: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_spaces()
    monkeypatch.setenv("SITE_TOKEN", "demo-site-token")
    ended = cli("doctor", "--format", "json")
    found = lines(ended)
    (token,), (site,) = named(found, "site token"), named(found, "site")
    assert (token["status"], site["status"], ended.code) == ("ok", "ok", 0)
    assert "demo@acme.example" in token["what"]
    assert "read:jira-work" in site["what"] or "read:space:confluence" in site["what"]
    assert [line["status"] for line in named(found, "gateway")] == ["ok"]
    asked = [request.endpoint for request in with_key.app.state.requests if request.endpoint in ON_SITES]
    assert sorted(asked) in (["gateway", "jira-projects"], ["confluence-spaces", "gateway"])
    assert "demo-site-token" not in ended.out + ended.err


def test_only_what_the_configuration_reads_of_sites_is_tried(
    cli: Cli, with_key: Api, keyring: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_TOKEN", "demo-site-token")
    for read, wanted in (('["spaces"]', (1, 0)), ('["ai"]', (0, 1)), ('["regions", "spaces"]', (1, 1))):
        with_spaces(f"read = {read}\n")
        found = lines(cli("doctor", "--format", "json"))
        assert (len(named(found, "site")), len(named(found, "gateway"))) == wanted


def test_a_gateway_that_keeps_something_back_is_a_warning(
    cli: Cli, with_key: Api, keyring: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_spaces('read = ["ai"]\n')
    monkeypatch.setenv("SITE_TOKEN", "demo-site-token")
    with_key.app.state.simulation.options = Options(gateway_failing=("configuration",))
    (gateway,) = named(lines(cli("doctor", "--format", "json")), "gateway")
    assert gateway["status"] == "warning"
    assert "configuration is not available" in gateway["what"]


def test_a_refused_token_and_none_at_all(
    cli: Cli, with_key: Api, keyring: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_spaces()
    monkeypatch.setenv("SITE_TOKEN", "nobodys-token")
    ended = cli("doctor", "--format", "json")
    (site,) = named(lines(ended), "site")
    assert (site["status"], site["exit_code"], ended.code) == ("failed", 4, 4)
    assert "nobodys-token" not in ended.out + ended.err
    monkeypatch.delenv("SITE_TOKEN")
    found = lines(cli("doctor", "--format", "json"))
    assert [line["status"] for line in (*named(found, "site token"), *named(found, "site"))] == ["warning", "warning"]
    assert "login --site all" in named(found, "site token")[0]["next"]


def test_a_token_file_that_cannot_be_read_is_a_failed_line(cli: Cli, with_key: Api, keyring: object) -> None:
    Path("contribaudit.toml").write_text('[sites]\ntoken_file = "missing"\n')
    found = lines(ended := cli("doctor", "--format", "json"))
    assert ended.code == 4
    assert [line["status"] for line in named(found, "site token")] == ["failed"]
    assert named(found, "site") == []

"""`runs`, `baseline`, `next` and `attest forget` as a person calls them, against the simulator on a real socket."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from contribaudit.store.history import History
from contribaudit.store.schema import collections, runs, snapshots

from .conftest import Api, Cli

ANNA, BERT = "anna@acme.example", "bert@acme.example"
STORE = ".local/share/contribaudit/history.sqlite"
APPROVE = ("baseline", "approve", "--reason", "reviewed, GRC-207", "--by", ANNA, "--yes")


@pytest.fixture
def ready(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The tidy organization with a key in the environment."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    return api


def rows(cli: Cli, *words: str) -> list[dict[str, Any]]:
    ended = cli(*words, "--format", "json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


def weeks_ago(weeks: int, weekday: int) -> float:
    """How many days ago that noon was, of a week so long ago; Monday is 0. Two of one week stay in one week."""
    now = datetime.now(UTC)
    noon = now.replace(hour=12) - timedelta(weeks=weeks, days=now.weekday() - weekday)
    return (now - noon) / timedelta(days=1)


def age(home: Path, run: int, days: float) -> None:
    """Let a run have begun so many days ago."""
    then = datetime.now(UTC) - timedelta(days=days)
    with History.open(str(home / STORE)) as store, store._writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run).values(started_at=then, finished_at=then))
        values = {"started_at": then, "finished_at": then}
        connection.execute(update(snapshots).where(snapshots.c.run == run).values(values))
        connection.execute(update(collections).where(collections.c.run == run).values(started_at=then))


def aged(cli: Cli, home: Path, *days: float) -> None:
    """A run for each of so many days ago, and one of now."""
    for number, ago in enumerate(days, 1):
        cli("audit")
        age(home, number, ago)
    cli("audit")


def test_a_pruning_tells_first_and_is_told_later(cli: Cli, ready: Api, home: Path) -> None:
    """--dry-run removes nothing; without --yes and a terminal nothing goes; afterwards the gap says who removed it."""
    last_week = weeks_ago(1, 3)
    aged(cli, home, weeks_ago(80, 1), weeks_ago(80, 2), weeks_ago(80, 3), last_week, last_week - 0.1)
    dry = rows(cli, "runs", "prune", "--dry-run")
    assert [(one["runs_removed"], one["runs_kept"]) for one in dry] == [(3, 3)]
    assert len(rows(cli, "runs", "list")) == 6
    refused = cli("runs", "prune")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert rows(cli, "runs", "prune", "--yes") == dry
    assert [one["run"] for one in rows(cli, "runs", "list")] == [6, 5, 1]
    again = cli("runs", "prune", "--yes")
    assert (again.code, "Nothing to remove" in again.last) == (0, True)
    first, *_ = [one for one in rows(cli, "runs", "gaps") if one["collector"] is None]
    assert re.search(r"3 runs removed on \d{4}-\d\d-\d\d by \S+", first["in_between"])
    shown = json.loads(cli("runs", "show", "5", "--format", "json").out)
    assert shown["before"][0]["run_before"] == 1
    assert "removed on" in shown["before"][0]["in_between"]
    assert "run before" in cli("runs", "show", "6").out


@pytest.mark.parametrize("span", ["90", "x", "-3d"])
def test_a_span_that_is_none_removes_nothing(cli: Cli, ready: Api, span: str) -> None:
    cli("audit")
    ended = cli("runs", "prune", f"--keep-daily={span}", "--yes")
    assert (ended.code, ended.out) == (2, "")


def test_gaps_and_outcomes_over_time(cli: Cli, ready: Api, home: Path) -> None:
    """Three days without a run are a gap, of each collector too; an outcome tells how long nobody looked."""
    aged(cli, home, 5, 2)
    found = rows(cli, "runs", "gaps")
    assert {one["collector"] for one in found} >= {None, "workspaces"}
    assert [round(one["hours"]) for one in found if one["collector"] is None] == [72, 48]
    assert {one["in_between"] for one in found} == {"no run"}
    assert rows(cli, "runs", "gaps", "--every", "100") == []
    assert "no_such_setting" not in cli("runs", "list").out
    spans = rows(cli, "runs", "outcomes", "DC-10")
    assert [(one["observations"], round(one["longest_gap_hours"])) for one in spans] == [(3, 72)]
    assert rows(cli, "runs", "outcomes", spans[0]["finding"]) == spans
    assert cli("runs", "outcomes", "DC-99").code == 2


def test_what_is_new_since_the_baseline_is_no_pass(
    cli: Cli, ready: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app of a new site: listed by `diff`, unknown in the findings, until somebody approves anew."""
    policy = home / "policy.toml"
    policy.write_text(
        'version = 1\nname = "realms"\n[[rule]]\ncheck = "DR-01"\nexpect = ["EU", "DE", "US", "Global"]\n'
    )
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", str(policy))
    cli("audit")
    approved = cli(*APPROVE)
    assert approved.code == 0, approved.err
    before = json.loads(cli("audit", "--format", "json").out)["findings"]
    assert not [one for one in before if one["reason_code"] == "not_in_baseline"]
    assert rows(cli, "baseline", "diff") == []
    organization = ready.app.state.organization
    ari = "ari:cloud:confluence::site/b9999999-0000-4000-8000-000000000009"
    known = organization.app("tidy/confluence")
    organization.add(replace(known, id=ari, name="brand-new", host_url="https://brand-new.atlassian.net"))
    after = json.loads(cli("audit", "--format", "json").out)["findings"]
    outside = rows(cli, "baseline", "diff")
    assert {one["subject_kind"] for one in outside} == {"site", "app"}
    assert all("brand-new" in one["subject_name"] for one in outside)
    mine = [one for one in after if one["subject"]["site"] == "brand-new.atlassian.net"]
    assert mine
    assert not [one for one in mine if one["outcome"] == "pass"]
    assert [one for one in mine if one["reason_code"] == "not_in_baseline"]
    decide = [one for one in rows(cli, "next") if one["kind"] == "decide" and "brand-new" in one["what"]]
    assert decide
    assert cli(*APPROVE).code == 0
    assert rows(cli, "baseline", "diff") == []
    assert [one["standing"] for one in rows(cli, "baseline", "list")] == ["superseded", "in force"]
    (counts,) = rows(cli, "baseline", "show")
    assert (counts["run"], counts["approved_by"], counts["reason"]) == (3, ANNA, "reviewed, GRC-207")


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        ((*APPROVE,), {"CONTRIBAUDIT_TRIGGER": "schedule"}),
        (APPROVE[:-1], {}),
        ((*APPROVE, "--until", "2020-01-01"), {}),
        ((*APPROVE[:3], " ", *APPROVE[4:]), {}),
        (("baseline", "approve", "--reason", "x", "--yes"), {}),
    ],
    ids=["scheduled", "nobody agreed", "ended already", "no reason", "nobody named"],
)
def test_nobody_but_a_person_approves(
    cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], environment: dict[str, str]
) -> None:
    cli("audit")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ended = cli(*words)
    assert ended.code == 2, ended.err
    monkeypatch.delenv("CONTRIBAUDIT_TRIGGER", raising=False)
    assert rows(cli, "baseline", "list") == []


def test_nothing_unread_is_approved(cli: Cli, ready: Api) -> None:
    """A run that did not read every app is no baseline, and neither is none."""
    from contribaudit.simulator import Fault

    assert cli(*APPROVE).code == 2
    ready.app.state.faults.append(Fault("total-too-large", "workspaces"))
    cli("audit")
    ended = cli(*APPROVE)
    assert ended.code == 2
    assert "did not read every app" in ended.err


def test_the_queue_groups_what_one_look_settles(cli: Cli, ready: Api) -> None:
    """As table, JSON and CSV; ends with 0 whatever there is to do."""
    empty = cli("next")
    assert empty.code == 2
    cli("audit")
    found = rows(cli, "next")
    looks = [one for one in found if one["kind"] == "look"]
    assert looks
    assert len({one["what"] for one in looks}) == len(looks)
    assert all(one["command"].startswith("contribaudit attest --screen ") for one in looks)
    assert all(one["minutes"] > 0 for one in found)
    ranks = ["critical", "high", "medium", "low", "info", None]
    assert [ranks.index(one["severity"]) for one in found] == sorted(ranks.index(one["severity"]) for one in found)
    assert rows(cli, "next", "--limit", "1") == found[:1]
    table = list(csv.DictReader(io.StringIO(cli("next", "--format", "csv").out)))
    assert [one["what"] for one in table] == [one["what"] for one in found]
    shown = cli("next")
    assert (shown.code, "min in all" in shown.last) == (0, True)


def test_the_queue_leaves_no_finding_out_and_counts_what_nobody_can_settle(
    cli: Cli, ready: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The closing line has no place and is not cut off by --limit; the report holds the same steps."""
    policy = home / "policy.toml"
    policy.write_text(
        'version = 1\nname = "some"\n'
        + "".join(f'[[rule]]\ncheck = "{check}"\n' for check in ("DC-06", "DC-03", "DR-08", "GV-03"))
    )
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", str(policy))
    report = json.loads(cli("audit", "--format", "json").out)
    found = rows(cli, "next")
    assert [one["kind"] for one in found] == ["look", "decide", "renew", "nobody"]
    assert [one["place"] for one in found] == [1, 2, 3, None]
    unproven = sorted(one["id"] for one in report["findings"] if one["outcome"] == "unknown")
    assert sorted(each for one in found for each in one["findings"]) == unproven
    assert [(one["kind"], one["text"], one["findings"]) for one in report["next"]] == [
        (one["kind"], one["what"], one["findings"]) for one in found
    ]
    assert "written_for_plan" in found[1]["what"]
    assert [one["kind"] for one in rows(cli, "next", "--limit", "1")] == ["look", "nobody"]
    last = cli("next", "--limit", "1").last
    assert last == "3 things to do, 1 of them shown, about 8 min in all; 1 finding cannot be resolved yet."


@pytest.mark.parametrize("spelling", [ANNA.upper(), ANNA.replace("anna", "\uff21\uff4e\uff4e\uff41")])
@pytest.mark.parametrize("recorded", [ANNA, ANNA.replace("a", "\uff41")])
def test_a_name_is_erased_and_what_was_done_stays(cli: Cli, ready: Api, spelling: str, recorded: str) -> None:
    """Attestations count on, and the erased person cannot come back as the second one."""
    cli("audit")
    assert cli("attest", "contribution.in_app", "off", "--by", recorded).code == 0
    (one,) = rows(cli, "attest", "list")
    assert cli("attest", "confirm", one["id"], "--by", BERT).code == 0
    assert cli("attest", "forget", ANNA).code == 2
    ended = cli("attest", "forget", spelling, "--yes")
    assert ended.code == 0, ended.err
    (after,) = rows(cli, "attest", "list")
    assert re.fullmatch("person-[0-9a-f]{6}", after["by"])
    assert (after["recorded_by"], after["id"], after["value"]) == (after["by"], one["id"], "off")
    assert recorded not in cli("attest", "show", one["id"]).out
    assert BERT in cli("attest", "show", one["id"]).out
    own = cli("attest", "confirm", one["id"], "--by", ANNA)
    assert own.code == 2
    assert "a second person must confirm" in own.err
    assert cli("attest", "forget", ANNA, "--yes").code == 2


def test_a_past_moment_is_judged_as_of_then(cli: Cli, ready: Api, home: Path) -> None:
    """By what was read and recorded by then: a later run, attestation or confirmation does not count."""
    policy = home / "policy.toml"
    policy.write_text(
        'version = 1\nname = "then"\n[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n[[rule]]\ncheck = "DC-01"\n'
    )
    words = ("audit", "--offline", "--format", "json", "--policy", str(policy))
    cli("audit")
    age(home, 1, 10)
    then = json.loads(cli(*words, "--at", "1").out)
    ready.app.state.organization.set_realm("tidy/confluence", "US")
    cli("audit")
    assert cli("attest", "contribution.in_app", "on", "--by", ANNA).code == 0
    now = json.loads(cli(*words).out)
    assert now["findings"] != then["findings"]
    day = f"{datetime.now(UTC) - timedelta(days=9):%Y-%m-%d}"
    again = json.loads(cli(*words, "--at", "1").out)
    assert (again["run"]["id"], again["findings"], again["as_of"]) == (1, then["findings"], then["as_of"])
    assert json.loads(cli(*words, "--at", day).out)["run"]["id"] == 1
    assert json.loads(cli(*words, "--at", f"{datetime.now(UTC):%Y-%m-%d}").out)["run"]["id"] == 2
    for refused in (("--at", "2001-01-01"), ("--at", "soon"), ("--at", "77")):
        assert cli(*words, *refused).code == 2
    assert cli("audit", "--at", "1").code == 2

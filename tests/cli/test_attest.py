"""`attest` and `signals` as a person calls them, against the simulator on a real socket."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from contribaudit.cli import options
from contribaudit.cli.attest import walk as walking
from contribaudit.core.model.observation import Grade, Observed, SettingId, Value
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.store.history import History
from contribaudit.wiring import operator

from .conftest import Api, Cli

ANNA, BERT = "anna@acme.example", "bert@acme.example"
OFF = ("attest", "contribution.in_app", "off", "--by", ANNA)
UGC = "signal.policy.ugc-data-use-preferences"
LABS = "ari:cloud:confluence::site/b2222222-2222-4222-8222-222222222222"
STORE = ".local/share/contribaudit/history.sqlite"


@pytest.fixture
def ready(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The tidy organization with a key in the environment."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    return api


def listed(cli: Cli, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cli("attest", "list", "--format", "json", *words).out)
    return found


def rename(api: Api, name: str) -> None:
    """Change something in the raw object of the contribution policy."""
    organization = api.app.state.organization
    policy = next(one for one in organization.policies if one.type == "ugc-data-use-preferences")
    organization.change(organization.policy(policy.id), name=name)


def heard(api: Api, home: Path, setting: str = "contribution.in_app", app: str = "") -> tuple[Value, Grade | None]:
    """What the last run makes of the setting, of the organization or an app: value and grade, or why there is none."""
    from contribaudit import wiring
    from contribaudit.audit.job import Job
    from contribaudit.audit.replay import last_state
    from contribaudit.settings.model import AppSettings

    rulebook = wiring.load_rulebook(AppSettings.load())
    with History.open(str(home / STORE)) as store:
        targets = wiring.unread_targets(AppSettings.load(), (api.organization,))
        state = last_state(Job(targets, store, rulebook, wiring.load_policy(None, rulebook)))
    subject = Subject(api.organization, Kind.APP, app) if app else organization_subject(api.organization)
    seen = state.read(subject, SettingId(setting))
    return (seen.value, seen.grade) if isinstance(seen, Observed) else (seen.code, None)


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def wrong(cli: Cli, *words: str, code: int = 2) -> str:
    """The words are refused with that code, nothing was recorded, and there is a next step."""
    before = listed(cli, "--all")
    ended = cli(*words)
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert listed(cli, "--all") == before
    return ended.err


def test_one_value_is_recorded_and_anchored(cli: Cli, ready: Api) -> None:
    """Two small readings before and after; who, when, on which account and host."""
    ended = cli(*OFF, "--note", "as shown", "--console-path", "Security > Data contribution")
    assert ended.code == 0, ended.err
    assert "anchored by the signal ugc-data-use-preferences of the organization" in ended.last
    calls = [request.path.rpartition("/")[2] for request in ready.app.state.requests]
    assert sorted(calls) == ["policies", "policies", "workspaces", "workspaces"]
    (one,) = listed(cli)
    assert (one["state"], one["subject"], one["value"], one["by"], one["recorded_by"], one["note"]) == (
        "in force", "organization", "off", ANNA, ANNA, "as shown",
    )  # fmt: skip
    assert (one["account"], one["host"]) == (operator().account, operator().host)
    assert one["due_on"] > one["observed_at"]


def test_a_value_that_the_plan_cannot_have_is_recorded_with_a_warning(cli: Cli, ready: Api) -> None:
    """The tidy organization is on Enterprise, which has a switch for metadata."""
    found = cli("attest", "contribution.metadata", "always", "--by", ANNA)
    assert "warning: The Enterprise plan has a switch for metadata" in found.err
    assert [one["value"] for one in listed(cli)] == ["always"]
    assert "warning" not in cli("attest", "contribution.metadata", "off", "--by", ANNA).err


def test_a_newer_look_supersedes_and_both_stay(cli: Cli, ready: Api) -> None:
    cli(*OFF)
    cli("attest", "contribution.in_app", "on", "--by", ANNA)
    assert [one["value"] for one in listed(cli)] == ["on"]
    assert [(one["value"], one["state"]) for one in listed(cli, "--all")] == [("off", "superseded"), ("on", "in force")]


def test_the_audit_hears_what_was_attested_and_what_moved(cli: Cli, ready: Api, home: Path) -> None:
    """The plan is kept with the run; the value is evidence until its signal moves, and stale from then on."""
    cli(*OFF)
    cli("audit")
    assert heard(ready, home) == ("off", Grade.ATTESTED)
    rename(ready, "another")
    cli("audit")
    assert heard(ready, home) == ("signal_moved", None)
    with History.open(str(home / STORE)) as store:
        testimony = store.attestation_history(ready.organization)
    assert [seen.highest for seen in testimony.plans] == ["enterprise"]
    moments = next(held for (_, signal), held in testimony.signals.items() if signal == UGC)
    assert len(moments) == 2


def test_a_screen_in_one_look(cli: Cli, ready: Api) -> None:
    """All values share the look and the screen; a setting that it does not show is refused."""
    pairs = ("--set", "contribution.metadata=always", "--set", "contribution.in_app=off")
    assert cli("attest", "--screen", "data-contribution", *pairs, "--by", ANNA).code == 0
    found = listed(cli)
    assert {one["setting"] for one in found} == {"contribution.metadata", "contribution.in_app"}
    assert len({one["look"] for one in found}) == 1
    assert {one["screen"] for one in found} == {"data-contribution"}
    said = wrong(cli, "attest", "--screen", "data-contribution", "--set", "ai.web_search=on", "--by", ANNA)
    assert "does not show ai.web_search" in said
    assert "There is no screen `nowhere`" in wrong(cli, "attest", "--screen", "nowhere", *pairs, "--by", ANNA)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("contribution.in_app", "of", "--by", ANNA), "Did you mean off?"),
        (("contribution.inapp", "off", "--by", ANNA), "Did you mean contribution.in_app?"),
        (("contribution.in_app", "off", "--by", ANNA, "--subject", "app:nowhere"), "There is no subject"),
        (("contribution.in_app", "off"), "The email address of the person who looked is missing"),
        (("contribution.in_app", "off", "--by", "anna"), "is not an email address"),
        (("contribution.in_app", "off", "--by", ANNA, "--observed-at", "2999-01-01T00:00Z"), "is in the future"),
        (("contribution.in_app", "off", "--by", ANNA, "--observed-at", "soon"), "is not a time"),
        (("contribution.in_app", "off", "--by", ANNA, "--attach", "none.png"), "no such file"),
        (("contribution.in_app", "off", "--by", ANNA, "--attach", "."), "is a folder"),
        (("contribution.in_app",), "needs a value"),
        (("--set", "contribution.in_app", "--by", ANNA), "is not SETTING=VALUE"),
        (("contribution.in_app", "off", "--template"), "exclude each other"),
        (("plan.highest", "free", "--by", ANNA), "cannot be attested: it is computed"),
        (("--from", "none.csv", "--by", ANNA), "cannot be read"),
        ((), "There is no terminal to ask"),
    ],
)
def test_what_is_wrong_ends_with_2_and_records_nothing(cli: Cli, ready: Api, words: tuple[str, ...], said: str) -> None:
    assert said in wrong(cli, "attest", *words)


def test_without_a_terminal_it_names_the_flags(cli: Cli, ready: Api) -> None:
    said = wrong(cli, "attest")
    assert "--by" in said
    assert "--from FILE" in said
    assert "--template" in said


def test_a_past_look_needs_a_run_before_it(cli: Cli, ready: Api) -> None:
    """Anchored when the last complete run before the look and the reading now agree."""
    ended = cli(*OFF, "--observed-at", ago(seconds=1))
    assert "not anchored: no complete run was saved before the attestation" in ended.last
    cli("audit")
    assert "anchored by" in cli(*OFF, "--observed-at", datetime.now(UTC).isoformat()).last


def test_offline_a_look_after_the_last_run_is_not_held(cli: Cli, ready: Api) -> None:
    cli("audit")
    seen = len(ready.app.state.requests)
    ended = cli(*OFF, "--offline")
    assert ended.code == 0
    assert "not anchored: the API was not read after the attestation" in ended.last
    assert len(ready.app.state.requests) == seen


def test_what_could_not_be_read_is_said(cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "narrow-key")
    ended = cli(*OFF)
    assert ended.code == 0
    assert "could not be read" in ended.last


def test_the_template_is_filled_in_and_read_back(cli: Cli, ready: Api, home: Path) -> None:
    """No value is prefilled; what is left empty stays out; the same file again adds nothing."""
    cli("audit")
    ended = cli("attest", "--template")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert {row["value"] for row in rows} == {""}
    assert {"organization"} < {row["subject"] for row in rows}
    chosen = next(row for row in rows if row["setting"] == "contribution.in_app")
    assert chosen["allowed"] == "on | off"
    path = home / "filled.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*rows[0], "by", "observed_at"])
        writer.writeheader()
        for row in rows:
            value = {"value": "off", "by": ANNA, "observed_at": ago(seconds=0)} if row is chosen else {}
            writer.writerow(row | value)
    first = cli("attest", "--from", str(path))
    assert first.code == 0, first.err
    assert "1 attestation was recorded, anchored by" in first.last
    assert "0 attestations were recorded; 1 row already recorded" in cli("attest", "--from", str(path)).last
    with pytest.MonkeyPatch.context() as patch:  # as if another runner had recorded the row a moment ago
        patch.setattr(History, "recorded", lambda *_: set())
        raced = cli("attest", "--from", str(path))
    assert raced.code == 0, raced.err
    assert len(listed(cli, "--all")) == 1
    left = {row["setting"] for row in csv.DictReader(io.StringIO(cli("attest", "--template").out))}
    assert "contribution.in_app" not in left
    one_screen = cli("attest", "--template", "--screen", "data-contribution").out
    assert {row["screen"] for row in csv.DictReader(io.StringIO(one_screen))} == {"data-contribution"}


def test_one_bad_row_among_a_thousand(cli: Cli, ready: Api, home: Path) -> None:
    """Every bad row is named by line, and none of the good ones is applied."""
    rows = [f"organization,contribution.in_app.excluded,item {number}" for number in range(1_000)]
    rows[499] = "organization,contribution.in_app,perhaps"
    rows[899] = "app:nowhere,ai.access,allowed"
    path = home / "many.csv"
    path.write_text("subject,setting,value\n" + "\n".join(rows) + "\n", encoding="utf-8")
    said = wrong(cli, "attest", "--from", str(path), "--by", ANNA)
    assert "many.csv:501: contribution.in_app cannot be `perhaps`" in said
    assert "many.csv:901: There is no subject `app:nowhere`" in said
    assert "2 mistakes, and nothing was recorded" in said


def test_a_file_gives_one_answer_to_a_question(cli: Cli, ready: Api, home: Path) -> None:
    """Two rows of one look that differ are a mistake of the file, no conflict of two people."""
    path = home / "two.csv"
    moment = ago(seconds=60)
    rows = [f"organization,contribution.in_app,{value},{ANNA},{moment}" for value in ("off", "on")]
    path.write_text("subject,setting,value,by,observed_at\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert "contribution.in_app of " in (said := wrong(cli, "attest", "--from", str(path)))
    assert "has two values in one attestation" in said
    assert listed(cli, "--all") == []


def test_a_second_person_confirms(cli: Cli, ready: Api) -> None:
    cli(*OFF)
    identity = listed(cli)[0]["id"]
    for own in (ANNA, "ANNA@acme.example"):
        assert "a second person must confirm" in wrong(cli, "attest", "confirm", identity, "--by", own)
    assert cli("attest", "confirm", identity[:8], "--by", BERT).code == 0
    assert "has already confirmed it" in wrong(cli, "attest", "confirm", identity, "--by", BERT)
    assert listed(cli)[0]["confirmed_by"] == BERT
    shown = json.loads(cli("attest", "show", identity, "--format", "json").out)
    assert [(one["by"], one["host"]) for one in shown["confirmations"]] == [(BERT, operator().host)]


def test_revoking_brings_nothing_back(cli: Cli, ready: Api) -> None:
    cli(*OFF)
    cli("attest", "contribution.in_app", "on", "--by", ANNA)
    identity = listed(cli)[0]["id"]
    assert cli("attest", "revoke", identity, "--by", BERT, "--note", "a typo").code == 0
    assert listed(cli) == []
    assert [one["state"] for one in listed(cli, "--all")] == ["superseded", "revoked"]
    assert "a typo" in cli("attest", "show", identity).out
    assert "revoked the attestation" in wrong(cli, "attest", "revoke", identity, "--by", BERT)
    assert "There is no attestation 'zzzz'" in wrong(cli, "attest", "confirm", "zzzz", "--by", BERT)


def test_a_screenshot_is_kept_and_its_loss_is_damage(cli: Cli, ready: Api, home: Path) -> None:
    shot = home / "shot.png"
    shot.write_bytes(b"picture")
    cli(*OFF, "--attach", str(shot))
    shot.unlink()
    identity = listed(cli)[0]["id"]
    assert "shot.png, SHA-256" in cli("attest", "show", identity).out
    with closing(sqlite3.connect(home / STORE)) as connection, connection:
        connection.execute("UPDATE attachments SET body = x'00'")
    assert "cannot be decompressed" in wrong(cli, "attest", "show", identity, code=5)


def test_the_configuration_says_who_and_typed_by_whom(cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """--by is who looked; attested_by who typed it in. Neither confirms it."""
    monkeypatch.setenv("CONTRIBAUDIT_ATTESTED_BY", BERT)
    cli(*OFF)
    (one,) = listed(cli)
    assert (one["by"], one["recorded_by"]) == (ANNA, BERT)
    assert "a second person must confirm" in wrong(cli, "attest", "confirm", one["id"])
    monkeypatch.setenv("CONTRIBAUDIT_ATTESTED_BY", "bert")
    assert "expected an email address" in cli("attest", "list").err


def test_a_folder_of_files_is_read_by_every_audit(
    cli: Cli, ready: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row once; a mistake stops the audit with 2 before anything is read."""
    folder = home / "attestations"
    folder.mkdir()
    monkeypatch.setenv("CONTRIBAUDIT_ATTESTATIONS", str(folder))
    cli("audit")
    table = '[[attestation]]\nsubject = "organization"\nsetting = "contribution.in_app"\nvalue = "off"\n'
    (folder / "a.toml").write_text(f'by = "{ANNA}"\nobserved_at = {ago(seconds=0)}\n{table}', encoding="utf-8")
    for _ in range(2):
        assert cli("audit").code in (0, 1, 3)
    (one,) = listed(cli, "--all")
    assert (one["value"], one["by"], one["anchored"]) == ("off", ANNA, True)
    (folder / "b.csv").write_text("subject,setting,value\norganization,contribution.in_app,off\n", encoding="utf-8")
    seen = len(ready.app.state.requests)
    said = wrong(cli, "audit")
    assert "b.csv:2: `by` and `observed_at` are required" in said
    assert len(ready.app.state.requests) == seen


def test_a_network_that_fails_is_no_mistake_of_the_file(
    cli: Cli, ready: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row about an app that nobody could read yet waits, with a warning; an unknown app is a mistake."""
    folder = home / "attestations"
    folder.mkdir()
    app = ready.app.state.organization.apps[0].id
    head = "subject,setting,value,by,observed_at\n"
    (folder / "a.csv").write_text(f"{head}{app},trial,none,{ANNA},{ago(seconds=0)}\n", encoding="utf-8")
    monkeypatch.setenv("CONTRIBAUDIT_ATTESTATIONS", str(folder))
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "expired-key")
    ended = cli("audit", "--format", "json")
    assert ended.code == 4
    assert "Attestations wait until all apps can be read" in ended.err
    assert listed(cli) == []
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    assert cli("audit").code in (0, 1, 3)
    assert [one["subject_id"] for one in listed(cli)] == [app]
    (folder / "b.csv").write_text(f"{head}app:nowhere,trial,none,{ANNA},{ago(seconds=0)}\n", encoding="utf-8")
    assert "b.csv:2: There is no subject `app:nowhere`" in wrong(cli, "audit")


@pytest.mark.parametrize("note", ["nul \udc00", "x" * 300, "\u202eevil\u202c", "\x1b[31mred", "עברית"])
def test_hostile_notes_never_reach_the_terminal(cli: Cli, ready: Api, note: str) -> None:
    assert cli(*OFF, "--note", note).code == 0
    (one,) = listed(cli)
    assert one["note"] == note
    shown = cli("attest", "show", one["id"]).out
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_the_walk_asks_each_screen_and_prefills_nothing(cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong word is asked again, `=` keeps the last look's value, Enter leaves a row out."""
    asked: list[tuple[str, str | None]] = []
    answers = iter(["perhaps", "on", "off", "", "", "Security > Data contribution", ""])

    def ask(question: str, default: str | None = None) -> str:
        asked.append((question, default))
        return next(answers) or default or ""

    monkeypatch.setattr(walking, "person_there", lambda: True)
    monkeypatch.setattr(options, "ask", ask)
    ended = cli("attest", "--everything", "--screen", "data-contribution", "--by", ANNA)
    assert ended.code == 0, ended.err
    assert "contribution.metadata cannot be `perhaps`" in ended.err
    values = [(question.split(" (")[0], default) for question, default in asked if question.startswith("  ")]
    assert {default for _, default in values} == {""}
    assert len(values) == 5, "the exclude list is not asked while the switch is off"
    assert not any("Exclude list" in question for question, _ in values)
    assert {(one["setting"], one["value"]) for one in listed(cli)} == {
        ("contribution.metadata", "on"),
        ("contribution.in_app", "off"),
    }
    answers = iter(["=", "", "", "", "", ""])
    ended = cli("attest", "--everything", "--screen", "data-contribution", "--by", BERT)
    assert any(f"carried from {datetime.now(UTC):%Y-%m-%d}, {ANNA}: on" in question for question, _ in asked)
    assert {(one["setting"], one["by"]) for one in listed(cli)} == {
        ("contribution.metadata", BERT),
        ("contribution.in_app", ANNA),
    }


def test_a_walk_that_reads_nothing_is_not_held(cli: Cli, ready: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline the last saved run is no second reading: it was before the look."""
    cli("audit")
    answers = iter(["off", "", "", "", "", "Security > Data contribution", ""])
    monkeypatch.setattr(walking, "person_there", lambda: True)
    monkeypatch.setattr(options, "ask", lambda _question, default=None: next(answers) or default or "")
    ended = cli("attest", "--everything", "--screen", "data-contribution", "--by", ANNA, "--offline")
    assert ended.code == 0, ended.err
    assert "not anchored: the API was not read after the attestation" in ended.last


def test_signals_are_listed_shown_and_compared(cli: Cli, ready: Api) -> None:
    cli("audit")
    cli(*OFF)
    rows = json.loads(cli("signals", "list", "--format", "json").out)
    own = next(row for row in rows if row["signal"] == UGC)
    assert (own["owner"], own["state"], own["seen_to_mean"]) == ("organization", "present", "contribution.in_app=off")
    raw = json.loads(cli("signals", "show", UGC).out)
    assert raw["attributes"]["type"] == "ugc-data-use-preferences"
    rename(ready, "another")
    cli("audit")
    words = ("signals", "diff", UGC)
    found = json.loads(cli(*words, "1", "2", "--format", "json").out)
    before = raw["attributes"]["name"]
    assert {"pointer": "/attributes/name", "before": before, "after": "another", "decoders": ""} in found
    assert cli(*words, "1", "9").code == 2
    assert "has no signal 'signal.nothing'" in cli("signals", "show", "signal.nothing").err
    assert "has no signal 'signal.nothing'" in cli("signals", "diff", "signal.nothing", "1", "2").err


def test_the_words_of_the_group(cli: Cli, ready: Api) -> None:
    """Options before the name, help, and an empty list."""
    assert "attest record --help" in " ".join(cli("attest", "--help").out.split())
    ended = cli("attest", "--quiet", "list")
    assert ended.code == 0
    assert "no audit has been recorded in" in ended.err
    assert "No attestations yet" in cli("attest", "list").last


@pytest.mark.parametrize("plan", ["Free", "Premium", "Guard Odd"])
def test_no_trial_is_not_known_of_an_app_whose_plan_changed_since(cli: Cli, ready: Api, home: Path, plan: str) -> None:
    """The organization's highest plan stays what it was; going back revives nothing, and a new look counts."""
    said = ("attest", "--subject", LABS, "--by", ANNA)
    cli("audit")
    cli(*said, "trial", "none")
    cli(*said, "hipaa.tagged", "no")
    cli("audit")
    assert heard(ready, home, "trial", LABS)[0] == "none"
    for now in (plan, "Enterprise"):
        ready.app.state.organization.set_plan(LABS, now)
        cli("audit")
        assert (heard(ready, home, "trial", LABS)[0], heard(ready, home, "hipaa.tagged", LABS)[0]) == (
            "plan_changed",
            "no",
        )
    cli(*said, "trial", "none")
    cli("audit")
    assert heard(ready, home, "trial", LABS)[0] == "none"


@pytest.mark.parametrize(
    ("setting", "value"), [("trial", "none"), ("hipaa.tagged", "no"), ("release.track", "bundled")]
)
def test_what_was_seen_of_an_app_does_not_outlive_its_absence(
    cli: Cli, ready: Api, home: Path, setting: str, value: str
) -> None:
    """An app that is added to its site anew has the ARI that it had, and nobody has looked at it."""
    cli("audit")
    cli("attest", setting, value, "--subject", LABS, "--by", ANNA)
    cli("audit")
    assert heard(ready, home, setting, LABS)[0] == value
    organization = ready.app.state.organization
    app = organization.app(LABS)
    organization.remove_app(LABS)
    cli("audit")
    organization.add(app)
    cli("audit")
    assert heard(ready, home, setting, LABS)[0] == "app_left"


def test_a_clock_that_was_set_back_revives_no_older_attestation(cli: Cli, ready: Api, home: Path) -> None:
    """What was seen last said that the switch is on: nobody knows that it is off until somebody looks again."""
    cli("audit")
    cli(*OFF)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        cli("attest", "contribution.in_app", "on", "--by", ANNA)
        cli("audit")
        assert heard(ready, home) == ("on", Grade.ATTESTED)
    cli("audit")
    assert heard(ready, home) == ("evidence_from_the_future", None)
    assert [one["value"] for one in listed(cli)] == ["on"]
    cli(*OFF)
    assert [one["value"] for one in listed(cli)] == ["off"]
    assert heard(ready, home) == ("off", Grade.ATTESTED)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [({"days": 3}, "72 hours behind"), ({"minutes": -30}, "30 minutes ahead of"), ({"minutes": 4}, ""), ({}, "")],
)
def test_an_audit_warns_of_a_clock_that_is_off(cli: Cli, ready: Api, ahead: dict[str, float], said: str) -> None:
    ready.app.state.simulation.clock = lambda: datetime.now(UTC) + timedelta(**ahead)
    warnings = json.loads(cli("audit", "--format", "json").out)["warnings"]
    told = [one for one in warnings if "clock" in one]
    assert [said in one for one in told] == ([True] if said else [])

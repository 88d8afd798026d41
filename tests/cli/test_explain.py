"""`explain`, called as a user calls it, against the simulator on a real socket."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.observation import Attester, Grade, Observed
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.effective import COMPUTED, effective_of
from contribaudit.exporters import explanation
from contribaudit.exporters.terminal import capture
from tests.builders import NOW, ORG, app, facts, observed, state_of, unavailable

from .conftest import Api, Cli

WIKI = "app:tidy.atlassian.net/confluence"


@pytest.fixture
def audited(api: Api, first_audit: Cli, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The tidy organization, audited once; the key is gone again."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    first_audit("--format", "line")
    monkeypatch.delenv("CONTRIBAUDIT_API_KEY")
    return api


def test_the_organization_is_unknown_until_somebody_looked(cli: Cli, audited: Api) -> None:
    """Nothing is attested: each answer is unknown, says what is missing, and shows the default as a prediction."""
    ended = cli("explain", "organization")
    assert ended.code == 0
    assert "Effective metadata contribution (effective.metadata)  unknown" in ended.out
    assert "predicted: contributed, the plan's default; a prediction is not evidence" in ended.out
    assert "the highest active plan is Enterprise" in ended.out
    assert "the organization's metadata switch is not attested" in ended.out
    assert "documented, POST /admin/v2/orgs/{orgId}/workspaces, 20" in ended.out
    assert "(effective.ai_processing)  unknown" in ended.out


def test_the_organization_tells_its_exposure(cli: Cli, audited: Api) -> None:
    """Nobody looked, so it is not known; an app has no window of its own."""
    assert "the exposure of metadata since 2026-08-17 is not known" in " ".join(
        cli("explain", "organization").out.split()
    )
    document = json.loads(cli("explain", "organization", "effective.in_app", "--format", "json").out)
    window = document["effective"][0]["exposure"]
    assert (window["span"], window["begins"], window["ends"]) == ("not_known", "2026-08-17", None)
    of_app = json.loads(cli("explain", WIKI, "effective.in_app", "--format", "json").out)
    assert of_app["effective"][0]["exposure"] is None


@pytest.mark.parametrize("subject", [WIKI, "site:tidy.atlassian.net", "space:tidy.atlassian.net/confluence/ENG"])
def test_narrower_subjects_are_explained_too(cli: Cli, audited: Api, subject: str) -> None:
    ended = cli("explain", subject)
    assert ended.code == 0
    assert f"{subject}  " in ended.out.partition("\n")[0]
    assert [f"({setting})  unknown" in ended.out for setting in COMPUTED] == [True, True, True, False]


def test_one_setting_as_json(cli: Cli, audited: Api) -> None:
    """The chain, link by link, with what each rests on."""
    document = json.loads(cli("explain", WIKI, "effective.in_app", "--format", "json").out)
    assert document["schema"] == "contribaudit.explain/1"
    assert document["subject"]["alias"] == WIKI
    (answer,) = document["effective"]
    assert (answer["outcome"], answer["predicted"], answer["fragile"]) == ("unknown", "not_contributed", False)
    last = answer["reasons"][-1]
    assert last["observation"]["setting"] == "contribution.in_app"
    assert last["observation"]["read"] is False
    assert document["settings"] == []


def _undated(text: str) -> str:
    return re.sub(r"T\d\d:\d\d:\d\dZ", "", text)


@pytest.mark.parametrize(
    ("check", "setting"),
    [
        ("DC-03", "effective.in_app"),
        ("in-app-contribution-off", "effective.in_app"),
        ("Metadata-Contribution-Off", "effective.metadata"),
        ("app-location-allowed", "residency.realm"),
    ],
)
def test_a_check_names_what_its_verdict_is_about(cli: Cli, audited: Api, check: str, setting: str) -> None:
    """By ID or slug; one that is about no setting says where else it is explained."""
    ended = cli("explain", WIKI, check)
    assert ended.code == 0
    assert _undated(ended.out) == _undated(cli("explain", WIKI, setting).out)
    refused = cli("explain", "organization", "rulebook-reviewed")
    assert refused.code == 2
    assert "contribaudit checks show GV-06" in refused.err


def test_a_plain_setting_shows_what_was_observed(cli: Cli, audited: Api) -> None:
    ended = cli("explain", WIKI, "residency.realm")
    assert ended.code == 0
    assert "Location (residency.realm)  EU" in ended.out
    assert "documented, POST /admin/v2/orgs/{orgId}/workspaces" in ended.out
    (row,) = json.loads(cli("explain", WIKI, "residency.realm", "--format", "json").out)["settings"]
    assert (row["value"], row["grade"], row["read"]) == ("EU", "documented", True)
    assert len(row["sha256"]) == 64


def test_live_reads_and_keeps_nothing(cli: Cli, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    assert "the highest active plan is Enterprise" in cli("explain", "organization", "--live").out
    assert cli("explain", "organization").code == 2
    assert json.loads(cli("runs", "list", "--format", "json").out) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("app:tidy.atlassian.net/conflunce",), WIKI),
        (("site:tidi.atlassian.net",), "site:tidy.atlassian.net"),
        (("space:other.atlassian.net/confluence/ENG",), "There is no subject"),
        (("connector:Nothing",), "There is no subject"),
        (("",), "There is no subject"),
        (("company",), "has no effective answers"),
        ((WIKI, "effective.inapp"), "effective.in_app"),
        ((WIKI, "ai"), "next: Nearest: effective.ai"),
        ((WIKI, "AI"), "next: Nearest: effective.ai"),
        ((WIKI, "in_app"), "next: Nearest: effective.in_app"),
        ((WIKI, "metadata"), "next: Nearest: effective.metadata"),
    ],
)
def test_a_name_that_nobody_knows_ends_with_2_and_the_nearest(
    cli: Cli, audited: Api, words: tuple[str, ...], said: str
) -> None:
    ended = cli("explain", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_name_of_two_apps_ends_with_2_and_their_aris(cli: Cli, audited: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever means one of them writes its ARI."""
    twins = [*facts(app("a"), alias="app:x/confluence"), *facts(app("b"), alias="app:x/confluence")]
    monkeypatch.setattr("contribaudit.audit.replay.last_state", lambda *_: state_of(*twins))
    ended = cli("explain", "app:x/confluence")
    assert ended.code == 2
    assert "ari:cloud:a, ari:cloud:b" in ended.err
    assert cli("explain", "ari:cloud:a").code == 0


def test_observed_text_is_data_in_the_tree() -> None:
    """Neither an escape sequence nor markup of a name reaches the terminal; the witness and the fragility are told."""
    evil = "app:x\x1b[31m[bold]/confluence"
    organization = organization_subject(ORG)
    switch = observed(names.METADATA, organization, "off", grade=Grade.ATTESTED)
    witness = Attester("a@acme.example\x1b[0m", confirmed_by="b@acme.example", screenshot=True, anchored=True)
    seen = Observed(switch.setting, organization, "off", Grade.ATTESTED, NOW, "console", "", witness)
    state = state_of(
        *facts(app(), alias=evil, name=evil, plan="Enterprise"),
        observed(names.TRIAL, app(), "running", grade=Grade.ATTESTED),
        seen,
    )
    tree = explanation.explained(
        state,
        app(),
        [effective_of(state, app(), names.EFFECTIVE_METADATA)],
        [seen, unavailable(names.REALM, app(), "forbidden", scope="read:workspaces:admin")],
    )
    text = capture(tree)
    assert "\x1b" not in text
    assert "[bold]" in text
    assert "fragile: a trial is running on Confluence on x" in text
    assert "confirmed by b@acme.example, with a screenshot, anchored by signals" in text
    assert "the key needs the scope read:workspaces:admin to read it" in text


def test_as_rows_every_link_of_every_chain_is_one(cli: Cli, audited: Api) -> None:
    """CSV and table hold what JSON holds: as many links, in the same order."""
    answers = json.loads(cli("explain", "organization", "--format", "json").out)["effective"]
    rows = list(csv.DictReader(io.StringIO(cli("explain", "organization", "--format", "csv").out)))
    links = [(one["setting"], reason["sentence"]) for one in answers for reason in one["reasons"]]
    assert [(row["setting"], row["reason"]) for row in rows] == links
    assert {row["subject"] for row in rows} == {"organization"}
    assert "effective.metadata" in cli("explain", "organization", "--format", "table").out
    plain = next(csv.DictReader(io.StringIO(cli("explain", WIKI, "residency.realm", "--format", "csv").out)))
    assert (plain["value"], plain["grade"]) == ("EU", "documented")


def test_as_of_a_past_moment(cli: Cli, audited: Api) -> None:
    """A run by its number; a day before the first run has nothing to tell; what is read anew is of now."""
    assert (
        "Effective metadata contribution (effective.metadata)  unknown"
        in cli("explain", "organization", "--at", "1").out
    )
    early = cli("explain", "organization", "--at", "2020-01-01")
    assert (early.code, "No run had been saved by 2020-01-01" in early.err) == (2, True)
    assert cli("explain", "organization", "--at", "1", "--live").code == 2
    assert cli("explain", "organization", "--at", f"{datetime.now(UTC):%Y-%m-%d}").code == 0


@pytest.mark.parametrize(
    "words", [("explain", "organization", "--at"), ("audit", "--offline", "--at"), ("findings", "--run")]
)
def test_a_day_that_has_not_begun_has_no_answer(cli: Cli, audited: Api, words: tuple[str, ...]) -> None:
    """Today's would be taken for one of that day."""
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    for when in (tomorrow, "2099-01-01", "2099-01-01T10:00Z"):
        refused = cli(*words, when)
        assert (refused.code, "is in the future" in refused.err, refused.out) == (2, True, "")

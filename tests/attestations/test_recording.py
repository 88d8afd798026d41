"""What a person writes becomes an attestation with its anchors, or is refused with what is near."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contribaudit import catalogue
from contribaudit.attestations import files
from contribaudit.attestations.anchoring import ReadingsAround, recorded_words
from contribaudit.attestations.recording import (
    LONGEST,
    ConsoleVisit,
    EnteredValue,
    Hold,
    confirmation,
    exact_time,
    mail,
    parse_value,
    record,
    record_all,
)
from contribaudit.attestations.status import holding
from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.model.observation import Observation, SettingId, Value
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.signals import REVISION_PREFIX, SETTLED_PREFIX
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.rulebook import loader
from tests.builders import NOW, ORG, app, collection, collections, facts, observed, state_of

SIGNAL = SettingId("signal.policy.ugc-data-use-preferences")
HIPAA = SettingId("signal.policy.hipaa")
ORGANIZATION = organization_subject(ORG)
HERE = Signature("typist@acme.example", NOW, "anna", "laptop-1")
LOOK = ConsoleVisit(
    "anna@acme.example", NOW - timedelta(minutes=1), HERE, "look-1", "data-contribution", "Security", "seen"
)
IN_APP = EnteredValue("organization", "contribution.in_app", "off")


def signal(*digests: str, revision: str = "", settled: bool = True) -> list[Observation]:
    """The organization's signal as the collector reports it."""
    found: list[Observation] = [observed(SIGNAL, ORGANIZATION, digests)]
    if revision:
        found.append(observed(SettingId(REVISION_PREFIX + SIGNAL), ORGANIZATION, revision))
    if not settled:
        found.append(observed(SettingId(SETTLED_PREFIX + SIGNAL), ORGANIZATION, False))
    return found


def api(*observations: Observation, unread: str = "") -> State:
    """An organization with one Confluence."""
    named = [
        *facts(app(), plan="Premium", alias="app:acme.atlassian.net/confluence"),
        *facts(app("two"), plan="Free", alias="app:acme-us.atlassian.net/confluence"),
    ]
    runs = collections(*([collection("policies", unread)] if unread else []))
    return state_of(*named, *observations, runs=runs)


def held(before: State | None, after: State | None = None, *, past: bool = False, why_not: str = "") -> Hold:
    return lambda _organization: ReadingsAround(before, after or before, past, why_not)


def made(
    before: State, after: State | None = None, *, told: EnteredValue = IN_APP, look: ConsoleVisit = LOOK
) -> Attestation:
    return record(after or before, held(before, after), told, look)


def refused(told: EnteredValue = IN_APP, look: ConsoleVisit = LOOK, state: State | None = None) -> str:
    known = state or api()
    with pytest.raises(UsageError) as caught:
        record(known, held(known), told, look)
    return str(caught.value)


def test_an_attestation_says_who_what_when_and_under_which_plan() -> None:
    one = made(api(*signal("d1", revision="2026-01-01T00:00:00Z")))
    assert (one.setting, one.subject, one.value) == ("contribution.in_app", ORGANIZATION, "off")
    assert (one.by, one.observed_at, one.recorded) == (LOOK.by, LOOK.observed_at, HERE)
    assert (one.look, one.screen, one.console_path, one.note) == (
        "look-1", "data-contribution", "Security", "seen",
    )  # fmt: skip
    assert (one.highest_plan, one.plan_words) == ("premium", ("Free", "Premium"))
    assert len(one.id) == 16
    assert made(api()).id != one.id


def test_signals_that_did_not_move_anchor_it_and_so_does_an_absent_one() -> None:
    state = api(*signal("d1", "d2", revision="2026-01-01T00:00:00Z"))
    one = made(state, api(*signal("d1", "d2", revision="2026-01-01T00:00:00Z")))
    assert [(a.signal, a.subject, a.state, a.revision) for a in one.anchors] == [
        (SIGNAL, ORGANIZATION, ("d1", "d2"), "2026-01-01T00:00:00Z"),
        (HIPAA, ORGANIZATION, None, ""),
    ]
    assert one.bound
    assert one.unanchored_reason == ""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (api(*signal("d1")), api(*signal("d2")), "changed while you looked"),
        (api(*signal("d1")), api(), "changed while you looked"),
        (api(), api(*signal("d1")), "changed while you looked"),
        (
            api(*signal("d1", revision="2026-01-01T00:00:00Z")),
            api(*signal("d1", revision="2026-11-21T12:00:00Z")),
            "was updated while you looked",
        ),
        (api(*signal("d1")), api(*signal("d1", settled=False)), "is still being applied"),
        (api(*signal("d1")), api(unread="forbidden"), "could not be read: policies answered forbidden"),
        (api(unread="forbidden"), api(*signal("d1")), "could not be read"),
    ],
)
def test_nothing_binds_when_a_signal_moved_or_was_not_read(before: State, after: State, said: str) -> None:
    one = made(before, after)
    assert one.anchors == ()
    assert said in one.unanchored_reason


def test_a_family_without_a_signal_is_unanchored() -> None:
    one = made(api(), told=EnteredValue("organization", "residency.default_realm", "EU"))
    assert one.unanchored_reason == "no API signal is known for data residency"


def test_what_anchors_several_is_said_of_all_of_them() -> None:
    bound = made(api(*signal("d1")))
    loose = made(api(), told=EnteredValue("organization", "residency.default_realm", "EU"))
    why = "no API signal is known for data residency"
    assert recorded_words([]) == "0 attestations were recorded"
    assert recorded_words([bound]).startswith("1 attestation was recorded, anchored by the signal ugc-data-use-pref")
    assert recorded_words([bound, bound]) == "2 attestations were recorded, each anchored"
    assert recorded_words([loose]) == f"1 attestation was recorded, not anchored: {why}"
    assert recorded_words([loose, loose]) == f"2 attestations were recorded, not anchored: {why}"
    assert recorded_words([bound, loose]) == f"2 attestations were recorded, 1 of them not anchored: {why}"


def test_without_a_reading_before_it_says_why() -> None:
    one = record(api(), held(None, api(), past=True, why_not="no complete run"), IN_APP, LOOK)
    assert (one.anchors, one.unanchored_reason) == ((), "no complete run")


@pytest.mark.parametrize(
    ("revision", "bound"),
    [
        ("2026-11-19T00:00:00Z", True),
        ("2026-11-20T12:00:00+00:00", True),
        ("2026-11-20T12:00:01Z", False),
        ("yesterday", False),
    ],
)
def test_a_past_look_binds_only_without_a_later_update(revision: str, bound: bool) -> None:
    """The run before the look and the reading now agree, and nothing was written after the look."""
    before = api(*signal("d1", revision="2026-11-18T00:00:00Z"))
    now = api(*signal("d1", revision=revision))
    look = replace(LOOK, observed_at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert record(now, held(before, now, past=True), IN_APP, look).bound is bound


def test_a_past_look_has_the_plan_of_its_time() -> None:
    before = state_of(*facts(app(), plan="Standard", alias="app:acme.atlassian.net/confluence"))
    one = record(api(), held(before, api(), past=True), IN_APP, LOOK)
    assert (one.highest_plan, one.plan_words) == ("standard", ("Standard",))


def test_a_plan_that_was_not_read_is_none() -> None:
    known = state_of(*facts(app()), runs=collections(collection("workspaces", "timeout")))
    one = made(known)
    assert (one.highest_plan, one.plan_words) == (None, ())


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (EnteredValue("organisation", "contribution.in_app", "off"), "`organisation`. Did you mean organization?"),
        (
            EnteredValue("app:acme.atlassian.net/conflu", "ai.access", "x"),
            "Did you mean app:acme.atlassian.net/confluence?",
        ),
        (EnteredValue("nothing like it", "ai.access", "x"), "Write an app as app:HOST/TYPEKEY, or by its ID; 2 apps"),
        (EnteredValue("company", "contribution.in_app", "off"), "There is no subject `company`"),
        (
            EnteredValue("organization", "contribution.inapp", "off"),
            "`contribution.inapp`. Did you mean contribution.in_app?",
        ),
        (EnteredValue("organization", "effective.metadata", "on"), "cannot be attested: it is computed"),
        (EnteredValue("organization", "plan.highest", "free"), "cannot be attested: it is computed"),
        (EnteredValue("app:acme.atlassian.net/confluence", "residency.realm", "EU"), "it is read from the API"),
        (EnteredValue("organization", "ai.access", "blocked"), "is a setting of an app, not of an organization"),
        (EnteredValue("organization", "contribution.in_app", "of"), "`of`. Did you mean off? It takes: on | off."),
        (EnteredValue("organization", "contribution.in_app", " "), "needs a value"),
        (EnteredValue("organization", "contribution.in_app", ("on", "off")), "needs a value"),
        (EnteredValue("organization", "contribution.in_app.excluded", ""), "needs a value"),
        (EnteredValue("organization", "contribution.in_app.excluded", "a,,b"), "has an empty entry"),
        (EnteredValue("organization", "contribution.in_app.excluded", "a, none"), "is either none or a list"),
        (EnteredValue("app:acme.atlassian.net/confluence", "spaces.count", "-3"), "It takes: number of spaces."),
        (EnteredValue("app:acme.atlassian.net/confluence", "byok.since", "May"), "It takes: YYYY-MM-DD."),
        (EnteredValue("connector:", "connector.state", "connected"), "There is no subject"),
    ],
)
def test_what_cannot_be_recorded_is_said_with_what_is_near(told: EnteredValue, said: str) -> None:
    assert said in refused(told)


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (replace(LOOK, by=""), "The email address of the person who looked is missing"),
        (replace(LOOK, by="anna"), "`anna` is not an email address"),
        (replace(LOOK, by="anna@acme.example\u202e"), "is not an email address"),
        (replace(LOOK, observed_at=NOW + timedelta(seconds=1)), "is in the future"),
        (replace(LOOK, recorded=replace(HERE, by="")), "The email address of the person who records it is missing"),
        (replace(LOOK, note="x" * (LONGEST + 1)), f"The note has {LONGEST + 1} characters"),
    ],
)
def test_a_look_by_nobody_or_in_the_future_is_refused(look: ConsoleVisit, said: str) -> None:
    assert said in refused(look=look)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("contribution.in_app", "off"),
        ("contribution.metadata", "off"),
        ("contribution.in_app.included", "none"),
        ("contribution.exemption", "none"),
    ],
)
def test_a_look_before_any_console_had_the_screen_is_refused(setting: str, value: str) -> None:
    """The rollout began on 2026-04-16. For other settings no day is known."""
    state = state_of(*facts(app(), plan="Premium", alias="app:acme.atlassian.net/confluence"), rulebook=loader.load())
    told = EnteredValue("organization", setting, value)
    for before in (datetime(1999, 1, 1, tzinfo=UTC), datetime(2026, 4, 15, 23, 59, tzinfo=UTC)):
        said = refused(told, replace(LOOK, observed_at=before), state)
        assert f"{before:%Y-%m-%d} is too early: no console showed {setting} before 2026-04-16" in said
    first = replace(LOOK, observed_at=datetime(2026, 4, 16, tzinfo=UTC))
    assert record(state, held(state), told, first).setting == setting
    early = replace(LOOK, observed_at=datetime(2025, 10, 1, tzinfo=UTC))
    assert record(state, held(state), EnteredValue("organization", "ai.web_search", "off"), early).value == "off"


def test_an_ambiguous_alias_lists_the_ids() -> None:
    both = [*facts(app("x"), alias="app:a/jira"), *facts(app("y"), alias="app:a/jira")]
    said = refused(EnteredValue("app:a/jira", "ai.access", "blocked"), state=state_of(*both))
    assert "ari:cloud:x, ari:cloud:y" in said


@pytest.mark.parametrize(
    ("setting", "told", "value"),
    [
        ("contribution.in_app", " OFF ", "off"),
        ("contribution.in_app", False, "off"),
        ("contribution.exemption", "none", "none"),
        ("contribution.in_app.excluded", "none", ()),
        ("contribution.in_app.excluded", (), ()),
        ("contribution.in_app.excluded", 'a, "b, c",a', ("a", "b, c")),
        ("contribution.in_app.excluded", ("x", "y"), ("x", "y")),
        ("spaces.count", "12", 12),
        ("spaces.count", 12, 12),
        ("byok.since", "2026-05-01", "2026-05-01"),
    ],
)
def test_values_as_they_are_written(setting: str, told: Value, value: Value) -> None:
    assert parse_value(catalogue.find(SettingId(setting)), told) == value


def test_a_connector_is_known_by_its_name() -> None:
    one = made(api(), told=EnteredValue("connector:Slack", "connector.state", "connected"))
    assert one.subject == Subject(ORG, Kind.CONNECTOR, "Slack")


@pytest.mark.parametrize("text", ["nul \x00", "lone \ud800", "x" * 300, "\u202eevil\u202c", "עברית", "=1+1"])
def test_hostile_notes_are_kept_as_they_are(text: str) -> None:
    assert made(api(), look=replace(LOOK, note=text)).note == text


def test_all_or_none_and_every_mistake_is_told() -> None:
    state = api()
    told = [IN_APP, replace(IN_APP, value="maybe"), replace(IN_APP, setting="nonsense"), IN_APP]
    with pytest.raises(UsageError) as caught:
        record_all(state, [(held(state), one, LOOK) for one in told])
    assert "2 mistakes, and nothing was recorded" in caught.value.message
    assert "`maybe`" in caught.value.message
    assert "`nonsense`" in caught.value.message


def test_one_look_gives_one_answer() -> None:
    state = api()
    twice = [(held(state), IN_APP, LOOK), (held(state), replace(IN_APP, value="on"), LOOK)]
    with pytest.raises(UsageError, match="has two values in one attestation"):
        record_all(state, twice)
    assert len(record_all(state, [twice[0], twice[0]])) == 2


@pytest.mark.parametrize(
    ("revision", "holds"),
    [("2026-01-02T00:00:00Z", True), ("2026-01-01T00:00:00Z", True), ("", True), ("2026-01-03T00:00:00Z", False)],
)
def test_an_anchor_is_moved_by_a_newer_update_alone(revision: str, holds: bool) -> None:
    """As the verdict has it, which goes on from an older copy or an answer without the date."""
    state = api(*signal("d1", revision="2026-01-02T00:00:00Z"))
    one = made(state)
    current = holding(api(*signal("d1", revision=revision)), one, Family.DATA_CONTRIBUTION)
    assert {hold.anchor.signal: hold.holds for hold in current} == {SIGNAL: holds, HIPAA: True}


@pytest.mark.parametrize("by", ["anna@acme.example", " ANNA@Acme.example ", "typist@acme.example"])
def test_nobody_confirms_what_is_their_own(by: str) -> None:
    with pytest.raises(UsageError, match="a second person must confirm"):
        confirmation(made(api()), replace(HERE, by=by))


def test_a_second_person_confirms_once() -> None:
    one = made(api())
    signed = confirmation(one, replace(HERE, by=" bert@acme.example "))
    assert signed == replace(HERE, by="bert@acme.example")
    with pytest.raises(UsageError, match="has already confirmed it"):
        confirmation(replace(one, confirmed=(signed,)), replace(HERE, by="Bert@acme.example"))


def test_times(tmp_path: Path) -> None:
    assert exact_time("2026-11-21T14:30+01:00") == datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
    assert exact_time("2026-11-21 14:30") == datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
    for text, said in (("2026-11-21", "no time of day"), ("soon", "not a time"), ("", "not a time")):
        with pytest.raises(UsageError, match=said):
            exact_time(text)
    assert mail(" a@b.example ") == "a@b.example"


def test_screenshots_from_files(tmp_path: Path) -> None:
    path = tmp_path / "shot.png"
    path.write_bytes(b"picture")
    (found,), bodies = files.read_attachments([path, path])
    assert (found.name, found.size_bytes, bodies[found.sha256]) == ("shot.png", 7, b"picture")
    empty, large = tmp_path / "empty", tmp_path / "large"
    empty.touch()
    with large.open("wb") as file:
        file.truncate(files.LARGEST_BYTES + 1)
    for wrong, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "none.png", "cannot be read: there is no such file"),
        (tmp_path / "nul\x00", "cannot be read"),
        (empty, "is empty"),
        (large, "larger than 20 MB"),
    ):
        with pytest.raises(UsageError, match=said):
            files.read_attachment(wrong)


def test_an_app_is_anchored_by_the_organizations_signals_and_its_own() -> None:
    """Never by another app's."""
    name = SettingId("signal.policy.generative-ai")
    owners = {ORGANIZATION: "d1", app(): "mine", app("two"): "its"}
    seen = [observed(name, owner, (digest,)) for owner, digest in owners.items()]
    one = made(api(*seen), told=EnteredValue("app:acme.atlassian.net/confluence", "ai.access", "blocked"))
    assert {(a.subject, a.state) for a in one.anchors if a.signal == name} == {
        (ORGANIZATION, ("d1",)),
        (app(), ("mine",)),
    }

"""What people recorded is kept to the letter, whole or not at all, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import text

from contribaudit.core.model.attestation import Anchor, Attachment, Attestation, Signature
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve import attested
from contribaudit.core.resolve.attested_plans import PlanSeen
from contribaudit.errors import StoreDamaged, UsageError
from contribaudit.store.history import History

from .builders import FAILED, OK, ORG, PARTIAL, app, day, realms, save, snapshot

SIGNAL = SettingId("signal.policy.generative-ai")
SHOT = b"\x89PNG screenshot"
SHOT_DIGEST = sha256(SHOT).hexdigest()
AWKWARD = "nul \x00, lone \ud800, " + "x" * 300 + ", \u202ertl\u202c, עברית, 'quoted', line\nbreak"


def signature(by: str = "anna@acme.example", at: int = 1) -> Signature:
    return Signature(by, day(at), "anna", "laptop-1")


def attestation(identity: str = "a1", value: Value = "off", at: int = 1, **values: Any) -> Attestation:
    whole = Attestation(
        id=identity,
        setting=SettingId("contribution.in_app"),
        subject=organization_subject(ORG),
        value=value,
        by="anna@acme.example",
        observed_at=day(at),
        recorded=signature(at=at),
        look="look-1",
    )
    return replace(whole, **values)


def states(*digests: str) -> dict[tuple[str, str], Value]:
    return {("one", SIGNAL): digests} if digests else {}


def test_every_field_comes_back_to_the_letter(history: History) -> None:
    """Anchors, screenshots, hostile notes, lists, null plans."""
    anchors = (
        Anchor(SIGNAL, app("one"), ("d1", "d2"), "2026-01-01T00:00:00Z", canonical=7),
        Anchor(SIGNAL, organization_subject(ORG), None),
    )
    one = attestation(
        screen="data-contribution",
        console_path=AWKWARD,
        note=AWKWARD,
        attachments=(Attachment(AWKWARD, SHOT_DIGEST, len(SHOT)),),
        anchors=anchors,
        highest_plan="premium",
        plan_words=("Premium", AWKWARD),
    )
    other = attestation("a2", value=("a", AWKWARD), subject=Subject(ORG, Kind.CONNECTOR, AWKWARD), at=0)
    empty = attestation("a3", value=(), unanchored_reason=AWKWARD)
    history.add_attestations([one, other, empty], {SHOT_DIGEST: SHOT})
    assert history.attestations(ORG) == (one, other, empty)
    assert history.attachment(SHOT_DIGEST) == SHOT
    assert history.attestations("another") == ()


def test_all_or_none(history: History) -> None:
    """A batch with an ID that is there already, or twice in it, or without its screenshot, leaves nothing."""
    history.add_attestations([attestation("a1")])
    for batch in ([attestation("a2"), attestation("a1")], [attestation("a3"), attestation("a3")]):
        with pytest.raises(UsageError, match="is already recorded"):
            history.add_attestations(batch)
    shot = (Attachment("shot.png", SHOT_DIGEST, 3),)
    for bodies in ({}, {SHOT_DIGEST: b"another"}):
        with pytest.raises(UsageError, match="was not provided"):
            history.add_attestations([attestation("a4"), attestation("a5", attachments=shot)], bodies)
    assert [one.id for one in history.attestations(ORG)] == ["a1"]


def test_what_another_runner_recorded_meanwhile_stays_as_it_is(history: History) -> None:
    """The rows of a file have the same IDs for every runner that reads it; the rest of the batch is kept."""
    first = attestation("a1")
    history.add_attestations([first])
    history.add_attestations([attestation("a1", note="later"), attestation("a2")], skip_recorded=True)
    assert [one.id for one in history.attestations(ORG)] == ["a1", "a2"]
    assert history.attestations(ORG)[0] == first
    with pytest.raises(UsageError, match="is already recorded"):
        history.add_attestations([attestation("a3"), attestation("a3")], skip_recorded=True)


def test_a_thousand_at_once(history: History) -> None:
    history.add_attestations([attestation(f"a{number}") for number in range(1_200)])
    assert len(history.attestations(ORG)) == 1_200
    assert history.recorded([f"a{number}" for number in range(1_190, 1_210)]) == {f"a{n}" for n in range(1_190, 1_200)}


def test_two_of_the_same_instant_are_both_kept(history: History) -> None:
    history.add_attestations([attestation("a1", "on")])
    history.add_attestations([attestation("a2", "off")])
    assert [(one.id, one.value) for one in history.attestations(ORG)] == [("a1", "on"), ("a2", "off")]


def test_confirmations_and_a_revocation_are_rows_of_their_own(history: History) -> None:
    history.add_attestations([attestation("a1"), attestation("a2")])
    first, second = signature("bert@acme.example", 2), signature("cleo@acme.example", 3)
    history.confirm("a1", first)
    history.confirm("a1", second)
    history.revoke("a2", second, note=AWKWARD)
    one, other = history.attestations(ORG)
    assert (one.confirmed, one.revoked, one.second_person) == ((first, second), None, first)
    assert (other.confirmed, other.revoked) == ((), second)
    assert history.revocation_note("a2") == AWKWARD
    assert history.revocation_note("a1") == ""


def test_an_unknown_or_revoked_one_cannot_be_signed(history: History) -> None:
    history.add_attestations([attestation("a1b2c3d4"), attestation("ffffffff")])
    history.revoke("ffffffff", signature("cleo@acme.example", 3))
    for sign in (history.confirm, history.revoke):
        with pytest.raises(UsageError, match=r"no attestation a1b2c3d5\. Did you mean a1b2c3d4\?"):
            sign("a1b2c3d5", signature())
        with pytest.raises(UsageError, match=r"cleo@acme\.example revoked the attestation ffffffff on 2026-01-04"):
            sign("ffffffff", signature())


@pytest.mark.parametrize("body", [None, b"not compressed", "other"])
def test_a_screenshot_that_is_lost_or_altered_is_damage(history: History, body: object) -> None:
    import zlib

    history.add_attestations([attestation(attachments=(Attachment("s", SHOT_DIGEST, 3),))], {SHOT_DIGEST: SHOT})
    with history._writing() as connection:
        if body is None:
            connection.execute(text("DELETE FROM attachments"))
        else:
            altered = zlib.compress(b"another") if body == "other" else body
            connection.execute(text("UPDATE attachments SET body = :body"), {"body": altered})
    with pytest.raises(StoreDamaged, match=f"attachment {SHOT_DIGEST}"):
        history.attachment(SHOT_DIGEST)


def test_the_highest_plan_is_kept_where_it_differs(history: History) -> None:
    for number, (highest, words) in enumerate(
        [("free", ("Free",)), ("free", ("Free",)), (None, ("Free", "Odd")), ("free", ("Free",))]
    ):
        run = save(history, snapshot(number, realms(one="eu")))
        history.record_plan(ORG, run.id, run.started_at, highest, words)
    assert history.attestation_history(ORG).plans == (
        PlanSeen(day(0), "free", ("Free",)),
        PlanSeen(day(2), None, ("Free", "Odd")),
        PlanSeen(day(3), "free", ("Free",)),
    )


def test_how_a_signal_stood(history: History) -> None:
    """A state from the first run that saw it; nothing from the complete run that saw it gone; a partial one is mute."""
    saw = [("d1",), ("d1",), ("d2",), (), (), ("d1",)]
    status = [OK, OK, OK, PARTIAL, OK, OK]
    for number, (digests, how) in enumerate(zip(saw, status, strict=True)):
        save(history, snapshot(number, {"policies": states(*digests)}, {"policies": how}))
    history.add_attestations([attestation()])
    held = ((day(0), ("d1",)), (day(2), ("d2",)), (day(4), None), (day(5), ("d1",)))
    assert history.attestation_history(ORG) == attested.AttestationHistory(
        (attestation(),), {(app("one"), SIGNAL): held}, ()
    )


@pytest.mark.parametrize(
    ("saw", "status", "held"),
    [
        ([(), ("d1",)], [OK, OK], ((0, None), (1, ("d1",)))),
        ([(), (), ("d1",), ("d1",)], [OK, OK, OK, OK], ((1, None), (2, ("d1",)))),
        ([(), (), ("d1",)], [OK, PARTIAL, OK], ((0, None), (2, ("d1",)))),
        ([(), (), ("d1",)], [PARTIAL, FAILED, OK], ((2, ("d1",)),)),
        ([(), ("d1",), (), ("d2",)], [OK, PARTIAL, OK, OK], ((0, None), (1, ("d1",)), (2, None), (3, ("d2",)))),
    ],
)
def test_a_signal_that_no_run_had_seen_was_not_there(
    history: History,
    saw: Sequence[tuple[str, ...]],
    status: Sequence[CollectionStatus],
    held: Sequence[tuple[int, tuple[str, ...] | None]],
) -> None:
    """Whoever looked at the console before the first run, and saw it, has seen it leave: a state is not the same again.

    A run that did not read its list whole says nothing.
    """
    for number, (digests, how) in enumerate(zip(saw, status, strict=True)):
        save(history, snapshot(number, {"policies": states(*digests)}, {"policies": how}))
    found = history.attestation_history(ORG).signals
    assert found == {(app("one"), SIGNAL): tuple((day(number), state) for number, state in held)}


def test_when_a_signal_was_last_written(history: History) -> None:
    """Run by run, beside its states: an older date that comes back hides none."""
    revision = SettingId(f"revision.{SIGNAL}")
    for number, date in enumerate(("2026-01-01", "2026-01-03", "2026-01-01")):
        save(history, snapshot(number, {"policies": states("d1") | {("one", revision): date}}))
    found = history.attestation_history(ORG).signals
    assert found[app("one"), revision] == tuple(
        (day(number), (date,)) for number, date in enumerate(("2026-01-01", "2026-01-03", "2026-01-01"))
    )
    assert found[app("one"), SIGNAL] == ((day(0), ("d1",)),)


@pytest.mark.parametrize(
    ("plans", "status", "held"),
    [
        (["Free", "Free", "Premium"], [OK, OK, OK], ((0, ("Free",)), (2, ("Premium",)))),
        (["Free", None, "Free"], [OK, OK, OK], ((0, ("Free",)), (1, None), (2, ("Free",)))),
        (["Free", None, "Free"], [OK, PARTIAL, OK], ((0, ("Free",)),)),
    ],
)
def test_which_plan_an_app_had(
    history: History,
    plans: Sequence[str | None],
    status: Sequence[CollectionStatus],
    held: Sequence[tuple[int, tuple[str, ...] | None]],
) -> None:
    """Asked only where somebody recorded something of an app; a partial run shows nobody away."""
    for number, (plan, how) in enumerate(zip(plans, status, strict=True)):
        seen: dict[tuple[str, str], Value] = {("one", "plan"): plan} if plan else {}
        save(history, snapshot(number, {"workspaces": seen}, {"workspaces": how}))
    assert history.attestation_history(ORG).app_plans == {}
    history.add_attestations([attestation(subject=app("one"), setting=SettingId("trial"))])
    expected = {app("one"): tuple((day(number), words) for number, words in held)}
    assert history.attestation_history(ORG).app_plans == expected


def test_attestations_of_an_organization_that_nobody_saw(history: History) -> None:
    assert history.attestation_history("nobody") == attested.AttestationHistory()

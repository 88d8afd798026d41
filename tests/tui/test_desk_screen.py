"""The evidence desk, as a person uses it: look, record, confirm, take back, see what holds."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from contribaudit.core.model.attestation import Attestation
from contribaudit.core.model.finding import Outcome
from contribaudit.operations import drafts
from contribaudit.tui.screens.attest import AttestScreen
from contribaudit.tui.screens.attestations import DeskScreen
from contribaudit.tui.widgets.grid import CellGrid
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, dashboard, driven, on_screen, until
from tests.tui.live import (
    ANNA,
    BERT,
    HOSTILE,
    Live,
    Opener,
    asked,
    called,
    comes_out,
    found,
    harmless,
    rows_of,
    said,
    write,
)

pytestmark = pytest.mark.anyio
OFF = "2"
"""The second word of contribution.metadata."""
TWO_PEOPLE = '[evidence]\nsecond_person = "info"\n[[rule]]\ncheck = "DC-01"\n'


async def open_form(pilot: Pilot[str]) -> AttestScreen:
    """The form of the first screen that is due, its signals read."""
    await pilot.press("a")
    await until(pilot, lambda: bool(rows_of(pilot, "due-grid")))
    await pilot.press("1", "home", "enter")
    return await ready(pilot)


async def ready(pilot: Pilot[str]) -> AttestScreen:
    """The form in front, once its signals were read."""
    await until(pilot, lambda: isinstance(pilot.app.screen, AttestScreen))
    form = pilot.app.screen
    assert isinstance(form, AttestScreen)
    await until(pilot, lambda: form.has_class("-ready") and isinstance(pilot.app.focused, CellGrid))
    await pilot.pause()
    return form


async def attested(pilot: Pilot[str]) -> None:
    """Record the first row of the first screen."""
    await open_form(pilot)
    await pilot.press(OFF)
    await pilot.press("ctrl+s")
    await asked(pilot)
    before = dashboard(pilot).board
    await pilot.press("ctrl+s")
    await until(pilot, lambda: dashboard(pilot).board is not before)
    await pilot.pause()


def recorded(source: Live) -> list[Attestation]:
    return list(source.bench.store.attestations(source.bench.organization.id))


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_a_look_makes_the_finding_pass(kept: Opener, size: tuple[int, int]) -> None:
    """Read, answered, read again, summed up, kept with anchors; then the finding passes as attested."""
    here = kept()
    await here.audited()
    before = here.requested("/policies")
    async with driven(here.source, size) as pilot:
        assert found(pilot, "DC-01").outcome is Outcome.UNKNOWN
        form = await open_form(pilot)
        assert here.requested("/policies") == before + 1, "the signals are read before the path is shown"
        assert "Security > Data contribution" in on_screen(pilot)
        assert form.answers.asked == 1, "the policy waits for nothing else on this screen"
        assert rows_of(pilot, "answers")[0].endswith("[·]"), "nothing suggests an answer"
        await pilot.press(OFF, "ctrl+s")
        told = await asked(pilot)
        assert here.requested("/policies") == before + 2, "and again after the answers"
        assert "Metadata contribution: off" in told
        assert "anchored by the signal ugc-data-use-preferences" in told
        assert recorded(here) == [], "nothing is kept before the summary was agreed to"
        await pilot.press("right", "enter")
        await comes_out(pilot, "DC-01", Outcome.PASS)
        (one,) = recorded(here)
        assert (one.by, one.value, one.screen, one.bound) == (ANNA, "off", "data-contribution", True)
        assert one.console_path == "Atlassian Administration > Security > Data contribution"


async def test_what_is_wrong_is_told_where_it_was_typed(kept: Opener) -> None:
    """And the summary does not come; an empty form is refused too."""
    here = kept()
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        form = await open_form(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "an empty cell counts as not seen" in on_screen(pilot))
        await pilot.press(OFF)
        await write(pilot, "shot", "none.png")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert form is pilot.app.screen
        assert form.focused is form.field("shot").box
        assert "none.png cannot be read" in on_screen(pilot)


async def test_a_screenshot_is_kept_by_its_digest(kept: Opener, tmp_path: Path) -> None:
    here = kept()
    await here.audited()
    picture = tmp_path / "shot.png"
    picture.write_bytes(b"picture")
    digest = sha256(b"picture").hexdigest()
    async with driven(here.source, begin="desk") as pilot:
        await open_form(pilot)
        await pilot.press(OFF)
        await write(pilot, "shot", str(picture))
        await pilot.press("tab")
        await pilot.pause()
        assert digest in on_screen(pilot)
        await pilot.press("ctrl+s")
        assert digest in await asked(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(recorded(here)))
    assert [shot.sha256 for shot in recorded(here)[0].attachments] == [digest]
    assert here.bench.store.attachment(digest) == b"picture"


async def test_what_is_left_half_filled_is_gone_on_with(kept: Opener) -> None:
    """By Escape, or by leaving the dashboard; a form that nobody touched leaves nothing."""
    here = kept()
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        await open_form(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, AttestScreen))
        assert drafts.discard_all() == 0
        form = await open_form(pilot)
        await pilot.press(OFF)
        form.field("note").value = "two\nlines"
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, AttestScreen))
        assert "1 value kept as a draft, nothing recorded" in said(pilot)
        form = await open_form(pilot)
        assert "Resumed: 1 value from" in on_screen(pilot)
        assert list(form.answers.values.values()) == ["off"]
        assert form.field("note").value == "two\nlines"
        await pilot.press("backspace", "1")
    async with driven(here.source, begin="desk") as pilot:
        form = await open_form(pilot)
        assert list(form.answers.values.values()) == ["on"], "the dashboard was left in the middle of it"
        await pilot.press("D")
        assert "Discard the draft" in await asked(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: pilot.app.screen is form)
        await until(pilot, lambda: form.answers.filled == 0)
    assert recorded(here) == []


async def test_a_draft_does_not_outlive_its_signals(kept: Opener) -> None:
    """Nobody knows whether somebody looked before the change or after it."""
    here = kept()
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        await open_form(pilot)
        await pilot.press(OFF, "escape")
        policy = next(one for one in here.bench.organization.policies if one.type == "ugc-data-use-preferences")
        here.bench.organization.change(here.bench.organization.policy(policy.id), name="another")
        form = await open_form(pilot)
        assert form.answers.filled == 0
        assert "a signal has moved since you looked" in str(form.query_one(".form--told", Static).render())


async def test_a_signal_that_moves_meanwhile_holds_nothing(kept: Opener) -> None:
    """The summary says so before anything is kept."""
    here = kept()
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        await open_form(pilot)
        policy = next(one for one in here.bench.organization.policies if one.type == "ugc-data-use-preferences")
        here.bench.organization.change(here.bench.organization.policy(policy.id), name="another")
        await pilot.press(OFF, "ctrl+s")
        assert (
            "not anchored: the signal ugc-data-use-preferences of the organization changed while you looked"
            in await asked(pilot)
        )
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(recorded(here)))
    assert not recorded(here)[0].bound


async def test_without_a_key_it_says_that_nothing_will_hold(kept: Opener) -> None:
    here = kept()
    await here.audited()
    here.without_key()
    asked_before = len(here.bench.requests)
    async with driven(here.source, begin="desk") as pilot:
        await open_form(pilot)
        assert "There is no API key here" in on_screen(pilot)
        await pilot.press(OFF, "ctrl+s")
        assert "not anchored: the API was not read after the attestation" in await asked(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(recorded(here)))
    assert not recorded(here)[0].bound
    assert len(here.bench.requests) == asked_before


async def test_a_second_person_confirms_and_nobody_else(kept: Opener) -> None:
    """The finding waits for it, the list says so, and whoever looked is refused."""
    here = kept(TWO_PEOPLE)
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        await attested(pilot)
        assert found(pilot, "DC-01").outcome is Outcome.UNKNOWN
        await pilot.press("2", "C")
        await until(pilot, lambda: "a second person must confirm" in said(pilot))
    async with driven(lambda: here.source(BERT), begin="desk") as pilot:
        await until(pilot, lambda: bool(rows_of(pilot, "recorded-grid")))
        assert rows_of(pilot, "recorded-grid")[0].startswith("needs second person")
        await pilot.press("2", "enter")
        told = await asked(pilot)
        assert "First look at the console yourself" in told
        assert BERT in told
        await pilot.press("ctrl+s")
        await comes_out(pilot, "DC-01", Outcome.PASS)
    assert [one.by for one in recorded(here)[0].confirmed] == [BERT]


async def test_taking_back_needs_a_reason_and_stays_in_the_list(kept: Opener) -> None:
    here = kept()
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        await attested(pilot)
        await pilot.press("2", "delete")
        await until(pilot, lambda: bool(pilot.app.screen.query("#why")))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "! Needed" in on_screen(pilot))
        await write(pilot, "why", "a typo")
        await pilot.press("ctrl+s")
        await comes_out(pilot, "DC-01", Outcome.UNKNOWN)
        await pilot.press("x", "x", "x")
        await until(pilot, lambda: "a typo" in on_screen(pilot))
        assert rows_of(pilot, "recorded-grid")[0].startswith("revoked")
    (one,) = recorded(here)
    assert one.revoked is not None
    assert here.bench.store.revocation_note(one.id) == "a typo"


async def test_the_last_answer_is_carried_and_never_stands_in_the_cell(kept: Opener) -> None:
    """An = keeps it, as a new attestation of whoever looked now."""
    here = kept('[evidence]\nmax_age_days = { attested = 1, attested_anchored = 1 }\n[[rule]]\ncheck = "DC-01"\n')
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        await attested(pilot)
        form = await open_form(pilot)
        assert form.answers.filled == 0
        assert f"= still off, as {ANNA} saw on" in on_screen(pilot)
        await pilot.press("equals_sign")
        await pilot.press("ctrl+s")
        assert "Metadata contribution: off" in await asked(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: len(recorded(here)) == 2)
    assert {one.value for one in recorded(here)} == {"off"}


async def test_signals_say_what_each_state_was_seen_to_mean(kept: Opener) -> None:
    here = kept()
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        await attested(pilot)
        await pilot.press("3")
        await until(pilot, lambda: any("Metadata contribution: off" in row for row in rows_of(pilot, "signals-grid")))
        await until(pilot, lambda: "States, newest first" in on_screen(pilot))


async def test_contradicting_words_stand_side_by_side(kept: Opener) -> None:
    """Two people, one moment, two values; taking one back settles it."""
    from dataclasses import replace

    here = kept()
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        await attested(pilot)
        one = recorded(here)[0]
        here.bench.store.add_attestations([replace(one, id="other", value="on", by=BERT)])
        await pilot.press("R")
        await comes_out(pilot, "DC-01", Outcome.CONFLICT)
        await pilot.press("4")
        await until(pilot, lambda: bool(rows_of(pilot, "conflicts-grid")))
        await pilot.pause()
        shown = on_screen(pilot)
        assert "Metadata contribution: off" in shown
        assert "Metadata contribution: on" in shown
        await pilot.press("enter")
        desk = pilot.app.screen
        assert isinstance(desk, DeskScreen)
        await until(pilot, lambda: desk.tab == "recorded")
        assert rows_of(pilot, "recorded-grid")[0].startswith("in force")


async def test_read_only_says_what_is_missing(kept: Opener) -> None:
    """Without a mail address nobody looked; without a history nothing is kept."""
    here = kept()
    await here.audited()
    async with driven(lambda: here.source(""), begin="desk") as pilot:
        await until(pilot, lambda: bool(rows_of(pilot, "due-grid")))
        assert "set attested_by" in on_screen(pilot)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert not isinstance(pilot.app.screen, AttestScreen)
    async with driven(opener(board()), begin="desk") as pilot:
        await until(pilot, lambda: "to record attestations" in on_screen(pilot))


async def test_hostile_names_are_data_on_the_desk(kept: Opener) -> None:
    """Whatever an app is called and a note says, the screens show it and obey none of it."""
    rules = '[[rule]]\ncheck = "DC-01"\nseverity = "critical"\n[[rule]]\ncheck = "AI-01"\n'
    here = kept(rules, "tidy", called(HOSTILE))
    await here.audited()
    async with driven(here.source, begin="desk") as pilot:
        form = await open_form(pilot)
        await pilot.press(OFF)
        form.field("note").value = HOSTILE
        await pilot.press("ctrl+s")
        harmless(await asked(pilot))
        harmless(on_screen(pilot))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(rows_of(pilot, "recorded-grid")))
        for key in ("2", "3", "down", "1", "down", "down", "down", "down"):
            await pilot.press(key)
            await pilot.pause()
            harmless(on_screen(pilot))
        await pilot.press("end", "enter")
        await ready(pilot)
        harmless(on_screen(pilot))
        assert "[bold]" in on_screen(pilot), "the name is there, as it was written"

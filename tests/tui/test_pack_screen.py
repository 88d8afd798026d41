"""An evidence pack from the dashboard: written, verified, never over another; its digest and path to be copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from contribaudit.evidence.signing import Signer
from contribaudit.evidence.verify import verify
from contribaudit.tui.widgets.field import Field
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, driven, on_screen, until
from tests.tui.live import Opener

pytestmark = pytest.mark.anyio


def _packs(home: Path) -> list[Path]:
    return sorted(home.glob("evidence-*"))


POLICY = '[[rule]]\ncheck = "DC-06"\nexpect = "enterprise"\n'


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_a_pack_is_written_and_verified_by_two_keys(kept: Opener, home: Path, size: tuple[int, int]) -> None:
    """A second one gets another name; y copies the digest."""
    here = kept(POLICY)
    await here.audited()
    async with driven(here.source, size, begin="pack") as pilot:
        await until(pilot, lambda: "Not signed: no key is configured" in on_screen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Written and verified" in on_screen(pilot))
        [place] = _packs(home)
        digest = verify(place).manifest.sha256
        assert digest in on_screen(pilot)
        await pilot.press("y")
        assert pilot.app.clipboard == digest
        assert pilot.app.screen.query_one("#place", Field).value == f"{place.name}-2"


async def test_a_taken_name_is_told_and_what_was_typed_stays(kept: Opener, home: Path) -> None:
    here = kept(POLICY)
    await here.audited()
    (home / "mine").touch()
    async with driven(here.source, begin="pack") as pilot:
        field = pilot.app.screen.query_one("#place", Field)
        await until(pilot, lambda: bool(field.value))
        field.value = "mine"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "! " in on_screen(pilot) and "mine" in on_screen(pilot))
        assert field.value == "mine"
    assert (home / "mine").stat().st_size == 0


async def test_a_configured_key_signs_and_an_archive_of_a_period_can_be_had(
    kept: Opener, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = kept(POLICY)
    await here.audited()
    signer = Signer.new()
    signer.save(home / "key.pem")
    monkeypatch.setenv("CONTRIBAUDIT_EVIDENCE__SIGNING_KEY", str(home / "key.pem"))
    async with driven(here.source, begin="pack") as pilot:
        await until(pilot, lambda: f"Signed with the key {signer.fingerprint}" in on_screen(pilot))
        pilot.app.screen.query_one("#period").value = "30"  # type: ignore[attr-defined]
        pilot.app.screen.query_one("#form-of").value = "zip"  # type: ignore[attr-defined]
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Written and verified" in on_screen(pilot))
    [place] = _packs(home)
    assert place.suffix == ".zip"
    pack = verify(place)
    assert pack.signed_with == signer.fingerprint
    assert pack.manifest.scope.kind == "period"


async def test_what_is_shown_from_a_pack_is_not_written_again(home: Path) -> None:
    async with driven(opener(board()), begin="pack") as pilot:
        await until(pilot, lambda: "Read-only: write the pack" in on_screen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Read-only: open the history" in on_screen(pilot))
    assert _packs(home) == []

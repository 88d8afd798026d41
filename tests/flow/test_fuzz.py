"""A small share of the fuzz with an independent oracle."""

from __future__ import annotations

import pytest
from benchmarks import fuzz


@pytest.mark.parametrize("family", fuzz.FAMILIES)
def test_nothing_passes_on_a_mutated_answer_that_does_not_show_it(family: str) -> None:
    counted = fuzz.one_family(family, 10, seed=1000)
    assert (counted["false pass"], counted["crash"], counted["vanished"]) == (0, 0, 0)
    assert counted["passes"], "an oracle that sees no pass shows nothing"


@pytest.mark.parametrize(
    ("family", "seed"),
    [
        # An undated space that the first run shows may have been there when the list was looked at.
        ("spaces", 7300449),
        ("spaces", 7300908),
        # Off with an empty include list keeps every space out, also those that were not listed.
        ("spaces", 8001657),
        ("spaces", 8001713),
        # A space that the run before the look saw was there, whatever date its entry has now.
        ("spaces", 21002047),
        # An item that is off where somebody saw the app open closes no app, also while that cannot be compared now.
        ("attestations", 30001853),
        ("attestations", 30002242),
        # A list that may go on tells of no move, between two that are whole.
        ("attestations", 30001751),
        ("attestations", 30002360),
        ("attestations", 60003219),
        # An item that is served as off closes an app while an anchored attestation agrees with it for another.
        ("attestations", 6100013),
    ],
)
def test_a_case_that_once_went_wrong_stays_right(family: str, seed: int) -> None:
    counted = fuzz.one_family(family, 1, seed)
    assert (counted["false pass"], counted["crash"], counted["vanished"]) == (0, 0, 0)

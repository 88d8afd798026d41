"""A small share of the fuzz with an independent oracle."""

from __future__ import annotations

import pytest
from benchmarks import fuzz


@pytest.mark.parametrize("family", fuzz.FAMILIES)
def test_nothing_passes_on_a_mutated_answer_that_does_not_show_it(family: str) -> None:
    counted = fuzz.one_family(family, 10, seed=1000)
    assert (counted["false pass"], counted["crash"], counted["vanished"]) == (0, 0, 0)
    assert counted["passes"], "an oracle that sees no pass shows nothing"

"""How findings came out, run by run."""

from __future__ import annotations

from contribaudit.store.history import History
from contribaudit.store.records import Judged

from .builders import draft, snapshot

ORG = "org-1"


def judged(finding: str, outcome: str, *, check: str = "DR-01", organization: str = ORG) -> Judged:
    return Judged(finding, organization, check, outcome)


def kept(history: History, *findings: Judged) -> int:
    """A run with these outcomes."""
    run = history.save(draft(1), [snapshot(1, {})]).id
    history.record_verdict(run, 0, {}, findings)
    return run


def test_outcomes_are_told_as_of_every_run(history: History) -> None:
    """Each run gives back its own outcomes, whatever came later."""
    first = kept(history, judged("a", "pass"), judged("b", "fail"))
    second = kept(history, judged("a", "fail"), judged("b", "fail"))
    third = kept(history, judged("a", "pass"))

    assert history.outcomes(first) == {"a": "pass", "b": "fail"}
    assert history.outcomes(second) == {"a": "fail", "b": "fail"}
    assert history.outcomes(third) == {"a": "pass"}


def test_a_check_that_was_left_out_keeps_what_was_said_of_it(history: History) -> None:
    """A run of another check, or of another organization, ends no outcome."""
    kept(history, judged("a", "fail"))
    other_check = kept(history, judged("b", "pass", check="DR-02"))
    other_organization = kept(history, judged("c", "pass", organization="org-2"))

    assert history.outcomes(other_check) == {"a": "fail", "b": "pass"}
    assert history.outcomes(other_organization) == {"a": "fail", "b": "pass", "c": "pass"}

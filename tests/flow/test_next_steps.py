"""Nothing falls out of the queue: of every scenario, under every check, whatever could not be read."""

from __future__ import annotations

import shlex
from collections import Counter
from functools import cache
from pathlib import Path

import click
import pytest

from contribaudit import checks
from contribaudit.attestations.due import steps_to_take
from contribaudit.cli import PROGRAM, group
from contribaudit.core.advise.report import Report
from contribaudit.core.advise.steps import StepKind
from contribaudit.core.model.finding import Outcome
from contribaudit.errors import NothingRead
from contribaudit.simulator import Fault, Organization
from contribaudit.simulator.scenarios import names
from tests.flow.audits import simulated

EVERYTHING = "\n".join(f'[[rule]]\ncheck = "{check.id}"' for check in checks.ALL)
SETTLED = (Outcome.PASS, Outcome.WAIVED, Outcome.EXEMPT, Outcome.NO_SUCH_SETTING, Outcome.NOT_YET_EFFECTIVE)
KINDS = {StepKind.LOOK, StepKind.DECIDE, StepKind.RENEW, StepKind.NOBODY}
_ENOUGH = 12
"""Apps: a generated organization has thousands, all alike."""


def few(organization: Organization) -> None:
    organization.apps = organization.apps[:_ENOUGH]
    organization.revision += 1


def assert_whole(report: Report) -> None:
    """Every finding that is not settled is in exactly one step, and no other is in any."""
    held = Counter(one.id for step in report.steps for one in step.findings)
    assert held == Counter(one.id for one in report.findings if one.outcome not in SETTLED)
    assert all(step.text and not step.text.endswith(".") and step.command for step in report.steps)
    for step in report.steps:
        assert_exists(step.command)
        assert len(report.organizations) > 1 or "--org" not in step.command


@cache
def assert_exists(command: str) -> None:
    """Every word of it: the command, what is under it, its options and arguments."""
    program, *words = shlex.split(command)
    assert program == PROGRAM
    context = group.make_context(PROGRAM, words, resilient_parsing=True)
    while isinstance(context.command, click.Group):
        name, inner, words = context.command.resolve_command(context, [*context._protected_args, *context.args])
        assert name is not None
        assert inner is not None
        context = inner.make_context(name, words, parent=context)


@pytest.mark.parametrize("scenario", names())
def test_every_finding_of_a_scenario_is_in_exactly_one_step(tmp_path: Path, scenario: str) -> None:
    """Of its first run, and of a second one that has something to compare with."""
    with simulated(tmp_path, scenario, few) as bench:
        for _ in range(2):
            report = bench.audit(EVERYTHING)
            assert_whole(report)
            assert {one.kind for one in report.steps} >= KINDS
        policy = bench.job(EVERYTHING).policy
        for step in steps_to_take(report, policy, ""):
            assert_exists(step.command)


@pytest.mark.parametrize("kind", ["401", "403-c", "500", "html", "empty-list", "unknown-values", "missing-key"])
@pytest.mark.parametrize("endpoint", ["*", "workspaces"])
def test_whatever_is_not_read_is_in_exactly_one_step(tmp_path: Path, kind: str, endpoint: str) -> None:
    """A refused key is renewed once, whatever it stopped. Where nothing answers, no run holds a finding or a step."""
    with simulated(tmp_path, "drifted", faults=[Fault(kind, endpoint)]) as bench:
        if endpoint == "*" and kind in ("500", "html"):
            with pytest.raises(NothingRead):
                bench.audit(EVERYTHING)
            assert bench.store.runs() == []
            return
        report = bench.audit(EVERYTHING)
    assert_whole(report)
    renewed = [one for one in report.steps if one.command.startswith("contribaudit login")]
    assert len(renewed) == (kind == "401")


def test_the_default_policy_leaves_nothing_out(tmp_path: Path) -> None:
    """The demo's: what it does not ask is in no step either."""
    with simulated(tmp_path, "drifted") as bench:
        report = bench.audit('extends = ["essentials"]')
    assert_whole(report)
    asked = {one.check for one in report.findings}
    assert {one.check for step in report.steps for one in step.findings} < asked

"""Boards of the simulated organization: real HTTP on this machine, no key, no network, and nothing is kept."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from contribaudit.audit.job import Job
from contribaudit.demo.run import demonstration
from contribaudit.progress import Progress
from contribaudit.tui.sources.history import HistorySource


def open_demo(scenario: str = "drifted") -> HistorySource:
    """Audit the scenario's organization as of yesterday and as of now; further audits can be run. Takes seconds.

    Its policy file is a copy: what is waived is written into it, and goes with the demo.

    Raises ValueError for an unknown scenario.
    """
    with ExitStack() as stack:
        shown = stack.enter_context(demonstration(scenario))

        def audit_job(asked: Job, progress: Progress) -> Job:
            return replace(asked, targets=shown.targets(progress))

        source = HistorySource(
            shown.job,
            title="demo",
            you="it@acme.example",
            audit_job=audit_job,
            notes=("demo, nothing kept",),
            policy_path=shown.policy,
        )
        source.also_close(stack.pop_all().close)
        return source

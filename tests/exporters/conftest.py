"""One audit of the drifted organization for all tests of this folder."""

from __future__ import annotations

from importlib import resources

import pytest

from contribaudit.core.advise.report import Report
from tests.flow.audits import simulated


@pytest.fixture(scope="session")
def drifted_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The second of two audits, after an app has moved and another was removed."""
    text = resources.files("contribaudit.demo").joinpath("drifted.toml").read_text(encoding="utf-8")
    policy = text.partition("name =")[2].partition("\n")[2]
    with simulated(tmp_path_factory.mktemp("drifted"), "drifted") as bench:
        bench.audit(policy)
        bench.organization.set_realm("acme-us/confluence", "EU", ("eu-central-1",))
        bench.organization.remove_app("acme-labs/confluence")
        return bench.audit(policy)

"""Names that came to mean two apps: what used them does not count, and the audit goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from contribaudit.attestations.files import load_folder
from contribaudit.audit.pipeline import audit
from contribaudit.simulator import Organization

from .audits import of_check, simulated

POLICY = '[[rule]]\ncheck = "AI-01"\n'
ROWS = """subject,setting,value,by,observed_at
app:{host}/{type},ai.access,blocked,a@acme.example,2026-11-20T10:00Z
organization,contribution.in_app,off,a@acme.example,2026-11-20T10:00Z
"""


def test_an_attestation_file_that_names_an_ambiguous_alias_does_not_end_the_audit(tmp_path: Path) -> None:
    """That row is left out with a warning that lists the IDs; the others are taken in."""
    twins: list[str] = []

    def twin(organization: Organization) -> None:
        one = organization.apps[0]
        organization.apps.append(replace(one, id=f"{one.id}-twin"))
        twins.extend((str(one.host_url), one.type_key))

    with simulated(tmp_path, edit=twin) as bench:
        folder = tmp_path / "attestations"
        folder.mkdir()
        (folder / "a.csv").write_text(ROWS.format(host=twins[0].removeprefix("https://"), type=twins[1]))
        job = replace(bench.job(POLICY), attestations=load_folder(folder))
        report = asyncio.run(audit(job))
        told = [one for one in report.warnings if "Attestation skipped" in one]
        assert len(told) == 1
        assert "-twin" in told[0]
        assert of_check(report, "AI-01")
        kept = bench.store.attestation_history(bench.organization.id).attestations
        assert [one.setting for one in kept] == ["contribution.in_app"]

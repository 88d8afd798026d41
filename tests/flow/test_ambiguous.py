"""Names that came to mean two apps: what used them does not count, and the audit goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("place", "twin_allowed"),
    [
        ("app:{host}/{type}", False),
        ("app:*.atlassian.net/{type}", True),
        ("{type}", True),
        ("{host}", True),
    ],
)
@pytest.mark.parametrize("spelt", [str, str.upper])
def test_an_app_on_which_ai_is_allowed_opens_no_second_one_of_its_name(
    tmp_path: Path, place: str, twin_allowed: bool, spelt: Callable[[str], str]
) -> None:
    """`app:HOST/TYPE` names one app; a site or a pattern may take in many."""
    with simulated(tmp_path) as bench:
        one = bench.organization.apps[0]
        host = str(one.host_url).removeprefix("https://")
        text = place.format(host=host, type=one.type_key)
        policy = f'[expect]\nai = "blocked"\nai_allowed_on = ["{text}"]\n'
        alone = bench.audit(policy)
        twin = replace(one, id=f"{one.id}-twin", host_url=f"https://{spelt(host)}")
        bench.organization.apps.append(twin)
        bench.organization.revision += 1
        report = bench.audit(policy)
    severities = {found.subject.id: str(found.severity) for found in of_check(report, "AI-01")}
    assert {str(found.severity) for found in of_check(alone, "AI-01") if found.subject.id == one.id} == {"info"}
    assert not [warning for warning in alone.warnings if "does not count" in warning]
    assert (severities[one.id] == "info") is twin_allowed
    assert (severities[twin.id] == "info") is twin_allowed
    told = [warning for warning in report.warnings if "does not count" in warning or "matches nothing" in warning]
    assert len(told) == (0 if twin_allowed else 1)
    assert twin_allowed or (f"names 2 apps: {one.id}, {twin.id}" in told[0] and "ai_allowed_on" in told[0])

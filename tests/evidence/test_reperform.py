"""From the pack alone the same findings come out, and others when policy, rulebook or values are others."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from contribaudit import catalogue, checks
from contribaudit.atlassian.sites import ON_GATEWAY, Accesses
from contribaudit.audit.pipeline import audit
from contribaudit.core.model.attestation import Attestation, Baseline, Signature
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import organization_subject
from contribaudit.demo import demonstration
from contribaudit.errors import EvidenceDamaged, UsageError
from contribaudit.evidence.dossier import ExportLimits, of_last
from contribaudit.evidence.export import Form, export
from contribaudit.evidence.pseudonyms import NameHandling
from contribaudit.evidence.reperform import Result, exit_code, reperform
from contribaudit.evidence.verify import verify
from contribaudit.exporters.saved import load
from contribaudit.rulebook import decoders, loader
from contribaudit.simulator import Organization
from tests.administrator import AdminConsole
from tests.evidence.scene import NOW, POLICY, Scene
from tests.evidence.test_verify import remade
from tests.flow.audits import simulated
from tests.flow.test_spaces_read import MINE

EVERY_CHECK = "".join(f'\n[[rule]]\ncheck = "{check.id}"\n' for check in checks.ALL)


STATEMENTS = """
[expect]
contribution = "none"
ai = "blocked"
ai_allowed_on = ["tidy-labs.atlassian.net"]
location = ["EEA"]
location_except = ["trello", "assets"]
reason = "GRC-7"
"""


@pytest.fixture(scope="module")
def pack(told: Scene) -> Path:
    """Of a policy that asks for every check."""
    job = told.bench.job(POLICY + EVERY_CHECK.replace('"DR-01"\n', '"DR-01"\nexpect = ["EU"]\n'))
    return export(of_last(job), told.folder / "every-check", now=NOW, operator=told.operator).place


def test_what_the_api_documents_comes_out_the_same(pack: Path) -> None:
    """All of it: findings of more than a dozen checks, and none that differs."""
    found = reperform(pack)
    assert [one for one in found if one.differs] == []
    again = {one.check for one in found if one.again}
    assert again >= {"DR-01", "DR-02", "DR-03", "DR-04", "DR-13", "DR-14", "DC-10", "DC-18", "GV-06", "AI-20", "GV-04"}
    assert sum(1 for one in found if one.again) > 50
    assert {one.reported for one in found if one.again} >= {"pass", "fail", "not_achievable"}
    assert {one.result for one in found} == {Result.SAME, Result.NOT_JUDGED}
    assert exit_code(found) == 3, "what rests on the history was not judged, and says so"


@pytest.mark.parametrize("key", ["narrow-key", "unscoped-key", "demo-key"])
def test_a_pack_of_a_run_that_read_in_part_differs_in_nothing(key: str, tmp_path: Path) -> None:
    """Whatever was refused, every finding follows from the pack; what needs the history is named and not judged."""
    with simulated(tmp_path, "drifted") as bench:
        job = bench.job(
            'extends = ["essentials"]' + EVERY_CHECK.replace('"DR-01"\n', '"DR-01"\nexpect = ["EU"]\n'), key=key
        )
        asyncio.run(audit(job))
        place = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    assert verify(place).standing == "consistent"
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    assert exit_code(found) == 3


@pytest.mark.parametrize("key", ["wrong-key", "narrow-key", "unscoped-key"])
def test_a_run_that_was_refused_after_a_whole_one_differs_in_nothing(key: str, tmp_path: Path) -> None:
    """What apps are called, and what they are, is known from the run before: the pack has it in its inventory."""
    with simulated(tmp_path, "drifted") as bench:
        policy = 'extends = ["essentials", "no-training"]'
        asyncio.run(audit(bench.job(policy)))
        job = bench.job(policy, key=key)
        asyncio.run(audit(job))
        place = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    assert verify(place).standing == "consistent"
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    assert {one.reported for one in found if one.result is Result.SAME} >= {"unknown"}


@pytest.mark.parametrize("app", ["acme-us/confluence", "acme/jira-software", "acme/confluence"])
def test_an_app_that_left_and_that_a_policy_still_lists_differs_in_nothing(app: str, tmp_path: Path) -> None:
    """The run saw its ID alone; findings call it by its alias of earlier runs, which follows from inventory.csv."""
    with simulated(tmp_path, "drifted") as bench:
        policy = 'extends = ["essentials"]' + EVERY_CHECK.replace('"DR-01"\n', '"DR-01"\nexpect = ["EU"]\n')
        asyncio.run(audit(bench.job(policy, now=NOW - timedelta(days=2))))
        bench.organization.remove_app(app)
        job = bench.job(policy)
        asyncio.run(audit(job))
        place = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    listed = next(one for one in load(place)["findings"] if one["check"] == "DR-14")
    assert isinstance(listed["observed"], list)
    assert f"app:{app.replace('/', '.atlassian.net/')}" in listed["observed"]
    assert next(one for one in found if one.id == listed["id"]).result is Result.SAME


@pytest.mark.parametrize("scenario", ["tidy", "drifted"])
def test_what_the_gateway_told_is_judged_again(scenario: str, tmp_path: Path) -> None:
    """AI, trials, plans and regions of sites, and how far the apps' policy items count."""
    with simulated(tmp_path, scenario) as bench:
        policy = 'extends = ["essentials"]' + EVERY_CHECK.replace('"DR-01"\n', '"DR-01"\nexpect = ["EU"]\n')
        job = bench.job(policy, sites=Accesses(MINE, reads=ON_GATEWAY))
        asyncio.run(audit(job))
        place = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    assert {one.reported for one in found if one.check == "AI-01" and one.again} & {"pass", "fail"}


@pytest.mark.parametrize("name", ["controls.csv", "segregation.csv", "subprocessors.csv", "terms.csv"])
def test_a_table_that_is_gone_is_found(name: str, pack: Path, copied: Callable[[Path], Path]) -> None:
    """Every export writes it, so a pack without it was altered."""
    spoilt = copied(pack)
    (spoilt / name).unlink()
    remade(spoilt)
    with pytest.raises(EvidenceDamaged, match=f"{name} is not in the manifest"):
        verify(spoilt)


def test_a_raw_answer_in_a_file_of_its_own_is_found(pack: Path, copied: Callable[[Path], Path]) -> None:
    """No export writes one, even if its name is its digest."""
    spoilt = copied(pack)
    body = b"{}"
    (spoilt / "responses" / f"{sha256(body).hexdigest()}.json").write_bytes(body)
    remade(spoilt)
    with pytest.raises(EvidenceDamaged, match="does not hold what its name says"):
        verify(spoilt)


def test_an_archive_too(zipped: Path) -> None:
    assert not any(one.differs for one in reperform(zipped))


def test_an_outcome_that_was_written_in_by_hand_is_found(pack: Path, copied: Callable[[Path], Path]) -> None:
    """Although every digest in the pack fits."""
    forged = copied(pack)
    document = json.loads((forged / "report.json").read_text())
    failed = next(one for one in document["findings"] if one["check"] == "DR-01" and one["outcome"] == "fail")
    failed["outcome"] = failed["underlying_outcome"] = "pass"
    (forged / "report.json").write_text(json.dumps(document, indent=2) + "\n")
    with pytest.raises(EvidenceDamaged, match="`outcome` of"):
        verify(remade(forged))
    found = reperform(forged)
    assert [one.id for one in found if one.result is Result.DIFFERENT] == [failed["id"]]
    assert failed["id"] in {one.id for one in found if one.result is Result.INCONSISTENT}, (
        "findings.csv has the old one"
    )
    assert exit_code(found) == 5


@pytest.mark.parametrize("lines", ['[[rule]]\ncheck = "DR-03"\n', STATEMENTS])
def test_the_place_of_a_rule_in_its_own_file_is_no_difference(lines: str, tmp_path: Path) -> None:
    """A finding names the line of the file that asked; the pack holds that file resolved, statements expanded."""
    with simulated(tmp_path, "tidy") as bench:
        job = bench.job(lines)
        job = replace(job, policy=replace(job.policy, file="policy.toml"))
        asyncio.run(audit(job))
        place = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    assert all(one["rule"].startswith("policy.toml:") for one in load(place)["findings"])
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    assert any(one.result is Result.SAME for one in found)


@pytest.mark.parametrize(
    "name",
    [
        "2024",
        "-5",
        "true",
        "[x]",
        "[]",
        '["x"]',
        '"x"',
        "'x",
        "''x",
        "=1",
        "x;=1",
        "\u202ex",
        "a\r\nb",
        "\x00",
        "\ud800",
    ],
)
def test_what_an_administrator_may_call_a_thing_is_no_difference(name: str, tmp_path: Path) -> None:
    """A name that looks like a number, a list or a formula, or has characters that a table does not show."""

    def edit(one: Organization) -> None:
        one.name = name
        one.set_app("tidy/confluence", name=name, status=name, type=name)

    with simulated(tmp_path, "tidy", edit) as bench:
        job = bench.job('extends = ["essentials", "eu-residency"]\n')
        asyncio.run(audit(job))
        place = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    assert verify(place).standing == "consistent"
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    assert any(one.result is Result.SAME for one in found)


def test_another_rulebook_is_found(pack: Path, copied: Callable[[Path], Path]) -> None:
    forged = copied(pack)
    with (forged / "rulebook" / "realms.toml").open("a") as file:
        file.write("# more\n")
    with pytest.raises(EvidenceDamaged, match="rulebook"):
        reperform(remade(forged))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("realms.toml", 'grade = "A"', 'grade = "A"\nsource_date = 2026-01-29'),
        ("clocks.toml", "[limits.blocklist_items]", "[limits.items]"),
        ("checks/governance.toml", "[GV-01]", "[GV-99]"),
    ],
)
def test_a_rulebook_of_another_version_is_named_as_one(
    file: str, old: str, new: str, pack: Path, copied: Callable[[Path], Path]
) -> None:
    other = copied(pack)
    held = other / "rulebook" / file
    text = held.read_text()
    assert old in text
    held.write_text(text.replace(old, new, 1))
    with pytest.raises(UsageError, match="a rulebook that this version cannot read") as told:
        reperform(remade(other))
    tool = verify(other, agreement=False).manifest.tool
    assert Path(file).name in told.value.message
    assert told.value.hint.endswith(f"the version that wrote it: {tool.version}, code {tool.code_sha256[:12]}")


def test_without_names_nothing_can_be_judged_again(told: Scene) -> None:
    with pytest.raises(UsageError, match="without names"):
        reperform(told.export("reperform-pseudonym", ExportLimits(NameHandling.PSEUDONYM)).place)


@pytest.mark.parametrize("name", ["own.toml", "our own, é.toml"])
def test_a_user_s_decoders_and_rulebook_are_in_the_pack(name: str, told: Scene, tmp_path: Path) -> None:
    """With them the rulebook has the digest that judged the run, unless a name is not plain and becomes a number."""
    rules, own = tmp_path / "rulebook", tmp_path / "decoders"
    rules.mkdir()
    own.mkdir()
    shipped = dict(loader.sources())
    (rules / "realms.toml").write_text(shipped["realms.toml"] + "# ours\n", encoding="utf-8")
    (own / name).write_text(shipped["decoders.toml"], encoding="utf-8")
    job = replace(told.job(), rulebook=decoders.with_folder(loader.load(rules), own, catalogue.ALL))
    form = Form(rulebook_folder=rules, decoders_folder=own)
    place = export(of_last(job), tmp_path / "pack", now=NOW, operator=told.operator, form=form).place
    held = [path.name for path in (place / "decoders").iterdir()]
    assert held == [name if name.isascii() else "001.toml"]
    assert "# ours" in (place / "rulebook" / "realms.toml").read_text()
    if name.isascii():
        assert not any(one.differs for one in reperform(place))
    else:
        with pytest.raises(EvidenceDamaged, match="decoders"):
            reperform(place)


def test_what_is_not_judged_says_on_what_it_rests(pack: Path) -> None:
    """And where the pack tells of it."""
    found = reperform(pack)
    why = {one.check: one.reason for one in found if one.result is Result.NOT_JUDGED}
    assert "changes.csv, outcomes.csv and runs.csv" in why["DC-08"]
    assert "earlier runs" in why["GV-01"]
    assert {one.reason for one in found if one.result is Result.SAME} == {""}


@pytest.mark.parametrize(
    "seen",
    [
        {"contribution.in_app": ("off", "on")},
        {"contribution.in_app": ("off",)},
        {"contribution.metadata": ("on",)},
        {"contribution.metadata": ("off", "on"), "ai.access": ("blocked", "allowed")},
    ],
    ids=["differing in-app looks", "in-app look", "metadata look", "differing looks at more"],
)
def test_what_the_last_look_saw_counts_although_its_anchor_moved(
    seen: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    """The look at the exemption is stale, and saw none: the pack's attestations say so, its settings do not."""
    with demonstration("acme") as shown:
        organization, now = shown.job.targets[0].organization, datetime.now(UTC)
        store = shown.job.store
        for setting, values in seen.items():
            for person, value in enumerate(values):
                by = f"person-{person}@acme.example"
                signed = Signature(by, now, "person", "laptop")
                look = f"{setting} by {by}"
                told = Attestation(
                    look,
                    SettingId(setting),
                    organization_subject(organization),
                    value,
                    by,
                    now,
                    signed,
                    look,
                    unanchored_reason="nothing was read around the look",
                )
                store.add_attestations([told])
        asyncio.run(audit(shown.job))
        job = shown.job
        place = export(of_last(job), tmp_path / "pack", now=datetime.now(UTC), operator=job.operator).place
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    assert exit_code(found) == 3
    reported = {one["id"]: one for one in load(place)["findings"]}
    again = {one.check: one for one in found if one.result is Result.SAME}
    assert "DC-04" in again
    assert "exemption" not in reported[again["DC-04"].id]["reason"]
    with (place / "settings.csv").open(encoding="utf-8", newline="") as file:
        exemption = next(row for row in csv.DictReader(file) if row["setting"] == "contribution.exemption")
    assert exemption["reason_code"] == "signal_moved"


Rows = list[dict[str, str]]


def _newest(rows: Rows) -> dict[str, str]:
    """The look whose value counts."""
    looks = [row for row in rows if row["setting"] == "ai.web_search"]
    return max(looks, key=lambda row: row["observed_at"])


def _later(moment: str) -> str:
    return (datetime.fromisoformat(moment) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


ALTERED: dict[str, tuple[Callable[[Rows], object], str]] = {
    "value": (lambda rows: _newest(rows).update(value="on"), "ai.web_search of"),
    "unknown word": (lambda rows: _newest(rows).update(value="banana"), "ai.web_search of"),
    "no value": (lambda rows: _newest(rows).update(value=""), "ai.web_search of"),
    "date": (lambda rows: _newest(rows).update(observed_at="2026-01-01T00:00:00Z"), "ai.web_search of"),
    "setting": (lambda rows: _newest(rows).update(setting="ai.banana"), "ai.web_search of"),
    "subject": (lambda rows: _newest(rows).update(subject_id="another"), "ai.web_search of"),
    "revoked": (lambda rows: _newest(rows).update(revoked_at=_newest(rows)["recorded_at"]), "ai.web_search of"),
    "deleted": (lambda rows: rows.remove(_newest(rows)), "ai.web_search of"),
    "newer look": (
        lambda rows: rows.append({
            **_newest(rows), "attestation_id": "another", "value": "on",
            "observed_at": _later(_newest(rows)["observed_at"]), "recorded_at": _later(_newest(rows)["recorded_at"]),
        }),
        "ai.web_search of",
    ),
    "person": (lambda rows: _newest(rows).update(looked_by="another@acme.example"), "rests on an attestation by"),
    "person of a value": (lambda rows: _newest(rows).update(looked_by="another@acme.example"), "ai.web_search of"),
    "confirmed": (
        lambda rows: _newest(rows).update(
            confirmed_by="another@acme.example", confirmed_at=_newest(rows)["recorded_at"]
        ),
        "who confirmed what",
    ),
    "no longer confirmed": (
        lambda rows: [row.update(confirmed_by="", confirmed_at="") for row in rows],
        "who confirmed what",
    ),
    "confirmed later": (
        lambda rows: [row.update(confirmed_at="2099-01-01T00:00:00Z") for row in rows if row["confirmed_by"]],
        "who confirmed what",
    ),
    "twice": (lambda rows: rows.append(_newest(rows)), "twice"),
    "another organization": (lambda rows: _newest(rows).update(organization_id="another"), "names an organization"),
    "no rows": (lambda rows: rows.clear(), "ai.web_search of"),
    "a look that no longer counts is deleted": (
        lambda rows: rows.__setitem__(slice(None), [one for one in rows if one["setting"] != "contribution.exemption"]),
        "contribution.exemption of",
    ),
    "looks that no longer count are revoked": (
        lambda rows: [
            row.update(revoked_at=row["recorded_at"]) for row in rows if row["setting"] == "contribution.exemption"
        ],
        "contribution.exemption of",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def attested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack with values that people attested, some confirmed by two, and some that no longer count."""
    with demonstration("acme") as shown:
        job, now = shown.job, datetime.now(UTC)
        for one in job.store.attestations(job.targets[0].organization):
            if one.setting == "contribution.in_app":
                job.store.confirm(one.id, Signature("second@acme.example", now, "second", "laptop"))
        asyncio.run(audit(job))
        place = tmp_path_factory.mktemp("attested") / "pack"
        return export(of_last(job), place, now=datetime.now(UTC), operator=job.operator).place


@pytest.mark.parametrize("way", ALTERED)
def test_an_altered_attestation_is_found(way: str, attested: Path, copied: Callable[[Path], Path]) -> None:
    """Also by its digest, which findings.csv names: here it is written anew there too."""
    assert exit_code(reperform(attested)) == 3
    forged = copied(attested)
    alter, says = ALTERED[way]
    _edit(forged / "attestations.csv", alter)
    digest = sha256((forged / "attestations.csv").read_bytes()).hexdigest()
    _edit(
        forged / "findings.csv",
        lambda rows: [
            row.update(evidence_file_sha256=digest) for row in rows if row["evidence_file"] == "attestations.csv"
        ],
    )
    found = reperform(remade(forged))
    assert exit_code(found) == 5
    assert [one for one in found if one.result is Result.INCONSISTENT and says in one.reason]
    with pytest.raises(EvidenceDamaged):
        verify(forged)


@pytest.mark.parametrize("cells", [{"observed_at": "yesterday"}, {"revoked_at": "no"}, {"subject_kind": "banana"}])
def test_an_attestation_that_nobody_can_have_recorded(
    cells: dict[str, str], attested: Path, copied: Callable[[Path], Path]
) -> None:
    forged = copied(attested)
    _edit(forged / "attestations.csv", lambda rows: rows[0].update(cells))
    with pytest.raises(EvidenceDamaged, match=r"attestations\.csv"):
        reperform(remade(forged))


def _edit(table: Path, alter: Callable[[Rows], object]) -> None:
    with table.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = list(reader), list(reader.fieldnames or ())
    alter(rows)
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("ended", [True, False], ids=["baseline ended", "apps outside of the baseline"])
def test_a_pass_that_the_baseline_held_back_is_not_judged(
    ended: bool, tmp_path: Path, copied: Callable[[Path], Path]
) -> None:
    """The approved run is in the history alone. What fails in the run itself cannot hide behind it."""
    now = NOW
    with simulated(tmp_path, "drifted") as bench:
        policy = 'extends = ["essentials"]' + EVERY_CHECK.replace('"DR-01"\n', '"DR-01"\nexpect = ["EU"]\n')
        added = bench.organization.app("acme-labs/confluence")
        bench.organization.remove_app("acme-labs/confluence")
        asyncio.run(audit(bench.job(policy, now=now - timedelta(days=2))))
        signed = Signature("ciso@acme.example", now - timedelta(days=1), "ciso", "laptop")
        until = now - timedelta(hours=1) if ended else None
        bench.store.add_baseline(Baseline(bench.organization.id, 1, signed, "agreed", until))
        AdminConsole(bench.organization, lambda: now - timedelta(hours=2)).add_app(added)
        job = bench.job(policy, now=now)
        asyncio.run(audit(job))
        place = export(of_last(job), tmp_path / "pack", now=now, operator=job.operator).place
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    result = {one.id: one.result for one in found}
    code = "baseline_expired" if ended else "not_in_baseline"
    findings = load(place)["findings"]
    held_back = [one for one in findings if one["reason_code"] == code]
    assert {one["check"] for one in held_back} > {"AI-03"}, "and checks that ask for no baseline themselves"
    assert {result[one["id"]] for one in held_back} == {Result.NOT_JUDGED}
    forged = copied(place)
    document = json.loads((forged / "report.json").read_text())
    failed = next(one for one in document["findings"] if one["check"] == "DR-01" and one["outcome"] == "fail")
    failed["outcome"] = failed["underlying_outcome"] = "unknown"
    failed["reason_code"] = code
    (forged / "report.json").write_text(json.dumps(document, indent=2) + "\n")
    assert [one.id for one in reperform(remade(forged)) if one.result is Result.DIFFERENT] == [failed["id"]]


def test_a_waiver_whose_alias_named_another_app_at_its_approval_is_not_judged(
    tmp_path: Path, copied: Callable[[Path], Path]
) -> None:
    """Only the history knows what an alias named before. Without a warning the report cannot leave a waiver out."""
    now = NOW
    with simulated(tmp_path, "drifted") as bench:
        policy = 'extends = ["essentials"]' + EVERY_CHECK.replace('"DR-01"\n', '"DR-01"\nexpect = ["JP"]\n')
        asyncio.run(audit(bench.job(policy, now=now - timedelta(days=2))))
        before = bench.organization.app("acme-us/confluence")
        bench.organization.remove_app("acme-us/confluence")
        after = replace(before, id=f"{before.id}-anew")
        AdminConsole(bench.organization, lambda: now - timedelta(hours=2)).add_app(after)
        waived = "".join(
            f'''
[[waiver]]
check = "DR-01"
subject = "{subject}"
reason = "agreed"
requested_by = "lead@acme.example"
approved_by = "ciso@acme.example"
approved_at = {now - timedelta(days=1):%Y-%m-%d}
expires = {now + timedelta(days=30):%Y-%m-%d}
'''
            for subject in ("app:acme-us.atlassian.net/confluence", "app:acme.atlassian.net/confluence")
        )
        job = bench.job(policy + waived, now=now)
        asyncio.run(audit(job))
        place = export(of_last(job), tmp_path / "pack", now=now, operator=job.operator).place
    found = reperform(place)
    assert [one for one in found if one.differs] == []
    assert exit_code(found) == 3
    findings = [one for one in load(place)["findings"] if one["check"] == "DR-01"]
    moved = next(one for one in findings if one["subject"]["id"] == after.id)
    kept = next(one for one in findings if one["waiver"])
    result = {one.id: one.result for one in found}
    assert (moved["outcome"], result[moved["id"]]) == ("fail", Result.NOT_JUDGED)
    assert (kept["outcome"], result[kept["id"]]) == ("waived", Result.SAME)

    def differing(alter: Callable[[dict[str, Any]], object]) -> list[str]:
        forged = copied(place)
        document = json.loads((forged / "report.json").read_text())
        alter(document)
        (forged / "report.json").write_text(json.dumps(document, indent=2) + "\n")
        return [one.id for one in reperform(remade(forged)) if one.result is Result.DIFFERENT]

    def of(document: dict[str, Any], identity: str) -> dict[str, Any]:
        finding: dict[str, Any] = next(one for one in document["findings"] if one["id"] == identity)
        return finding

    assert differing(lambda document: document.update(warnings=[])) == [moved["id"]]
    assert differing(lambda document: of(document, kept["id"]).update(outcome="fail", waiver=None)) == [kept["id"]]
    passes = {"outcome": "pass", "underlying_outcome": "pass"}
    assert differing(lambda document: of(document, moved["id"]).update(passes)) == [moved["id"]]
    another = {**(kept["waiver"] or {}), "reason": "another"}
    assert differing(lambda document: of(document, kept["id"]).update(waiver=another)) == [kept["id"]]

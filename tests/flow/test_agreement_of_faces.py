"""Whatever the product says in two places agrees: a property over whole runs of generated organizations.

`CONTRIBAUDIT_AGREEMENT=500 pytest -s tests/flow/test_agreement_of_faces.py` tries so many and prints the figures;
`CONTRIBAUDIT_AGREEMENT_SEED` begins elsewhere. Each is served, audited over HTTP and kept, people record what they saw,
the run is judged, and every face of the report is read back as an outsider would read it. A disagreement does not end
the rest.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from contribaudit import checks
from contribaudit.atlassian.sites import ON_GATEWAY, Accesses
from contribaudit.audit.replay import last_state
from contribaudit.core.advise.report import Report
from contribaudit.core.judge.check import by_id
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attachment, Attestation, Signature
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.effective import COMPUTED, effective_of
from contribaudit.core.resolve.state import State
from contribaudit.exporters import csv_evidence, explanation, html, junit, markdown, monitoring, sarif, text_table
from contribaudit.exporters.json_v1 import as_document
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import QUESTIONS, Overview
from contribaudit.exporters.text import UNPROVEN, VIOLATED
from contribaudit.simulator import Fault, Organization
from contribaudit.store.history import History
from contribaudit.tui.rows import overview as dashboard_verdict
from contribaudit.tui.rows.filtering import index_of
from contribaudit.tui.source import Board
from tests.exporters.reading import from_html, from_junit, outcome_of

from .audits import Bench, simulated
from .outcomes import NOW, REVIEWED_TODAY, Said, attestations
from .test_spaces_read import MINE

HOW_MANY = int(os.environ.get("CONTRIBAUDIT_AGREEMENT", "8"))
FIRST_SEED = int(os.environ.get("CONTRIBAUDIT_AGREEMENT_SEED", "0"))
SLICE = 25
"""So many are tried by one test."""
PLANS = ("Free", "Standard", "Premium", "Enterprise", "Galactic")
FAULTS = ("500@workspaces", "html@policies", "403-b@workspaces", "close@api-keys", "403-a@groups-search")
FORBIDS_CONTRIBUTION = {"DC-01": "effective.metadata", "DC-03": "effective.in_app"}
"""Checks whose pass says that nothing is contributed, by the setting that settings.csv holds."""
JUDGES = {**FORBIDS_CONTRIBUTION, "AI-01": "effective.ai"}
"""Checks that judge what an effective answer tells of the same subject, on the same evidence terms."""
SCREENSHOT = b"what the console shows"


@dataclass(frozen=True)
class Generated:
    """One organization after its audit."""

    seed: int
    report: Report
    document: ReportV1
    table: str
    """As a terminal shows it, passes too."""


def _edit(organization: Organization, luck: random.Random) -> None:
    apps = [one for one in organization.apps if luck.random() < 0.8] or organization.apps[:1]
    plan = luck.choice(PLANS)
    organization.apps = [
        replace(
            one,
            plan=plan if luck.random() < 0.7 else luck.choice(PLANS),
            realm=luck.choice(("EU", "EU", "US", "Global", None)),
            ai_enabled=luck.choice((True, False, None)),
        )
        for one in apps
    ]
    if luck.random() < 0.3:
        organization.policies = []
    organization.revision += 1


def _gateway(organization: Organization, seed: int) -> Accesses | None:
    """A token that reads the gateway, in two organizations of three: of some apps it says what no item says."""
    luck = random.Random(f"gateway {seed}")
    if luck.random() < 0.33:
        return None
    for one in list(organization.apps):
        if luck.random() < 0.4:
            organization.set_app(one.id, rovo=luck.choice((True, False)))
    organization.change(organization.site_token("demo-site-token"), rovo=luck.random() < 0.8)
    return Accesses(MINE, reads=ON_GATEWAY)


def _said(organization: Organization, known: list[str], luck: random.Random) -> Iterator[Said]:
    """What people saw; each app, or no app, on the lists."""
    for setting, values in (
        ("contribution.metadata", ("on", "off", "always")),
        ("contribution.in_app", ("on", "off", "off")),
        ("contribution.exemption", ("none", "none", "none", "byok")),
        ("ai.web_search", ("on", "off")),
    ):
        if luck.random() < 0.85:
            yield Said(setting, luck.choice(values), days_ago=luck.choice((0, 0, 0, 3, 60)))
    for setting in ("contribution.in_app.included", "contribution.in_app.excluded"):
        if luck.random() < 0.7:
            listed = luck.sample(known, luck.choice((0, 0, 0, 1, 2)) if len(known) > 2 else 0)
            yield Said(setting, tuple(sorted(listed)))
    for alias in known:
        if luck.random() < 0.8:
            word = luck.choice(("allowed", "blocked", "blocked", "limited"))
            yield Said("ai.access", word, alias, days_ago=luck.choice((0, 0, 3, 40)))
        if luck.random() < 0.5:
            yield Said("trial", luck.choice(("none", "none", "running")), alias)
        if luck.random() < 0.4:
            yield Said("ai.own_setting", luck.choice(("on", "off")), alias)


def _policy(known: list[str], luck: random.Random) -> str:
    share = luck.choice((0.05, 0.3, 0.6))
    asked = {one.id for one in checks.ALL if luck.random() < share} | set(FORBIDS_CONTRIBUTION) | {"AI-01"}
    rules = "".join(
        f'[[rule]]\ncheck = "{one.id}"\nseverity = "{luck.choice(list(Severity)).value}"\n'
        + ('expect = ["EU"]\n' if one.id == "DR-01" else "")
        + luck.choice(("", "", "max_age_days = { attested = 2 }\n", "max_age_days = { attested = 90 }\n"))
        + luck.choice(("", "", "", 'accept = ["documented", "decoded"]\n', 'accept = ["documented", "attested"]\n'))
        + luck.choice(("", "", "", 'where = { app = ["confluence"] }\n' if one.kind is Kind.APP else ""))
        for one in checks.ALL
        if one.id in asked
    )
    waivers = "".join(
        f'[[waiver]]\ncheck = "{check}"\nsubject = "{luck.choice(known)}"\nreason = "r"\n'
        f'requested_by = "a@acme.example"\napproved_by = "b@acme.example"\napproved_at = {NOW.date()}\n'
        "expires = 2099-01-31\n"
        for check in sorted({"DR-01", "AI-01"} & asked)
        if known and luck.random() < 0.5
    )
    return _evidence_terms(luck) + rules + waivers


def _evidence_terms(luck: random.Random) -> str:
    """What the policy asks of evidence beyond its age, in half of the organizations."""
    if luck.random() < 0.5:
        return ""
    severities = [one.value for one in Severity]
    accept = luck.choice(("", "", 'accept = ["documented", "decoded"]\n', 'accept = ["documented", "attested"]\n'))
    asked = [name for name in ("screenshot", "second_person") if luck.random() < 0.5]
    return "[evidence]\n" + accept + "".join(f'{name} = "{luck.choice(severities)}"\n' for name in asked)


def _as_well_kept(luck: random.Random, one: Attestation) -> Attestation:
    """The same, perhaps with a screenshot and perhaps confirmed by somebody else."""
    picture = Attachment("screen.png", sha256(SCREENSHOT).hexdigest(), len(SCREENSHOT))
    confirmed = (Signature("cleo@acme.example", one.recorded.at, "", ""),) if luck.random() < 0.5 else ()
    return replace(one, attachments=(picture,) if luck.random() < 0.5 else (), confirmed=confirmed)


@dataclass(frozen=True)
class Benches:
    """The scenarios, each with one server, beside how they were, and an empty history to copy."""

    folder: Path
    empty: Path
    served: dict[str, tuple[Bench, Organization]]
    seen: Counter[str]
    """What came of all that were tried."""


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Benches]:
    """Their servers end with the file."""
    folder = tmp_path_factory.mktemp("generated")
    empty = folder / "empty.sqlite"
    History.open(str(empty)).close()
    with ExitStack() as stack:
        served: dict[str, tuple[Bench, Organization]] = {}
        for scenario in ("tidy", "drifted", "small"):
            (folder / scenario).mkdir()
            bench = stack.enter_context(simulated(folder / scenario, scenario))
            bench.rulebook = REVIEWED_TODAY
            served[scenario] = bench, deepcopy(bench.organization)
        found = Benches(folder, empty, served, Counter())
        yield found
        figures = [f"{word} {found.seen.pop(word, 0)}" for word in ("organizations", "disagreements")]
        figures += [f"{word} {number}" for word, number in sorted(found.seen.items())]
        print("\n" + ", ".join(figures))  # noqa: T201  what was asked for


def _one(seed: int, benches: Benches) -> Generated:
    luck = random.Random(seed)
    bench, pristine = benches.served[luck.choice(sorted(benches.served))]
    bench.organization.apps, bench.organization.policies = list(pristine.apps), list(pristine.policies)
    _edit(bench.organization, luck)
    fail_on = luck.choice(list(Severity))
    with History.open(str(shutil.copyfile(benches.empty, benches.folder / "run.sqlite"))) as bench.store:
        bench.faults.clear()
        first = '[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n'
        bench.audit(first, now=NOW)
        state = last_state(bench.job(first, now=NOW))
        known = _aliases(state)
        seen = attestations(state, tuple(_said(bench.organization, known, luck)))
        bodies = {sha256(SCREENSHOT).hexdigest(): SCREENSHOT}
        bench.store.add_attestations([_as_well_kept(luck, one) for one in seen], bodies)
        policy = _policy(known, luck)
        if luck.random() < 0.35:
            kind, _, endpoint = luck.choice(FAULTS).partition("@")
            bench.faults[:] = [Fault(kind, endpoint)]
        report = bench.audit(policy, now=NOW, fail_on=fail_on, sites=_gateway(bench.organization, seed))
        document: Any = json.loads(json.dumps(as_document(report)))
        return Generated(seed, report, document, text_table.render(document, everything=True))


def _aliases(state: Any) -> list[str]:
    called = Counter(alias_of(state, one) for one in state.subjects(Kind.APP))
    return sorted(one for one, number in called.items() if number == 1)


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + HOW_MANY, SLICE))
def test_every_face_says_the_same(first: int, benches: Benches, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings, settings, explain, dashboard, table, line, Markdown, HTML, JUnit, SARIF, headline, exit code."""
    monkeypatch.setenv("COLUMNS", "240")
    disagreements: list[str] = []
    for seed in range(first, min(first + SLICE, FIRST_SEED + HOW_MANY)):
        one = _one(seed, benches)
        try:
            _findings_agree(one)
            _headlines_agree(one)
            _effective_answers_agree(one)
            _no_pass_denies_that_ai_reaches_an_app(one)
        except AssertionError as error:
            disagreements.append(f"organization {seed}: {error}")
        word = one.report.headline.partition(" ")[0]
        assert word in ("PASS", "FAIL", "UNVERIFIED")
        benches.seen.update(("organizations", word, f"exit {one.report.run.exit_code}"))
    benches.seen["disagreements"] += len(disagreements)
    assert not disagreements, "\n".join(disagreements)


def _no_pass_denies_that_ai_reaches_an_app(one: Generated) -> None:
    """An app that AI-01 passes is not exposed by the effective answer either."""
    for each in one.report.findings:
        if each.outcome is Outcome.PASS and each.check == "AI-01":
            held = effective_of(one.report.state, each.subject, names.EFFECTIVE_AI)
            assert held.value == "not_exposed" or _needs_none(held.outcome), (each.subject.id, each.reason)


def _rows(sheet: Any, source: ReportV1 | State) -> list[dict[str, str]]:
    out = io.StringIO(newline="")
    sheet.write(source, out)
    return list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))


def _findings_agree(one: Generated) -> None:
    """Each finding has one outcome and severity, wherever it is listed."""
    report, document = one.report, one.document
    told = {each["id"]: (each["outcome"], each["severity"]) for each in document["findings"]}
    assert len(told) == len(report.findings)
    sheet = {row["finding_id"]: (row["outcome"], row["severity"]) for row in _rows(csv_evidence.FINDINGS, document)}
    assert sheet == told, "findings.csv"
    for name, read in (("HTML", from_html), ("JUnit", from_junit)):
        assert {each.id: (each.outcome, each.severity) for each in read(document)} == told, name
    (run,) = json.loads("".join(sarif.pieces(document, everything=True)))["runs"]
    assert {
        each["fingerprints"][sarif.FINGERPRINT]: (each["properties"]["outcome"], each["properties"]["severity"])
        for each in run["results"]
    } == told, "SARIF"
    rows = index_of(report).rows
    assert {row.finding.id: (row.finding.outcome.value, row.finding.severity.value) for row in rows} == told, (
        "dashboard"
    )
    counts = Counter(outcome for outcome, _ in told.values())
    assert document["summary"]["by_outcome"] == counts, "summary"
    applying = {word: number for word, number in counts.items() if word != "no_such_setting"}
    counted = monitoring.one_line(document).split(" | ")[1]
    assert {
        word: int(number) for number, word in re.findall(r"(\d+) ([a-z_]+)", counted.partition(": ")[2])
    } == applying
    listed = re.findall(
        r"^([a-z][a-z ]+?)  +(critical|high|medium|low|info)  +([A-Z]{2}-\d\d)  ", one.table, re.MULTILINE
    )
    assert Counter((outcome_of(words), severity) for words, severity, _ in listed) == Counter(told.values()), "table"


def _page_agrees(one: Generated) -> None:
    """The HTML's title block has the verdict, the exit code, the counts, and digests that a reader can take himself."""
    report, document = one.report, one.document
    page = "".join(html.pieces(document))
    head, _, rest = page.partition("</header>")
    assert f"<h1>{report.headline}</h1>" in head, "HTML"
    assert f"<title>{report.headline.partition(' ')[0]}: contribaudit run {report.run.id}," in head, "HTML"
    assert f"Exit code {report.run.exit_code}, which counts" in head, "HTML"
    sheet = io.StringIO(newline="")
    csv_evidence.write(document, sheet)
    assert sha256(sheet.getvalue().encode()).hexdigest() in head, "digest of findings.csv"
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = sha256(canonical.encode()).hexdigest()
    assert digest in head, "digest of report.json"
    assert f"run {report.run.id:d} \\b7  report SHA-256 {digest}" in head, "what stands on each sheet"
    assert f"#{report.run.id} {digest[:32]}" in monitoring.one_line(document), "line"
    for outcome, number in Counter(each["outcome"] for each in document["findings"]).items():
        assert f'<a href="#findings?outcome={outcome}">{number:,}</a>' in rest, "HTML"


def _headlines_agree(one: Generated) -> None:
    """One sentence everywhere; its word is the exit code's, its numbers are those of the findings."""
    report, document = one.report, one.document
    sentence, run = report.headline, report.run
    assert monitoring.one_line(document).startswith(f"{sentence}; exit={run.exit_code}"), "line"
    for table in (one.table, text_table.render(document)):
        assert " ".join(table.split("\n\n")[0].split()).startswith(sentence), "table"
        last = f"{sentence.partition(' ')[0]} ({run.fail_on} and above), exit code {run.exit_code}"
        assert table.splitlines()[-1] == last, "table"
    _questions_agree(one)
    assert markdown.render(document).startswith(f"## {sentence}\n"), "Markdown"
    _page_agrees(one)
    assert f'name="verdict" value="{sentence}"' in "".join(junit.pieces(document)), "JUnit"
    shown = dashboard_verdict.headline(Board(report).about, 78)
    assert " ".join(each.text.plain for each in shown) == sentence, "dashboard"
    assert dashboard_verdict.verdict_lines(Board(report), 78)[0].text.plain == shown[0].text.plain
    word = {0: "PASS", 1: "FAIL"}.get(run.exit_code, "UNVERIFIED")
    assert sentence.startswith(f"{word} ({run.fail_on} and above)")
    fails = [
        each for each in report.findings if each.outcome in (Outcome.FAIL, Outcome.CONFLICT, Outcome.NOT_ACHIEVABLE)
    ]
    open_ = [each for each in report.findings if each.outcome in (Outcome.UNKNOWN, Outcome.STALE)]
    assert _numbers(sentence, "fail") == len(fails), sentence
    assert _numbers(sentence, "unverified") == len(open_), sentence
    grave = [each for each in fails if each.severity.at_least(run.fail_on)]
    grave_open = [each for each in open_ if each.severity.at_least(run.fail_on)]
    if run.exit_code in (0, 1, 3):
        assert (run.exit_code == 1) is bool(grave)
        assert not (run.exit_code == 0 and grave_open)
        assert not (run.exit_code == 3 and not grave_open and report.run.complete), sentence


def _questions_agree(one: Generated) -> None:
    """The first table's word for each question is the worst outcome of that family; its groups hold what is open.

    A family of which only checks of severity info pass is not asked.
    """
    about = Overview(one.document)
    for question, family in zip(about.questions(), QUESTIONS, strict=True):
        findings = [each for each in one.document["findings"] if each["check"].startswith(f"{family}-")]
        told = [each["outcome"] for each in findings]
        asks = any(
            each["outcome"] not in ("no_such_setting", "pass")
            or (each["outcome"] == "pass" and each["severity"] != "info")
            for each in findings
        )
        bad = [each for each in told if each in ("fail", "conflict", "not_achievable")]
        open_ = [each for each in told if each in ("unknown", "stale")]
        assert (question.word in ("fail", "not achievable")) is bool(bad), question
        assert (question.word == "unverified") is bool(open_ and not bad), question
        assert (question.word == "not asked") is (not asks), question
    quiet = about.counts["pass"] + about.counts["no_such_setting"]
    assert sum(each.number for each in about.groups()) == len(one.document["findings"]) - quiet
    is_open = sum(about.counts[one] for one in (*VIOLATED, *UNPROVEN))
    assert sum(each.number for each in about.groups() if each.open) >= is_open


def _numbers(sentence: str, what: str) -> int:
    """The numbers of all clauses that end in "fail" or "unverified" together."""
    total = 0
    for part in sentence.split("; ")[1:]:
        fails, _, rest = re.sub(r"(findings? fails?)(, |$)", r"\1|", part).rpartition("|")
        total += sum(int(number) for number in re.findall(r"\d+", fails if what == "fail" else rest))
    return total


def _effective_answers_agree(one: Generated) -> None:
    """settings.csv, explain and the inventory of the dashboard hold one answer, and no pass denies it."""
    report, state = one.report, one.report.state
    sheet = {
        (row["organization_id"], row["subject_id"], row["setting"]): row["value"] if row["read"] == "true" else None
        for row in _rows(csv_evidence.SETTINGS, state)
        if row["setting"].startswith("effective.")
    }
    assert sheet
    for (organization, identity, setting), value in sheet.items():
        kind = Kind.ORGANIZATION if identity == organization else Kind.APP
        subject = next(each for each in state.subjects(kind, organization) if each.id == identity)
        chosen = next(each for each in COMPUTED if each == setting)
        answer = effective_of(state, subject, chosen)
        (explained,) = json.loads(explanation.document(state, subject, [answer]))["effective"]
        assert explained["value"] == value, (identity, setting, explained["value"], value)
        told = value.replace("_", " ") if value is not None else Outcome(explained["outcome"]).words
        assert answer.in_words == told, (identity, setting)
    for each in report.findings:
        key = (each.subject.organization, each.subject.id, JUDGES.get(each.check, ""))
        if each.check in JUDGES and each.subject.kind is not by_id(checks.ALL)[each.check].kind:
            continue  # no app was there to ask about
        if each.underlying_outcome is Outcome.STALE and key in sheet:
            assert sheet[key] in (None, "contributed", "exposed"), (key, each.reason)
        if each.underlying_outcome is Outcome.UNKNOWN and key in sheet:
            assert sheet[key] is None, (key, sheet[key], each.reason)
        if sheet.get(key) in ("not_contributed", "not_exposed"):
            assert not each.underlying_outcome.violates, (key, each.reason)
    contributed = {key[2] for key, value in sheet.items() if value == "contributed"}
    # Of a sandbox no page says whether it contributes by itself: what counts is the organization's own answer.
    whole = [key for key in sheet if key[0] == key[1]]
    unknown = {key[2] for key in whole if sheet[key] is None and not _settled(state, key)}
    for each in report.findings:
        if each.outcome is Outcome.PASS and each.check in FORBIDS_CONTRIBUTION:
            setting = FORBIDS_CONTRIBUTION[each.check]
            assert setting not in contributed, (each.check, each.reason)
            assert setting not in unknown, (each.check, each.reason)


def _settled(state: Any, key: tuple[str, str, str]) -> bool:
    """Whether there is no value because none is needed: exempt, no such setting, before its day."""
    organization, identity, setting = key
    kind = Kind.ORGANIZATION if identity == organization else Kind.APP
    subject = next(each for each in state.subjects(kind, organization) if each.id == identity)
    chosen = next(each for each in COMPUTED if each == setting)
    return _needs_none(effective_of(state, subject, chosen).outcome)


def _needs_none(outcome: str) -> bool:
    return outcome in (Outcome.EXEMPT, Outcome.NO_SUCH_SETTING, Outcome.NOT_YET_EFFECTIVE)

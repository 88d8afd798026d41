"""Judges a pack again from its own contents, without any history.

It applies policy.toml, rulebook/ and decoders/ to settings.csv and attestations.csv. A finding can be judged again if
it rests on values of the run that the API documents or that contribaudit decodes. One that rests on attestations,
spaces, the audit log, an approved baseline or earlier runs needs the history, and is reported as such.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from contribaudit import catalogue, checks
from contribaudit.core.judge.baseline import BASELINE_EXPIRED, NOT_IN_BASELINE
from contribaudit.core.judge.evaluate import RULE_NOT_CERTAIN, evaluate
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.provisions import RULE_UNDER_REVIEW
from contribaudit.core.resolve.state import State
from contribaudit.errors import EvidenceDamaged, RulebookError, UsageError
from contribaudit.evidence.agreement import disagreements
from contribaudit.evidence.manifest import ASK
from contribaudit.evidence.pack import Disagreement, ListedPack, open_pack
from contribaudit.evidence.rebuilt import NO_STATE, rebuilt_state, rules
from contribaudit.evidence.verify import verify
from contribaudit.exporters import csv_evidence, json_v1
from contribaudit.exporters.report_v1 import FindingV1
from contribaudit.exporters.saved import load
from contribaudit.exporters.text import csv_cell, safe_text
from contribaudit.files import unfinished

_OF_THE_RUN = frozenset((Grade.DOCUMENTED.value, Grade.DECODED.value))
_OF_THE_HISTORY = frozenset(
    ("AI-03", "DC-07", "DC-08", "DC-09", "DC-12", "DC-13", "DC-22", "DC-25", "GV-01", "GV-03", "GV-07", "SP-02")
)
_COMPARED = tuple(key for key in FindingV1.__annotations__ if key not in ("id", "evidence", "rule"))
"""Keys of a finding in report.json that follow from the pack alone; its evidence is compared too.

`rule` is left out: it is a line of the original policy file, and the pack only has the resolved policy.toml.
"""


class Result(StrEnum):
    """The result of judging one finding again, or of comparing two files."""

    SAME = "same"
    DIFFERENT = "different"
    """The finding has another content, or was not found again."""
    LEFT_OUT = "left out"
    """The finding follows from the pack's own values and is missing from the report."""
    INCONSISTENT = "inconsistent"
    """Two files of the pack disagree."""
    NOT_JUDGED = "not judged"
    """The finding rests on the history, which no pack contains: this neither confirms nor refutes it."""


@dataclass(frozen=True, slots=True)
class Performed:
    """One finding of the pack, judged again, or one point on which two of its files disagree."""

    result: Result
    id: str
    """ID of the finding; "" for none."""
    check: str
    reported: str
    """The outcome in the pack; "" when the report lacks the finding."""
    again: str
    """The outcome now; "" when it cannot be compared."""
    reason: str
    """What differs, or why the finding was not judged; "" when both agree."""

    @property
    def differs(self) -> bool:
        """True when the pack says something that does not follow from its contents."""
        return self.result not in (Result.SAME, Result.NOT_JUDGED)


def exit_code(every: Iterable[Performed]) -> int:
    """5 when anything differs; 3 when everything that could be judged agrees but something could not; otherwise 0."""
    results = {one.result for one in every}
    if results & {Result.DIFFERENT, Result.LEFT_OUT, Result.INCONSISTENT}:
        return 5
    return 3 if Result.NOT_JUDGED in results else 0


def reperform(place: Path) -> list[Performed]:
    """Every disagreement between the pack's files, then every finding in the pack or missing from it, by ID.

    Raises what `verify` raises for bytes that do not match the manifest. Raises UsageError for a pack without names,
    since its policy and rulebook were changed, for a pack limited to some sites, and for a rulebook that this version
    cannot read.
    """
    manifest = verify(place, agreement=False).manifest
    if manifest.scope.people != "named" or manifest.scope.sites:
        raise UsageError(
            "A pack without names, or limited to some sites, cannot be judged again",
            hint="Ask for a complete pack with names",
        )
    with open_pack(place) as files:
        differences = list(disagreements(ListedPack(files, manifest)))
    document = load(place, agreement=False)  # disagreements are in `differences` already
    with open_pack(place) as files, unfinished(Path(tempfile.gettempdir(), "reperform"), folder=True) as folder:
        pack = ListedPack(files, manifest)
        try:
            rulebook, policy = rules(pack, folder)
        except RulebookError as error:
            tool = manifest.tool
            raise UsageError(
                f"The pack was judged by a rulebook that this version cannot read: {error.message}",
                hint=f"Judge it again with the version that wrote it: {tool.version}, code {tool.code_sha256[:12]}",
            ) from error
        except NO_STATE as error:
            raise EvidenceDamaged(f"policy.toml, rulebook/ or decoders/ cannot be read: {error}", hint=ASK) from error
        if rulebook.sha256 != manifest.judged.rulebook_sha256:  # `verify` has checked policy.toml
            raise EvidenceDamaged("rulebook/ and decoders/ are not those that judged the run", hint=ASK)
        try:
            state = rebuilt_state(pack, document, rulebook)
            findings = {one.id: one for one in evaluate(state, policy, checks.ALL, catalogue.find).findings}
            again = {identity: json_v1.finding_row(state, one) for identity, one in findings.items()}
            differences += _inventory(pack, state)
        except NO_STATE as error:
            raise EvidenceDamaged(f"settings.csv holds values that no run can have read: {error}", hint=ASK) from error
    inconsistent = [
        Performed(Result.NOT_JUDGED if one.uncompared else Result.INCONSISTENT, one.finding, "", "", "", one.what)
        for one in differences
    ]
    reported = {one["id"]: one for one in document["findings"]}
    return inconsistent + [
        _compare_finding(reported.get(identity), again.get(identity), document["warnings"])
        for identity in sorted(reported.keys() | again.keys())
    ]


def _compare_finding(reported: FindingV1 | None, again: FindingV1 | None, warnings: Iterable[str]) -> Performed:
    if reported is None:
        assert again is not None, "one of the two has the ID"
        result, why = Result.LEFT_OUT, "it follows from the pack, but is missing from the report"
        if _of_the_history(again):
            result, why = Result.NOT_JUDGED, _rests_on(again)
        return Performed(result, again["id"], again["check"], "", again["outcome"], why)
    outcome: str = reported["outcome"]
    common = reported["id"], reported["check"], outcome, again["outcome"] if again else ""
    other = "judging again does not find it" if again is None else _difference(reported, again)
    if (
        reported["check"] in _OF_THE_HISTORY
        or (other and _of_the_history(reported) and not (again and _of_the_run(again)))
        or (again and (_refused_by_baseline(reported, again) or _waiver_refused(reported, again, warnings)))
    ):
        return Performed(Result.NOT_JUDGED, *common[:3], "", _rests_on(reported))
    return Performed(Result.DIFFERENT if other else Result.SAME, *common, other)


def _rests_on(finding: FindingV1) -> str:
    """Why the finding cannot be judged from the pack, and which of its files contain part of the evidence."""
    grades = {evidence["grade"] for evidence in finding["evidence"]}
    if finding["subject"]["kind"] == Kind.SPACE.value:
        return "it rests on spaces, which only the history holds in full; spaces.csv lists them"
    if finding["check"] not in _OF_THE_HISTORY and not grades <= _OF_THE_RUN:
        return "it rests on what people attested, which only the history can weigh; attestations.csv has the rows"
    return (
        "it rests on earlier runs, an approved baseline, the audit log or exported packs, which only the history holds;"
        " changes.csv, outcomes.csv and runs.csv list them"
    )


def _of_the_history(finding: FindingV1) -> bool:
    grades = {evidence["grade"] for evidence in finding["evidence"]}
    return (
        finding["check"] in _OF_THE_HISTORY
        or not grades <= _OF_THE_RUN
        or finding["subject"]["kind"] == Kind.SPACE.value
    )


def _of_the_run(finding: FindingV1) -> bool:
    """True when values of the run alone decide the finding, so that it cannot rest on an attestation."""
    grades = {evidence["grade"] for evidence in finding["evidence"]}
    return bool(grades) and not _of_the_history(finding)


def _refused_by_baseline(reported: FindingV1, again: FindingV1) -> bool:
    """True when the report withholds a pass because of the approved baseline, whose run no pack contains.

    Only a pass is withheld: a finding that does not pass anyway never has these reason codes.
    """
    passes = again["underlying_outcome"] == Outcome.PASS.value
    withdrawn = again["reason_code"] in (RULE_NOT_CERTAIN, RULE_UNDER_REVIEW)
    return (
        reported["underlying_outcome"] == Outcome.UNKNOWN.value
        and reported["reason_code"] in (NOT_IN_BASELINE, BASELINE_EXPIRED)
        and (passes or withdrawn)
    )


def _waiver_refused(reported: FindingV1, again: FindingV1, warnings: Iterable[str]) -> bool:
    """True when the report refuses the waiver because its alias named another subject at the time of approval.

    Only the history knows earlier aliases; the report's warning names check and subject. Apart from the waiver, both
    findings must be equal.
    """
    without: FindingV1 = {**again, "outcome": again["underlying_outcome"], "waiver": None}
    return (
        again["waiver"] is not None
        and any(again["check"] in one and again["subject"]["id"] in one for one in warnings)
        and not _difference(reported, without)
    )


def _difference(reported: Mapping[str, Any], again: Mapping[str, Any]) -> str:
    keys = [key for key in _COMPARED if reported[key] != again[key]]
    if _evidence(reported) != _evidence(again):
        keys.append("evidence")
    if not keys:
        return ""
    return f"another {', '.join(keys)}: {again['reason']}"


def _evidence(finding: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A finding's evidence in comparable form. Lines of the policy are left out: they refer to its original files."""
    return sorted(
        (seen["grade"], seen["source"], seen["observed_at"], seen["sha256"])
        for seen in finding["evidence"]
        if not seen["source"].startswith("policy ")
    )


def _inventory(pack: ListedPack, state: State) -> Iterator[Disagreement]:
    """Where inventory.csv disagrees with settings.csv. Names are not compared: they may come from earlier runs."""
    listed = {tuple(row[name] for name in _INVENTORY) for row in pack.table("inventory.csv")}
    places = [csv_evidence.INVENTORY.columns.index(name) for name in _INVENTORY]
    follows = {tuple(csv_cell(cells[place]) for place in places) for cells in csv_evidence.INVENTORY.rows(state)}
    for row in sorted(listed ^ follows):
        problem = "holds a row that does not follow" if row in listed else "lacks a row that follows"
        yield Disagreement(f"inventory.csv {problem} from settings.csv: {safe_text(' '.join(row))}")


_INVENTORY = ("organization_id", "kind", "id", "type_key", "plan", "status", "sandbox", "realm", "regions", "pinned")

"""Judges a pack again from its own contents: settings.csv and what people recorded (attestations.csv) under
policy.toml, rulebook/ and decoders/, without any history.

A finding can be performed again where it rests on values of the run that the API documents or that we decode. One that
rests on what people attested, on spaces, on the audit log, on an approved baseline or on earlier runs needs the
history, and is named as such.
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import Any

from contribaudit import catalogue, checks, policy_file
from contribaudit.core.judge.baseline import BASELINE_EXPIRED, NOT_IN_BASELINE
from contribaudit.core.judge.check import by_id
from contribaudit.core.judge.evaluate import RULE_NOT_CERTAIN, evaluate
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.provisions import (
    NO_DOCUMENTS,
    Archive,
    Look,
    LookOutcome,
    Note,
    Provision,
    ProvisionKind,
)
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.several import grouped
from contribaudit.core.model.snapshot import Collection, CollectionStatus
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.subprocessors import NO_LISTS, ListHistory, Review, SubprocessorList
from contribaudit.core.resolve.provisions import RULE_UNDER_REVIEW
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.errors import EvidenceDamaged, RulebookError, UsageError
from contribaudit.evidence.agreement import disagreements
from contribaudit.evidence.manifest import ASK
from contribaudit.evidence.pack import Disagreement, ListedPack, open_pack
from contribaudit.evidence.verify import verify
from contribaudit.exporters import csv_evidence, json_v1
from contribaudit.exporters.report_v1 import FindingV1, ReportV1
from contribaudit.exporters.saved import load
from contribaudit.exporters.text import csv_cell, safe_text
from contribaudit.files import unfinished
from contribaudit.rulebook import decoders, loader
from contribaudit.vendors.subprocessor_csv import read_csv

_OF_THE_RUN = frozenset((Grade.DOCUMENTED.value, Grade.DECODED.value))
_OF_THE_HISTORY = frozenset(
    ("AI-03", "DC-07", "DC-08", "DC-09", "DC-12", "DC-13", "DC-22", "DC-25", "GV-01", "GV-03", "GV-07", "SP-02")
)


_COMPARED = (
    "check", "title", "severity", "outcome", "underlying_outcome", "reason_code", "due_at", "organization", "subject",
    "setting", "expected", "observed", "reason", "fragile", "owner", "due_days", "remediation",
    "console_path", "controls", "waiver",
)  # fmt: skip
"""Keys of a finding in report.json that follow from the pack alone; its evidence is compared too.

Not `rule`: the line of the policy file, which is not in the pack; policy.toml is what it was resolved to.
"""
_NO_STATE = (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, csv.Error)
"""What comes of values that no export writes."""


class Result(StrEnum):
    """What became of one thing that was looked at again."""

    SAME = "same"
    DIFFERENT = "different"
    """It came out otherwise, or is not found any more."""
    LEFT_OUT = "left out"
    """It follows from the pack's own values and is not in the report."""
    INCONSISTENT = "inconsistent"
    """Two files of the pack disagree."""
    NOT_JUDGED = "not judged"
    """It rests on the history, which no pack holds: nothing here speaks for it."""


@dataclass(frozen=True, slots=True)
class Performed:
    """One finding of the pack, judged again, or one thing on which two of its files disagree."""

    result: Result
    id: str
    """Of the finding; "" where it is about none."""
    check: str
    reported: str
    """Its outcome in the pack; "" when it is not in it."""
    again: str
    """Its outcome now; "" when nothing came out that can be compared."""
    reason: str
    """What differs, or why it was not judged; "" when both agree."""

    @property
    def differs(self) -> bool:
        """True when the pack does not say what follows from it."""
        return self.result not in (Result.SAME, Result.NOT_JUDGED)


def exit_code(every: Iterable[Performed]) -> int:
    """5 when anything differs, 3 when all that could be judged agrees and something could not be, else 0."""
    results = {one.result for one in every}
    if results & {Result.DIFFERENT, Result.LEFT_OUT, Result.INCONSISTENT}:
        return 5
    return 3 if Result.NOT_JUDGED in results else 0


def reperform(place: Path) -> list[Performed]:
    """What the pack's files disagree on, then every finding of the pack and every one that it leaves out, by ID.

    Raises as `verify` does for bytes that are not as the manifest says, and UsageError for a pack without names, since
    what judged it was changed with them, and for one whose rulebook another version wrote and this one does not read.
    """
    manifest = verify(place, agreement=False).manifest
    if manifest.scope.people != "named" or manifest.scope.sites:
        raise UsageError(
            "A pack without names, or of some sites alone, cannot be judged again", hint="Ask for the whole"
        )
    with open_pack(place) as files:
        told = list(disagreements(ListedPack(files, manifest)))
    document = load(place, agreement=False)  # told above
    with open_pack(place) as files, unfinished(Path(tempfile.gettempdir(), "reperform"), folder=True) as folder:
        pack = ListedPack(files, manifest)
        try:
            rulebook, policy = _rules(pack, folder)
        except RulebookError as error:
            tool = manifest.tool
            raise UsageError(
                f"The pack was judged by a rulebook that this version does not read: {error.message}",
                hint=f"Judge it again with the version that wrote it: {tool.version}, code {tool.code_sha256[:12]}",
            ) from error
        except _NO_STATE as error:
            raise EvidenceDamaged(f"policy.toml, rulebook/ or decoders/ cannot be read: {error}", hint=ASK) from error
        if rulebook.sha256 != manifest.judged.rulebook_sha256:  # that of policy.toml was verified
            raise EvidenceDamaged("rulebook/ and decoders/ are not what judged the run", hint=ASK)
        try:
            state = _rebuilt_state(pack, document, rulebook)
            found = {one.id: one for one in evaluate(state, policy, checks.ALL, catalogue.find).findings}
            again = {identity: json_v1.finding_row(state, one) for identity, one in found.items()}
            told += _inventory(pack, state)
        except _NO_STATE as error:
            raise EvidenceDamaged(f"settings.csv holds what no run reads: {error}", hint=ASK) from error
    inconsistent = [
        Performed(Result.NOT_JUDGED if one.unknown else Result.INCONSISTENT, one.finding, "", "", "", one.what)
        for one in told
    ]
    reported = {one["id"]: one for one in document["findings"]}
    return inconsistent + [
        _compare_finding(reported.get(identity), again.get(identity), document["warnings"])
        for identity in sorted(reported.keys() | again.keys())
    ]


def _compare_finding(reported: FindingV1 | None, again: FindingV1 | None, warnings: Iterable[str]) -> Performed:
    if reported is None:
        assert again is not None, "one of the two has the ID"
        result, why = Result.LEFT_OUT, "it follows from the pack, and the report leaves it out"
        if _of_the_history(again):
            result, why = Result.NOT_JUDGED, _rests_on(again)
        return Performed(result, again["id"], again["check"], "", again["outcome"], why)
    outcome: str = reported["outcome"]
    common = reported["id"], reported["check"], outcome, again["outcome"] if again else ""
    other = "it is not found any more" if again is None else _difference(reported, again)
    if (
        reported["check"] in _OF_THE_HISTORY
        or (other and _of_the_history(reported) and not (again and _of_the_run(again)))
        or (again and (_refused_by_baseline(reported, again) or _waiver_refused(reported, again, warnings)))
    ):
        return Performed(Result.NOT_JUDGED, *common[:3], "", _rests_on(reported))
    return Performed(Result.DIFFERENT if other else Result.SAME, *common, other)


def _rests_on(finding: FindingV1) -> str:
    """The evidence of a finding that no pack holds in full, and the files of the pack that hold part of it."""
    grades = {evidence["grade"] for evidence in finding["evidence"]}
    if finding["subject"]["kind"] == Kind.SPACE.value:
        return "it rests on spaces, which only the history holds in full; spaces.csv lists them"
    if finding["check"] not in _OF_THE_HISTORY and not grades <= _OF_THE_RUN:
        return "it rests on what people attested, which only the history can weigh; attestations.csv has the rows"
    return (
        "it rests on earlier runs, an approved baseline, the audit log or exported packs, which only the history holds;"
        " changes.csv, outcomes.csv and runs.csv tell of them"
    )


def _of_the_history(finding: FindingV1) -> bool:
    grades = {evidence["grade"] for evidence in finding["evidence"]}
    return (
        finding["check"] in _OF_THE_HISTORY
        or not grades <= _OF_THE_RUN
        or finding["subject"]["kind"] == Kind.SPACE.value
    )


def _of_the_run(finding: FindingV1) -> bool:
    """Whether values of the run, and nothing else, decide it: then no attestation can be what it rests on."""
    grades = {evidence["grade"] for evidence in finding["evidence"]}
    return bool(grades) and not _of_the_history(finding)


def _refused_by_baseline(reported: FindingV1, again: FindingV1) -> bool:
    """Whether the report holds a pass back because of the approved baseline, whose run no pack holds.

    Only a pass is held back: what does not pass without the baseline was never told so.
    """
    passes = again["underlying_outcome"] == Outcome.PASS.value
    withdrawn = again["reason_code"] in (RULE_NOT_CERTAIN, RULE_UNDER_REVIEW)
    return (
        reported["underlying_outcome"] == Outcome.UNKNOWN.value
        and reported["reason_code"] in (NOT_IN_BASELINE, BASELINE_EXPIRED)
        and (passes or withdrawn)
    )


def _waiver_refused(reported: FindingV1, again: FindingV1, warnings: Iterable[str]) -> bool:
    """Whether the report says that the waiver does not count, since its alias named another subject at the approval.

    What an alias named before, only the history holds; the report's warning names check and subject. All but the waiver
    must come out the same.
    """
    without: FindingV1 = {**again, "outcome": again["underlying_outcome"], "waiver": None}
    return (
        again["waiver"] is not None
        and any(again["check"] in one and again["subject"]["id"] in one for one in warnings)
        and not _difference(reported, without)
    )


def _difference(told: Mapping[str, Any], again: Mapping[str, Any]) -> str:
    keys = [key for key in _COMPARED if told[key] != again[key]]
    if _evidence(told) != _evidence(again):
        keys.append("evidence")
    if not keys:
        return ""
    return f"another {', '.join(keys)}: {again['reason']}"


def _evidence(one: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What it rests on. The policy's own line numbers are of the files from which policy.toml was resolved."""
    return sorted(
        (each["grade"], each["source"], each["observed_at"], each["sha256"])
        for each in one["evidence"]
        if not each["source"].startswith("policy ")
    )


def _inventory(pack: ListedPack, state: State) -> Iterator[Disagreement]:
    """Where inventory.csv disagrees with settings.csv; names may be known from earlier runs."""
    there = {tuple(row[name] for name in _INVENTORY) for row in pack.table("inventory.csv")}
    places = [csv_evidence.INVENTORY.columns.index(name) for name in _INVENTORY]
    follows = {tuple(csv_cell(cells[place]) for place in places) for cells in csv_evidence.INVENTORY.rows(state)}
    for row in sorted(there ^ follows):
        what = "holds a row that does not follow" if row in there else "lacks a row that follows"
        yield Disagreement("inventory.csv", f"inventory.csv {what} from settings.csv: {safe_text(' '.join(row))}")


_INVENTORY = ("organization_id", "kind", "id", "type_key", "plan", "status", "sandbox", "realm", "regions", "pinned")


def _rules(pack: ListedPack, folder: Path) -> tuple[Rulebook, AuditPolicy]:
    for path in pack.files:
        if path.startswith(("rulebook/", "decoders/")) or path == "policy.toml":
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with pack.open(path) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
    own = folder / "decoders"
    rulebook = decoders.with_folder(loader.load(folder / "rulebook"), own if own.is_dir() else None, catalogue.ALL)
    policy = policy_file.load(
        folder / "policy.toml",
        checks=by_id(checks.ALL),
        vocabularies={**rulebook.vocabularies(), "settings": checks.DECIDABLE},
        plans=tuple(plan.name.casefold() for plan in rulebook.plans),
        rulebook=rulebook,
    )
    return rulebook, policy


def _rebuilt_state(pack: ListedPack, document: ReportV1, rulebook: Rulebook) -> State:
    documents = _documents(pack)
    collections: dict[str, dict[str, Collection]] = {}
    for one in document["collection"]:
        collections.setdefault(one["organization"], {})[one["collector"]] = Collection(
            one["organization"],
            one["collector"],
            CollectionStatus(one["status"]),
            _time(one["started_at"]),
            one["announced"],
            one["read"],
            one["code"],
            one["reason"],
            one["missing_scope"],
            one["requests"],
            one["seconds"],
        )
    try:
        recorded = grouped(_attestations(pack), lambda one: one.subject.organization)
    except _NO_STATE as error:
        raise EvidenceDamaged(f"attestations.csv holds what nobody can have recorded: {error}", hint=ASK) from error
    return State(
        as_of=_time(document["as_of"]),
        rulebook=rulebook,
        organizations=[
            OrganizationState(
                one["id"],
                one["name"],
                collections.get(one["id"], {}),
                one["unread_reason"],
                one["left_out"],
                attestations=recorded.get(one["id"], ()),
            )
            for one in document["organizations"]
        ],
        observations=sorted(_observations(pack), key=_listed_order(pack)),
        remembered=list(_remembered_names(pack, document)),
        documents=lambda: documents,
        subprocessors=cache(partial(_subprocessors, pack)),
    )


def _attestations(pack: ListedPack) -> Iterator[Attestation]:
    """What people recorded, revoked and superseded values included, without the states that anchor them.

    What each is worth settings.csv says; a value that no longer counts still tells what the last look saw.
    """
    for row in _texts(pack, "attestations.csv"):
        setting = SettingId(row["setting"])
        revoked = row["revoked_at"]
        yield Attestation(
            row["attestation_id"],
            setting,
            Subject(row["organization_id"], Kind(row["subject_kind"]), row["subject_id"]),
            _value_of_cell(setting, row["value"]),
            row["looked_by"],
            _time(row["observed_at"]),
            Signature(row["recorded_by"], _time(row["recorded_at"]), row["recorded_account"], row["recorded_host"]),
            row["look"],
            revoked=Signature(row["revoked_by"], _time(revoked), "", "") if revoked else None,
        )


def _subprocessors(pack: ListedPack) -> ListHistory:
    """The list that was in force, and its reviews; none where no list was imported."""
    try:
        rows = list(pack.table("subprocessors.csv"))
        text = pack.read("subprocessors.csv").decode("utf-8-sig")
        reviews = list(pack.table("subprocessor_reviews.csv"))
    except EvidenceDamaged:  # a pack of a version before lists could be imported
        return NO_LISTS
    if not rows or not rows[0]["imported_at"]:
        return NO_LISTS
    first, found = rows[0], read_csv(text)
    imported = Signature(first["imported_by"], _time(first["imported_at"]), "", "")
    return ListHistory.of(
        [SubprocessorList(found.effective, found.rows, first["source"], first["sha256"], imported)],
        [
            Review(
                date.fromisoformat(one["effective"]),
                one["row"],
                Signature(one["reviewed_by"], _time(one["reviewed_at"]), one["account"], one["host"]),
                one["note"],
            )
            for one in reviews
        ],
    )


def _documents(pack: ListedPack) -> Archive:
    """The watched documents from the pack's tables; none where it has no such table."""
    if "terms.csv" not in pack.files:
        return NO_DOCUMENTS
    texts: dict[int, list[Provision]] = {}
    for row in _texts(pack, "provisions.csv"):
        provision = Provision(ProvisionKind(row["kind"]), tuple(json.loads(row["heading"])), row["text"])
        texts.setdefault(int(row["look"]), []).append(provision)
    looks = grouped(map(_look_of_row, _texts(pack, "terms.csv")), lambda look: look.document)
    notes = [
        Note(
            number,
            row["document"],
            row["anchor"],
            row["provision"],
            row["text_sha256"],
            row["holds"] == "true",
            row["note"],
            Signature(row["signed_by"], _time(row["signed_at"]), row["account"], row["host"]),
        )
        for number, row in enumerate(_texts(pack, "terms_notes.csv"), 1)
    ]
    kept = {look: tuple(provisions) for look, provisions in texts.items()}
    return Archive(looks, notes, lambda look: kept.get(look, ()))


def _look_of_row(row: Mapping[str, str]) -> Look:
    return Look(
        id=int(row["look"]),
        document=row["document"],
        outcome=LookOutcome(row["outcome"]),
        code=row["code"],
        reason=row["reason"],
        retrieved_at=_time(row["retrieved_at"]),
        source=row["source"],
        fetched=row["fetched"] == "true",
        sha256=row["sha256"],
        text_sha256=row["text_sha256"],
        size_bytes=int(row["size_bytes"]),
        stated_on=date.fromisoformat(row["stated_on"]) if row["stated_on"] else None,
        redirects=tuple(json.loads(row["redirects"])),
        recorded=Signature(row["recorded_by"], _time(row["recorded_at"]), row["account"], row["host"]),
        accepted=row["accepted"] == "true",
    )


def _texts(pack: ListedPack, name: str) -> Iterator[Mapping[str, str]]:
    """The rows of a table without the apostrophes that keep a spreadsheet from running a cell."""
    for row in pack.table(name):
        yield {column: cell.removeprefix("'") for column, cell in row.items()}


def _remembered_names(pack: ListedPack, document: ReportV1) -> Iterator[Observed]:
    """What apps and groups were called in earlier runs, for those of which this run could read nothing.

    Such names say what an app is, and judge nothing; the report has them as they are, the table made safe.
    """
    called: dict[Subject, dict[SettingId, str]] = {}
    rows = list(_texts(pack, "inventory.csv"))
    sites = {(row["organization_id"], row["site"]): row["id"] for row in rows if row["kind"] == Kind.SITE.value}
    for row in rows:
        if row["kind"] == Kind.APP.value:
            subject = Subject(row["organization_id"], Kind.APP, row["id"])
            site = sites.get((row["organization_id"], row["site"]), "")
            known = {names.APP_NAME: row["name"], names.APP_HOST: row["site"], names.APP_TYPE_KEY: row["type_key"]}
            alias = f"app:{row['site'] or row['type_key']}/{row['type_key'] if row['site'] else row['id']}"
            known[names.APP_ALIAS] = alias if row["type_key"] else ""
            called[subject] = {**known, names.APP_SITE: "" if site == row["site"] else site}
    for one in document["findings"]:
        about = one["subject"]
        subject = Subject(one["organization"], Kind(about["kind"]), about["id"])
        if subject.kind is Kind.APP:
            told = {names.APP_NAME: about["name"], names.APP_HOST: about["site"], names.APP_TYPE_KEY: about["app"]}
            called.setdefault(subject, {}).update({**told, names.APP_ALIAS: about["alias"]})
        elif subject.kind is Kind.GROUP:
            called[subject] = {names.GROUP_NAME: about["name"]}
    as_of = _time(document["as_of"])
    for subject, found in called.items():
        for setting, value in found.items():
            if value and value not in (subject.id, f"{subject.kind}:{subject.id}"):
                yield Observed(setting, subject, value, Grade.DOCUMENTED, as_of, "an earlier run")


def _listed_order(pack: ListedPack) -> Callable[[Observation], int]:
    """By the order in which the API listed apps: where several say the same, a finding names the first."""
    order = {(row["organization_id"], row["id"]): number for number, row in enumerate(pack.table("inventory.csv"))}
    return lambda seen: order.get((seen.subject.organization, seen.subject.id), len(order))


def _observations(pack: ListedPack) -> Iterator[Observation]:
    for row in pack.table("settings.csv"):
        text = {name: cell.removeprefix("'") for name, cell in row.items()}
        setting = SettingId(text["setting"])
        subject = Subject(text["organization_id"], Kind(text["subject_kind"]), text["subject_id"])
        seen_at = _time(text["observed_at"])
        if row["read"] != "true":
            told = (text["reason_code"], text["reason"], seen_at, text["source"], text["missing_scope"] or None)
            yield Unavailable(setting, subject, *told)
            continue
        value = None if row["value_is_null"] == "true" else _value_of_cell(setting, row["value"])
        yield Observed(setting, subject, value, Grade(text["grade"]), seen_at, text["source"], text["sha256"])


def _value_of_cell(setting: SettingId, cell: str) -> Value:
    """The value of a cell, typed by its appearance: no setting has a text that looks like another type."""
    if cell in ("true", "false"):
        return cell == "true"
    if cell.startswith("[") and (catalogue.find(setting).is_list or cell.endswith("]")):
        return tuple(json.loads(cell))
    return int(cell) if cell.isascii() and cell.removeprefix("-").isdigit() else cell.removeprefix("'")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

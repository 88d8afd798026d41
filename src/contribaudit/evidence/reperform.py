"""Judges a pack anew from what is in it: settings.csv under policy.toml, rulebook/ and decoders/, without any history.

A finding can be performed again where it rests on values of the run that the API documents or that we decode. One that
rests on what people attested, on spaces, on the audit log or on earlier runs needs the history, and is named as such.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from contribaudit import catalogue, checks, policy_file
from contribaudit.core.check import by_id
from contribaudit.core.evaluate import evaluate
from contribaudit.core.finding import Finding
from contribaudit.core.observation import Grade, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.policy import AuditPolicy
from contribaudit.core.rules import Rulebook
from contribaudit.core.snapshot import Collection, CollectionStatus
from contribaudit.core.state import OrganizationState, State
from contribaudit.core.subject import Kind, Subject
from contribaudit.errors import EvidenceDamaged, UsageError
from contribaudit.evidence.pack import ASK, Pack, open_pack
from contribaudit.evidence.saved import report_of
from contribaudit.evidence.verify import verify
from contribaudit.rulebook import decoders, loader

_OF_THE_RUN = frozenset((Grade.DOCUMENTED.value, Grade.DECODED.value))
_OF_THE_HISTORY = frozenset(
    ("AI-03", "DC-07", "DC-08", "DC-09", "DC-12", "DC-13", "DC-22", "DC-25", "GV-01", "GV-03", "GV-07")
)


@dataclass(frozen=True, slots=True)
class Performed:
    """One finding of the pack, judged again."""

    id: str
    check: str
    told: str
    """Its outcome in the pack."""
    again: str
    """Its outcome now; "" when it was not performed again."""
    reason: str
    """Why it was not, or the reason of the other outcome; "" when both agree."""

    @property
    def differs(self) -> bool:
        """True when it came out otherwise."""
        return bool(self.again) and self.again != self.told


def reperform(place: Path) -> list[Performed]:
    """Every finding of the pack, in its order.

    Raises as `verify` does, and UsageError for a pack without names: what judged it was changed with them.
    """
    manifest = verify(place).manifest
    if manifest.scope.people != "named" or manifest.scope.sites:
        raise UsageError(
            "A pack without names, or of some sites alone, cannot be judged again", hint="Ask for the whole"
        )
    document = report_of(place)
    with open_pack(place) as pack, tempfile.TemporaryDirectory(prefix="contribaudit-") as folder:
        rulebook, policy = _rules(pack, [entry.path for entry in manifest.files], Path(folder))
        state = _state(pack, document, rulebook)
    if rulebook.sha256 != manifest.judged.rulebook_sha256:  # that of policy.toml was verified
        raise EvidenceDamaged("rulebook/ and decoders/ are not what judged the run", hint=ASK)
    found = {one.id: one for one in evaluate(state, policy, checks.ALL, catalogue.find).findings}
    return [_compared(one, found.get(one["id"])) for one in document["findings"]]


def _compared(told: Mapping[str, Any], again: Finding | None) -> Performed:
    grades = {evidence["grade"] for evidence in told["evidence"]}
    common = told["id"], told["check"], told["outcome"]
    if told["check"] in _OF_THE_HISTORY or not grades or not grades <= _OF_THE_RUN:
        return Performed(*common, "", "it rests on the history, or on nothing that was read")
    if again is None:
        return Performed(*common, "none", "it is not found any more")
    return Performed(*common, again.outcome.value, "" if again.outcome.value == told["outcome"] else again.reason)


def _rules(pack: Pack, paths: list[str], folder: Path) -> tuple[Rulebook, AuditPolicy]:
    for path in paths:
        if path.startswith(("rulebook/", "decoders/")) or path == "policy.toml":
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with pack.open(path) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
    own = folder / "decoders"
    rulebook = decoders.with_folder(loader.load(folder / "rulebook"), own if own.is_dir() else None, catalogue.ALL)
    settings = frozenset(setting.id for setting in catalogue.ALL)
    policy = policy_file.load(
        folder / "policy.toml",
        checks=by_id(checks.ALL),
        vocabularies={**rulebook.vocabularies(), "settings": settings},
        plans=tuple(plan.name.casefold() for plan in rulebook.plans),
    )
    return rulebook, policy


def _state(pack: Pack, document: Mapping[str, Any], rulebook: Rulebook) -> State:
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
    return State(
        as_of=_time(document["as_of"]),
        rulebook=rulebook,
        organizations=[
            OrganizationState(
                one["id"], one["name"], collections.get(one["id"], {}), one["unread_reason"], one["left_out"]
            )
            for one in document["organizations"]
        ],
        observations=list(_observations(pack)),
    )


def _observations(pack: Pack) -> Iterator[Observation]:
    with pack.open("settings.csv") as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            text = {name: cell.removeprefix("'") for name, cell in row.items()}
            setting = SettingId(text["setting"])
            subject = Subject(text["organization_id"], Kind(text["subject_kind"]), text["subject_id"])
            seen_at = _time(text["observed_at"])
            if row["read"] != "true":
                told = (text["reason_code"], text["reason"], seen_at, text["source"], text["missing_scope"] or None)
                yield Unavailable(setting, subject, *told)
                continue
            value = None if row["value_is_null"] == "true" else _value(setting, row["value"])
            yield Observed(setting, subject, value, Grade(text["grade"]), seen_at, text["source"], text["sha256"])


def _value(setting: SettingId, cell: str) -> Value:
    """A cell is of the type that it looks like; a text that looks like another is none that a setting has."""
    if cell in ("true", "false"):
        return cell == "true"
    if cell.startswith("[") and (catalogue.find(setting).is_list or cell.endswith("]")):
        return tuple(json.loads(cell))
    return int(cell) if cell.isascii() and cell.removeprefix("-").isdigit() else cell.removeprefix("'")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""What a pack's tables say twice: who did what, how many requests went out, and that times follow one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from contribaudit.evidence.manifest import NAME, Entry, Manifest
from contribaudit.evidence.pack import Disagreement, Pack, shown, table

SEGREGATION, LEDGER = "segregation.csv", "ledger.csv"
_CLOCK_STEPS_BACK = timedelta(hours=1)
"""By so much a machine's clock may have been put right between two times."""
_DEEDS = {
    "looked": ("attestations.csv", ("looked_by",)),
    "recorded": ("attestations.csv", ("recorded_by",)),
    "requested_waiver": ("waivers.csv", ("requested_by",)),
    "approved_waiver": ("waivers.csv", ("approved_by",)),
    "decided": ("decisions.csv", ("decided_by", "second")),
    "ran": ("runs.csv", ("account",)),
    "changed_at_atlassian": ("changes.csv", ("actor",)),
}
"""By role of segregation.csv, the table with a row for each such deed, and who did it."""


def contradictions(pack: Pack, manifest: Manifest, listed: Mapping[str, Entry]) -> Iterator[Disagreement]:
    """Every one that does not fit. Tables that older packs lack are left aside."""
    if SEGREGATION in listed:
        yield from _deeds(pack)
    if LEDGER in listed:
        yield from _requests(pack)
    yield from _times(pack, manifest)


def _deeds(pack: Pack) -> Iterator[Disagreement]:
    counted: Counter[str] = Counter()
    for row in table(pack, SEGREGATION):
        counted.update({role: int(row[role]) for role in _DEEDS})
    for role, (name, columns) in _DEEDS.items():
        rows = (row for row in table(pack, name) if row.get("cause_code") != "approval")
        number = sum(bool(row[column].strip()) for row in rows for column in columns)
        if number != counted[role]:
            what = f"{SEGREGATION} counts {counted[role]} as {role}, {name} has {number}"
            yield Disagreement(name, what)


def _requests(pack: Pack) -> Iterator[Disagreement]:
    """That no request is missing. Some go out after a collector has counted, and those for spaces are counted apart."""
    counted: Counter[tuple[str, str]] = Counter()
    for row in table(pack, "population.csv"):
        if not row.get("subject_kind"):
            counted[row["run_id"], row["organization_id"]] += int(row["requests"])
    sent = Counter((row["run_id"], row["organization_id"]) for row in table(pack, LEDGER))
    for key, number in sorted(sent.items()):
        if number < counted[key]:
            run, _ = key
            what = f"{LEDGER} has {number} of the {counted[key]} requests of run {shown(run)}"
            yield Disagreement(LEDGER, what)


def _times(pack: Pack, manifest: Manifest) -> Iterator[Disagreement]:
    for row in table(pack, "runs.csv"):
        if _before(row["finished_at"], row["started_at"]):
            yield Disagreement("runs.csv", f"runs.csv tells that run {shown(row['run_id'])} ended before it began")
    if _before(manifest.written_at, manifest.judged.finished_at):
        yield Disagreement(NAME, f"{NAME} tells that it was written before run {manifest.judged.run} ended")


def _before(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) + _CLOCK_STEPS_BACK < datetime.fromisoformat(other)

"""The table of tampering: what is changed in a pack, and what `verify` and `reperform` then say."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from contribaudit.cli.evidence import standing
from contribaudit.errors import ContribauditError
from contribaudit.evidence.reperform import Result, exit_code, reperform
from contribaudit.evidence.verify import verify_chain
from tests.evidence.tampering import WAYS, Case
from tests.exporters.golden import RENEW

TABLE = Path(__file__).parent / "tampering.tsv"
COLUMNS = ("way", "packs", "changed", "verify_exit", "verify_says", "reperform_exit", "reperform_says", "found")
FOUND = {
    (True, True): "by both",
    (True, False): "by verify",
    (False, True): "by reperform",
    (False, False): "nobody can tell",
}
HONEST = 3
"""What reperform ends with of a pack that nobody touched: some findings need the history."""


def told() -> dict[str, dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["way"]: row for row in csv.DictReader(file, delimiter="\t")}


def case_of(kind: str, folder: Path, unsigned: Path, signed: Path, zipped: Path, signed_chain: list[Path]) -> Case:
    packs = {"unsigned": [unsigned], "signed": [signed], "archive": [zipped], "chain": signed_chain}[kind]
    copies = []
    for pack in packs:
        copy = folder / pack.name
        copies.append(Path(shutil.copytree(pack, copy) if pack.is_dir() else shutil.copyfile(pack, copy)))
    return Case(copies[len(copies) // 2], copies, folder)


def verified(case: Case) -> tuple[int, str]:
    try:
        checked = verify_chain(case.chain, case.keys, case.expected)
    except ContribauditError as error:
        return error.exit_code, error.message
    return 0, standing(checked)


def reperformed(case: Case) -> tuple[int, str]:
    try:
        every = reperform(case.pack)
    except ContribauditError as error:
        return error.exit_code, error.message
    counts = Counter(one.result for one in every)
    return exit_code(every), ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])


def _shown(text: str, folder: Path) -> str:
    """Without what is another with every run: places, digests, long numbers and blanks."""
    text = re.sub(r"/[^ ]*contribaudit[^ ]*/", "", text)  # where reperform unpacks rules
    text = re.sub(r"responses/[0-9a-f]\.jsonl(, line \d+)?", "responses/….jsonl", text)
    text = re.sub(r"rests on \d+ answers", "rests on N answers", text)
    text = re.sub(r"[0-9a-f]{16,}", "…", text.replace(f"{folder}/", ""))
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", "TIME", text)
    text = re.sub(r"\d+ bytes instead of \d+", "N bytes instead of N", text)
    return " ".join(re.sub(r"(.)\1{40,}", r"\1…", text).split())[:240]


@pytest.mark.parametrize("way", WAYS)
def test_tampering(
    way: str, tmp_path: Path, unsigned: Path, signed: Path, zipped: Path, signed_chain: list[Path]
) -> None:
    """As the table says; `CONTRIBAUDIT_RENEW=1` writes its row anew: read the diff."""
    kind, changed, spoil = WAYS[way]
    case = case_of(kind, tmp_path, unsigned, signed, zipped, signed_chain)
    spoil(case)
    (verify_exit, verify_says), (reperform_exit, reperform_says) = verified(case), reperformed(case)
    assert verify_exit in (0, 2, 5)
    assert reperform_exit in (2, HONEST, 5)
    found = FOUND[verify_exit != 0, reperform_exit != HONEST]
    if verify_exit == 0 and "not compared" in verify_says:
        found = "verify says what it did not compare"
    says = [_shown(text, tmp_path) for text in (verify_says, reperform_says)]
    if way.startswith("answer"):  # which answers share a file with it, their digests decide
        says[1] = re.sub(r"\d+ inconsistent", "some inconsistent", says[1])
    row = (way, kind, changed, str(verify_exit), says[0], str(reperform_exit), says[1], found)
    if os.environ.get(RENEW) == "1":
        rows = {name: tuple(one.values()) for name, one in told().items()} if TABLE.exists() else {}
        rows[way] = row
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t", lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows[name] for name in WAYS if name in rows)
    assert tuple(told()[way].values()) == row


def test_the_table_is_whole() -> None:
    """Every way has its row, and there are many."""
    assert list(told()) == list(WAYS)
    assert len(WAYS) >= 60


def test_where_nobody_can_tell_the_text_says_so() -> None:
    """A pack that anybody could have made is consistent, and no more."""
    for row in told().values():
        if row["verify_exit"] == "0":
            assert "consistent" in row["verify_says"]
            known = (
                "key known" in row["changed"] or "names that key" in row["changed"] or "names the key" in row["changed"]
            )
            assert known or "This does not show who made it" in row["verify_says"], row["way"]


def test_the_page_for_auditors_counts_the_same() -> None:
    """The numbers in docs/evidence.md are those of the table."""
    page = " ".join((Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8").split())
    found = Counter(row["found"] for row in told().values())
    assert f"lists {len(WAYS)} ways to tamper with a pack" in page
    assert (
        f"{found['by both']} are found by both, {found['by verify']} by `verify` alone, {found['by reperform']} by"
        in page
    )
    assert f"{found['nobody can tell']} cannot be detected from the pack" in page

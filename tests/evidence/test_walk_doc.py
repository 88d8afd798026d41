"""docs/evidence-walk.md: every command is run, in its order, on the demonstration's folder, without contribaudit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from contribaudit.cli import PROGRAM, group
from tests.exporters.golden import ROOT

DOC = (ROOT / "docs" / "evidence-walk.md").read_text(encoding="utf-8")
TOOLS = {"sha256sum", "jq", "echo"}
pytestmark = pytest.mark.skipif(not (shutil.which("jq") and shutil.which("sha256sum")), reason="jq is not here")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "pack"
    group.main(["demo", "--out", str(place)], PROGRAM, standalone_mode=False)
    return place


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def ran(lines: list[str], pack: Path) -> list[str]:
    """What each command printed; one shell for all, so that variables last."""
    mark = "----"
    script = "set -eu\n" + "".join(f"{line}\necho '{mark}'\n" for line in lines)
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=pack,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [part.strip() for part in done.stdout.split(f"{mark}\n")][:-1]


def test_the_walk_leads_from_each_row_to_its_proof(pack: Path) -> None:
    lines = commands()
    told = dict(zip(range(len(lines)), ran(lines, pack), strict=True))
    for number, line in enumerate(lines):
        words = set(re.findall(r"(?:^|\| )(\w+) ", re.sub(r"'[^']*'", "", line.partition("=$(")[2] or line)))
        assert words <= TOOLS, line
        if "# -> the same" in line or "# -> the digest above" in line:
            digests = [re.findall(r"[0-9a-f]{64}", told[one]) for one in (number - 1, number)]
            assert digests[0][:1] == digests[1][:1] != [], line
        if not line.startswith(("sha256sum --check", "ROW=", "FILE=", "DIGEST=", "ID=")):
            assert told[number], f"{line} prints nothing"
    assert told[0] == ""
    shown = "\n".join(told.values())
    for wanted in (
        '"observed": "US"',
        '"underlying_outcome": "fail"',
        '"looked_by": "',
        "SOC 2 CC6.1",
        "ISO 27001:2022 A.5.23",
    ):
        assert wanted in shown, wanted


def test_the_table_reader_reads_what_is_awkward(pack: Path, tmp_path: Path) -> None:
    """Commas, quotes and line breaks in cells, a byte order mark, a table without rows."""
    shutil.copyfile(pack / "csv.jq", tmp_path / "csv.jq")
    table = '\ufeffone,two\r\n"a,""b""\nc",\r\n,"x"\r\n'
    (tmp_path / "t.csv").write_bytes(table.encode())
    (tmp_path / "empty.csv").write_bytes(b"one,two\r\n")
    read = "jq -L . -Rsc 'include \"csv\"; csv' "
    first, empty = ran([f"{read} t.csv", f"{read} empty.csv"], tmp_path)
    assert json.loads(first) == [{"one": 'a,"b"\nc', "two": ""}, {"one": "", "two": "x"}]
    assert json.loads(empty) == []

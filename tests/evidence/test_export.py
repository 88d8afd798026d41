"""What a pack holds, and that it is there whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from contribaudit.atlassian import calls
from contribaudit.core.judge.evaluate import Selection
from contribaudit.errors import OutputError, StoreError, UsageError
from contribaudit.evidence.dossier import ExportLimits, of_last, of_period, of_run
from contribaudit.evidence.export import ALL, Form, export
from contribaudit.evidence.folder import EvidenceFolder
from contribaudit.evidence.pack import Pack, report_pieces
from contribaudit.evidence.sheets import Sheet
from contribaudit.evidence.verify import verify
from contribaudit.store.history import History
from tests.evidence.scene import ANN, BOB, CISO, NOW, SCREENSHOT, Scene
from tests.flow.audits import simulated


def rows(pack: Path, name: str) -> list[dict[str, str]]:
    with (pack / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_is_there(unsigned: Path) -> None:
    """As the documentation names them."""
    names = {path.relative_to(unsigned).as_posix() for path in unsigned.rglob("*") if path.is_file()}
    plain = {name for name in names if "/" not in name}
    assert plain == {one.name for one in ALL} | {
        "00-START.html", "00-START.xlsx", "README.txt", "SHA256SUMS", "csv.jq", "data-dictionary.csv", "manifest.json",
        "policy.toml", "report.json",
    }  # fmt: skip
    assert {name.partition("/")[0] for name in names - plain} == {"attachments", "responses", "rulebook"}
    assert not [path for path in unsigned.parent.iterdir() if "partial" in path.name]


def test_every_row_points_at_what_it_rests_on(unsigned: Path) -> None:
    """Each digest of a setting is a raw answer in the pack; so are the screenshot and the event behind a change."""
    bundles = [path.read_text().splitlines() for path in sorted((unsigned / "responses").iterdir())]
    answers = [json.loads(line) for lines in bundles for line in lines]
    held = {one["sha256"] for one in answers}
    assert [one["sha256"] for one in answers] == sorted(held)
    assert len(bundles) <= 16
    named = {row["sha256"] for row in rows(unsigned, "settings.csv")} - {""}
    assert named <= held
    assert len(named) > 5
    shot = json.loads(rows(unsigned, "attestations.csv")[0]["attachments"])[0]
    assert (unsigned / "attachments" / shot).read_bytes() == SCREENSHOT
    events = {row["event_sha256"] for row in rows(unsigned, "changes.csv")} - {""}
    assert events
    assert events <= held
    assert {sha256(one["body"].encode()).hexdigest() for one in answers} == held
    sums = dict(line.split("  ")[::-1] for line in (unsigned / "SHA256SUMS").read_text().splitlines())
    for row in rows(unsigned, "findings.csv"):
        assert row["evidence_file_sha256"] == sums[row["evidence_file"]], row["check_id"]
        assert row["evidence_file"].startswith("responses/") == (row["evidence_sha256"] in held)
        assert bool(row["attestation_id"]) == (row["evidence_file"] == "attestations.csv")


def test_findings_are_those_of_the_report(unsigned: Path) -> None:
    report = json.loads((unsigned / "report.json").read_text())
    told = rows(unsigned, "findings.csv")
    assert sorted((row["finding_id"], row["outcome"]) for row in told) == [
        (one["id"], one["outcome"]) for one in report["findings"]
    ]
    order = [(row["check_id"], row["site"], row["app"], row["subject_kind"], row["subject_name"]) for row in told]
    assert order == sorted(order)
    assert (unsigned / "policy.toml").read_text().strip()
    assert report["policy"]["sha256"] == sha256((unsigned / "policy.toml").read_bytes()).hexdigest()


def test_changes_tell_who_and_how_well_was_looked(unsigned: Path) -> None:
    """A change with its event, an approval of a baseline and of a waiver."""
    told = rows(unsigned, "changes.csv")
    moved = next(row for row in told if row["setting"] == "residency.realm")
    assert (moved["actor"], moved["cause_code"], moved["log_readable"]) == ("ops.person@acme.example", "event", "true")
    assert moved["last_seen"] < moved["event_at"] < moved["first_seen"]
    approvals = {row["setting"]: row["actor"] for row in told if row["cause_code"] == "approval"}
    assert approvals == {"baseline": CISO, "waiver": CISO}


def test_segregation_counts_deeds_and_flags_overlaps(unsigned: Path) -> None:
    told = {row["person"]: row for row in rows(unsigned, "segregation.csv")}
    assert (told[ANN]["looked"], told[BOB]["confirmed"], told["annl0gin"]["ran"]) == ("1", "1", "1")
    assert (told[CISO]["approved_waiver"], told[CISO]["approved_baseline"]) == ("1", "1")
    assert all(json.loads(row["overlaps"]) == [] for row in told.values())
    assert int(told["ops.person@acme.example"]["changed_at_atlassian"]) >= 1


def test_population_says_what_was_left_out_and_why(unsigned: Path) -> None:
    workspaces = next(row for row in rows(unsigned, "population.csv") if row["collector"] == "workspaces")
    assert workspaces["excluded"] == "1"
    assert "jira-admin" in workspaces["excluded_why"]


def test_every_request_is_on_the_list_of_reads(told: Scene, unsigned: Path) -> None:
    """The ledger of the pack, call by call: name, method, path. As many as the simulator answered in that run."""
    allowed = {call.name: call for call in (*calls.ALL, *calls.ON_SITES)}
    listed = rows(unsigned, "ledger.csv")
    for row in listed:
        call = allowed[row["call"]]
        assert row["method"] == call.method
        pattern = re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(call.path))
        assert re.fullmatch(pattern, row["path"].partition("?")[0]), row["path"]
    organization = told.bench.organization.id
    ledgers = {run.id: told.bench.store.ledger(run.id, organization) for run in told.bench.store.runs()}
    assert sum(len(one.entries) for one in ledgers.values() if one) == len(told.bench.requests)
    assert len(listed) == len(ledgers[3].entries if ledgers[3] else ())
    assert all(
        row["method"] == "GET" or row["path"].partition("?")[0].endswith(("/workspaces", "/search")) for row in listed
    )


def test_hostile_texts_are_made_harmless(unsigned: Path) -> None:
    note = rows(unsigned, "attestations.csv")[0]["note"]
    assert note.startswith("'=")
    assert not {"\x1b", "\u202e", "\0"}.intersection(note)


def test_a_period_holds_every_run_and_the_time_without_one(told: Scene) -> None:
    """Two days without a run are a gap; every change on the way is there; the newest run is judged as of the end."""
    pack = export(
        of_period(told.job(), NOW - timedelta(days=9), NOW),
        told.folder / "period",
        now=NOW,
        operator=told.operator,
    )
    assert [row["run_id"] for row in rows(pack.place, "runs.csv")] == ["1", "2", "3"]
    assert pack.manifest.scope.kind == "period"
    assert pack.manifest.scope.runs == [1, 2, 3]
    whole = [row for row in rows(pack.place, "gaps.csv") if not row["collector"]]
    assert [row["hours"] for row in whole] == [str(6 * 24.0), "48.0"]
    assert {row["run_id"] for row in rows(pack.place, "ledger.csv")} == {"1", "2", "3"}
    outcomes = rows(pack.place, "outcomes.csv")
    assert {row["observations"] for row in outcomes} >= {"3"}
    assert "3 runs" in (pack.place / "README.txt").read_text()
    verify(pack.place)


def test_an_older_run_is_judged_as_of_its_end(told: Scene) -> None:
    """What was recorded after it is not in it."""
    dossier = of_run(told.job(), 1)
    pack = export(dossier, told.folder / "run-1", now=NOW, operator=told.operator)
    assert pack.manifest.judged.run == 1
    assert rows(pack.place, "attestations.csv") == []
    assert [row for row in rows(pack.place, "changes.csv") if row["setting"] == "baseline"] == []


def test_some_sites_alone(told: Scene) -> None:
    """Their rows and the organization's; the manifest and README.txt say so."""
    site = "acme-us.atlassian.net"
    pack = told.export("one-site", ExportLimits(sites=(site.upper(),)))
    assert pack.manifest.scope.sites == [site]
    assert site in (pack.place / "README.txt").read_text()
    assert {row["site"] for row in rows(pack.place, "findings.csv")} == {site, ""}
    assert {row["site"] for row in rows(pack.place, "inventory.csv")} == {site, ""}
    for name in ("settings.csv", "findings.csv", "changes.csv", "report.json"):
        assert "acme-labs" not in (pack.place / name).read_text(), name
    verify(pack.place)
    with pytest.raises(UsageError, match="no site"):
        told.export("no-site", ExportLimits(sites=("nowhere.atlassian.net",)))


def test_what_cannot_be_exported(told: Scene, tmp_path: Path) -> None:
    job = told.job()
    with pytest.raises(UsageError, match="No run began"):
        of_period(job, NOW - timedelta(days=90), NOW - timedelta(days=80))
    with pytest.raises(UsageError, match="before it begins"):
        of_period(job, NOW, NOW - timedelta(days=80))
    with pytest.raises(UsageError):
        of_run(job, 99)
    with simulated(tmp_path) as bench:
        with pytest.raises(UsageError, match="no saved run"):
            of_last(bench.job('extends = ["essentials"]'))
        bench.audit('extends = ["essentials"]', selection=Selection(only=("DC-06",)))
        with pytest.raises(UsageError, match="was limited by"):
            of_last(bench.job('extends = ["essentials"]'))


def test_an_empty_organization(tmp_path: Path) -> None:
    """Nothing to judge but the organization itself: a pack all the same."""
    (tmp_path / "history").mkdir()
    with simulated(tmp_path / "history", "tidy", lambda organization: organization.apps.clear()) as bench:
        bench.audit('extends = ["essentials"]')
        job = bench.job('extends = ["essentials"]')
        pack = export(of_last(job), tmp_path / "pack", now=NOW, operator=job.operator).place
    assert {row["outcome"] for row in rows(pack, "findings.csv")} - {"pass", "stale"}
    verify(pack)


@pytest.mark.parametrize("archive", [False, True])
@pytest.mark.parametrize("there", ["file", "folder", "dangling link"])
def test_nothing_is_overwritten(told: Scene, archive: bool, there: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    if there == "file":
        place.write_text("mine")
    elif there == "folder":
        place.mkdir()
    else:
        place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="exists"):
        export(of_last(told.job()), place, now=NOW, operator=told.operator, form=Form(archive))
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


@pytest.mark.parametrize("archive", [False, True])
def test_what_appears_meanwhile_stays(archive: bool, tmp_path: Path, unsigned: Path) -> None:
    """Somebody makes the place while the pack is written."""
    manifest = verify(unsigned).manifest
    with EvidenceFolder(tmp_path / "place", archive=archive) as folder:
        folder.put("a.txt", b"a")
        (tmp_path / "place").write_text("mine")
        with pytest.raises(UsageError, match="exists"):
            folder.finish(manifest)
    assert (tmp_path / "place").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


@pytest.mark.parametrize("archive", [False, True])
def test_a_full_disk_leaves_nothing(archive: bool, told: Scene, tmp_path: Path) -> None:
    """A limit on the size of a file, in a process of its own, stands for it."""
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "from pathlib import Path\n"
        "from contribaudit.errors import OutputError\n"
        "from contribaudit.evidence.folder import EvidenceFolder\n"
        "try:\n"
        f"    with EvidenceFolder(Path(sys.argv[1]), archive={archive}) as folder:\n"
        "        for n in range(9): folder.put(f'f{n}', bytes(20_000))\n"
        "        with folder.text('big') as out:\n"
        "            for _ in range(9_000): out.write('0123456789')\n"
        "except OutputError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "pack")], capture_output=True, text=True, check=True
    )
    assert "could not be written" in done.stdout
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OutputError):
        export(of_last(told.job()), Path("/proc/nowhere/pack"), now=NOW, operator=told.operator)


KILLED = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
from pathlib import Path
from contribaudit.evidence.folder import EvidenceFolder
with EvidenceFolder(Path(sys.argv[1]), archive=sys.argv[2] == "True") as folder:
    folder.put("a.txt", b"a" * 1_000_000)
    print("half", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("archive", [False, True])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle_nothing_stands_in_the_place(archive: bool, how: signal.Signals, tmp_path: Path) -> None:
    place = tmp_path / "pack"
    words = [sys.executable, "-c", KILLED, str(place), str(archive)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        os.kill(process.pid, how)
    assert not place.exists()
    left = list(tmp_path.iterdir())
    assert left == [] if how is signal.SIGINT else all(".partial-" in path.name for path in left)


@pytest.mark.parametrize("archive", [False, True])
def test_a_pack_that_the_history_cannot_note_is_taken_back(
    archive: bool, told: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one would not name it."""

    def fails(_store: History, _manifest: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(History, "record_manifest", fails)
    with pytest.raises(StoreError):
        export(of_last(told.job()), tmp_path / "pack", now=NOW, operator=told.operator, form=Form(archive))
    assert list(tmp_path.iterdir()) == []


def test_rows_are_written_as_they_are_made(told: Scene) -> None:
    """A million rows take no more room than the buffer: each is gone before the next hundred are made."""
    alive = most = 0

    class Text(str):
        __slots__ = ()

        def __new__(cls) -> Text:
            nonlocal alive, most
            alive += 1
            most = max(most, alive)
            return super().__new__(cls, "x")

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    sheet = Sheet("many.csv", ("one", "two"), lambda _dossier: ((Text(), Text()) for _ in range(100_000)))
    sheet.write(of_last(told.job()), io.StringIO(newline=""))
    assert most < 100


def test_two_exports_at_once_make_one_chain(told: Scene) -> None:
    """The second waits, and names the first."""
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> str:
        with told.bench.store.exporting(wait_seconds=60):  # as the command does, from before it gathers
            return told.export(f"at-once-{number}").manifest.sha256

    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(one, range(3)))
    noted = told.bench.store.manifests([told.bench.organization.id])
    assert set(made) <= {manifest.sha256 for manifest in noted}
    assert [manifest.previous for manifest in noted] == [None, *(manifest.sha256 for manifest in noted[:-1])]


@pytest.mark.parametrize("archive", [False, True])
def test_a_pack_is_for_this_account_alone(archive: bool, tmp_path: Path, unsigned: Path) -> None:
    with EvidenceFolder(tmp_path / "place", archive=archive) as folder:
        folder.put("a.txt", b"a")
        folder.finish(verify(unsigned).manifest)
    assert (tmp_path / "place").stat().st_mode & 0o777 == (0o600 if archive else 0o700)
    inside = [path for path in (tmp_path / "place").rglob("*") if not archive]
    assert all(path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600) for path in inside)


OWNED = """
extends = ["essentials"]
[evidence]
owner = "platform@acme.example"
due_days = 30
[[rule]]
check = "DR-01"
expect = ["DE"]
owner = "dpo@acme.example"
due_days = 7
"""


def test_a_failed_finding_says_who_mends_it_and_until_when(told: Scene) -> None:
    """The rule's own before the general ones; days begin with the run that first saw it so."""
    job = told.bench.job(OWNED)
    pack = export(of_last(job), told.folder / "owned", now=NOW, operator=told.operator).place
    found = rows(pack, "findings.csv")
    bad = [row for row in found if row["outcome"] in ("fail", "conflict", "not_achievable", "unknown", "stale")]
    assert {(row["owner"], row["due_days"]) for row in bad if row["check_id"] == "DR-01"} == {("dpo@acme.example", "7")}
    assert {(row["owner"], row["due_days"]) for row in bad if row["check_id"] != "DR-01"} == {
        ("platform@acme.example", "30")
    }
    assert {(row["owner"], row["due_days"], row["due_on"]) for row in found if row not in bad} <= {("", "", "")}
    first = {row["finding_id"]: row["from"][:10] for row in reversed(rows(pack, "outcomes.csv"))}
    standing = [row for row in bad if row["check_id"] != "DR-01" and row["finding_id"] in first]
    for row in standing:
        wanted = (date.fromisoformat(first[row["finding_id"]]) + timedelta(days=30)).isoformat()
        assert row["due_on"] == wanted, row["subject_name"]
    assert standing
    verify(pack)
    named = {one["owner"] for one in json.loads((pack / "report.json").read_text())["findings"]}
    assert named == {"", "platform@acme.example", "dpo@acme.example"}


def test_a_hundred_thousand_findings_of_one_step_are_read(unsigned: Path, tmp_path: Path) -> None:
    """A step names each of its findings, a line each."""
    pack = tmp_path / "pack"
    pack.mkdir()
    document = json.loads((unsigned / "report.json").read_text())
    document["next"][0]["findings"] = ["0123456789abcdef"] * 150_000
    (pack / "report.json").write_text(json.dumps(document, indent=2) + "\n")
    told = [value for key, value in report_pieces(Pack(pack, None)) if key == "next"]
    assert len(told[0]["findings"]) == 150_000

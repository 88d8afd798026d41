"""`contribaudit evidence`, and the evidence that an audit exports by itself."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Api, Cli


@pytest.fixture
def audited(api: Api, key_file: Path, first_audit: Cli, monkeypatch: pytest.MonkeyPatch) -> Api:
    """One audit is kept."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY_FILE", str(key_file))
    assert first_audit("-q").code in (0, 1, 3)
    return api


@pytest.mark.usefixtures("audited")
def test_export_verify_and_chain(cli: Cli, tmp_path: Path) -> None:
    for number in range(3):
        ended = cli("evidence", "export", f"pack-{number}", *(("--zip",) if number == 2 else ()))
        assert ended.code == 0, ended.err
        assert ended.out.endswith(f"  pack-{number}\n")
    assert (tmp_path / "pack-2").is_file()
    ended = cli("evidence", "verify", "pack-2", "pack-0", "pack-1", "--expect", ended.out[:32])
    assert ended.code == 0, ended.err
    assert [line.split()[1] for line in ended.out.splitlines()[:3]] == ["pack-0", "pack-1", "pack-2"]
    assert "What it does not prove:" in ended.out
    assert "The 3 packs form a chain" in ended.last
    assert "the newest has the digest that you gave" in ended.last
    last = cli("evidence", "verify", "pack-0").last
    assert "The pack is consistent. This does not show who made it: it is not signed." in last
    told = json.loads(cli("evidence", "verify", "pack-0", "--format", "json").out)
    assert told["packs"][0]["run"] == 1
    assert told["does_not_prove"]
    (tmp_path / "pack-0" / "gaps.csv").write_text("")
    ended = cli("evidence", "verify", "pack-0")
    assert ended.code == 5
    assert "gaps.csv" in ended.err
    assert cli("evidence", "verify", "pack-1", "--expect", "0" * 32).code == 5
    assert cli("evidence", "verify", "pack-1", "--expect", "00000000").code == 2
    assert cli("evidence", "export", "pack-1").code == 2


@pytest.mark.usefixtures("audited")
@pytest.mark.parametrize(
    "words",
    [
        ("--run", "1"), ("--run", "9"), ("--from", "1"), ("--from", "1", "--to", "1"), ("--from", "2020-01-01"),
        ("--from", "2020-01-01", "--to", "2020-02-01"), ("--to", "1"), ("--run", "1", "--from", "1"),
        ("--from", "tomorrow"), ("--people", "omit"), ("--scope", "tidy.atlassian.net"), ("--scope", "nowhere"),
        ("--from", "9"),
    ],
)  # fmt: skip
def test_what_is_exported(words: tuple[str, ...], cli: Cli) -> None:
    """What there is, is; the rest is a usage error that leaves nothing."""
    wrong = [("--run", "9"), ("--to", "1"), ("--scope", "nowhere"), ("--from", "tomorrow"), ("--from", "9")]
    refused = words in wrong or "2020-02-01" in words or words == ("--run", "1", "--from", "1")
    ended = cli("evidence", "export", "pack", *words)
    assert ended.code == (2 if refused else 0), ended.err
    assert Path("pack").exists() != refused


def test_a_partial_run_is_no_evidence_and_says_what_it_leaves_out(audited: Api, cli: Cli) -> None:
    report = json.loads(cli("audit", "--skip", "ai-*", "--format", "json").out)
    assert report["run"]["selection"] == "--skip AI-01 to AI-25"
    ended = cli("audit", "--only", "DC-06", "--format", "line")
    for told in (ended.out, ended.err.splitlines()[-1]):
        assert "(high and above); limited by --only DC-06" in told
    ended = cli("evidence", "export", "pack")
    assert ended.code == 2
    assert "--only DC-06" in ended.err


def test_verify_needs_no_configuration_no_history_and_no_network(audited: Api, cli: Cli, tmp_path: Path) -> None:
    """In a process with an empty home, a broken configuration variable and no way out."""
    assert cli("evidence", "export", "pack").code == 0
    home = tmp_path / "empty"
    home.mkdir()
    blocked = (
        "import socket, sys\n"
        "def no(*_): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = no\n"
        "from contribaudit.cli import run\n"
        "code = run(sys.argv[1:])\n"
        "loaded = {'sqlalchemy', 'httpx', 'keyring', 'textual'} & sys.modules.keys()\n"
        "assert not loaded, loaded\n"
        "sys.exit(code)\n"
    )
    words = [sys.executable, "-c", blocked, "evidence", "verify", str(tmp_path / "pack")]
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "CONTRIBAUDIT_CONFIG": "/nowhere"}
    done = subprocess.run(words, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []


def test_csv_for_excel(audited: Api, cli: Cli, tmp_path: Path) -> None:
    """Every CSV file of the pack begins with a mark, nothing else does; it is verified and performed again as ever."""
    ended = cli("evidence", "export", "pack", "--csv-bom")
    assert (ended.code, ended.out[:1] == "\ufeff") == (0, False), ended.err
    marked = {one.name for one in (tmp_path / "pack").rglob("*.*") if one.read_bytes().startswith(b"\xef\xbb\xbf")}
    assert marked == {one.name for one in (tmp_path / "pack").glob("*.csv")}
    assert cli("evidence", "verify", "pack").code == 0
    assert "0 differ; 0 are missing from the report, 0 contradictions" in cli("evidence", "reperform", "pack").err


@pytest.mark.parametrize(("mode", "files"), [("0700", 0o600), ("0750", 0o640), ("0755", 0o644)])
def test_who_may_read_it(audited: Api, cli: Cli, tmp_path: Path, mode: str, files: int) -> None:
    assert cli("evidence", "export", "pack", "--mode", mode).code == 0
    assert cli("evidence", "export", "pack.zip", "--zip", "--mode", mode).code == 0
    found = [tmp_path / "pack", tmp_path / "pack.zip", *(tmp_path / "pack").rglob("*")]
    modes = {(one.is_dir(), one.stat().st_mode & 0o777) for one in found}
    assert modes == {(True, int(mode, 8)), (False, files)}


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        (("runs", "list", "--format", "csv"), True),
        (("--quiet", "checks", "list", "--csv-bom", "--format", "csv"), True),
        (("evidence", "sample", "--seed", "x"), True),
        (("attest", "--template"), True),
        (("runs", "list", "--format", "json"), False),
        (("runs", "list"), False),
    ],
)
def test_only_csv_has_a_mark(audited: Api, cli: Cli, words: tuple[str, ...], marked: bool) -> None:
    words = words if "--csv-bom" in words else (*words, "--csv-bom")
    ended = cli(*words)
    assert (ended.code, ended.out.count("\ufeff")) == (0, int(marked)), ended.err
    assert ended.out.startswith("\ufeff") == marked


def test_keys(
    audited: Api, cli: Cli, tmp_path: Path, keyring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a file and in the keyring, and evidence that is signed with each; the private part shows nowhere."""
    ended = cli("evidence", "keygen", "--file", "signing.pem")
    assert ended.code == 0
    pem, fingerprint = re.fullmatch(
        r"(-----BEGIN PUBLIC KEY-----.*-----END PUBLIC KEY-----\n)(\w{64})\n", ended.out, re.DOTALL
    ).groups()  # type: ignore[union-attr]
    assert (tmp_path / "signing.pem").stat().st_mode & 0o777 == 0o600
    private = (tmp_path / "signing.pem").read_text().splitlines()[1]
    assert cli("evidence", "keygen", "--file", "signing.pem").code == 2
    (tmp_path / "public.pem").write_text(pem)
    monkeypatch.setenv("CONTRIBAUDIT_EVIDENCE__SIGNING_KEY", "signing.pem")
    ended = cli("evidence", "export", "by-file")
    assert ended.code == 0, ended.err
    assert private not in ended.out + ended.err
    assert not any(
        private.encode() in path.read_bytes() for path in (tmp_path / "by-file").rglob("*") if path.is_file()
    )
    assert fingerprint in cli("evidence", "verify", "by-file", "--public-key", "public.pem").out
    (tmp_path / "signing.pem").chmod(0o644)
    assert cli("evidence", "export", "readable-by-all").code == 2
    monkeypatch.delenv("CONTRIBAUDIT_EVIDENCE__SIGNING_KEY")
    monkeypatch.setenv("CONTRIBAUDIT_EVIDENCE__SIGN_WITH_KEYRING", "true")
    assert cli("evidence", "export", "no-key-yet").code == 2
    ended = cli("evidence", "keygen")
    assert ended.code == 0
    assert next(iter(keyring.values())) not in ended.out + ended.err
    assert cli("evidence", "keygen").code == 2
    assert cli("evidence", "keygen", "--replace").code == 0
    assert cli("evidence", "export", "by-keyring").code == 0
    ended = cli("evidence", "verify", "by-file", "by-keyring")
    assert (ended.code, "different keys" in ended.err) == (5, True), "a change of keys that nobody named"
    (tmp_path / "newer.pem").write_bytes((tmp_path / "by-keyring" / "public-key.pem").read_bytes())
    both = ("--public-key", "public.pem", "--public-key", "newer.pem")
    ended = cli("evidence", "verify", "by-file", "by-keyring", *both)
    assert ended.code == 0
    assert ended.out.count(" files, signed with ") == 2
    assert "signed with a key that you named" in ended.last
    ended = cli("evidence", "verify", "by-keyring")
    assert ended.code == 0
    assert "This does not show who made it: it is signed with a key from the pack itself" in ended.last
    assert cli("evidence", "verify", "by-file", "by-keyring", "--public-key", "public.pem").code == 5
    assert cli("evidence", "verify", "by-keyring", "--public-key", "nowhere.pem").code == 2


@pytest.mark.usefixtures("audited")
def test_a_sample_of_history_and_pack_is_the_same(cli: Cli) -> None:
    cli("evidence", "export", "pack")
    of_history = cli("evidence", "sample", "--n", "5", "--seed", "Q4")
    of_pack = cli("evidence", "sample", "pack", "--n", "5", "--seed", "Q4")
    ids = [
        [row["finding_id"] for row in csv.DictReader(io.StringIO(one.out, newline=""))] for one in (of_history, of_pack)
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 5
    assert "drawn with the seed 'Q4'" in of_pack.last
    assert cli("evidence", "sample", "--n", "5").code == 2


@pytest.mark.parametrize("archive", [False, True])
def test_every_audit_exports_where_it_is_configured(
    audited: Api, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: bool
) -> None:
    """A pack for each; the line and the conclusion end in its digest; GV-07 then passes."""
    monkeypatch.setenv("CONTRIBAUDIT_EVIDENCE__FOLDER", "out")
    monkeypatch.setenv("CONTRIBAUDIT_EVIDENCE__ARCHIVE", str(archive).lower())
    monkeypatch.setenv("CONTRIBAUDIT_EVIDENCE__PEOPLE", "pseudonym")
    (tmp_path / "policy.toml").write_text('version = 1\nname = "p"\n[[rule]]\ncheck = "GV-07"\n')
    first = cli("audit", "--policy", "policy.toml", "--format", "line")
    assert (first.code, "1 unknown" in first.out) == (0, True), first.err
    second = cli("audit", "--policy", "policy.toml", "--format", "line")
    assert "1 pass" in second.out
    packs = sorted((tmp_path / "out" / audited.organization).iterdir())
    assert len(packs) == 2
    assert re.fullmatch(r"run-000002-\d{4}-\d\d-\d\dT\d{4}Z(\.zip)?", packs[0].name)
    checked = cli("evidence", "verify", *map(str, packs))
    assert checked.code == 0, checked.err
    digests = [line.split()[0] for line in checked.out.splitlines()[:2]]
    assert first.out.rstrip().endswith(f"#2 {digests[0][:32]}")
    assert second.last.endswith(f"Evidence {digests[1]}.")


def test_an_export_that_fails_ends_with_70_and_the_audit_is_kept(
    audited: Api, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").write_text("a file stands in the way")
    monkeypatch.setenv("CONTRIBAUDIT_EVIDENCE__FOLDER", str(tmp_path / "out"))
    ended = cli("audit", "--format", "line")
    assert ended.code == 70
    assert ended.out
    assert "The audit was saved" in ended.err
    assert len(json.loads(cli("runs", "list", "--format", "json").out)) == 2
    ended = cli("audit", "--only", "DC-06")
    assert ended.code != 70
    assert "is not exported" in ended.err


STRICT = 'version = 1\nname = "Strict"\n[[rule]]\ncheck = "DR-01"\nexpect = ["JP"]\nseverity = "critical"\n'
OTHER = 'version = 1\nname = "Other"\n[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n'


@pytest.fixture
def judged(api: Api, key_file: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Api:
    """One audit under a policy that the configuration does not name, whose file is gone since."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY_FILE", str(key_file))
    (tmp_path / "strict.toml").write_text(STRICT)
    assert cli("audit", "-q", "--policy", "strict.toml").code == 1
    (tmp_path / "strict.toml").unlink()
    return api


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize("words", [(), ("--run", "1"), ("--from", "1"), ("--people", "pseudonym")])
def test_evidence_is_judged_by_the_policy_that_judged_the_run(cli: Cli, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Not by the pack that the configuration falls back to, and without the file: the same verdict."""
    ended = cli("evidence", "export", "pack", *words)
    assert ended.code == 0, ended.err
    assert "judged by the policy Strict" in ended.last
    held = json.loads((tmp_path / "pack" / "manifest.json").read_text())["judged"]
    assert (held["policy_name"], held["exit_code"]) == ("Strict", 1)
    assert cli("evidence", "verify", "pack").code == 0


@pytest.mark.usefixtures("judged")
def test_another_policy_must_be_asked_for_and_is_named(cli: Cli, tmp_path: Path) -> None:
    """In the output and in the pack."""
    (tmp_path / "other.toml").write_text(OTHER)
    ended = cli("evidence", "export", "pack", "--policy", "other.toml")
    assert ended.code == 0, ended.err
    told = "Run 1 was judged by the policy Strict ("
    assert told in ended.err
    assert "judged by the policy Other" in ended.last
    document = json.loads((tmp_path / "pack" / "report.json").read_text())
    assert any(one.startswith(told) for one in document["warnings"])

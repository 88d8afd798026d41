"""The commands that README.txt prints are run as they stand there, by a shell that has never heard of contribaudit."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.conftest import SIGNER

COMMAND = re.compile(r"^ {7}(\S.*)$", re.MULTILINE)
pytestmark = pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is not here")


def commands(pack: Path) -> list[str]:
    return COMMAND.findall((pack / "README.txt").read_text(encoding="utf-8"))


def ran(command: str, pack: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C"}
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=pack, env=environment, capture_output=True, text=True, check=False
    )


def test_an_unsigned_pack(unsigned: Path, copied: Callable[[Path], Path]) -> None:
    check, sums, listed, manifest, answer = commands(unsigned)
    if shutil.which("jq"):
        assert ran(answer, unsigned).stdout.split()[0] in answer, "the digest that was asked for"
    assert (ran(check, unsigned).returncode, ran(check, unsigned).stdout) == (0, "")
    digest = ran(sums, unsigned).stdout.split()[0]
    assert f'"sha256":"{digest}"' in ran(listed, unsigned).stdout
    assert len(ran(manifest, unsigned).stdout.split()[0]) == 64
    spoilt = copied(unsigned)
    with (spoilt / "findings.csv").open("a") as file:
        file.write("x")
    assert ran(check, spoilt).returncode != 0
    assert "findings.csv" in ran(check, spoilt).stdout


def test_a_signed_pack(signed: Path, copied: Callable[[Path], Path]) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not here")
    signature, key = commands(signed)[4:6]
    verified = ran(signature, signed)
    assert (verified.returncode, verified.stdout.strip()) == (0, "Signature Verified Successfully"), verified.stderr
    assert ran(key, signed).stdout.split()[0] == SIGNER.fingerprint
    spoilt = copied(signed)
    text = (spoilt / "manifest.json").read_text()
    (spoilt / "manifest.json").write_text(text.replace('"exit_code":', '"exit_code": '))
    assert ran(signature, spoilt).returncode != 0

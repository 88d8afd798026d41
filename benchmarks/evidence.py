"""Export and verify of a pack of a gigabyte, against `sha256sum` over the same bytes, and the memory that they take."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from contribaudit.demo import demonstration
from contribaudit.evidence.dossier import of_last
from contribaudit.evidence.export import export
from contribaudit.evidence.folder import EvidenceFolder
from contribaudit.evidence.manifest import NAME, SUMS, read_manifest
from contribaudit.evidence.verify import verify

ANSWERS = 20_000
ANSWER_BYTES = 53_000


def run() -> None:
    """Print times, each also as a multiple of what sha256sum takes, and peak memory beyond what was there before."""
    with tempfile.TemporaryDirectory(prefix="contribaudit-bench-") as name:
        folder = Path(name)
        _small(folder / "small")
        before = _peak_mib()
        wrote = _timed(lambda: _large(folder / "small", folder / "large"))
        after_export = _peak_mib()
        verified = _timed(lambda: verify(folder / "large"))
        after_verify = _peak_mib()
        summed = _timed(lambda: _sums(folder / "large"))
        copied = _timed(lambda: shutil.copytree(folder / "large", folder / "copy"))
        size = sum(path.stat().st_size for path in (folder / "large").rglob("*") if path.is_file())
    print(f"pack of {size / 1e9:.2f} GB in {ANSWERS:,} raw answers")
    print(f"  sha256sum --check of it           {summed:.1f} s")
    print(f"  copying it                        {copied:.1f} s")
    times = f"{wrote / summed:.2f} x sha256sum, {wrote / copied:.2f} x copying"
    print(f"  export (written and digested)     {wrote:.1f} s, {times}")
    print(f"  verify                            {verified:.1f} s, {verified / summed:.2f} x sha256sum")
    print(f"  memory of export and verify       {after_export - before:.0f} and {after_verify - after_export:.0f} MiB")


def _small(place: Path) -> None:
    with demonstration("tidy") as shown:
        export(of_last(shown.job), place, now=datetime.now(UTC), operator=shown.job.operator)


def _large(small: Path, place: Path) -> None:
    """The small pack with many more raw answers, through the same writer."""
    manifest = read_manifest((small / NAME).read_bytes())
    with EvidenceFolder(place) as folder:
        for entry in manifest.files:
            if entry.path != SUMS:
                folder.put(entry.path, (small / entry.path).read_bytes())
        for body in _answers():
            folder.put(f"responses/{hashlib.sha256(body).hexdigest()}.json", body)
        folder.finish(manifest.model_copy(update={"files": folder.entries()}))


def _answers() -> Iterator[bytes]:
    filler = os.urandom(ANSWER_BYTES // 2).hex().encode()
    return (b'{"id":"%d","filler":"%s"}' % (number, filler) for number in range(ANSWERS))


def _sums(place: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=place, check=True)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)

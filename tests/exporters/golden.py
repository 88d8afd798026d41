"""Files that hold what is expected, and how they are renewed."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[2]
RENEW = "CONTRIBAUDIT_RENEW"


def expect(path: Path, data: bytes) -> None:
    """Assert that the file holds these bytes; with $CONTRIBAUDIT_RENEW=1, write them first."""
    if os.environ.get(RENEW) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert path.read_bytes() == data, f"{path.name} differs; {RENEW}=1 pytest renews it: read the diff"

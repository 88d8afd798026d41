"""What a pack holds, read back: its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contribaudit.errors import EvidenceDamaged
from contribaudit.evidence.pack import ASK, open_pack
from contribaudit.exporters.report_v1 import SCHEMA


def report_of(place: Path) -> dict[str, Any]:
    """report.json of the folder or archive. Raises EvidenceDamaged where it is none, UsageError where there is none."""
    with open_pack(place) as pack, pack.open("report.json") as file:
        try:
            document = json.load(file)
        except (ValueError, RecursionError):
            document = None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise EvidenceDamaged(f"report.json of {place} is no report", hint=ASK)
    return document


def findings_of(place: Path) -> tuple[int, list[Mapping[str, Any]]]:
    """Run and findings of the pack, verified or not."""
    document = report_of(place)
    return document["run"]["id"], document["findings"]

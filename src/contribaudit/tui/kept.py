"""What the dashboard remembers of a person until the next time: the theme. In the data folder, for this account."""

from __future__ import annotations

import json
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from contribaudit import files
from contribaudit.errors import ContribauditError
from contribaudit.files import Unreadable
from contribaudit.settings import file


def theme(known: Container[str]) -> str:
    """The theme that was chosen last; "" where none was, or where this version does not know it."""
    try:
        found = json.loads(files.read_text(_place()))["theme"]
    except (ContribauditError, Unreadable, OSError, ValueError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) and found in known else ""


def keep_theme(chosen: str) -> None:
    """Remember it. Where nothing can be written, it holds for this time only."""
    with suppress(ContribauditError, OSError):
        place = _place()
        place.parent.mkdir(parents=True, exist_ok=True)
        with files.unfinished(place) as beside:
            beside.write_text(json.dumps({"theme": chosen}), encoding="utf-8")
            beside.replace(place)


def _place() -> Path:
    return file.data_dir() / "dashboard.json"

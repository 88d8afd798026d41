"""Saves half-filled attestation forms: the answers so far, and a digest of the signals before the look.

Each draft is a JSON file in the data folder of this account. A draft is never evidence: its answers count once they are
recorded. It is dropped if a signal has moved since, because nobody knows whether that was before or after the look.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from contribaudit import files
from contribaudit.attestations.recording import EnteredValue
from contribaudit.core.advise.waiting import DueScreen
from contribaudit.core.model.canonical import canonical_json, digest
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.signals import readings
from contribaudit.core.resolve.state import State
from contribaudit.files import Unreadable
from contribaudit.settings import file

_VERSION = 2


@dataclass(slots=True)
class Draft:
    """The form of one console screen as one person has filled it in so far."""

    organization: str
    screen: str
    by: str
    begun_at: datetime
    signals: str
    """Digest of all signals that could anchor the answers, as read before the look."""
    answers: dict[tuple[Subject, SettingId], Value] = field(default_factory=dict)
    notes: dict[tuple[Subject, SettingId], str] = field(default_factory=dict)
    """Notes on answers, such as how many others the same statement covers."""
    about: dict[str, str] = field(default_factory=dict)
    """What the person entered about the look itself, by field: path, screenshot, note."""

    @property
    def entered(self) -> list[EnteredValue]:
        """The answers in the form that recording takes."""
        return [
            EnteredValue(subject.id, setting, value, note=self.notes.get((subject, setting), ""))
            for (subject, setting), value in self.answers.items()
        ]

    @staticmethod
    def begin(before: State, due: DueScreen, by: str) -> Draft:
        """An empty draft; `before` is the state as read before the look."""
        asked = {(row.subject, row.setting.family) for row in due.rows}
        signals = [
            [one.signal, one.owner.id, list(one.state) if one.state is not None else None, one.revision, one.presence]
            for subject, family in sorted(asked)
            for one in readings(before, subject, family)
        ]
        return Draft(due.organization, due.screen.id, by, before.as_of, digest(canonical_json(signals)))

    @property
    def path(self) -> Path:
        """The file of this draft: one per organization, screen and person."""
        name = sha256(f"{self.organization}\n{self.screen}\n{self.by.casefold()}".encode()).hexdigest()[:16]
        return _folder() / f"{name}.json"


def save(draft: Draft) -> None:
    """Save the draft for the next look at its screen, in place of an older one. Raises OSError."""
    document = {
        "version": _VERSION,
        "organization": draft.organization,
        "screen": draft.screen,
        "by": draft.by,
        "begun_at": draft.begun_at.isoformat(),
        "signals": draft.signals,
        "answers": [[*_row(key), value, draft.notes.get(key, "")] for key, value in draft.answers.items()],
        "about": draft.about,
    }
    files.write_whole(draft.path, json.dumps(document))


def load(like: Draft) -> Draft | None:
    """The saved draft of the same form and person as `like`; None if there is none, or if it cannot be read."""
    try:
        saved: Any = json.loads(files.read_text(like.path))
        begun_at = parse_utc(saved["begun_at"])
        if saved["version"] != _VERSION or begun_at is None:
            return None
        draft = Draft(like.organization, like.screen, like.by, begun_at, saved["signals"])
        for kind, organization, subject, setting, value, note in saved["answers"]:
            key = (Subject(organization, Kind(kind), subject), SettingId(setting))
            draft.answers[key] = _checked_value(value)
            if note:
                draft.notes[key] = str(note)
        draft.about = {str(name): str(text) for name, text in saved["about"].items()}
        return draft
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError):
        return None


def discard(draft: Draft) -> None:
    """Remove the saved draft of this form, if there is one."""
    draft.path.unlink(missing_ok=True)


def discard_of(organization: str) -> None:
    """Remove every draft about an organization, such as one that exists only in a demonstration."""
    for path in _draft_files():
        with suppress(Unreadable, ValueError, TypeError, KeyError, OSError):
            if json.loads(files.read_text(path))["organization"] == organization:
                path.unlink()


def discard_all() -> int:
    """Remove every draft of this account; returns how many were removed."""
    removed = 0
    for path in _draft_files():
        with suppress(OSError):
            path.unlink()
            removed += 1
    return removed


def _draft_files() -> Iterable[Path]:
    folder = _folder()
    return sorted(folder.glob("*.json")) if folder.is_dir() else ()


def _row(key: tuple[Subject, SettingId]) -> tuple[str, str, str, str]:
    subject, setting = key
    return subject.kind.value, subject.organization, subject.id, setting


def _folder() -> Path:
    return file.data_dir() / "drafts"


def _checked_value(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    if value is None or isinstance(value, str | bool | int):
        checked: Value = value
        return checked
    raise ValueError("no value of a setting")

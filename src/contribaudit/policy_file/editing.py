"""Adds waivers or decisions to a policy file: a change that a person reviews, written only if the file is unchanged."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Table

from contribaudit.core.model.policy import Decision, Waiver
from contribaudit.errors import OutputError, PolicyFileError
from contribaudit.files import Unreadable, decoded, read_bytes, unfinished
from contribaudit.policy_file.canonical_toml import decision_keys, waiver_keys

_BOM = "\ufeff"


Entry: TypeAlias = Waiver | Decision
"""Validated only when the changed file is loaded."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it was read, and as it would be written."""

    path: Path
    before: str | None
    """None for a file that does not exist yet."""
    after: str

    def diff(self) -> str:
        """The change as a unified diff."""
        before = (self.before or "").splitlines(keepends=True)
        name = str(self.path)
        old = name if self.before is not None else "/dev/null"
        lines = unified_diff(before, self.after.splitlines(keepends=True), old, name)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def with_entry(path: Path, *entries: Entry) -> Change:
    """The file with the waivers or decisions appended; everything else stays as it is, including comments.

    Raises PolicyFileError when the file cannot be read or is not TOML.
    """
    before = _read_exact(path)
    after = before.removeprefix(_BOM)
    for entry in entries:
        try:
            document = tomlkit.parse(after)
        except TOMLKitError as error:
            raise PolicyFileError(f"{path}: this is not TOML: {error}", hint="Correct it first") from None
        array = document.get(_list_of(entry))
        if isinstance(array, Array):  # `waiver = [{…}]`, which no [[waiver]] may follow
            inline = tomlkit.inline_table()
            inline.update(_table(entry).value)
            array.append(inline)
            after = tomlkit.dumps(document)
        else:
            after = _append_table(after, entry)
    return Change(path, before, f"{_BOM if before.startswith(_BOM) else ''}{after}")


def new_file(path: Path, extends: Sequence[str], *entries: Entry) -> Change:
    """A new file that extends the current policy and adds the waivers or decisions.

    Raises PolicyFileError when the path already exists.
    """
    if path.exists() or path.is_symlink():
        raise PolicyFileError(f"{path} already exists", hint="Name another file, or make it the policy first")
    after = tomlkit.dumps(new_document("Audit policy", extends))
    for entry in entries:
        after = _append_table(after, entry)
    return Change(path, None, after)


def new_document(name: str, extends: Sequence[str]) -> tomlkit.TOMLDocument:
    """The beginning of a new policy file: its name, and the packs or files that it extends."""
    document = tomlkit.document()
    document.add(
        tomlkit.comment("What this organization wants. `contribaudit audit` compares the present state with it.")
    )
    document["version"] = 1
    document["name"] = name
    document["extends"] = list(extends)
    return document


def write(change: Change) -> None:
    """Replace the file atomically, keeping its mode.

    Raises PolicyFileError when the file has changed since it was read, OutputError when it cannot be written.
    """
    _refuse_moved(change)
    # Follows a symbolic link, so that the link stays and its target changes.
    target = Path(os.path.realpath(change.path))
    try:
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, mode=0o700)
        mode = target.stat().st_mode & 0o7777 if change.before is not None else 0o644
        with unfinished(target) as draft:
            with draft.open("w", encoding="utf-8", newline="") as file:
                file.write(change.after)
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(mode)
            _refuse_moved(change)
            draft.replace(target)
    except OSError as error:
        raise OutputError(
            f"{change.path} could not be written: {error.strerror}", hint="Check who may write there; nothing changed"
        ) from None


def _refuse_moved(change: Change) -> None:
    if change.before is None:
        if change.path.exists() or change.path.is_symlink():
            raise PolicyFileError(f"{change.path} was created in the meantime", hint="Read it, then try again")
    elif _read_exact(change.path) != change.before:
        raise PolicyFileError(
            f"{change.path} was changed in the meantime", hint="Nothing was written; make the change again"
        )


def _read_exact(path: Path) -> str:
    """The text with its line ends and byte order mark. Raises PolicyFileError."""
    try:
        content = read_bytes(path)
        decoded(content)
        return content.decode("utf-8")
    except Unreadable as error:
        raise PolicyFileError(f"{path}: {error.reason}", hint=error.hint) from None
    except UnicodeDecodeError:
        raise PolicyFileError(f"{path}: only UTF-8 can be changed here", hint="Save the file as UTF-8") from None


def _list_of(entry: Entry) -> str:
    return "waiver" if isinstance(entry, Waiver) else "decision"


def _append_table(text: str, entry: Entry) -> str:
    """The text with one more table at its end, which joins its list; no other line moves."""
    tables = tomlkit.aot()
    tables.append(_table(entry))
    document = tomlkit.document()
    document.append(_list_of(entry), tables)
    ends = "\r\n" if "\r\n" in text else "\n"
    block = tomlkit.dumps(document).strip("\n").replace("\n", ends)
    above = text if not text or text.endswith("\n") else f"{text}{ends}"
    return f"{above}{ends if above.strip() else ''}{block}{ends}"


def _table(entry: Entry) -> Table:
    table = tomlkit.table()
    keys = waiver_keys(entry) if isinstance(entry, Waiver) else decision_keys(entry)
    for key, value in keys.items():
        if value is not None:
            table[key] = list(value) if isinstance(value, tuple) else value
    return table

"""The audit policy file: TOML → `AuditPolicy`, every mistake named by file, line and key.

schema.py           the tables and their keys
values.py           what a key may hold
statements.py       the words of [expect], locations among them
expect.py           what the company wants in its words → rules
reading.py          a file and everything that it extends → one policy; the shipped packs
problems.py         what is wrong, in words, and the line of every key
canonical_toml.py   a resolved policy → canonical TOML
editing.py          a file with more waivers or decisions, as a change that a person reviews first
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contribaudit.core.judge.check import Check
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.policy_file.reading import Pack, resolve, texts
from contribaudit.policy_file.reading import shipped as packs
from contribaudit.policy_file.schema import json_schema
from contribaudit.policy_file.values import KnownWords

__all__ = ["Pack", "json_schema", "load", "packs"]


def load(
    path: Path | None,
    *,
    checks: Mapping[str, Check],
    vocabularies: Mapping[str, frozenset[str]],
    plans: tuple[str, ...],
    rulebook: Rulebook | None = None,
    text: str | None = None,
) -> AuditPolicy:
    """The policy of this file with everything it extends, or the "essentials" pack alone for None.

    `text` replaces the content of the file, so that a change can be tried before it is written. The file need not exist
    then.

    `checks` are the checks of this version, by ID. `vocabularies` are the casefolded words that `expect` may hold, by
    the name that a check's `Expectation` gives; "settings", if present, holds the IDs that a decision may name. `plans`
    are the words for `written_for_plan`. `rulebook` gives the meaning of the words in `[expect]`; without it, a file
    with that table raises TypeError.

    Raises PolicyFileError with every problem of the files, one per line, or when the file cannot be read, or when the
    policy asks for no check. Raises KeyError when a check names a vocabulary that was not given.
    """
    words = KnownWords(checks, vocabularies, plans, rulebook)
    return resolve(path, words, texts(), text)

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

from contribaudit.policy_file.reading import Pack, load
from contribaudit.policy_file.reading import shipped as packs
from contribaudit.policy_file.schema import json_schema
from contribaudit.policy_file.values import KnownWords

__all__ = ["KnownWords", "Pack", "json_schema", "load", "packs"]

"""The exit codes that scripts and schedulers rely on, and which code wins when several apply."""

from __future__ import annotations

from collections.abc import Iterable

OK = 0
"""Everything that the policy requires was verified."""
FINDINGS = 1
"""There is a finding at or above --fail-on."""
USAGE = 2
"""The command line, the configuration or the policy file is wrong."""
UNVERIFIED = 3
"""Something that the policy requires could not be verified."""
KEY = 4
"""The key is missing, expired, refused, or lacks every needed scope."""
DAMAGED = 5
"""Stored or exported evidence is damaged."""
UNREACHED = 69
"""Nothing could be read, for a reason other than the key; nothing was judged and no run is saved."""
TOOL = 70
"""The tool itself failed: its store, its disk, or a bug; nothing was judged."""
INTERRUPTED = 130
"""Ctrl-C."""
TERMINATED = 143
"""SIGTERM, from a scheduler."""

PRECEDENCE = (INTERRUPTED, TERMINATED, TOOL, USAGE, KEY, UNREACHED, DAMAGED, FINDINGS, UNVERIFIED, OK)


def most_severe(codes: Iterable[int]) -> int:
    """The code that counts when several apply, 0 for none. An unknown code counts as TOOL."""
    known = {code if code in PRECEDENCE else TOOL for code in codes}
    return next((code for code in PRECEDENCE if code in known), OK)

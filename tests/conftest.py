"""Tests see neither a terminal's size nor a pipeline, whoever runs them: an audit asks what started it."""

from __future__ import annotations

import os

for name in ("COLUMNS", "LINES", "CI", "INVOCATION_ID"):
    os.environ.pop(name, None)

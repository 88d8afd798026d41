"""What others get: one file per format, all from the same report."""

from __future__ import annotations

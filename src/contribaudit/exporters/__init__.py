"""Output formats, one module each, all made from the same report."""

from __future__ import annotations

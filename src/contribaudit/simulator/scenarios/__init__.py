"""Ready-made organizations, one TOML file each; `loader.py` reads them, `names()` lists them."""

from __future__ import annotations

from contribaudit.simulator.scenarios.loader import Scenario, load_scenario, names

__all__ = ["Scenario", "load_scenario", "names"]

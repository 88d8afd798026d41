"""Recipes that run the audit without a person, a terminal or a keyring: one file per scheduler.

recipe.py   what every recipe needs to know
systemd.py  services and a timer
cron.py     a crontab line
planned.py  when such a recipe meant a run to begin
"""

from __future__ import annotations

from contribaudit.operations import schedules as systemd
from contribaudit.schedules import cron
from contribaudit.schedules.recipe import Recipe, here

__all__ = ["Recipe", "cron", "here", "systemd"]

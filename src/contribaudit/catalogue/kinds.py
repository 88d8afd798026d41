"""Settings that only a person can read, in the few forms that they have."""

from __future__ import annotations

from typing import Any

from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind


def text_setting(
    family: Family, setting: SettingId, kinds: tuple[Kind, ...], title: str, documented_at: str, **form: Any
) -> Setting:
    """A setting that a person reads as a text of its own: a date, a number, a place. `form`: fields of `Setting`."""
    return Setting(setting, family, kinds, title, Grade.ATTESTED, documented_at, attestable=True, **form)


def choice_setting(
    family: Family, setting: SettingId, kinds: tuple[Kind, ...], title: str, documented_at: str, words: tuple[str, ...]
) -> Setting:
    """A setting that a person reads as one of a few words."""
    return text_setting(family, setting, kinds, title, documented_at, words=words, ignores_case=True)


def list_setting(
    family: Family,
    setting: SettingId,
    kinds: tuple[Kind, ...],
    title: str,
    documented_at: str,
    *,
    ignores_case: bool = False,
) -> Setting:
    """A setting that a person reads as a list, whose order means nothing."""
    form = {"ignores_case": ignores_case, "unordered": True, "is_list": True}
    return text_setting(family, setting, kinds, title, documented_at, **form)

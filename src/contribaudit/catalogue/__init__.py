"""Every setting that we know, one file per family."""

from __future__ import annotations

from contribaudit.catalogue import data_contribution, data_residency, organization, signals
from contribaudit.core import names
from contribaudit.core.observation import Grade, SettingId
from contribaudit.core.setting import Family, Setting
from contribaudit.core.subject import Kind

ALL: tuple[Setting, ...] = (*organization.ALL, *data_residency.ALL, *data_contribution.ALL)
_BY_ID = {setting.id: setting for setting in ALL}


def find(setting: SettingId) -> Setting:
    """The catalogue's entry; for a signal or an ID of a newer version one made up, compared to the letter."""
    if setting in _BY_ID:
        return _BY_ID[setting]
    if setting.startswith(signals.POLICY_PREFIX):
        return signals.policy_signal(setting.removeprefix(signals.POLICY_PREFIX))
    if setting.startswith(names.SHAPES_PREFIX):
        return signals.unknown_shapes(setting.removeprefix(names.SHAPES_PREFIX))
    return Setting(setting, Family.ORGANIZATION, tuple(Kind), setting, Grade.DOCUMENTED, "")

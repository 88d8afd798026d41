"""The catalogue of every known setting; related families share a file."""

from __future__ import annotations

from contribaudit.catalogue import ai_access, ai_tools, data_contribution, data_residency, organization, signals
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

ALL: tuple[Setting, ...] = (
    *organization.ALL,
    *organization.SPACES,
    *data_residency.ALL,
    *data_contribution.ALL,
    *ai_access.HIPAA,
    *ai_access.ALL,
    *ai_tools.ALL,
    *ai_tools.CONNECTORS,
    *ai_access.GATEWAY,
    *data_contribution.SUB_PROCESSORS,
)
JUDGED_BY: tuple[Setting, ...] = (
    Setting(names.POLICY_DIGEST, Family.GOVERNANCE, (Kind.COMPANY,), "Policy", Grade.DOCUMENTED, "", unit="SHA-256"),
    Setting(
        names.RULEBOOK_DIGEST, Family.GOVERNANCE, (Kind.COMPANY,), "Rulebook", Grade.DOCUMENTED, "", unit="SHA-256"
    ),
    Setting(names.TOOL_VERSION, Family.GOVERNANCE, (Kind.COMPANY,), "Version of contribaudit", Grade.DOCUMENTED, ""),
)
"""What judged a run. Nobody observes these; they occur in changes between runs."""
_BY_ID = {setting.id: setting for setting in (*ALL, *JUDGED_BY)}


def find(setting: SettingId) -> Setting:
    """The catalogue's entry; for a signal or an unknown ID, one made up on the spot, whose values compare exactly."""
    if setting in _BY_ID:
        return _BY_ID[setting]
    signal = signals.find(setting)
    if signal is not None:
        return signal
    return Setting(setting, Family.ORGANIZATION, tuple(Kind), setting, Grade.DOCUMENTED, "")

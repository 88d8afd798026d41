"""What only a person can tell of the vendor's sub-processors. The list itself is imported."""

from __future__ import annotations

from contribaudit.catalogue.kinds import choice_setting
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind

NOTICES = choice_setting(
    Family.SUB_PROCESSORS,
    SettingId("subprocessors.notices"),
    (Kind.ORGANIZATION,),
    "Subscription to notices of new sub-processors",
    "https://www.atlassian.com/legal/sub-processors",
    ("subscribed", "not_subscribed"),
)
"""Whether somebody of the company gets the vendor's e-mail on each new sub-processor."""

ALL = (NOTICES,)

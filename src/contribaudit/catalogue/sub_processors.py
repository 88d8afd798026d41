"""What only a person can tell of the vendor's sub-processors. The list itself is imported."""

from __future__ import annotations

from contribaudit.catalogue.kinds import Room
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_made = Room(Family.SUB_PROCESSORS)
NOTICES = _made.choice(
    "subprocessors.notices",
    (Kind.ORGANIZATION,),
    "Subscription to notices of new sub-processors",
    "https://www.atlassian.com/legal/sub-processors",
    ("subscribed", "not_subscribed"),
)
"""Whether somebody of the company gets the vendor's e-mail on each new sub-processor."""

ALL: tuple[Setting, ...] = _made.all

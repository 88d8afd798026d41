"""Protected health information: the agreement with Atlassian, and the apps that are tagged under it."""

from __future__ import annotations

from contribaudit.catalogue.kinds import Room
from contribaudit.core.model import names
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_BAA = "https://support.atlassian.com/organization-administration/docs/sign-a-business-associate-agreement-baa/"

_made = Room(Family.HIPAA)

BAA = _made.choice(
    names.HIPAA_BAA, (Kind.ORGANIZATION,), "Business associate agreement with Atlassian", _BAA, ("none", "signed")
)
TAGGED = _made.choice(names.HIPAA_TAGGED, (Kind.APP,), "Whether the app is tagged for HIPAA", _BAA, ("yes", "no"))

ALL: tuple[Setting, ...] = _made.all

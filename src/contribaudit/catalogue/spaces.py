"""Spaces of Jira and Confluence, as their listings show them. They are kept apart from the other subjects."""

from __future__ import annotations

from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_PROJECTS = "https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/"
_SPACES = "https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space/"

_F = Family.ORGANIZATION
_SPACE = (Kind.SPACE,)

KEY = Setting(names.SPACE_KEY, _F, _SPACE, "Key of the space", Grade.DOCUMENTED, _PROJECTS)
NAME = Setting(SettingId("space.name"), _F, _SPACE, "Name of the space", Grade.DOCUMENTED, _PROJECTS)
TYPE = Setting(SettingId("space.type"), _F, _SPACE, "Type of the space, in the API's word", Grade.DOCUMENTED, _SPACES)
STATUS = Setting(SettingId("space.status"), _F, _SPACE, "Whether the space is in use", Grade.DOCUMENTED, _SPACES)

ALL: tuple[Setting, ...] = (KEY, NAME, TYPE, STATUS)

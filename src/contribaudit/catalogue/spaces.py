"""Spaces of Jira and Confluence, as their listings show them. They are kept apart from the other subjects."""

from __future__ import annotations

from contribaudit.catalogue.kinds import Room
from contribaudit.core.model import names
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_PROJECTS = "https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/"
_SPACES = "https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space/"

_made = Room(Family.ORGANIZATION)
_SPACE = (Kind.SPACE,)

KEY = _made.told(names.SPACE_KEY, _SPACE, "Key of the space", _PROJECTS)
NAME = _made.told("space.name", _SPACE, "Name of the space", _PROJECTS)
TYPE = _made.told("space.type", _SPACE, "Type of the space, in the API's word", _SPACES)
STATUS = _made.told("space.status", _SPACE, "Whether the space is in use", _SPACES)

ALL: tuple[Setting, ...] = _made.all

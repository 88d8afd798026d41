"""What an endpoint is made of, and what it is told about the request.

    read(call)         the page asked for, its items in the API's shape
    shape(call, page)  the whole answer around it

Between the two, `faults` may change the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contribaudit.simulator.errors import ErrorStyle
from contribaudit.simulator.options import ForbiddenForm, Options
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.paging import Page
from contribaudit.simulator.values import Json, Key


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed authentication: by whom, for what, with which parameters.

    `body` is the parsed JSON object of a POST, empty without one. `path` has no host and no query.
    """

    organization: Organization
    options: Options
    key: Key
    now: datetime
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json

    @property
    def url(self) -> str:
        """The request's address as links show it."""
        return f"{self.options.link_host}{self.path}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. `scope` None means that any key may ask; `forbidden` is the form of its 403.

    `paged` says that its list has cursors, `cacheable` that its answer depends on nothing but the organization, the
    options and the request, so that it need not be rendered twice.
    """

    name: str
    method: str
    path: str
    scope: str | None
    style: ErrorStyle
    forbidden: ForbiddenForm
    read: Callable[[Call], Page]
    shape: Callable[[Call, Page], Json]
    paged: bool = False
    cacheable: bool = False

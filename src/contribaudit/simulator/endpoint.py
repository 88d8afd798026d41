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
from contribaudit.simulator.values import Json, Key, SiteToken


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed authentication: by whom, for what, with which parameters.

    `caller` is the key of an admin API, or the token of a site's API. `body` is the parsed JSON object of a POST, empty
    without one. `path` has no host and no query. A parameter sent several times is one, its values joined by commas.
    """

    organization: Organization
    options: Options
    caller: Key | SiteToken
    now: datetime
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json

    @property
    def key(self) -> Key:
        """The admin API key; raises `TypeError` at an endpoint of a site."""
        if not isinstance(self.caller, Key):
            raise TypeError("a site's endpoint has no key")
        return self.caller

    @property
    def token(self) -> SiteToken:
        """The token of a person or service account; raises `TypeError` at an endpoint of the admin API."""
        if not isinstance(self.caller, SiteToken):
            raise TypeError("an endpoint of the admin API has no token")
        return self.caller

    @property
    def url(self) -> str:
        """The request's address as links show it."""
        return f"{self.options.link_host}{self.path}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. `scope` None means that any key may ask; `forbidden` is the form of its 403, None its own style's.

    `paged` says that its list has cursors, `cacheable` that its answer depends on nothing but the organization, the
    options and the request, so that it need not be rendered twice. `quick`, where there is one, gives the body that
    `read` and `shape` would give, faster; it is used when no fault can change the page.
    """

    name: str
    method: str
    path: str
    scope: str | None
    style: ErrorStyle
    forbidden: ForbiddenForm | None
    read: Callable[[Call], Page]
    shape: Callable[[Call, Page], Json]
    paged: bool = False
    cacheable: bool = False
    quick: Callable[[Call], bytes] | None = None

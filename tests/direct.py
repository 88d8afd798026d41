"""An API that answers in the loop of whoever asks it: a whole application and a whole client, and no socket between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from contribaudit.atlassian import connect

URL = "http://127.0.0.1:1"
"""Nothing listens there."""


@contextmanager
def answering(app: Starlette) -> Iterator[str]:
    """Every client for the yielded address that is opened meanwhile in this process asks the app.

    For tests of what answers mean. What happens on the way (a connection that ends, a time limit, a process of its
    own) needs the simulator on its socket, `running`.
    """
    plain = connect.http_client

    def http_client(origin: httpx.URL, transport: Any, *words: Any, **named: Any) -> httpx.AsyncClient:
        asked = (origin.host, origin.port) == (httpx.URL(URL).host, httpx.URL(URL).port)
        here = httpx.ASGITransport(app) if asked else transport
        return plain(origin, here, *words, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connect, "http_client", http_client)
        yield URL

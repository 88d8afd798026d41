"""The simulated API on a real socket. Only 127.0.0.1 is ever bound.

with running(app) as url: ...        an ephemeral port, in a background thread, for the demo and tests
serve(app, port=8080)                in the foreground, until Ctrl-C, for `contribaudit simulate`
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

LOOPBACK = "127.0.0.1"
_GRACE_SECONDS = 2
"""How long answers in progress may take once the server is told to stop."""


@contextlib.contextmanager
def running(app: Starlette) -> Iterator[str]:
    """Serve an app in a background thread while the block runs; yields its base URL.

    Entering waits until the server answers; leaving waits until it has stopped and closed its port.
    """
    with _listening(0) as listener:
        server = _server(app)
        thread = threading.Thread(target=server.run, args=([listener],), name="simulator", daemon=True)
        app.state.simulation.stopping = False
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.002)
            if not server.started:
                raise RuntimeError("the simulator did not start; its error is on stderr")
            yield _url(listener)
        finally:
            app.state.simulation.stopping = True
            server.stop()
            thread.join()


def serve(app: Starlette, *, port: int = 0, on_ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve an app until Ctrl-C or SIGTERM.

    `port` 0 takes a free one; `on_ready` gets the base URL as soon as connections are accepted. Raises `OSError`
    when the port is taken.
    """
    with _listening(port) as listener, contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is the intended end
        on_ready(_url(listener))
        _server(app).run([listener])


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """A server that stops at once. Uvicorn checks ten times a second, a delay that every test would pay twice."""

    _stop_asked: asyncio.Event
    _loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._stop_asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()  # last: from now on `stop` may come from another thread
        while not self.should_exit:
            with contextlib.suppress(TimeoutError):  # a signal sets `should_exit` without waking the loop
                await asyncio.wait_for(self._stop_asked.wait(), 0.1)

    def stop(self) -> None:
        """End the main loop, from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # closed: the loop saw `should_exit` first
                self._loop.call_soon_threadsafe(self._stop_asked.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for closing in (*self.servers, *(sockets or ())):
            closing.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = time.monotonic() + _GRACE_SECONDS
        while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:
            if time.monotonic() > deadline:
                for task in self.server_state.tasks:
                    task.cancel()
                break
            await asyncio.sleep(0.001)


def _server(app: Starlette) -> _Server:
    connections = app.state.simulation.connections

    class Protocol(H11Protocol):
        """An HTTP protocol that records its connection by the client's address, so that a fault can cut it."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._peer = tuple(transport.get_extra_info("peername"))
            connections[self._peer] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self._peer, None)
            super().connection_lost(exc)

    # No log configuration: stdout stays empty, and only errors reach stderr.
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        date_header=False,
        server_header=False,
    )
    return _Server(config)

"""Work beside the screen: a coroutine in a thread with a loop of its own, which can be stopped at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Lock
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


async def beside(make: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """What the coroutine gives that `make` makes in the thread: what blocks there does not block here.

    Cancelling stops it there, however far it has come, and waits for its end. Where it was done by then, what it did
    stands, and is given all the same.
    """
    work = _Work(make)
    running = asyncio.create_task(asyncio.to_thread(work.run))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        work.stop()
        await asyncio.wait([running])
        if running.cancelled() or running.exception() is not None:
            raise
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()
        return running.result()


class _Work(Generic[_T]):
    """`run` belongs to the thread, `stop` to whoever waits for it."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, _T]]) -> None:
        self._make = make
        self._lock = Lock()
        self._stopped = False
        self._cancel: Callable[[], object] | None = None
        """None before the coroutine runs, and from its end on: its loop may be closed then."""

    def run(self) -> _T:
        """Raises CancelledError where it was stopped, be it before it began."""
        return asyncio.run(self._watched())

    async def _watched(self) -> _T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        with self._lock:
            if self._stopped:
                raise asyncio.CancelledError
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            return await self._make()
        finally:
            with self._lock:
                self._cancel = None

    def stop(self) -> None:
        """Now, or as soon as it begins; nothing where it has ended."""
        with self._lock:
            self._stopped = True
            if self._cancel is not None:
                self._cancel()

"""Synchronous client libraries, run in threads that the chassis keeps an eye on.

A coroutine can be cancelled, a thread can't. So each thread is noted with the delivery that it works
for: that delivery is over only when its threads are (delivery rule 8).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

running: ContextVar[set["asyncio.Future[object]"] | None] = ContextVar("running", default=None)
"""The unfinished threads of the delivery in hand; set by the chassis, `None` outside of one."""

_unfinished: set["asyncio.Future[object]"] = set()

_pool = ThreadPoolExecutor(max_workers=64, thread_name_prefix="backend")


def any_left() -> bool:
    """Whether a call goes on: the interpreter would wait for its thread before it ends."""
    return bool(_unfinished)


async def in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking call without blocking the loop. Cancelling leaves the thread to its own end."""
    context = copy_context()
    future = asyncio.get_running_loop().run_in_executor(_pool, lambda: context.run(function, *args, **kwargs))
    unfinished = running.get()
    if unfinished is not None:
        unfinished.add(future)  # type: ignore[arg-type]
        future.add_done_callback(unfinished.discard)
    _unfinished.add(future)  # type: ignore[arg-type]
    future.add_done_callback(_unfinished.discard)
    future.add_done_callback(_seen)
    return await asyncio.shield(future)


def _seen(future: "asyncio.Future[T]") -> None:
    """Take note of its error, though whoever waited for it may be gone."""
    if not future.cancelled():
        future.exception()

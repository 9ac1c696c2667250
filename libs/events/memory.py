"""A process's memory, kept from growing with the work that it has done."""

import ctypes
import gc
from contextlib import suppress

_M_ARENA_MAX = -8
"""As in glibc's malloc.h."""


def settle() -> None:
    """Call once, when all is imported and no thread was started yet."""
    # glibc gives threads arenas of their own, and each keeps what its threads have freed: a pool's add up.
    with suppress(AttributeError):  # Other C libraries have neither arenas nor this function.
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    # A full collection waits until the new objects are a quarter of the old: the imports' count no more.
    gc.freeze()
    gc.collect()

"""What a process does at its start so that its memory does not grow with its work."""

import subprocess
import sys

SETTLE = "from events import memory; memory.settle()"

ARENAS = f"""
import ctypes, sys, threading
{SETTLE}
held = threading.Barrier(9)
def work():
    taken = [bytes(4096) for _ in range(100)]
    held.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
held.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
"""

GARBAGE = f"""
import gc, weakref
kept = [[] for _ in range(200_000)]
gc.collect()
{SETTLE}
class Node: pass
node = Node(); node.itself = node
gone = weakref.ref(node)
gc.collect(1)
del node
later = []
for _ in range(400_000):
    later.append([])
    if len(later) > 2000: later.clear()
print("gone" if gone() is None else "there")
"""


def said(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_the_threads_of_a_settled_process_share_one_arena() -> None:
    assert said(ARENAS).count("<heap nr=") == 1


def test_what_was_imported_does_not_put_off_a_full_collection() -> None:
    assert said(GARBAGE).strip() == "gone"

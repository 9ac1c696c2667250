"""Emulated Kea servers, made from the examples' configurations."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from onramp.sandbox.kea.__main__ import build, parser

Json = dict[str, Any]

EXAMPLES = Path(__file__).parents[3] / "examples"
USER, PASSWORD = "onramp", "not-in-any-log"


@contextmanager
def emulated(
    name: str,
    folder: Path,
    *flags: object,
    hosts: Path | None = None,
    change: Callable[[Json], object] = lambda dhcp4: None,
    **tls: Any,
) -> Iterator[Json]:
    """One emulator's entry for `ONRAMP_KEA_SERVERS`; `change` has its way with the configuration first."""
    config = folder / f"{name}.json"
    if not config.exists():
        config.write_text(json.dumps({"Dhcp4": _dhcp4(name, hosts, change)}))
    # The protocol is named, for asyncio sets TCP_NODELAY only on a socket that has one.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    arguments = ["--port", port, "--config", config, "--user", USER, "--password", PASSWORD, *flags]
    if hosts:
        arguments += ["--hosts", hosts]
    app = build(parser().parse_args([str(argument) for argument in arguments]))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, **tls))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    scheme = "https" if tls else "http"
    try:
        yield {
            "name": name,
            "url": f"{scheme}://localhost:{port}/",
            "username": USER,
            "password": PASSWORD,
            "control_agent": "--control-agent" in flags,
        }
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def counts(server: Json) -> tuple[int, int]:
    """Reads and writes since the counts were last reset."""
    found = httpx.get(f"{server['url']}_emulator/counts").json()
    return found["reads"], found["writes"]


def reset_counts(server: Json) -> None:
    """Start to count again."""
    httpx.post(f"{server['url']}_emulator/reset-counts")


@contextmanager
def fault(server: Json, action: str, **details: object) -> Iterator[None]:
    """Something is wrong with a server for a while."""
    httpx.post(f"{server['url']}_emulator/faults", json={"action": action, **details}).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(f"{server['url']}_emulator/faults")


def _dhcp4(name: str, hosts: Path | None, change: Callable[[Json], object]) -> Json:
    example = EXAMPLES / ("kea-b.json" if name.endswith("b") else "kea-a.json")
    text = re.sub(r"^\s*//.*$", "", example.read_text(), flags=re.MULTILINE)
    dhcp4: Json = json.loads(text)["Dhcp4"]
    if hosts is None:
        del dhcp4["hosts-databases"]
    change(dhcp4)
    return dhcp4

"""`python -m tests.chaos.launcher SERVICE`: a service as it is, with fault points around its seams.

The services know nothing of this: the seams are wrapped by name before the service's own `main` runs.
"""

import asyncio
import importlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import structlog
from nats.aio.msg import Msg

from events.standing import Standing
from events.stream import Expected, Stream
from tests.chaos import clock
from tests.chaos.orders import CLOCK, FOLDER, REPLICA, Orders

SERVICE = sys.argv[1]
FOLDER_NAMED = Path(os.environ[FOLDER])
ORDERS = Orders(FOLDER_NAMED)
PASSED = (FOLDER_NAMED / f"{SERVICE}.{os.environ.get(REPLICA, '1')}.points").open("a", buffering=1)
"""Every point that was passed: read it where a figure is not what it has to be."""


def main() -> None:
    """Wrap the seams, and be the service."""
    app = importlib.import_module(f"{SERVICE}.app")
    _wrap(Standing, "read", lambda _stream, event, _waits_for: (f"read {_step()}", event.server))
    _wrap(Msg, "ack_sync", lambda message, **_: (f"ack {_step()}", message.subject.split(".")[-1]))
    _wrap_publish()
    _WRITES.get(SERVICE, lambda: None)()
    if CLOCK in os.environ:
        clock.shift(float(os.environ[CLOCK]))
    app.main()


async def reached(point: str, server: str) -> None:
    """A fault point: noted, and if an order holds here, it strikes."""
    PASSED.write(f"{datetime.now(UTC):%H:%M:%S.%f} {server} {point}\n")
    order = ORDERS.due(SERVICE, os.environ.get(REPLICA, "1"), point, server)
    if order is None or not ORDERS.strike(order):
        return
    match order.do:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "hold":
            await asyncio.sleep(order.seconds)


def _wrap(owner: type, name: str, label: Callable[..., tuple[str, str]]) -> None:
    real: Callable[..., Awaitable[Any]] = getattr(owner, name)

    @wraps(real)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        what, server = label(*args, **kwargs)
        await reached(f"before {what}", server)
        result = await real(*args, **kwargs)
        await reached(f"after {what}", server)
        return result

    setattr(owner, name, wrapped if isinstance(vars(owner).get(name), type(_wrap)) else staticmethod(wrapped))


def _wrap_publish() -> None:
    real = Stream.publish

    async def publish(
        stream: Stream,
        subject: str,
        data: bytes,
        headers: Mapping[str, str],
        *,
        id: str,
        expected: Expected | None = None,
    ) -> tuple[int, bool]:
        what, server = _published(subject, data)
        await reached(f"before publish {what}", server)
        order = ORDERS.due(SERVICE, os.environ.get(REPLICA, "1"), f"sent publish {what}", server)
        if order is not None:
            sent = {**headers, "Nats-Msg-Id": id, **(expected.headers() if expected else {})}
            await stream.client.publish(subject, data, reply=stream.client.new_inbox(), headers=sent)
            await stream.client.flush()
        await reached(f"sent publish {what}", server)
        result = await real(stream, subject, data, headers, id=id, expected=expected)
        await reached(f"after publish {what}", server)
        return result

    setattr(Stream, "publish", publish)  # noqa: B010 - mypy knows that a method is no attribute


def _published(subject: str, data: bytes) -> tuple[str, str]:
    """What is told of whom. A claim's subject does not name its server."""
    if subject.startswith("$KV.CLAIMS."):
        claim = json.loads(data)
        return "claim completed" if claim.get("sequence") else "claim", claim["server"]
    tokens = subject.split(".")
    return tokens[1], tokens[3] if tokens[0] == "dead" else tokens[-1]


def _step() -> str:
    return str(structlog.contextvars.get_contextvars().get("step", "beside the messages"))


def _server() -> str:
    return str(structlog.contextvars.get_contextvars().get("server", ""))


def _netbox() -> None:
    from netbox_sync.client.connection import Connection

    _wrap(Connection, "post", lambda _self, path, _body: (f"POST {path}", _server()))
    _wrap(Connection, "patch", lambda _self, path, _key, body: (f"PATCH {path} {','.join(body)}", _server()))
    _wrap(Connection, "delete", lambda _self, path, _key: (f"DELETE {path}", _server()))


def _openbao() -> None:
    from events.openbao import Mount

    _wrap(Mount, "write", lambda *_, **__: ("write secret", _server()))
    _wrap(Mount, "describe", lambda *_, **__: ("write metadata", _server()))


def _kea() -> None:
    from kea_sync.client.server import Kea

    _wrap(Kea, "apply", lambda kea, act: (f"{type(act).__name__} {kea.name}", _server()))


def _kubernetes() -> None:
    from metal3_sync.client import KubernetesCluster

    _wrap(KubernetesCluster, "apply_secret", lambda *_, **__: ("apply Secret", _server()))
    _wrap(KubernetesCluster, "apply_host", lambda *_, **__: ("apply BareMetalHost", _server()))


_WRITES: Mapping[str, Callable[[], None]] = {
    "netbox_sync": _netbox,
    "vault_writer": _openbao,
    "kea_sync": _kea,
    "metal3_sync": _kubernetes,
}

if __name__ == "__main__":
    main()

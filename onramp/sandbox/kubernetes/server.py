"""The whole emulator as one ASGI app."""

from collections.abc import Mapping, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from onramp.sandbox.emulator import READS, Emulator
from onramp.sandbox.kubernetes.access import Access
from onramp.sandbox.kubernetes.api import Api
from onramp.sandbox.kubernetes.control import Control
from onramp.sandbox.kubernetes.operator import Operator
from onramp.sandbox.kubernetes.registration import MANAGER, Registration
from onramp.sandbox.kubernetes.registry import Registry
from onramp.sandbox.kubernetes.resources import NAMESPACES
from onramp.sandbox.kubernetes.store import Key, Store
from onramp.sandbox.kubernetes.watch import Moods


def build(
    tokens: Mapping[str, str],
    namespaces: Sequence[str] = ("metal3",),
    passwords: Mapping[str, str] | None = None,
    step_seconds: float = 0.2,
) -> ASGIApp:
    """An API server with these users (name to token), namespaces and BMCs, wrapped in an `Emulator`.

    The control endpoints stand before the wrapping, so that they are neither counted nor made to fail.
    """
    registry, access, moods = Registry(Store()), Access(tokens), Moods()
    operator = Operator(registry, Registration(registry, dict(passwords or {})), step_seconds)
    for name in ("default", "kube-system", *namespaces):
        registry.create(Key(NAMESPACES, "", name), {}, MANAGER)
    control = Control(operator, access, moods).app()
    emulator = Emulator(Api(registry, access, moods).app(), _is_write)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_control = scope.get("path", "").startswith("/_control/")
        await (control if is_control else emulator)(scope, receive, send)

    return app


def _is_write(method: str, body: bytes) -> bool:
    return method not in READS and b'"SelfSubjectAccessReview"' not in body

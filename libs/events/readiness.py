"""Delivery rules 11 and 12: what must hold for a service to work, each check by name, with its reason.

`/livez` says that the loop turns; `/readyz` shows every check; `/metrics` is Prometheus's.
"""

from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from events import metrics
from events.errors import StepError

Probe = Callable[[], Awaitable[None]]
"""Raises `StepError` with the reason when the check is red."""


class Readiness:
    """The last result of each check: probed on a timer, so that a slow backend never hangs `/readyz`."""

    def __init__(self) -> None:
        self._probes: dict[str, Probe] = {}
        self.results: dict[str, str] = {}
        """Reason by check; an empty reason is green."""
        self.warnings: dict[str, str] = {}
        """What does not keep the service from working, and still should be mended."""

    def warn(self, name: str, reason: str) -> None:
        """Warn of something, or take the warning back with an empty reason."""
        if reason:
            self.warnings[name] = reason
        else:
            self.warnings.pop(name, None)

    def add(self, name: str, probe: Probe) -> None:
        """Check this from now on; red until it was probed for the first time."""
        self._probes[name] = probe
        self.set(name, "not checked yet")

    def set(self, name: str, reason: str) -> None:
        """Say how a check stands that somebody else watches; an empty reason is green."""
        self.results[name] = reason
        metrics.READY.labels(name).set(not reason)

    async def probe(self) -> None:
        """Ask every probe once."""
        for name, probe in self._probes.items():
            try:
                await probe()
            except StepError as error:
                self.set(name, error.reason)
            except Exception as error:  # A check that breaks is red; it must not end the service.
                self.set(name, f"the check itself failed: {type(error).__name__}")
            else:
                self.set(name, "")

    @property
    def ready(self) -> bool:
        """Whether every check is green."""
        return not any(self.results.values())

    def routes(self) -> list[Route]:
        """The three paths of every service."""
        return [
            Route("/livez", self._livez),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
        ]

    async def _livez(self, _request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def _readyz(self, _request: Request) -> Response:
        checks = {name: {"ready": not reason, "reason": reason} for name, reason in self.results.items()}
        status = "ready" if self.ready else "not ready"
        body = {"status": status, "checks": checks, "warnings": self.warnings}
        return JSONResponse(body, 200 if self.ready else 503)

    async def _metrics(self, _request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

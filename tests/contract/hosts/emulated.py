"""An emulated API server on a loopback port, and what only an emulator can be told to do."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import yaml

from onramp.sandbox.kubernetes.server import build
from tests.contract.hosts.subject import Subject

STEP_SECONDS = 0.05


class Emulated(Subject):
    """A Subject that can fail."""

    def counts(self) -> tuple[int, int]:
        """Reads and writes since the counts were last reset."""
        found = self.http.get("/_emulator/counts").json()
        return found["reads"], found["writes"]

    def reset_counts(self) -> None:
        self.http.post("/_emulator/reset-counts").raise_for_status()

    @contextmanager
    def fault(self, action: str, **details: Any) -> Iterator[None]:
        """Something is wrong for a while."""
        self.http.post("/_emulator/faults", json={"action": action, **details}).raise_for_status()
        try:
            yield
        finally:
            self.http.delete("/_emulator/faults")

    @contextmanager
    def denied(self, **denial: str) -> Iterator[None]:
        """The service's user may not do this for a while."""
        denials = [{"user": "onramp", **denial}]
        self.http.put("/_control/denials", json=denials).raise_for_status()
        try:
            yield
        finally:
            self.http.put("/_control/denials", json=[])

    def control(self, path: str, **body: Any) -> None:
        self.http.post(f"/_control/{path}", json=body).raise_for_status()


@contextmanager
def emulated(folder: Path, **tls: Any) -> Iterator[Emulated]:
    """Start one; its kubeconfigs stand in `folder`."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    tokens = {"onramp": "service-token", "admin": "admin-token"}
    app = build(tokens, step_seconds=STEP_SECONDS)
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, **tls)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        files = {user: kubeconfig(folder / user, url, token) for user, token in tokens.items()}
        yield Emulated(files["onramp"], files["admin"])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def kubeconfig(file: Path, url: str, token: str) -> Path:
    """A kubeconfig of one cluster and one user."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url}}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }
    file.write_text(yaml.safe_dump(config))
    return file

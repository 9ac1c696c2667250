"""The NetBox that these tests speak to."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
import pytest

from netbox_sync.client import NetBoxClient
from netbox_sync.settings import Settings
from tests.contract.netbox.control import Control
from tests.contract.netbox.laboratory import Laboratory
from tests.contract.netbox.subject import Subject
from tests.contract.netbox.yard import Yard

TOKEN = "nbt_abc123def456.0123456789abcdef0123456789abcdef01234567"
SERVERS = ["real"] if "ONRAMP_NETBOX_URL" in os.environ else ["emulator", "emulator_without_graphql"]
OLD_TOKEN = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def emulated(token: str, *options: str, scheme: str = "http") -> Iterator[Subject]:
    """An emulator of its own process, until the test is done with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "onramp.sandbox.netbox", "--port", str(port), "--token", token, *options]
    with subprocess.Popen(command) as process:
        url = f"{scheme}://127.0.0.1:{port}"
        try:
            _wait_for(url, process)
            yield Subject(url, token)
        finally:
            process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            # The transport itself waits and tries again while nobody listens yet.
            with httpx.Client(transport=httpx.HTTPTransport(retries=5, verify=False)) as client:
                client.get(f"{url}/_emulator/counts")
        except httpx.TransportError:
            continue
        return
    raise AssertionError(f"the emulator at {url} does not answer")


@pytest.fixture(scope="session")
def emulator() -> Iterator[Subject]:
    with emulated(TOKEN) as subject:
        yield subject


@pytest.fixture(scope="session")
def emulator_without_graphql() -> Iterator[Subject]:
    with emulated(TOKEN, "--without-graphql") as subject:
        yield subject


@pytest.fixture(scope="session")
def real() -> Subject:
    return Laboratory(os.environ["ONRAMP_NETBOX_URL"], os.environ["ONRAMP_NETBOX_TOKEN"])


@pytest.fixture(scope="session", params=SERVERS)
def netbox_server(request: pytest.FixtureRequest) -> Subject:
    """The NetBox that the environment names, which tests empty again and again; else the emulator."""
    return cast(Subject, request.getfixturevalue(request.param))


@pytest.fixture(scope="session", params=["4.1.11", "4.6.8"])
def old_netbox_server(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Before 4.2 a MAC address is a field of its interface; before 4.7 no interface brings its object."""
    with emulated(OLD_TOKEN, "--netbox-version", request.param) as subject:
        yield subject


@pytest.fixture
def yard(netbox_server: Subject) -> Yard:
    return Yard(netbox_server)


@pytest.fixture
def old_yard(old_netbox_server: Subject) -> Yard:
    return Yard(old_netbox_server)


def settings(subject: Subject, **options: Any) -> Settings:
    return Settings(netbox_url=subject.url, netbox_token=subject.token, **options)


@pytest.fixture
def control(yard: Yard) -> Iterator[Control]:
    control = Control(yard.netbox.url)
    yield control
    control.mend()


@pytest.fixture
def client(yard: Yard) -> NetBoxClient:
    return NetBoxClient(settings(yard.netbox))

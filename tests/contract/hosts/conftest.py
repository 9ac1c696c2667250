"""The API server: the laboratory's where the environment names it, else emulated; and one to break."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.breaker import Backend
from tests.contract.hosts.emulated import Emulated, emulated
from tests.contract.hosts.subject import Machine, Subject


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """An API server that can be told to fail."""
    with emulated(tmp_path_factory.mktemp("kubernetes")) as running:
        yield running


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest) -> Subject:
    """The API server that the production client is held against."""
    admin = os.environ.get("ONRAMP_LAB_KUBECONFIG_ADMIN")
    if not admin:
        emulator: Emulated = request.getfixturevalue("emulator")
        return emulator
    return Subject(Path(os.environ["ONRAMP_KUBECONFIG"]), Path(admin), Path(os.environ["ONRAMP_LAB_BMCS"]))


@pytest.fixture
def machine(subject: Subject) -> Iterator[Machine]:
    """A server that nobody has heard of, nor will."""
    machine = subject.server()
    yield machine
    machine.clear()


@pytest.fixture
def breakable(emulator: Emulated) -> Iterator[Machine]:
    """The same on the emulator; what the breakers learn from its failures is forgotten."""
    yield emulator.server()
    Backend.by_address.clear()

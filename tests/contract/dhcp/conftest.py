"""The forms in which Kea servers come: the laboratory's where the environment names them, else emulated."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.contract.dhcp.emulated import emulated
from tests.contract.dhcp.subject import Json, Subject

REAL = {
    "shared": "ONRAMP_KEA_SERVERS",
    "separate": "ONRAMP_LAB_KEA_SEPARATE",
    "memory": "ONRAMP_LAB_KEA_MEMORY",
    "agent": "ONRAMP_LAB_KEA_AGENT",
}
"""The variables that hold each form's servers, as `ONRAMP_KEA_SERVERS` does."""


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Json]]]:
    """Each form's servers, emulated; none where the environment names real ones."""
    forms: dict[str, list[Json]] = {}
    with ExitStack() as stack:
        for form in REAL if not any(os.environ.get(variable) for variable in REAL.values()) else ():
            folder = tmp_path_factory.mktemp(form)
            names = ["kea-a", "kea-b"] if form in ("shared", "separate") else ["kea-a"]
            flags = ["--control-agent"] if form == "agent" else []
            for name in names:
                hosts = folder / ("hosts.sqlite" if form == "shared" else f"{name}-hosts.sqlite")
                server = emulated(name, folder, *flags, hosts=None if form == "memory" else hosts)
                forms.setdefault(form, []).append(stack.enter_context(server))
        yield forms


def real_servers(form: str) -> list[Json]:
    """The laboratory's servers of this form."""
    servers: list[Json] = json.loads(os.environ[REAL[form]])
    return servers


def _subject(form: str, emulators: dict[str, list[Json]]) -> Subject:
    servers = emulators.get(form) or real_servers(form)
    special: Json = {"store": "memory"} if form == "memory" else {}
    special |= {"control_agent": True} if form == "agent" else {}
    subject = Subject(*({**server, **special} for server in servers))
    subject.clear()
    return subject


@pytest.fixture(params=["shared", "separate"])
def pair(request: pytest.FixtureRequest, emulators: dict[str, list[Json]]) -> Subject:
    """Two servers of the same subnets, with one hosts database or with one each."""
    return _subject(request.param, emulators)


@pytest.fixture(params=list(REAL))
def kea(request: pytest.FixtureRequest, emulators: dict[str, list[Json]]) -> Subject:
    """One or two servers, in every form."""
    return _subject(request.param, emulators)


@pytest.fixture
def memory(emulators: dict[str, list[Json]]) -> Subject:
    """One server without a hosts database."""
    return _subject("memory", emulators)

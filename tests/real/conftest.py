"""The lab's backends emptied, the five services on them, and the examples' story told once for all tests."""

import json
from collections.abc import Iterator

import pytest

from tests.real import place
from tests.real.chain import EXAMPLES, Chain


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    place.empty()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ONRAMP_KEA_SERVERS", json.dumps(place.kea_servers()))
        chain = Chain(tmp_path_factory.mktemp("chain"))
    chain.start()
    yield chain
    chain.stop()


@pytest.fixture(scope="session")
def differences(chain: Chain) -> list[str]:
    """In what the examples came out otherwise than they say."""
    return chain.tell(EXAMPLES)


@pytest.fixture
def told(differences: list[str]) -> None:
    assert differences == []

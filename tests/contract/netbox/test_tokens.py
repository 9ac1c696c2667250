"""Whom NetBox lets in, and whom not."""

import os
from collections.abc import Iterator

import pytest

from events.errors import Retry, Unreachable
from events.types import Outcome
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.conftest import OLD_TOKEN, emulated, settings
from tests.contract.netbox.subject import Subject
from tests.contract.netbox.yard import Yard, scan

POLICY = Policy()


@pytest.fixture
def with_v1_token(yard: Yard) -> Iterator[Subject]:
    """The same NetBox with a token of the older kind, which newer releases still take."""
    if token := os.environ.get("ONRAMP_LAB_NETBOX_TOKEN_V1"):
        yield Subject(yard.netbox.url, token)
    else:
        with emulated(OLD_TOKEN) as subject:
            Yard(subject)
            yield subject


async def test_a_v1_token_is_taken(with_v1_token: Subject) -> None:
    recorded = await record_device(scan(), NetBoxClient(settings(with_v1_token)), POLICY)

    assert recorded.outcome is Outcome.CREATED


@pytest.mark.parametrize("wrong", ["nbt_k.wrong", "wrong"])
async def test_a_wrong_token_waits_for_its_setting_to_be_mended(yard: Yard, wrong: str) -> None:
    client = NetBoxClient(settings(Subject(yard.netbox.url, wrong)))

    with pytest.raises(Retry, match="ONRAMP_NETBOX_TOKEN") as retry:
        await record_device(scan(), client, POLICY)

    assert not isinstance(retry.value, Unreachable)
    assert wrong not in retry.value.reason

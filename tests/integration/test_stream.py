"""Reading from a stream that keeps silent."""

import asyncio

import pytest

from events.store_errors import NoAnswer
from events.stream import Stream
from tests.integration.rig import Rig


async def test_a_read_of_several_subjects_waits_no_longer_than_there_is_patience(rig: Rig) -> None:
    silent = Stream(rig.client, "SILENT", patience=0.5)
    await rig.client.subscribe("$JS.API.DIRECT.GET.SILENT")
    async with asyncio.timeout(5):
        with pytest.raises(NoAnswer):
            await silent.last_of_each(["a.*", "b.*"])

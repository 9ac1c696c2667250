"""Fixtures on a real nats-server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.rig import Rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """A fresh server, its streams made."""
    rig = Rig(tmp_path)
    await rig.start()
    yield rig
    await rig.stop()

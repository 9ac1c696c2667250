"""What metal3_sync's own service account may do, as a real API server enforces it."""

import os
from pathlib import Path

import pytest

from events.errors import Retry
from tests.contract.hosts.subject import Subject


async def test_a_right_that_is_missing_is_named_with_its_verb_and_resource() -> None:
    admin = Path(os.environ["ONRAMP_LAB_KUBECONFIG_ADMIN"])
    machine = Subject(Path(os.environ["ONRAMP_KUBECONFIG"]), admin).server()

    with pytest.raises(Retry, match=r"does not let us get Secret default/.*: grant it"):
        await machine.enroll(settings={"namespace": "default"})

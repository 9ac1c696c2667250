"""The same for a script that has signed in: every answer is one that the OpenAPI document tells of."""

from pathlib import Path

import pytest

from tests.integration.intake.a_fuzzer import UNLIMITED, fuzzed
from tests.integration.intake.a_process import running
from tests.integration.intake.conftest import Intake
from tests.integration.intake.signin.provider import CLIENT, SECRET, OidcProvider

pytestmark = pytest.mark.timeout(300)


@pytest.mark.usefixtures("private", "backends")
async def test_no_answer_to_a_bearer_is_either(
    intake: Intake, tmp_path: Path, provider: OidcProvider
) -> None:
    settings = {
        **UNLIMITED,
        "ONRAMP_OIDC_ISSUER": provider.issuer,
        "ONRAMP_OIDC_CLIENT_ID": CLIENT,
        "ONRAMP_OIDC_CLIENT_SECRET": SECRET,
    }
    token = provider.bearer("olga")["Authorization"].removeprefix("Bearer ")
    async with running(intake.rig, tmp_path, **settings) as replica:
        assert "Stateful" in await fuzzed(replica, tmp_path, token)

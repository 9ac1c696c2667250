"""schemathesis on the OpenAPI document of a running replica, as its command line runs it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from tests.integration.intake.a_process import Running

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "tells_no_secret",
]
UNLIMITED = {"ONRAMP_REQUESTS_PER_ADDRESS": "0", "ONRAMP_REQUESTS_PER_PERSON": "0"}
ENDLESS = "/api/v1/events"


async def fuzzed(replica: Running, folder: Path, token: str = "") -> str:
    """What it says of this replica. Fails when it finds anything."""
    arguments = [
        *("run", f"{replica.url}/openapi.json", "--exclude-path", ENDLESS, "--checks", ",".join(CHECKS)),
        *("--max-examples", "15", "--seed", "1", "--generation-database", "none", "--warnings", "off"),
        *("--no-color", "--request-timeout", "20"),
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.integration.intake.schema_hooks"}
    if token:
        arguments += ["-H", f"Authorization: Bearer {token}"]
        environment["TOKEN"] = token
    ran = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *arguments),
        cwd=folder,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=PIPE,
        stderr=STDOUT,
    )
    output, _ = await asyncio.wait_for(ran.communicate(), 280)
    said = output.decode()
    assert ran.returncode == 0, said[-8000:]
    return said

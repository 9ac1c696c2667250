"""What schemathesis is told beside the schema: a password to find again, and a check that none is told."""

import json
import os
from typing import Any

import schemathesis

CANARY = "c4n4ry/Pass+w0rd!"
NEVER = [CANARY, json.dumps(CANARY)[1:-1].replace("/", "\\/"), "Traceback (most recent call last)", 'File "/']
if "TOKEN" in os.environ:
    NEVER += os.environ["TOKEN"].split(".")


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """Every password that is text is the canary."""
    if isinstance(body, list):
        return [map_body(_context, part) for part in body]
    if not isinstance(body, dict):
        return body
    return {name: CANARY if _is_password(name, value) else value for name, value in body.items()}


@schemathesis.check
def tells_no_secret(
    _context: schemathesis.CheckContext, response: schemathesis.Response, _case: schemathesis.Case[Any]
) -> None:
    """No answer holds a password, a token or a stack trace, in its headers either."""
    told = response.content.decode(errors="replace") + str(response.headers)
    assert not [secret for secret in NEVER if secret in told], told


def _is_password(name: str, value: Any) -> bool:
    return name == "bmc_password" and isinstance(value, str)

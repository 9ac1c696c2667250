"""What an administrator asks of the sealing keys by request on `keys.<verb>`: JSON in and out."""

import json
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ValidationError

from events.errors import StepError
from events.questions import Answer
from events.store_errors import StoreError
from events.types import Frozen
from vault_writer.keys import KeyState, SealingKeys


class KeyNamed(Frozen):
    """The request of the verbs that are about one key."""

    kid: str


def answers(keys: SealingKeys) -> dict[str, Answer]:
    """What each subject is answered with: the verb's result, or `{"error": …}` with the reason."""

    async def about_one(verb: Callable[[str], Awaitable[KeyState]], payload: bytes) -> KeyState:
        return await verb(KeyNamed.model_validate_json(payload).kid)

    return {
        "keys.new": lambda _: _answer(keys.new()),
        "keys.list": lambda _: _answer(keys.list()),
        "keys.retire": lambda payload: _answer(about_one(keys.retire, payload)),
        "keys.delete": lambda payload: _answer(about_one(keys.delete, payload)),
    }


async def _answer(result: Awaitable[BaseModel]) -> bytes:
    try:
        return (await result).model_dump_json().encode()
    except ValidationError:
        return json.dumps({"error": 'this verb wants {"kid": "..."}'}).encode()
    except (StepError, StoreError) as error:
        return json.dumps({"error": str(error)}).encode()

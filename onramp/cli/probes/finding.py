"""What a probe says."""

from dataclasses import dataclass
from enum import StrEnum

import httpx

APPLY = "run `onramp streams apply`"


class Health(StrEnum):
    """How a probe came out."""

    OK = "ok"
    ATTENTION = "attention"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what to do about it."""

    check: str
    health: Health
    found: str
    do: str = ""


async def get(url: str) -> httpx.Response | str:
    """The answer, whatever its status; or why there is none."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            answer = await http.get(url)
        answer.json()
    except httpx.HTTPError as error:
        return f"{url} does not answer ({type(error).__name__})"
    except ValueError:
        return f"{url} answers {answer.status_code} and no JSON"
    return answer

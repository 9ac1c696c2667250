"""Whether a program of the sandbox answers yet: reasons in words, empty once it does."""

import httpx

from onramp.sandbox.processes import Ready


def answers(url: str) -> Ready:
    """Ready when this address answers 200; a service's `/readyz` says itself what it waits for."""

    async def reason() -> str:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.get(url)
        except httpx.HTTPError as error:
            return f"{url} does not answer ({type(error).__name__})"
        return "" if answer.is_success else _red_checks(answer)

    return reason


def _red_checks(answer: httpx.Response) -> str:
    try:
        checks = answer.json()["checks"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{answer.url} answers {answer.status_code}"
    return "; ".join(f"{name}: {check['reason']}" for name, check in checks if not check["ready"])

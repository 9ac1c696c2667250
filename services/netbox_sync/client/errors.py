"""What NetBox or the way to it says, in our words; no other place knows of its errors.

=====================================  =============================================================
no connection, no answer, 5xx          `Unreachable`
401, 403                               `Retry`: the token is mended by an operator, then all goes on
400, 409                               `Rejected`, with NetBox's own message
404, 429, any other, no NetBox at all  `Retry`: an error is never read as "not found"
=====================================  =============================================================
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from pynetbox.core.query import AllocationError, ContentError, RequestError

from events.errors import Retry, StepError, Unreachable
from netbox_sync.handler import Rejected

_LONGEST_MESSAGE = 400
_UNNAMED = {"__all__", "non_field_errors", "detail"}


class Conflict(Rejected):
    """NetBox answered 409: no room, or others depend on it."""


class Gone(Retry):
    """NetBox answered 404."""


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Around one request to the NetBox at `address`."""
    try:
        yield
    except (RequestError, AllocationError) as error:
        raise _refusal(error.req, address) from None
    except (ContentError, KeyError, TypeError):
        raise Retry(f"{address} answers what no NetBox does: see to ONRAMP_NETBOX_URL") from None
    except requests.TooManyRedirects:
        raise Retry(f"{address} sends us elsewhere: set ONRAMP_NETBOX_URL to where NetBox is") from None
    except requests.exceptions.SSLError:
        reason = f"NetBox at {address} has a certificate that is not trusted: see ONRAMP_NETBOX_CA_FILE"
        raise Unreachable(reason, backend=address) from None
    except requests.Timeout:
        raise Unreachable(f"NetBox at {address} did not answer in time", backend=address) from None
    except requests.RequestException as error:
        kind = type(error).__name__
        raise Unreachable(f"NetBox at {address} cannot be reached ({kind})", backend=address) from None


def _refusal(answer: requests.Response, address: str) -> StepError:
    code, said = answer.status_code, _message(answer)
    if code >= 500:
        return Unreachable(f"NetBox at {address} fails ({code})", backend=address, delay=_retry_after(answer))
    if code == 429:
        return Retry("NetBox asks to be called less often (429)", delay=_retry_after(answer))
    denied = f"NetBox denies it ({code}: {said}): see to ONRAMP_NETBOX_TOKEN and its permissions"
    errors: dict[int, StepError] = {
        400: Rejected(f"NetBox refuses it: {said}"),
        401: Retry(denied),
        403: Retry(denied),
        404: Gone(f"NetBox at {address} knows no {answer.request.path_url}"),
        409: Conflict(f"NetBox refuses it: {said}"),
    }
    return errors.get(code) or Retry(f"NetBox at {address} answers {code}: {said}")


def _retry_after(answer: requests.Response) -> float | None:
    seconds = answer.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else None


def _message(answer: requests.Response) -> str:
    try:
        said = "; ".join(_sentences(answer.json()))
    except ValueError:
        said = answer.reason or "no reason given"
    return said[:_LONGEST_MESSAGE]


def _sentences(body: Any, field: str = "") -> Iterator[str]:
    match body:
        case dict():
            for name, value in body.items():
                yield from _sentences(value, field if name in _UNNAMED else name)
        case list():
            for value in body:
                yield from _sentences(value, field)
        case _:
            yield f"{field}: {body}" if field else str(body)

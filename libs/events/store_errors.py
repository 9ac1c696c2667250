"""What may go wrong when something is stored or read, in the words that the delivery rules use.

::

    StoreError
    ├── Away        NATS or the stream does not answer: the same publish may be sent again
    │   ├── NoAnswer  nothing came back in time
    │   └── InFlight  10164: another publish under the same check is being decided (R3)
    ├── Overtaken   10071: something newer stands where the publisher expected the last message
    └── Full        the stream takes no more
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats.errors
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError, ServiceUnavailableError

WRONG_LAST_SEQUENCE = 10071
IN_FLIGHT = 10164
NO_ROOM = {10023, 10047, 10077}
"""Resources or storage exceeded, or the stream's own bound: nats-server's errors.json."""


class StoreError(Exception):
    """NATS did not do what was asked."""


class Away(StoreError):
    """No answer, or no stream to answer."""


class NoAnswer(Away):
    """Nothing came back in time, or the connection was lost."""


class InFlight(Away):
    """The server decides another publish under the same check first."""


class Overtaken(StoreError):
    """The last message under the check is another than the publisher expected."""


class Full(StoreError):
    """The stream takes no new messages: its bound is reached, or the disk is full."""


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Around a call to NATS: its errors in the words above."""
    try:
        yield
    except NotFoundError:
        raise
    except APIError as error:
        if error.err_code == WRONG_LAST_SEQUENCE:
            raise Overtaken(str(error.description)) from error
        if error.err_code == IN_FLIGHT:
            raise InFlight(str(error.description)) from error
        if error.err_code in NO_ROOM:
            raise Full(str(error.description)) from error
        if isinstance(error, ServiceUnavailableError):
            raise Away(f"JetStream is unavailable: {error.description}") from error
        raise Away(f"NATS refuses: {error.description} ({error.err_code})") from error
    except NoStreamResponseError as error:
        raise Away("no stream takes this subject") from error
    except (nats.errors.Error, TimeoutError) as error:
        raise NoAnswer(f"NATS does not answer ({type(error).__name__})") from error

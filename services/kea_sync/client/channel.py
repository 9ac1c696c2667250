"""One Kea server's control channel: a command out, its answer in, and its failures in our two words.

Kea's answers have a `result`: 0 done, 1 error, 2 unknown command (its hook library is not loaded),
3 nothing found; see "Using the Control Channel" in Kea's manual.
"""

import ssl
from typing import Any

import httpx

from events.breaker import Backend
from events.errors import Refuse, Retry, Unreachable
from kea_sync.handler.port import OvertakenError
from kea_sync.settings import KeaServer, Settings

Json = dict[str, Any]

SUCCESS, ERROR, UNSUPPORTED, EMPTY = range(4)

HOOKS = {"reservation": "host_cmds", "lease4": "lease_cmds"}
FORBIDDEN = ("is not configured", "is not matching the IPv4 subnet prefix")
"""What Kea says of a reservation that its configuration has no room for."""
DUPLICATE = ("duplicate entry", "has already been added", "already a reservation", "duplicate IPv4 host")
"""What Kea's databases, and its memory, say of a reservation whose client or address has one."""


class Channel:
    """The way to one kea-dhcp4."""

    def __init__(self, server: KeaServer, settings: Settings) -> None:
        self._server = server
        self._backend = Backend(server.name, server.url)
        password = server.password.get_secret_value() if server.password else ""
        self._http = httpx.AsyncClient(
            auth=(server.username, password) if server.username else None,
            verify=ssl.create_default_context(cafile=server.ca_file),
            timeout=httpx.Timeout(settings.kea_read_timeout, connect=settings.kea_connect_timeout),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def command(self, name: str, **arguments: object) -> Json | None:
        """The answer's arguments; `None` where Kea found nothing.

        Underscores stand for hyphens in the arguments' names. Raises Unreachable, Retry, OvertakenError for a
        duplicate, and Refuse where Kea's configuration forbids it or lacks the command's hook library.
        """
        request: Json = {"command": name}
        if arguments:
            request["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
        if self._server.control_agent:
            request["service"] = ["dhcp4"]
        async with self._backend.call():
            answer = _answer(await self._post(request))
            if answer is None:
                raise self._retry("does not answer as Kea does")
            text = str(answer.get("text", ""))
            if answer["result"] == ERROR and "unable to forward command" in text:
                raise self._unreachable(text)
        return self._arguments(name, answer, text)

    async def _post(self, request: Json) -> object:
        try:
            response = await self._http.post(self._server.url, json=request)
        except httpx.HTTPError as error:
            raise self._unreachable(type(error).__name__) from error
        if response.status_code >= 500:
            raise self._unreachable(f"HTTP {response.status_code}")
        if response.status_code in (401, 403):
            raise self._retry("refuses the username and password that ONRAMP_KEA_SERVERS holds for it")
        if response.status_code != 200:
            raise self._retry(f"does not answer as Kea does: HTTP {response.status_code}")
        try:
            return response.json()
        except ValueError:
            return None

    def _arguments(self, name: str, answer: Json, text: str) -> Json | None:
        result = answer["result"]
        if result == UNSUPPORTED:
            hook = HOOKS.get(name.partition("-")[0])
            needs = f"the hook library {hook}" if hook else "a newer Kea"
            raise Refuse(f"{self._server.name} does not support {name}: it needs {needs}", culprit=hook)
        if result == EMPTY:
            return None
        if any(words in text for words in DUPLICATE):
            raise OvertakenError(text)
        if any(words in text for words in FORBIDDEN):
            raise Refuse(f"{self._server.name} answers: {text}", culprit=self._server.name)
        if result != SUCCESS:
            # Its database may be away: what Kea can't do now it may do later.
            raise self._retry(f"answers: {text}")
        return answer.get("arguments") or {}

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(f"{self._server.name} does not answer ({why})", backend=self._server.url)

    def _retry(self, why: str) -> Retry:
        return Retry(f"{self._server.name} {why}", backend=self._server.url)


def _answer(body: object) -> Json | None:
    """The one answer in a body, if it is one."""
    answer = body[0] if isinstance(body, list) and len(body) == 1 else body
    return answer if isinstance(answer, dict) and isinstance(answer.get("result"), int) else None

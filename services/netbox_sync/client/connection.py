"""One NetBox, called in threads with time-outs, and its breaker."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

import requests
from pynetbox import api
from pynetbox.core.query import Request
from requests.adapters import HTTPAdapter

from events.breaker import Backend
from events.errors import Retry
from events.threads import in_thread
from netbox_sync.client.errors import Gone, translated
from netbox_sync.handler import Rejected
from netbox_sync.settings import Settings

Json = dict[str, Any]
T = TypeVar("T")

_CONNECTIONS = 64


class _Patient(HTTPAdapter):
    """Waits as long as the settings say and never sends a request twice: that is the chassis's to decide."""

    def __init__(self, connect: float, read: float) -> None:
        super().__init__(pool_maxsize=_CONNECTIONS, max_retries=0)
        self.timeout = (connect, read)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        return super().send(request, **{**options, "timeout": self.timeout})


class Connection:
    """NetBox's REST API as JSON, and its GraphQL API. Each call may raise what `errors` lists."""

    def __init__(self, settings: Settings) -> None:
        self.address = settings.netbox_url.rstrip("/")
        self.backend = Backend("NetBox", self.address)
        self._api = api(self.address, token=settings.netbox_token.get_secret_value())
        self._api.http_session = _session(settings)

    async def status(self) -> Json:
        """NetBox's own word on itself, its version among it."""
        return await self._call(self._api.status)

    async def get(self, path: str, **filters: Any) -> list[Json]:
        """Every object of a list, over all its pages. A filter that is a list means any of its values."""
        return await self._objects(self._request(path, filters=_texts(filters)))

    async def each(self, path: str, *, page: int, **filters: Any) -> AsyncIterator[Json]:
        """The objects of a list in turn, `page` of them a request: no more than these are held at a time."""
        read, count = 0, 1
        while read < count:
            request = self._request(path, filters=_texts(filters), limit=page, offset=read)
            for one in await self._objects(request):
                read += 1
                yield one
            count = request.count

    async def graphql(self, query: str, **variables: object) -> Json | None:
        """What NetBox answers to a GraphQL query; `None` if it has none, or only errors."""
        request = Request(f"{self.address}/graphql", self._api.http_session, token=self._api.token)

        def ask() -> Json | None:
            answer = request.post({"query": query, "variables": variables})
            return None if "errors" in answer else {**answer["data"]}

        try:
            return await self._call(ask)
        except (Gone, Rejected):
            return None

    async def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """Create an object."""
        return await self._call(lambda: self._request(path).post(dict(body)))

    async def patch(self, path: str, key: int, body: Mapping[str, Any]) -> Json:
        """Change fields of an object."""
        return await self._call(lambda: self._request(path, key=key).patch(dict(body)))

    async def delete(self, path: str, key: int) -> None:
        """Delete an object."""
        await self._call(lambda: self._request(path, key=key).delete())

    def _request(self, path: str, **options: Any) -> Request:
        base = f"{self._api.base_url}/{path}/"
        return Request(base, self._api.http_session, token=self._api.token, **options)

    async def _objects(self, request: Request) -> list[Json]:
        objects = await self._call(lambda: list(request.get()))
        if not all(isinstance(one, dict) and "id" in one for one in objects):
            raise Retry(f"{self.address} answers what no NetBox does: see to ONRAMP_NETBOX_URL")
        return objects

    async def _call(self, function: Callable[[], T]) -> T:
        async with self.backend.call():
            with translated(self.address):
                return await in_thread(function)


def _texts(filters: Mapping[str, object]) -> dict[str, str | list[str]]:
    return {name: _text(value) for name, value in filters.items()}


def _text(value: object) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value)


def _session(settings: Settings) -> requests.Session:
    session = requests.Session()
    # Neither a proxy nor a .netrc nor another CA bundle than the settings name has a say.
    session.trust_env = False
    # A redirected POST would be sent again as a GET, and its answer taken for the new object.
    session.max_redirects = 0
    session.verify = str(settings.netbox_ca_file) if settings.netbox_ca_file else True
    adapter = _Patient(settings.netbox_connect_timeout, settings.netbox_read_timeout)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session

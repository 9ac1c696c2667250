"""NetBox's APIs over HTTP: one REST endpoint for every kind of object, the four that are special, GraphQL."""

from collections.abc import Awaitable, Callable
from itertools import islice
from json import JSONDecodeError
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onramp.sandbox.emulator import READS, Emulator
from onramp.sandbox.netbox import graphql, prefixes, racks
from onramp.sandbox.netbox.authentication import authenticate
from onramp.sandbox.netbox.errors import Refused, not_found
from onramp.sandbox.netbox.filters import select
from onramp.sandbox.netbox.pages import limit_of, page
from onramp.sandbox.netbox.render import Renderer
from onramp.sandbox.netbox.state import NetBox
from onramp.sandbox.netbox.store import Row

Answer = tuple[int, Any]
Handler = Callable[[Request, Any], Answer]
FACES = {"front": "Front", "rear": "Rear"}


def create_app(netbox: NetBox, token: str) -> Emulator:
    """NetBox's paths, and those of every `Emulator`, for clients that bring this token."""
    api = _Api(netbox)

    def route(path: str, handler: Handler, *methods: str) -> Route:
        return Route(f"/api/{path}", _endpoint(netbox, token, handler), methods=["GET", *methods])

    return Emulator(
        Starlette(
            routes=[
                route("", api.root),
                route("status/", api.status),
                route("dcim/racks/{id:int}/elevation/", api.elevation),
                route("ipam/prefixes/{id:int}/available-ips/", api.available_ips, "POST"),
                route("{app}/{kind}/", api.collection, "POST", "PATCH", "DELETE"),
                route("{app}/{kind}/{id:int}/", api.member, "PATCH", "DELETE"),
                Route("/graphql/", graphql.endpoint(netbox, token), methods=["POST"]),
            ]
        ),
        _is_write,
    )


def _is_write(method: str, body: bytes) -> bool:
    """A GraphQL query is a POST, and yet a read."""
    return method not in READS and not body.startswith(b'{"query":')


def _endpoint(netbox: NetBox, token: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Around a handler: who asks, what the body says, and how a refusal is answered."""

    async def answer(request: Request) -> Response:
        body = await request.body()
        try:
            authenticate(request.headers.get("authorization", ""), token, netbox.release)
            status, content = handler(request, await request.json() if body else None)
        except JSONDecodeError as wrong:
            status, content = 400, {"detail": f"JSON parse error - {wrong}"}
        except Refused as refused:
            status, content = refused.status, refused.body
        headers = {"API-Version": ".".join(map(str, netbox.release))}
        return Response(None, 204, headers) if status == 204 else JSONResponse(content, status, headers)

    return answer


class _Api:
    """The handlers: a request and its JSON body in, a status and the JSON answer out."""

    def __init__(self, netbox: NetBox) -> None:
        self.netbox = netbox

    def root(self, request: Request, _body: Any) -> Answer:
        return 200, {
            name: f"{request.base_url}api/{name}/" for name in ("dcim", "extras", "ipam", "status", "tenancy")
        }

    def status(self, _request: Request, _body: Any) -> Answer:
        return 200, {"netbox-version": self.netbox.version, "plugins": {}, "rq-workers-running": 1}

    def collection(self, request: Request, body: Any) -> Answer:
        """A list; or what is done to several objects at once, each named by its `id`, or made anew."""
        kind, show = self._kind(request), self._show(request)
        many = body if isinstance(body, list) else [body or {}]
        match request.method:
            case "POST" if isinstance(body, list):
                return 201, [show(row) for row in self.netbox.create_all(kind, many)]
            case "POST":
                return 201, show(self.netbox.create(kind, many[0]))
            case "PATCH":
                return 200, [show(self.netbox.change(kind, one["id"], one)) for one in many]
            case "DELETE":
                for one in many:
                    self.netbox.delete(kind, one["id"])
                return 204, None
        params = {name: request.query_params.getlist(name) for name in request.query_params}
        return 200, page(request, select(self.netbox, kind, params), show)

    def member(self, request: Request, body: Any) -> Answer:
        """One object, by its id."""
        kind, row_id = self._kind(request), request.path_params["id"]
        match request.method:
            case "PATCH":
                return 200, self._show(request)(self.netbox.change(kind, row_id, body or {}))
            case "DELETE":
                self.netbox.delete(kind, row_id)
                return 204, None
        return 200, self._show(request)(self._row(kind, row_id))

    def elevation(self, request: Request, _body: Any) -> Answer:
        """One face of a rack, half unit by half unit."""
        rack, asked = self._row("racks", request.path_params["id"]), request.query_params
        face, exclude = asked.get("face", "front"), asked.get("exclude", "")
        if face not in FACES:
            raise Refused({"face": [f'"{face}" is not a valid choice.']})
        renderer = self._renderer(request)

        def show(unit: Row) -> Row:
            device = renderer.brief("devices", unit["device"]["id"]) if unit["device"] else None
            description = device["display"] if device else None
            shown = {"value": face, "label": FACES[face]}
            return {
                **unit,
                "face": shown,
                "device": device,
                "display": unit["name"],
                "description": description,
            }

        units = racks.elevation(self.netbox, rack, face, int(exclude) if exclude.isdecimal() else None)
        return 200, page(request, units, show)

    def available_ips(self, request: Request, body: Any) -> Answer:
        """The next free addresses of a prefix: shown, or allocated and assigned in one step."""
        prefix, renderer = self._row("prefixes", request.path_params["id"]), self._renderer(request)
        if request.method == "POST":
            many = body if isinstance(body, list) else [body or {}]
            made = [
                renderer.whole("ip-addresses", row) for row in prefixes.allocate(self.netbox, prefix, many)
            ]
            return 201, made if isinstance(body, list) else made[0]
        network, vrf = prefix["prefix"], renderer.brief("vrfs", prefix["vrf"])
        return 200, [
            {"family": network.version, "address": f"{address}/{network.prefixlen}", "vrf": vrf}
            for address in islice(prefixes.free(self.netbox, prefix), limit_of(request))
        ]

    def _kind(self, request: Request) -> str:
        name = str(request.path_params["kind"])
        kind = self.netbox.kinds.get(name)
        if kind is None or kind.path != f"{request.path_params['app']}/{name}":
            raise Refused({"detail": "Not found."}, 404)
        return name

    def _row(self, kind: str, row_id: int) -> Row:
        row = self.netbox.get(kind, row_id)
        if row is None:
            raise not_found(self.netbox.kinds[kind].model)
        return row

    def _renderer(self, request: Request) -> Renderer:
        return Renderer(self.netbox, str(request.base_url))

    def _show(self, request: Request) -> Callable[[Row], Any]:
        kind, asked, renderer = self._kind(request), request.query_params, self._renderer(request)
        only: tuple[str, ...] = tuple(filter(None, asked.get("fields", "").split(",")))
        if request.method == "GET" and asked.get("brief"):
            only = self.netbox.kinds[kind].brief
        omit = asked.get("omit", "").split(",")
        return lambda row: renderer.whole(kind, row, only, omit)

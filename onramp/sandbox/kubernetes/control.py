"""What a test may do to the server and its operator, beside what every emulator can do.

=================================================  ===========================================================
`PUT /_control/denials`                            `[{"user", "verb", "resource", "namespace"}]`, each `*`
                                                   where it is left out: nobody is let through
`PUT /_control/bmc`                                `{"<bmc.address>": "<password>"}`: what the BMCs accept
`POST /_control/expire`                            forgets the history; `{"as": "status"}`: watches of an
                                                   expired version get the HTTP status 410, no ERROR event
`POST /_control/watches/hang`, `/resume`, `/close` open and new watches fall silent, speak again, end
`PATCH /_control/hosts/<namespace>/<name>/status`  merges the body into the host's status
`POST /_control/hosts/<namespace>/<name>/freeze`   the operator leaves the host alone
`POST /_control/hosts/<namespace>/<name>/thaw`     it takes it up again
`POST /_control/hosts/<namespace>/<name>/advance`  it takes one step now, frozen or not
=================================================  ===========================================================
"""

import json

from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onramp.sandbox.kubernetes import patches
from onramp.sandbox.kubernetes.access import Access, Denial
from onramp.sandbox.kubernetes.errors import Refused
from onramp.sandbox.kubernetes.operator import STATUS, Operator
from onramp.sandbox.kubernetes.resources import HOSTS, Object
from onramp.sandbox.kubernetes.store import Key
from onramp.sandbox.kubernetes.watch import Moods

DONE = 204


class Control:
    """The control endpoints."""

    def __init__(self, operator: Operator, access: Access, moods: Moods) -> None:
        self.operator = operator
        self.registry = operator.registry
        self.access = access
        self.moods = moods

    def app(self) -> Starlette:
        """The ASGI app."""
        host = "/_control/hosts/{namespace}/{name}"
        return Starlette(
            routes=[
                Route("/_control/denials", self._deny, methods=["PUT"]),
                Route("/_control/bmc", self._set_passwords, methods=["PUT"]),
                Route("/_control/expire", self._expire, methods=["POST"]),
                Route("/_control/watches/{mood}", self._watches, methods=["POST"]),
                Route(f"{host}/status", self._set_status, methods=["PATCH"]),
                Route(f"{host}/{{act}}", self._host, methods=["POST"]),
            ],
            exception_handlers={Refused: _refused},
        )

    async def _deny(self, request: Request) -> Response:
        self.access.denials = TypeAdapter(list[Denial]).validate_json(await request.body())
        return Response(status_code=DONE)

    async def _set_passwords(self, request: Request) -> Response:
        passwords = TypeAdapter(dict[str, str]).validate_json(await request.body())
        self.operator.registration.passwords = passwords
        return Response(status_code=DONE)

    async def _expire(self, request: Request) -> Response:
        how = json.loads(await request.body() or b"{}")
        self.moods.expired_as_status = how.get("as") == "status"
        self.registry.store.expire()
        return Response(status_code=DONE)

    async def _watches(self, request: Request) -> Response:
        match request.path_params["mood"]:
            case "hang":
                self.moods.hanging = True
            case "resume":
                self.moods.hanging = False
            case "close":
                self.moods.epoch += 1
            case _:
                return Response(status_code=404)
        self.registry.store.announce()
        return Response(status_code=DONE)

    async def _set_status(self, request: Request) -> Response:
        patch = json.loads(await request.body())

        def change(host: Object) -> Object:
            return {**host, "status": patches.merge(host.get("status", {}), patch)}

        return JSONResponse(self.registry.update(_key(request), change, STATUS))

    async def _host(self, request: Request) -> Response:
        key = _key(request)
        self.registry.get(key)
        match request.path_params["act"]:
            case "freeze":
                self.operator.frozen.add(key)
            case "thaw":
                self.operator.frozen.discard(key)
                self.operator.reconcile(key)
            case "advance":
                self.operator.reconcile(key)
            case _:
                return Response(status_code=404)
        return Response(status_code=DONE)


def _key(request: Request) -> Key:
    return Key(HOSTS, request.path_params["namespace"], request.path_params["name"])


async def _refused(_request: Request, failure: Exception) -> Response:
    assert isinstance(failure, Refused)
    return JSONResponse(failure.status, failure.code)

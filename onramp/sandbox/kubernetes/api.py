"""The HTTP paths of the API server."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from onramp.sandbox.kubernetes import calls, discovery, errors, patches, watch
from onramp.sandbox.kubernetes.access import Access
from onramp.sandbox.kubernetes.calls import Call
from onramp.sandbox.kubernetes.errors import Refused
from onramp.sandbox.kubernetes.registry import Registry
from onramp.sandbox.kubernetes.resources import STORED, Object
from onramp.sandbox.kubernetes.table import table

APPLY = "application/apply-patch+yaml"
MERGE = ("application/merge-patch+json", "application/strategic-merge-patch+json")
JSON_PATCH = "application/json-patch+json"
Answer = Callable[[Request], Awaitable[Response]]


class Api:
    """Answers requests from the registry, as far as `access` lets the caller."""

    def __init__(self, registry: Registry, access: Access, moods: watch.Moods) -> None:
        self.registry = registry
        self.access = access
        self.moods = moods

    def app(self) -> Starlette:
        """The ASGI app."""
        review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        routes = [Route(path, _ok) for path in ("/readyz", "/livez", "/healthz")]
        routes += [
            Route("/version", self._told(lambda _request: discovery.VERSION)),
            Route("/api", self._told(lambda request: discovery.api_versions(request.url.netloc))),
            Route("/apis", self._told(lambda _request: discovery.groups())),
            Route("/api/{version}", self._told(_resources)),
            Route("/apis/{group}", self._told(lambda request: discovery.group(request.path_params["group"]))),
            Route("/apis/{group}/{version}", self._told(_resources)),
            Route(review, self._guarded(self._review), methods=["POST"]),
        ]
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        for root in ("/api/{version}", "/apis/{group}/{version}"):
            for place in ("/namespaces/{namespace}/{plural}", "/{plural}"):
                for end in ("", "/{name}", "/{name}/{subresource}"):
                    routes.append(Route(root + place + end, self._guarded(self._objects), methods=methods))
        return Starlette(routes=routes, exception_handlers={404: _page_not_found})

    def _told(self, say: Callable[[Request], Object | None]) -> Answer:
        async def answer(request: Request) -> Response:
            found = say(request)
            return JSONResponse(found) if found is not None else await _page_not_found(request)

        return self._guarded(answer)

    def _guarded(self, answer: Answer) -> Answer:
        async def guarded(request: Request) -> Response:
            try:
                request.state.user = self.access.user(request.headers.get("authorization", ""))
                return await answer(request)
            except Refused as refusal:
                return JSONResponse(refusal.status, refusal.code)

        return guarded

    async def _objects(self, request: Request) -> Response:
        path = request.path_params
        resource = STORED.get((path.get("group", ""), path["version"], path["plural"]))
        sub, namespace = path.get("subresource", ""), path.get("namespace", "")
        if resource is None or (sub and not (resource.has_status and sub == "status")):
            return await _page_not_found(request)
        call = Call(request, request.state.user, resource, namespace, path.get("name", ""), sub)
        verb = calls.verb(call)
        self._check(call, verb)
        match verb:
            case "get":
                return self._shown(call, self.registry.get(call.key))
            case "list":
                found = watch.page(self.registry.store, calls.selection(call), request.query_params)
                return self._shown(call, found)
            case "watch":
                chosen = calls.selection(call)
                lines = watch.stream(self.registry.store, self.moods, chosen, request.query_params)
                return StreamingResponse(lines, media_type="application/json")
            case "delete":
                return self._deleted(call)
        body = await calls.body(request)
        return {"create": self._created, "update": self._updated, "patch": self._patched}[verb](call, body)

    def _check(self, call: Call, verb: str) -> None:
        namespace = call.namespace or (call.name if call.resource.plural == "namespaces" else "")
        self.access.check(call.user, verb, call.resource, namespace, call.name, call.subresource)

    def _shown(self, call: Call, found: Object) -> Response:
        if "as=Table" not in call.request.headers.get("accept", ""):
            return JSONResponse(found)
        items = found.get("items", [found])
        metadata = found["metadata"] if "items" in found else {}
        return JSONResponse(table(call.resource, items, metadata))

    def _created(self, call: Call, body: Object) -> Response:
        return JSONResponse(self.registry.create(call.named(body), body, call.writer()), 201)

    def _updated(self, call: Call, body: Object) -> Response:
        key = call.named(body)
        if call.resource.group and not body["metadata"].get("resourceVersion"):
            cause = (
                "FieldValueInvalid",
                "metadata.resourceVersion",
                "Invalid value: 0x0: must be specified for an update",
            )
            raise errors.invalid(call.resource, call.name, [cause])
        return JSONResponse(self.registry.update(key, lambda _found: body, call.writer()))

    def _patched(self, call: Call, body: Object) -> Response:
        kind = call.request.headers.get("content-type", "").partition(";")[0]
        accepted = [JSON_PATCH, *(MERGE[:1] if call.resource.group else MERGE), APPLY]
        if kind not in accepted:
            raise errors.unsupported_media_type(accepted)
        if kind == APPLY:
            return self._applied(call, body)
        if "force" in call.request.query_params:
            raise calls.bad_options(
                "FieldValueForbidden", "force", "Forbidden: may not be specified for non-apply patch"
            )
        change = patches.json_patch if kind == JSON_PATCH else patches.merge
        found = self.registry.update(call.key, lambda before: change(before, body), call.writer())
        return JSONResponse(found)

    def _applied(self, call: Call, body: Object) -> Response:
        if not call.request.query_params.get("fieldManager"):
            text = "Required value: is required for apply patch"
            raise calls.bad_options("FieldValueRequired", "fieldManager", text)
        key = call.named(body)
        is_new = self.registry.store.get(key) is None
        if is_new:
            self._check(call, "create")
        return JSONResponse(self.registry.apply(key, body, call.writer()), 201 if is_new else 200)

    def _deleted(self, call: Call) -> Response:
        uid = self.registry.get(call.key)["metadata"]["uid"]
        held = self.registry.delete(call.key)
        if held is not None:
            return JSONResponse(held)
        details = {"name": call.name, "group": call.resource.group, "kind": call.resource.plural, "uid": uid}
        details = {name: value for name, value in details.items() if value}
        head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return JSONResponse({**head, "details": details})

    async def _review(self, request: Request) -> Response:
        review = await calls.body(request)
        asked = review.get("spec", {}).get("resourceAttributes", {})
        sub = asked.get("subresource", "")
        resource = f"{asked.get('resource', '*')}/{sub}" if sub else asked.get("resource", "*")
        verb, namespace = asked.get("verb", "*"), asked.get("namespace", "")
        allowed = self.access.allows(request.state.user, verb, resource, namespace)
        return JSONResponse({**review, "status": {"allowed": allowed}}, 201)


def _resources(request: Request) -> Object | None:
    return discovery.resources(request.path_params.get("group", ""), request.path_params["version"])


async def _ok(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _page_not_found(_request: Request, _failure: Exception | None = None) -> Response:
    return PlainTextResponse("404 page not found\n", 404)

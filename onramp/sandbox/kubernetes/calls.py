"""One request, read: whom it is about, what it wants, and its body."""

import json
from dataclasses import dataclass
from typing import Any

import yaml
from starlette.requests import Request

from onramp.sandbox.kubernetes import errors, watch
from onramp.sandbox.kubernetes.errors import Refused
from onramp.sandbox.kubernetes.registry import Writer
from onramp.sandbox.kubernetes.resources import Object, Resource
from onramp.sandbox.kubernetes.store import Key


@dataclass(frozen=True)
class Call:
    """One request for objects, read from its path and query."""

    request: Request
    user: str
    resource: Resource
    namespace: str
    name: str
    subresource: str

    @property
    def key(self) -> Key:
        """Where the object is."""
        return Key(self.resource, self.namespace, self.name)

    def named(self, body: Object) -> Key:
        """Where the object of a body belongs. :raises Refused: 400 where path and body differ."""
        metadata = body.get("metadata") or {}
        name, namespace = metadata.get("name", self.name), metadata.get("namespace", self.namespace)
        if (body.get("kind"), body.get("apiVersion")) != (self.resource.kind, self.resource.api_version):
            given = f"{body.get('apiVersion')}, Kind={body.get('kind')}"
            known = f"{self.resource.api_version}, Kind={self.resource.kind}"
            raise errors.bad_request(f"the object provided is unrecognized: {given} is not {known}")
        if namespace != self.namespace:
            raise errors.bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        if not name or (self.name and name != self.name):
            text = f"the name of the object ({name}) does not match the name on the URL ({self.name})"
            raise errors.bad_request(text)
        return Key(self.resource, self.namespace, name)

    def writer(self) -> Writer:
        """How the caller writes: by his `fieldManager`, else by the first word of his User-Agent."""
        query = self.request.query_params
        agent = self.request.headers.get("user-agent", "unknown").partition("/")[0]
        return Writer(
            manager=query.get("fieldManager") or agent,
            subresource=self.subresource,
            force=query.get("force") == "true",
            dry_run=query.get("dryRun") == "All",
            strict=query.get("fieldValidation") == "Strict",
        )


def verb(call: Call) -> str:
    """What the call wants, in the words of RBAC. :raises Refused: 405."""
    if call.request.method == "GET":
        is_watch = call.request.query_params.get("watch") in ("true", "True", "1")
        return "get" if call.name else "watch" if is_watch else "list"
    known = {("POST", False): "create", ("PUT", True): "update", ("PATCH", True): "patch"}
    found = {**known, ("DELETE", True): "delete"}.get((call.request.method, bool(call.name)))
    if found not in call.resource.verbs or (call.subresource and found == "delete"):
        raise errors.method_not_allowed()
    return found


def selection(call: Call) -> watch.Selection:
    """The objects that a list or a watch is about."""
    query = call.request.query_params
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    return watch.Selection(call.resource, call.namespace, labels, fields)


async def body(request: Request) -> Any:
    """The body, decoded. :raises Refused: 400; 415 for protobuf."""
    text, kind = await request.body(), request.headers.get("content-type", "")
    if "protobuf" in kind:
        raise errors.unsupported_media_type(("application/json", "application/yaml"))
    try:
        found: Any = yaml.safe_load(text) if "yaml" in kind else json.loads(text)
    except (yaml.YAMLError, ValueError) as failure:
        raise errors.bad_request("error decoding the request's body: it is no object") from failure
    if not isinstance(found, dict | list):
        raise errors.bad_request("error decoding the request's body: it is no object")
    return found


def bad_options(reason: str, field: str, text: str) -> Refused:
    """422 for the query of a patch."""
    options = Resource("meta.k8s.io", "v1", "patchoptions", "PatchOptions")
    return errors.invalid(options, "", [(reason, field, text)])

"""NetBox's GraphQL API: what its lists' query parameters select, in the form of `graphql_schema`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from json import JSONDecodeError
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    execute_sync,
    parse,
    validate,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from onramp.sandbox.netbox.authentication import authenticate
from onramp.sandbox.netbox.errors import Refused
from onramp.sandbox.netbox.filters import select
from onramp.sandbox.netbox.graphql_schema import SCHEMA
from onramp.sandbox.netbox.pages import MAX_PAGE_SIZE
from onramp.sandbox.netbox.render import display
from onramp.sandbox.netbox.state import NetBox
from onramp.sandbox.netbox.store import Row

SINCE = (4, 7)
"""Releases before it are emulated with GraphQL switched off."""

LISTS = {
    "device_list": "devices", "interface_list": "interfaces",
    "ip_address_list": "ip-addresses", "mac_address_list": "mac-addresses",
}  # fmt: skip
POINTING = {
    ("devices", "interfaces"): ("interfaces", "device"),
    ("interfaces", "ip_addresses"): ("ip-addresses", "assigned_object_id"),
    ("interfaces", "mac_addresses"): ("mac-addresses", "assigned_object_id"),
}
Shown = tuple[str, Row]
"""An object: its kind and its row."""


def endpoint(netbox: NetBox, token: str) -> Callable[[Request], Any]:
    """The answers of `/graphql/`, for clients that bring this token."""

    async def answer(request: Request) -> Response:
        if netbox.release < SINCE or not netbox.graphql_enabled:
            return PlainTextResponse("The GraphQL API is not enabled.", 404)
        try:
            authenticate(request.headers.get("authorization", ""), token, netbox.release)
            asked = await request.json()
        except Refused as refused:
            return PlainTextResponse(refused.body["detail"], refused.status)
        except JSONDecodeError:
            return PlainTextResponse("Unable to parse request body as JSON", 400)
        if "query" not in asked:
            return PlainTextResponse("No GraphQL query found in the request", 400)
        return JSONResponse(_answer(netbox, asked["query"], asked.get("variables")))

    return answer


def _answer(netbox: NetBox, query: str, variables: dict[str, Any] | None) -> Mapping[str, Any]:
    document = _read(query)
    if isinstance(document, list):
        return ExecutionResult(errors=document).formatted
    result = execute_sync(
        SCHEMA,
        document,
        context_value=netbox,
        variable_values=variables,
        field_resolver=_resolve,
        # Nothing but an interface can have a MAC or an address here.
        type_resolver=lambda *_: "InterfaceType",
    )
    return result.formatted


@lru_cache(maxsize=32)
def _read(query: str) -> DocumentNode | list[GraphQLError]:
    """The query, or what is wrong with it. There are few, and to read one takes longer than to answer it."""
    try:
        document = parse(query)
    except GraphQLError as wrong:
        return [wrong]
    return validate(SCHEMA, document) or document


def _resolve(shown: Shown | None, info: GraphQLResolveInfo[NetBox], **arguments: Any) -> Any:
    netbox = info.context
    if shown is None:
        return _list(netbox, LISTS[info.field_name], **arguments)
    return _value(netbox, *shown, info.field_name)


def _list(
    netbox: NetBox,
    kind: str,
    filters: Mapping[str, Any] | None = None,
    pagination: Mapping[str, Any] | None = None,
) -> Sequence[Shown]:
    # All of a kind come as they were made: to sort them for the one that is asked for would be dear.
    rows: Iterable[Row] = netbox.tables[kind].rows.values()
    if filters:
        rows = select(netbox, kind, {name: _texts(value) for name, value in filters.items()})
    limit = (pagination or {}).get("limit") or MAX_PAGE_SIZE
    return [(kind, row) for row in islice(rows, limit)]


def _texts(value: Any) -> Sequence[str]:
    """A filter's values as the query parameters of a list have them; its name is the same there."""
    if isinstance(value, Mapping):
        return [str(one) for one in value.values()]
    return value if isinstance(value, list) else [str(value)]


def _value(netbox: NetBox, kind: str, row: Row, name: str) -> Any:
    if name == "display":
        return display(netbox, kind, row)
    if name == "assigned_object":
        return _object(netbox, "interfaces", row["assigned_object_id"])
    if of := POINTING.get((kind, name)):
        other, field = of
        return [(other, one) for one in netbox.find(other, **{field: row["id"]})]
    return _field(netbox, kind, row, name)


def _field(netbox: NetBox, kind: str, row: Row, name: str) -> Any:
    field, value = netbox.kinds[kind].fields.get(name), row[name]
    if field is None or value is None:
        return value
    if field.type == "related":
        return _object(netbox, field.to, value)
    if field.type == "many":
        return [_object(netbox, field.to, one) for one in value]
    return str(value) if field.type in {"number", "mac", "address"} else value


def _object(netbox: NetBox, kind: str, row_id: int | None) -> Shown | None:
    row = netbox.get(kind, row_id)
    return (kind, row) if row else None

"""NetBox's pages: `limit` and `offset`, at most 1,000 objects, 50 unless the client says."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request

from onramp.sandbox.netbox.store import Row

MAX_PAGE_SIZE = 1000
PAGINATE_COUNT = 50


def limit_of(request: Request) -> int:
    """How many objects a client gets at most; 0 asks for as many as there may be."""
    sent = request.query_params.get("limit", "")
    limit = int(sent) if sent.isdecimal() else PAGINATE_COUNT
    return min(limit or MAX_PAGE_SIZE, MAX_PAGE_SIZE)


def page(request: Request, found: Sequence[Row], show: Callable[[Row], Any]) -> dict[str, Any]:
    """One page of what was found, with the addresses of the next and the previous one."""
    limit = limit_of(request)
    sent = request.query_params.get("offset", "")
    offset = int(sent) if sent.isdecimal() else 0
    following = request.url.include_query_params(limit=limit, offset=offset + limit)
    previous = request.url.include_query_params(limit=limit, offset=offset - limit)
    if offset <= limit:
        previous = request.url.include_query_params(limit=limit).remove_query_params("offset")
    return {
        "count": len(found),
        "next": str(following) if offset + limit < len(found) else None,
        "previous": str(previous) if offset > 0 else None,
        "results": [show(one) for one in found[offset : offset + limit]],
    }

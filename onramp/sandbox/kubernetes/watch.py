"""Lists and watches: selectors, pages, and the stream of events with its bookmarks and its 410."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

from onramp.sandbox.kubernetes.errors import bad_request, continue_expired, expired, too_large
from onramp.sandbox.kubernetes.resources import Object, Resource
from onramp.sandbox.kubernetes.selectors import fits
from onramp.sandbox.kubernetes.store import Change, Store

BOOKMARK_SECONDS = 60.0
DEFAULT_TIMEOUT = 2400.0
INITIAL_END = {"k8s.io/initial-events-end": "true"}


@dataclass
class Moods:
    """How watches behave.

    `hanging` ones stay silent; those of an earlier `epoch` end; an expired version is told as an ERROR event,
    as the real server's watch cache does, or as the HTTP status 410.
    """

    hanging: bool = False
    epoch: int = 0
    expired_as_status: bool = False


@dataclass(frozen=True)
class Selection:
    """Which objects are asked for."""

    resource: Resource
    namespace: str
    labels: str = ""
    fields: str = ""

    def has(self, found: Object | None) -> bool:
        """Whether an object is among them."""
        if found is None:
            return False
        metadata = found["metadata"]
        if self.namespace and metadata.get("namespace") != self.namespace:
            return False
        named = {f"metadata.{name}": metadata.get(name) for name in ("name", "namespace")}
        return fits(self.labels, metadata.get("labels", {}).get) and fits(self.fields, named.get)


def page(store: Store, chosen: Selection, query: Mapping[str, str]) -> Object:
    """A list, or one page of it. :raises Refused: 410 for a page of an old list, 504."""
    items = [found for _key, found in store.all(chosen.resource, chosen.namespace) if chosen.has(found)]
    asked = _number(query, "resourceVersion")
    if asked > store.version:
        raise too_large(asked, store.version)
    version, start, metadata = store.version, 0, {}
    if query.get("continue"):
        version, start = json.loads(base64.urlsafe_b64decode(query["continue"]))
        if version < store.oldest:
            raise continue_expired()
    limit = _number(query, "limit")
    left = len(items) - start - limit
    if limit and left > 0:
        token = base64.urlsafe_b64encode(json.dumps([version, start + limit]).encode()).decode()
        metadata = {"continue": token, "remainingItemCount": left}
    shown = items[start : start + limit] if limit else items[start:]
    head: Object = {"kind": f"{chosen.resource.kind}List", "apiVersion": chosen.resource.api_version}
    return {**head, "metadata": {"resourceVersion": str(version), **metadata}, "items": shown}


def stream(store: Store, moods: Moods, chosen: Selection, query: Mapping[str, str]) -> AsyncIterator[bytes]:
    """The events of a watch, a line each.

    :raises Refused: 504 for a version that is yet to come; 410 where `moods` want it as a status.
    """
    asked = _number(query, "resourceVersion")
    if asked > store.version:
        raise too_large(asked, store.version)
    if asked and asked < store.oldest and moods.expired_as_status:
        raise expired(asked, store.oldest)
    return _stream(store, moods, chosen, query, asked)


async def _stream(
    store: Store, moods: Moods, chosen: Selection, query: Mapping[str, str], asked: int
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    bookmarks = query.get("allowWatchBookmarks") == "true"
    end = loop.time() + float(query.get("timeoutSeconds") or DEFAULT_TIMEOUT)
    next_bookmark, epoch, seen = loop.time() + BOOKMARK_SECONDS, moods.epoch, asked
    if not asked or query.get("sendInitialEvents") == "true":
        seen = store.version
        for line in _initial(store, chosen, query):
            yield line
    while moods.epoch == epoch:
        if not moods.hanging:
            if seen < store.oldest:
                yield _line("ERROR", expired(seen, store.oldest).status)
                return
            for line in _events(store.since(seen), chosen):
                yield line
            seen = store.version
            is_over = loop.time() >= end
            if bookmarks and (is_over or loop.time() >= next_bookmark):
                yield _bookmark(chosen.resource, seen)
                next_bookmark = loop.time() + BOOKMARK_SECONDS
            if is_over:
                return
        await store.news(max(0.01, min(end, next_bookmark) - loop.time()) if not moods.hanging else 60.0)


def _initial(store: Store, chosen: Selection, query: Mapping[str, str]) -> Iterable[bytes]:
    for _key, found in store.all(chosen.resource, chosen.namespace):
        if chosen.has(found):
            yield _line("ADDED", found)
    if query.get("sendInitialEvents") == "true":
        yield _bookmark(chosen.resource, store.version, INITIAL_END)


def _events(changes: Iterable[Change], chosen: Selection) -> Iterable[bytes]:
    for change in changes:
        if change.key.resource is not chosen.resource:
            continue
        had, has = chosen.has(change.before), chosen.has(change.after)
        if has and change.after is not None:
            yield _line("MODIFIED" if had else "ADDED", change.after)
        elif had and change.before is not None:
            gone = change.after or change.before
            metadata = {**gone["metadata"], "resourceVersion": str(change.version)}
            yield _line("DELETED", {**gone, "metadata": metadata})


def _bookmark(resource: Resource, version: int, annotations: Mapping[str, str] | None = None) -> bytes:
    metadata: Object = {"resourceVersion": str(version), "creationTimestamp": None}
    metadata |= {"annotations": dict(annotations)} if annotations else {}
    head = {"kind": resource.kind, "apiVersion": resource.api_version}
    return _line("BOOKMARK", {**head, "metadata": metadata})


def _line(kind: str, found: Object) -> bytes:
    return json.dumps({"type": kind, "object": found}, separators=(",", ":")).encode() + b"\n"


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name) or "0"
    if not text.isdecimal():
        raise bad_request(
            f'{name}: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)

"""Server-sent events as they go over the wire (WHATWG HTML, section 9.2)."""

from dataclasses import dataclass

from events.stored import Stored
from events.subjects import parse
from intake.projection import Position
from intake.told import as_json


@dataclass(frozen=True)
class Block:
    """One event of the stream, and where it stands there."""

    sequence: int
    text: bytes


def block(incarnation: str, stored: Stored) -> Block:
    """An event, with the id that a client comes back with."""
    event = parse(stored.subject).event or ""
    head = f"id: {Position(incarnation, stored.sequence)}\nevent: {event}\ndata: ".encode()
    return Block(stored.sequence, head + as_json(stored) + b"\n\n")


def heartbeat(position: Position) -> bytes:
    """Keeps the connection; its id says up to where nothing more was to be told. No event of its own."""
    return f": heartbeat\nid: {position}\n\n".encode()


def reset(position: Position) -> bytes:
    """The id that came is of another incarnation of the stream: what the client knows is void."""
    return f'id: {position}\nevent: reset\ndata: {{"stream": "{position.incarnation}"}}\n\n'.encode()

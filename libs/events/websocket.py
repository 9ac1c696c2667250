"""The server's side of a WebSocket: uvicorn's, but of a message that comes nothing is kept twice."""

from io import BytesIO
from typing import Any

from uvicorn._types import WebSocketReceiveEvent
from uvicorn.protocols.websockets.wsproto_impl import FrameTooLargeError, WebsocketBuffer, WSProtocol
from wsproto.events import BytesMessage, TextMessage


class WebSocket(WSProtocol):
    """A connection. Hands the application each message's bytes (UTF-8), were they sent as text or not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*args, **kwargs)
        self.buffer = _Message(self.config.ws_max_size)


class _Message(WebsocketBuffer):
    """Collects one. uvicorn's own keeps text as characters beside the bytes that are made of them."""

    def __init__(self, max_length: int) -> None:
        """`max_length`: bytes."""
        super().__init__(max_length)
        self.clear()

    def clear(self) -> None:
        """Begin the next one."""
        self._bytes = BytesIO()

    def extend(self, event: TextMessage | BytesMessage) -> None:
        """A part came. Raises `FrameTooLargeError`."""
        self._bytes.write(event.data.encode() if isinstance(event, TextMessage) else event.data)
        if self._bytes.tell() > self.max_length:
            raise FrameTooLargeError

    def to_message(self) -> WebSocketReceiveEvent:
        """The whole."""
        return {"type": "websocket.receive", "bytes": self._bytes.getvalue()}

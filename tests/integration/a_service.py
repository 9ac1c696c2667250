"""A process of its own for tests that end it: one step, whose servers' names say what happens to them."""

import asyncio
import os
import threading

from events import deadline
from events.orders import Orders
from events.service import Service
from events.settings import ServiceSettings
from events.threads import in_thread
from events.types import Event, ServerScanned
from tests.integration.rig import recorded


async def do(event: ServerScanned, _orders: Orders) -> Event:
    """Do what the server's name says."""
    match event.server.split("-")[0]:
        case "poison":
            os._exit(9)
        case "slow":
            await asyncio.sleep(3)
        case "broken":
            raise RuntimeError("a client library that quotes secret123")
        case "stuck":
            await in_thread(threading.Event().wait)
    return recorded(event)


if __name__ == "__main__":
    deadline.STUCK_AFTER = 1.0
    service = Service("netbox_sync", ServiceSettings())
    service.step("netbox_sync", takes=ServerScanned, do=do)
    service.run()

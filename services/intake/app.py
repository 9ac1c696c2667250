"""intake: takes what scanner apps and scripts register, and says how each server stands."""

from functools import cache

from events import logs
from events.service import Service
from events.store_errors import Away
from intake.api import create_app
from intake.projection import follow, forget_purged
from intake.settings import Settings
from intake.signin.gate import Gate
from intake.stores import Stores


def main() -> None:
    """Run intake until it is told to end."""
    settings = Settings.read()
    logs.configure("intake", settings.log_level)
    service = Service("intake", settings, patience=settings.nats_patience)
    opened = cache(lambda: Stores.on(service.stream, settings))

    def stores() -> Stores:
        if not hasattr(service, "stream") or not service.stream.client.is_connected:
            raise Away("NATS is not connected")
        return opened()

    async def caught_up() -> None:
        await stores().projection.check()

    service.beside(lambda stream: follow(opened().projection, stream))
    service.beside(lambda stream: forget_purged(opened().projection, stream))
    service.ready_check("projection", caught_up)
    app = create_app(settings, stores)
    gate: Gate = app.state.gate
    if gate.on:
        service.beside(lambda _: gate.sessions.follow())
    # An import that is too large is refused in words, as long as it is not beyond all measure.
    service.mount(app, largest_message=2 * settings.max_import_bytes)
    service.run()


if __name__ == "__main__":
    main()

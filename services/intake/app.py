"""intake: takes what scanner apps and scripts register, and says how each server stands."""

from functools import cache

from events.service import Service
from events.stream import Away
from intake.api import create_app
from intake.settings import Settings
from intake.stores import Stores


def main() -> None:
    """Run intake until it is told to end."""
    settings = Settings()
    service = Service("intake", settings, patience=settings.nats_patience)
    opened = cache(lambda: Stores.on(service.stream, settings))

    def stores() -> Stores:
        if not hasattr(service, "stream") or not service.stream.client.is_connected:
            raise Away("NATS is not connected")
        return opened()

    service.mount(create_app(settings, stores))
    service.run()


if __name__ == "__main__":
    main()

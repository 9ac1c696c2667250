"""What intake is told of the web that it is on."""

from ipaddress import ip_network
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from events.settings import ServiceSettings


class GuardSettings(ServiceSettings):
    """Where intake is on the web, and what it takes from there. A burst is ten seconds' worth of a rate."""

    public_url: str = Field(
        "http://127.0.0.1:8080",
        description="Where browsers reach intake; the provider sends them back to `/callback` there.",
    )
    requests_per_address: float = Field(
        200.0, ge=0, description="Requests a second from one address, in one replica. 0: no limit."
    )
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="Reverse proxies before intake, comma-separated addresses or prefixes: of those, "
        "`X-Forwarded-For` is believed. Behind any other, all clients share one address's rate.",
    )
    cors_origins: str = Field(
        "",
        description="Other origins, comma-separated, whose pages may call the API with a bearer token.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: str) -> str:
        for proxy in listed(proxies):
            ip_network(proxy)  # raises ValueError, which names it
        return proxies

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
            raise ValueError("a URL without a path, as in https://onramp.example.org")
        return url.rstrip("/")


def listed(setting: str) -> list[str]:
    """What a comma-separated setting names."""
    return [part.strip() for part in setting.split(",") if part.strip()]

"""Spans of time and moments, as people type and read them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def span(text: str) -> timedelta:
    """`90s`, `30m`, `2h`, `1d`. Raises `typer.BadParameter`."""
    match = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no span of time: 90s, 30m, 2h or 1d is")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def moment(text: str) -> datetime:
    """A time as `2026-11-21T08:00:00Z`, or a span counted back from now."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC) - span(text)


def spelled(length: timedelta) -> str:
    """The two largest units that count: `1d 3h`, `4m 10s`, `0.31s`."""
    seconds = length.total_seconds()
    if seconds < 10:
        return f"{seconds:.2f}s"
    whole = int(seconds)
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, whole = divmod(whole, _SECONDS[unit])
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def clock(time: datetime | None) -> str:
    """A time of day with its date, in UTC; nothing for none."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if time else ""


Since = Annotated[
    datetime | None,
    typer.Option(parser=moment, metavar="TIME", help="Since 2026-11-21T08:00:00Z, or for the last 2h."),
]

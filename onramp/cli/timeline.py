"""One server's whole story, told from its events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from pydantic import ValidationError
from rich.console import RenderableType
from rich.text import Text

from events.dead_letters import DeadLetter
from events.fold import fold
from events.replays import SENT_BY
from events.status import ServerStatus
from events.steps import steps
from events.stored import Stored
from events.stream import Stream
from events.subjects import DEAD_LETTERS, event_of_any_site, parse
from events.types import Frozen, Registration, ServerScanned
from onramp.cli.durations import clock, spelled
from onramp.cli.output import uncut


class _Said(Frozen):
    """What is told of a payload, whatever the event."""

    step: str = ""
    outcome: str = ""
    reason: str = ""
    state: str = ""
    by: str = ""
    attempt: int | None = None
    next_attempt_at: datetime | None = None
    culprit: str | None = None
    warnings: tuple[str, ...] = ()
    registration: Registration | None = None


@dataclass(frozen=True)
class Entry:
    """One message of the server."""

    at: datetime
    sequence: int
    scan: int
    """Which scan it belongs to, the first is 1; 0 where that can't be told any more."""
    event: str
    step: str
    what: str
    took: float | None
    """Seconds since the event that the step waited for."""


@dataclass(frozen=True)
class Story:
    """A server, its messages in the order of the stream, and its dead letters."""

    status: ServerStatus
    scans: tuple[str, ...]
    """The onboarding ids, the first scan's first."""
    entries: tuple[Entry, ...]
    dead_letters: tuple[DeadLetter, ...]


async def read(stream: Stream, server: str) -> Story | None:
    """The story, or `None` where no scan of the server stands. Raises `Away`."""
    public = [stored async for stored in stream.read(event_of_any_site("*", server))]
    private = [stored async for stored in stream.read(f"onboarding.replay.*.*.{server}")]
    status = fold(public)
    if status is None:
        return None
    letters = Stream(stream.client, DEAD_LETTERS).read(f"dead.*.*.{server}.*")
    messages = sorted([*public, *private], key=lambda stored: stored.sequence)
    scans = tuple(m.onboarding_id for m in messages if parse(m.subject).event == ServerScanned.name)
    dead_letters = tuple([DeadLetter.of(stored) async for stored in letters])
    return Story(status, scans, tuple(_entries(messages, scans)), dead_letters)


def told(story: Story) -> Mapping[str, Any]:
    """For `--json`."""
    return {
        **asdict(story.status),
        "scans": story.scans,
        "timeline": [asdict(entry) for entry in story.entries],
        "dead_letters": [letter.id for letter in story.dead_letters],
    }


def drawn(story: Story) -> Iterator[RenderableType]:
    """For people."""
    status = story.status
    yield Text.assemble((status.server, "bold"), f"  site {status.site}  {status.state}: {status.reason}")
    for number, onboarding in enumerate(story.scans, 1):
        newest = " (the newest)" if number == len(story.scans) else " (superseded)"
        yield Text(f"scan {number}: onboarding {onboarding}{newest}", "dim")
    table = uncut("Time (UTC)", "Scan", "Event", "Step", "Took", "What")
    for entry in story.entries:
        took = "" if entry.took is None else spelled(timedelta(seconds=entry.took))
        scan = str(entry.scan or "?")
        what = Text(entry.what, _STYLES.get(entry.event, ""))
        table.add_row(clock(entry.at), scan, entry.event, entry.step, took, what)
    yield table
    for letter in story.dead_letters:
        reason = f"dead letter {letter.id} of {letter.step}: {letter.failure.reason}"
        yield Text(f"{reason}; onramp replay {letter.id}", "red")


_STYLES = {"step-delayed": "yellow", "step-failed": "red", "server-ready": "green"}


def _entries(messages: Sequence[Stored], scans: Sequence[str]) -> Iterator[Entry]:
    last: dict[tuple[str, str], datetime] = {}
    for stored in messages:
        address, said = parse(stored.subject), _said(stored)
        event = address.event or "replay"
        step = address.replay_of or said.step or _step_of(stored)
        took = last.get((stored.onboarding_id, _waited_for(event, step)))
        scan = scans.index(stored.onboarding_id) + 1 if stored.onboarding_id in scans else 0
        seconds = (stored.time - took).total_seconds() if took else None
        yield Entry(stored.time, stored.sequence, scan, event, step, _what(stored, said), seconds)
        # A replay begins the step's time anew.
        begun = steps()[step].waits_for if event == "replay" and step in steps() else event
        last[stored.onboarding_id, begun] = stored.time


def _said(stored: Stored) -> _Said:
    try:
        return _Said.model_validate_json(stored.data)
    except ValidationError:
        return _Said(reason="can't be read")


def _step_of(stored: Stored) -> str:
    """A step that tells an event bears its service's name."""
    source = stored.headers.get("ce-source", "").removeprefix("/onramp/")
    return source if source in steps() else ""


def _waited_for(event: str, step: str) -> str:
    """What a step's own event took its time from. The end comes from the watch over the enrolled host."""
    if event in {"replay", ServerScanned.name} or step not in steps():
        return ""
    return "host-enrolled" if event == "server-ready" else steps()[step].waits_for


def _what(stored: Stored, said: _Said) -> str:
    if sender := stored.headers.get(SENT_BY):
        return f"sent again by {unquote(sender)}"
    if said.registration and parse(stored.subject).event == ServerScanned.name:
        return _scanned(said.registration)
    state = f"the host is {said.state}" if said.state else ""
    again = f"attempt {said.attempt}, next at {clock(said.next_attempt_at)}" if said.next_attempt_at else ""
    by = f"by {said.by}" if said.by else ""
    culprit = f"culprit: {said.culprit}" if said.culprit else ""
    words = [said.outcome, by, said.reason or state, culprit, again, *said.warnings]
    return "; ".join(word for word in words if word)


def _scanned(registration: Registration) -> str:
    said = registration.model_dump(mode="json", exclude_none=True)
    return ", ".join(f"{name} {value}" for name, value in said.items())

"""What `onramp streams apply` makes, against what it must be, and what waits in it."""

from nats.js.api import DiscardPolicy, StreamInfo
from nats.js.errors import NotFoundError

from events.agreement import differences
from events.settings import ServiceSettings
from events.steps import steps
from events.store_errors import translated
from events.stream import Stream
from events.streams import consumer_config, stream_configs
from events.subjects import DEAD_LETTERS
from onramp.cli.probes.finding import APPLY, Finding, Health


async def streams(stream: Stream) -> list[Finding]:
    """Every stream and bucket against what it must be."""
    found = []
    for wanted in stream_configs(ServiceSettings().replicas):
        name = str(wanted.name)
        try:
            async with translated():
                info = await stream.jetstream.stream_info(name)
            found.append(_full(info) or _agreed(f"stream {name}", differences(wanted, info.config)))
        except NotFoundError:
            found.append(Finding(f"stream {name}", Health.BROKEN, "missing", APPLY))
    return found


async def consumers(stream: Stream) -> list[Finding]:
    """Every step's consumer against what it must be."""
    settings, found = ServiceSettings(), []
    ack_wait = settings.ack_wait if "ack_wait" in settings.model_fields_set else None
    for step in steps().values():
        check = f"consumer {step.name}"
        try:
            async with translated():
                info = await stream.jetstream.consumer_info(stream.name, step.name)
        except NotFoundError:
            found.append(Finding(check, Health.BROKEN, "missing", APPLY))
            continue
        wanted = consumer_config(step, ack_wait=ack_wait)
        lag = f"as wanted; {info.num_pending} to come, {info.num_ack_pending} in hand or waiting"
        found.append(_agreed(check, differences(wanted, info.config), lag))
    return found


async def dead_letters(stream: Stream) -> list[Finding]:
    """What waits for a person."""
    async with translated():
        count = (await stream.jetstream.stream_info(DEAD_LETTERS)).state.messages
    if not count:
        return [Finding("dead letters", Health.OK, "none")]
    do = "see `onramp dead-letters list`, mend, `onramp replay`"
    return [Finding("dead letters", Health.ATTENTION, f"{count} stand", do)]


def _full(info: StreamInfo) -> Finding | None:
    """A stream that has come to a bound that somebody set for it: one that discards the new takes no more."""
    config, state = info.config, info.state
    bounds = {"messages": (state.messages, config.max_msgs), "bytes": (state.bytes, config.max_bytes)}
    for what, (there, most) in bounds.items():
        if config.discard == DiscardPolicy.NEW and most and 0 < most <= there:
            do = "replay or discard what stands there, or give it more room"
            return Finding(f"stream {config.name}", Health.BROKEN, f"full: {there} of {most} {what}", do)
    return None


def _agreed(check: str, differs: list[str], otherwise: str = "as wanted") -> Finding:
    if differs:
        return Finding(check, Health.BROKEN, "; ".join(differs), APPLY)
    return Finding(check, Health.OK, otherwise)

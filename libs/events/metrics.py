"""Delivery rule 12: Prometheus metrics by step and outcome, never by server."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter(
    "onramp_deliveries_total",
    "Deliveries by how they ended: done, waits, dead-letter, nats-away.",
    ["step", "ended"],
)
STEP_EVENTS = Counter(
    "onramp_step_events_total",
    "Follow-ons and ends that were published, by outcome.",
    ["step", "event", "outcome"],
)
DELAYS = Counter(
    "onramp_step_delays_total",
    "StepDelayed that were published: a server began to wait, or waits an hour more.",
    ["step"],
)
REPLAYS = Counter("onramp_replays_total", "Messages that came by a step's private subject.", ["step"])
STEP_SECONDS = Histogram(
    "onramp_step_seconds",
    "Seconds that one handling of one message took.",
    ["step"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
SCAN_TO_READY_SECONDS = Histogram(
    "onramp_scan_to_ready_seconds",
    "Seconds from ServerScanned to ServerReady, by the stream's time.",
    buckets=(1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400),
)
IN_HAND = Gauge("onramp_in_hand", "Messages in hand in this process.", ["step"])
LAG = Gauge("onramp_consumer_pending", "Messages that the step has not been given yet.", ["step"])
UNACKED = Gauge(
    "onramp_consumer_ack_pending", "Messages that the step was given and has not acked: they wait.", ["step"]
)
OLDEST = Gauge(
    "onramp_consumer_oldest_seconds", "Age of the oldest message that the step has not acked.", ["step"]
)
DEAD_LETTERS = Gauge("onramp_dead_letters", "Dead letters of the step that stand.", ["step"])
BREAKER_OPEN = Gauge("onramp_breaker_open", "1 while calls to a backend are refused.", ["backend"])
BACKEND_WAITING = Gauge(
    "onramp_backend_waiting", "Messages that this process handed back until a backend answers.", ["backend"]
)
READY = Gauge("onramp_ready", "1 while a readiness check is green.", ["check"])


@contextmanager
def handling(step: str) -> Iterator[None]:
    """Around one handling of one message: counted while it lasts, timed when it ends."""
    with STEP_SECONDS.labels(step).time(), IN_HAND.labels(step).track_inprogress():
        yield

"""Delivery rule 12: one onboarding is one trace, carried through NATS in `traceparent` (W3C)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind

_tracer = trace.get_tracer("onramp")


def export_traces(service: str, endpoint: str) -> None:
    """Send this process's spans to an OTLP collector (HTTP); without this call they go nowhere."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)


def flush() -> None:
    """Send what has not been sent yet."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush()


@contextmanager
def span(name: str, headers: Mapping[str, str], kind: SpanKind = SpanKind.CONSUMER) -> Iterator[Span]:
    """A span that continues the trace in `headers`, or starts one."""
    with _tracer.start_as_current_span(name, context=propagate.extract(dict(headers)), kind=kind) as current:
        yield current


def trace_headers() -> dict[str, str]:
    """The trace in hand, as headers for whatever is published now."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers

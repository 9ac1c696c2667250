"""Delivery rule 12: one onboarding is one trace, carried through NATS in `traceparent` (W3C)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_tracer = trace.get_tracer("onramp")
_trace_context = TraceContextTextMapPropagator()
"""No baggage: nobody here reads it, and what a client writes there would be quoted in logs."""


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
def span(
    name: str, headers: Mapping[str, str], kind: SpanKind = SpanKind.CONSUMER, **attributes: str
) -> Iterator[None]:
    """A span that continues the trace in `headers`, or starts one. An error is on it by its type only."""
    with _tracer.start_as_current_span(
        name,
        context=_trace_context.extract(dict(headers)),
        kind=kind,
        record_exception=False,  # Its text and its stack could quote a secret.
        set_status_on_exception=False,
    ):
        note(**attributes)
        try:
            yield
        except Exception as error:
            failed(type(error).__name__)
            raise


def note(**attributes: str) -> None:
    """Put these on the span in hand, each as `onramp.<name>`."""
    trace.get_current_span().set_attributes({f"onramp.{name}": said for name, said in attributes.items()})


def failed(reason: str) -> None:
    """Mark the span in hand as failed, for a reason that holds no secret."""
    trace.get_current_span().set_status(StatusCode.ERROR, reason)


def trace_headers() -> dict[str, str]:
    """The trace in hand, as headers for whatever is published now."""
    headers: dict[str, str] = {}
    _trace_context.inject(headers)
    return headers

"""What a span keeps of an error."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from events import telemetry


def test_an_error_is_on_its_span_by_its_type_and_never_by_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_tracer", provider.get_tracer("test"))
    with pytest.raises(RuntimeError), telemetry.span("kea_sync", {}, server="fine-1"):
        raise RuntimeError("secret123")
    [span] = exporter.get_finished_spans()
    assert span.status.description == "RuntimeError"
    assert "secret123" not in span.to_json()


def test_what_a_client_sends_as_baggage_is_quoted_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    with telemetry.span("register", {"baggage": "secret123"}):
        assert "secret123" not in str(telemetry.trace_headers())
    assert "secret123" not in caplog.text

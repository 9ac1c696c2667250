"""The contract as an AsyncAPI 3.0 document, made from the types: what subscribers and the reference read."""

from events.asyncapi.document import document

__all__ = ["document"]

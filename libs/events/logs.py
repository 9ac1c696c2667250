"""Delivery rule 12: JSON logs, one object a line, with onboarding_id, server and step where there is one."""

import logging
import sys

import structlog

bound = structlog.contextvars.bound_contextvars
"""`with bound(server=..., step=...):` puts these on every line logged inside."""


def configure(service: str, level: str) -> None:
    """Log to standard error from here on."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format='{"level":"warning","event":"%(message)s"}'
    )


def logger() -> structlog.typing.FilteringBoundLogger:
    """The logger."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log

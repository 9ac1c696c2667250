"""Delivery rule 12: JSON logs, one object a line, with onboarding_id, server and step where there is one.

What libraries log comes out in the same form. An exception is shown by its type and place, ours and theirs
alike: its text could quote a secret.
"""

import logging
import sys
from collections.abc import Iterator
from traceback import walk_tb
from typing import Any

import structlog
from structlog.processors import ExceptionRenderer, JSONRenderer, TimeStamper
from structlog.stdlib import ProcessorFormatter, add_logger_name
from structlog.typing import ExcInfo, Processor

bound = structlog.contextvars.bound_contextvars
"""`with bound(server=..., step=...):` puts these on every line logged inside."""


def configure(service: str, level: str) -> None:
    """Log to standard error from here on; of libraries, warnings and worse."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    said: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        TimeStamper(fmt="iso", utc=True, key="time"),
        ExceptionRenderer(_types_and_places),
    ]
    structlog.configure(
        processors=[*said, JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    _take_over(said, max(number, logging.WARNING))


def _take_over(said: list[Processor], level: int) -> None:
    """Have what libraries log, and Python's warnings, written like the service's own lines."""
    rendered: list[Processor] = [ProcessorFormatter.remove_processors_meta, JSONRenderer()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryFormatter(foreign_pre_chain=[add_logger_name, *said], processors=rendered))
    logging.basicConfig(level=level, handlers=[handler])
    for name in logging.root.manager.loggerDict:  # FastStream brings a handler of its own.
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    logging.captureWarnings(True)


def logger() -> structlog.typing.FilteringBoundLogger:
    """The logger."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log


class _LibraryFormatter(ProcessorFormatter):
    """A library's record without the texts of exceptions that it quotes."""

    def format(self, record: logging.LogRecord) -> str:
        """As one JSON object."""
        record = logging.makeLogRecord(record.__dict__)
        match record.args:
            case tuple(given):
                record.args = tuple(map(_without_text, given))
            case dict(named):
                record.args = {name: _without_text(value) for name, value in named.items()}
        record.msg = _without_text(record.msg)
        # What asyncio knows of a task stands on lines of its own, the exception with its text among it.
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        return super().format(record)


def _without_text(argument: Any) -> Any:
    return type(argument).__name__ if isinstance(argument, BaseException) else argument


def _types_and_places(exc_info: ExcInfo) -> list[str]:
    """The exception, what it came of and what it holds, each with the lines that it came through."""
    return list(_told(exc_info[1]))


def _told(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        places = [f"{frame.f_globals.get('__name__')}:{line}" for frame, line in walk_tb(error.__traceback__)]
        yield f"{type(error).__name__} at {' > '.join(places)}" if places else type(error).__name__
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from _told(inner)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)

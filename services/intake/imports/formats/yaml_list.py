"""A YAML list of mappings, read event by event: nothing is resolved, so that every scalar stays text."""

from collections.abc import Iterator
from typing import TextIO

import yaml

from intake.imports.formats.record import LONGEST, Record, from_text, too_long
from intake.problems import FieldError, Unreadable

Events = Iterator[yaml.Event]

MOST_PARTS = 256
"""Names, values and brackets of one record. What is nested deeply takes libyaml quadratic time."""

QUOTED = "in quotes: YAML takes it for an alias, an anchor or a tag"
"""A password that begins with `*`, `&` or `!` is such a one."""


def read_yaml(text: TextIO) -> Iterator[Record]:
    """The mappings of the list. What is said of an unreadable one never quotes it."""
    try:
        yield from _list(_bounded(yaml.parse(text, Loader=yaml.CBaseLoader)))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise Unreadable(f"no YAML at line {line}: a value with signs in it is best put in quotes") from None
    except yaml.YAMLError:
        raise Unreadable("no YAML: it holds characters that are not allowed there") from None


def _bounded(events: Events) -> Events:
    """The events, as long as what they tell of is of a registration's size."""
    depth, began, parts = 0, 0, 0
    for event in events:
        start, end = event.start_mark, event.end_mark
        assert start
        assert end
        if depth < 2:
            began, parts = start.index, 0
        parts += 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if end.index - began > LONGEST or parts > MOST_PARTS:
            raise too_long(f"the record on line {end.line + 1}")
        yield event


def _list(events: Events) -> Iterator[Record]:
    next(events)
    if not isinstance(next(events), yaml.DocumentStartEvent) or not isinstance(
        next(events), yaml.SequenceStartEvent
    ):
        raise Unreadable("a YAML list of registrations is expected")
    index = 0
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        if isinstance(event, yaml.MappingStartEvent):
            yield _mapping(index, events)
        else:
            _pass(event, events)
            yield Record(index, {}, (FieldError("?", None, "a mapping, a server's registration"),))
        index += 1
    next(events)
    if not isinstance(next(events), yaml.StreamEndEvent):
        raise Unreadable("one YAML document is expected, not several")


def _mapping(index: int, events: Events) -> Record:
    fields: dict[str, str] = {}
    errors: list[FieldError] = []
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        name = _scalar(event, events)
        value = _scalar(next(events), events)
        if name is None or name in fields:
            errors.append(FieldError(name or "?", None, "a field that is named once, in text"))
        elif value is None:
            errors.append(FieldError(name, None, f"text; if it is, put it {QUOTED}"))
        else:
            fields[name] = value
    return Record(index, from_text(fields), tuple(errors))


def _scalar(event: yaml.Event, events: Events) -> str | None:
    """The text of a scalar as it stands; `None` for anything else, which is passed over."""
    if isinstance(event, yaml.ScalarEvent) and event.anchor is None and event.tag is None:
        return str(event.value)
    _pass(event, events)
    return None


def _pass(event: yaml.Event, events: Events) -> None:
    """Pass over all that an event begins."""
    depth = int(isinstance(event, yaml.CollectionStartEvent))
    while depth:
        event = next(events)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)

"""What is read as JSON, and what is refused before anything looks into it."""

import pytest

from intake.i_json import parse
from intake.problems import Unreadable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ('{"a": "hunter2', "no JSON"),
        ('{"a": "hunter2", "a": "hunter2"}', "same name"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1e309}', "too large"),
        ('{"a": 1' + "0" * 5000 + "}", "too large"),
        ('{"a": 9007199254740993}', "too large"),
        ('{"a": ' + "[" * 30000 + "}", "nested"),
        ('{"a": ' * 30000, "nested"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"a": "hunter2\0"}', "no JSON"),
    ],
)
def test_what_is_no_json_is_said_without_quoting_it(text: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as raised:
        parse(text)
    assert "hunter2" not in raised.value.detail


def test_json_is_read() -> None:
    assert parse('{"a": [1, 2.5, null, "ä"]}') == {"a": [1, 2.5, None, "ä"]}


@pytest.mark.parametrize("number", [999_999_999_999_999, -999_999_999_999_999])
def test_an_integer_that_every_reader_takes_exactly_is_read(number: int) -> None:
    assert parse(str(number)) == number

"""Rule 12: whoever logs in a service's process, a line is one JSON object without any exception's text."""

import json
import subprocess
import sys
from typing import Any

import pytest

START = """
import asyncio, logging, warnings
import faststream
from events import logs

logs.configure("kea_sync", "info")

async def broken():
    raise RuntimeError("quotes secret123")
"""


def logged(script: str) -> list[dict[str, Any]]:
    """What a process of its own says on standard error, line by line."""
    ran = subprocess.run(
        [sys.executable, "-c", START + script], stderr=subprocess.PIPE, text=True, check=True
    )
    assert "secret123" not in ran.stderr
    return [json.loads(line) for line in ran.stderr.splitlines()]


@pytest.mark.parametrize("library", ["uvicorn.error", "faststream", "kubernetes"])
def test_a_librarys_line_has_its_own_level_and_text(library: str) -> None:
    [line] = logged(f'logging.getLogger("{library}").error("it \\"broke\\"")')
    assert (line["level"], line["event"], line["logger"]) == ("error", 'it "broke"', library)
    assert line["service"] == "kea_sync"


def test_an_exception_is_told_by_its_types_and_places() -> None:
    [own, theirs] = logged("""
try:
    try:
        {}["secret123"]
    except KeyError as error:
        raise ValueError("quotes secret123") from error
except ValueError as error:
    logs.logger().exception("ours")
    logging.getLogger("urllib3").exception("theirs")
""")
    assert own["exception"] == ["ValueError at __main__:15", "KeyError at __main__:13"]
    assert theirs["exception"] == own["exception"]


def test_what_a_group_of_exceptions_holds_is_told() -> None:
    [line] = logged("""
async def group():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(broken())

try:
    asyncio.run(group())
except ExceptionGroup:
    logs.logger().exception("broke")
""")
    assert "RuntimeError at __main__:9" in line["exception"]


@pytest.mark.parametrize("arguments", ['"for %s: %r", "x", error', '"for x: %(why)s", {"why": error}'])
def test_an_exception_that_a_library_quotes_is_told_by_its_type(arguments: str) -> None:
    [line] = logged(f"""
error = OSError("secret123")
logging.getLogger("urllib3").warning({arguments})
""")
    assert line["event"].replace("'", "") == "for x: OSError"


def test_an_exception_that_is_all_a_library_says_is_told_by_its_type() -> None:
    [line] = logged('logging.getLogger("urllib3").error(OSError("secret123"))')
    assert line["event"] == "OSError"


def test_a_task_that_broke_unseen_is_one_line() -> None:
    [line] = logged("""
async def forgetful():
    asyncio.create_task(broken())
    await asyncio.sleep(0)

asyncio.run(forgetful())
""")
    assert (line["level"], line["event"]) == ("error", "Task exception was never retrieved")
    assert line["exception"] == ["RuntimeError at __main__:9"]


def test_a_warning_of_python_is_one_line() -> None:
    [line] = logged('warnings.warn("old")')
    assert line["level"] == "warning"
    assert "UserWarning: old" in line["event"]


def test_libraries_are_heard_from_warnings_on() -> None:
    assert logged('logging.getLogger("uvicorn").info("started")') == []

"""What is kept of a file while it is imported: little beside its own bytes."""

import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest

from intake.imports.duplicates import clashes
from intake.imports.formats import JSON, Record, records
from intake.imports.results import Accepted, Answer
from intake.settings import Settings
from tests.unit.intake.a_record import record

COUNT = 5000


class File:
    """Many records, made one at a time each time that they are gone through."""

    def __iter__(self) -> Iterator[Record]:
        for n in range(COUNT):
            place = {"rack": f"R{n // 40}", "position": n % 40 + 1}
            yield Record(n, record(device_name=f"s{n}", bmc_mac=f"3cecef{n:06x}", bmc_ip="", **place))


def accepted(index: int) -> Accepted:
    id = UUID(int=index)
    return Accepted(index=index, onboarding_id=id, server=f"s{index}", status_url=f"/{index}", sequence=index)


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
def test_of_a_record_that_clashes_with_none_a_few_bytes_are_kept() -> None:
    assert not clashes(File(), Settings().name_pattern)
    assert tracemalloc.get_traced_memory()[1] / COUNT < 250


@pytest.mark.usefixtures("traced")
async def test_of_a_result_its_json_alone_is_kept() -> None:
    answer = Answer(COUNT)
    for index in range(COUNT):
        answer.put(accepted(index))
    kept = tracemalloc.get_traced_memory()[0]
    assert kept < 1.5 * sum([len(part) async for part in answer.parts()])


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
async def test_the_parts_of_an_answer_are_one_array_in_the_order_of_the_file(count: int) -> None:
    answer = Answer(count)
    for index in reversed(range(count)):
        answer.put(accepted(index))
    assert [result["index"] for result in json.loads(await whole(answer.parts()))] == list(range(count))


async def whole(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


@pytest.mark.usefixtures("traced")
def test_of_a_file_one_record_at_a_time_is_read() -> None:
    body = json.dumps([record() for _ in range(COUNT)]).encode()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    assert sum(1 for _ in records(body, JSON)) == COUNT
    assert tracemalloc.get_traced_memory()[1] - before < len(body) / 5

"""How long whoever listens may."""

import asyncio
from time import time

import pytest

from intake.signin.problems import Unauthenticated
from intake.signin.stays import Stay, Stays


async def test_a_session_that_ends_while_it_is_looked_up_lets_nobody_listen() -> None:
    stays = Stays()
    stay = stays.of("session")
    stays.end("session")
    stay.end(at=time() + 60)
    with pytest.raises(Unauthenticated):
        async with stay.lasting():
            pass


async def test_all_connections_of_a_session_end_with_it() -> None:
    stays = Stays()

    async def listen() -> None:
        async with stays.of("session").lasting():
            await asyncio.Event().wait()

    listening = [asyncio.create_task(listen()) for _ in range(2)]
    asyncio.get_running_loop().call_soon(stays.end, "session")
    ended = await asyncio.wait_for(asyncio.gather(*listening, return_exceptions=True), 5)
    assert [type(error) for error in ended] == [Unauthenticated, Unauthenticated]


async def test_an_end_that_is_told_again_is_the_same_end() -> None:
    stay = Stay()

    async def listen() -> None:
        async with stay.lasting():
            await asyncio.Event().wait()

    listening = asyncio.create_task(listen())
    while not listening.done():
        await asyncio.sleep(0)
        stay.end()
    assert isinstance(listening.exception(), Unauthenticated)


async def test_what_is_late_for_another_reason_is_told_as_that() -> None:
    with pytest.raises(TimeoutError):
        async with Stay().lasting():
            raise TimeoutError

"""The full chain: five services with their real clients, emulators behind them, servers from scan to ready.

Prints servers a second, each step's share of the time, what a server costs each backend the first time
and again unchanged, and what each service's process weighs.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import psutil

from bench.fleet import registrations, write_examples
from events.stream import Stream
from onramp.cli.connection import connected
from onramp.sandbox.services import SERVICES
from onramp.sandbox.system import System

SERVERS = int(os.environ.get("BENCH_CHAIN_SERVERS", "200"))
MEMORY_AT = [int(n) for n in os.environ.get("BENCH_MEMORY_AT", "1000,5000").split(",") if n]
"""Weigh the processes after so many servers; empty: not at all, which saves some minutes."""
BUDGETS = {"netbox": "7 writes, 4 reads", "kea-a": "5", "kea-b": "5", "kubernetes": "4 beside the watch"}


async def main() -> None:
    """Run and print."""
    most = max([SERVERS, *MEMORY_AT])
    fleet = list(registrations(most))
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder), print, write_examples(Path(folder) / "examples", most))
        await system.start()
        try:
            async with (
                httpx.AsyncClient(timeout=60) as http,
                connected(system.environment("operator")) as stream,
            ):
                seconds = await _onboard(system, http, stream, fleet[:SERVERS], "server-ready", SERVERS)
                print(
                    f"\nfull chain, {SERVERS} servers: {SERVERS / seconds:.1f} a second, from scan to ready"
                )
                await _shares(system, http)
                await _costs(system, http, "first time", SERVERS)
                await _onboard(system, http, stream, fleet[:SERVERS], "server-ready", SERVERS * 2)
                await _costs(system, http, "again, unchanged", SERVERS)
                await _memory(system, http, stream, fleet)
        finally:
            await system.stop()


async def _onboard(
    system: System,
    http: httpx.AsyncClient,
    stream: Stream,
    fleet: Iterable[dict[str, Any]],
    end: str,
    ends: int,
) -> float:
    """Register them, 20 at a time, and wait until so many ends stand; the seconds that took."""
    started = perf_counter()
    limit = asyncio.Semaphore(20)

    async def register(record: dict[str, Any]) -> None:
        async with limit:
            answer = await http.post(f"{system.urls['intake']}/api/v1/servers/register", json=record)
            assert answer.status_code == 202, answer.text

    await asyncio.gather(*(register(record) for record in fleet))
    while await _count(stream, end) < ends:  # noqa: ASYNC110 - asked over the network
        await asyncio.sleep(0.2)
    return perf_counter() - started


async def _count(stream: Stream, event: str) -> int:
    info = await stream.jetstream._jsm.stream_info("ONBOARDING", subjects_filter=f"onboarding.{event}.>")
    return sum((info.state.subjects or {}).values())


async def _shares(system: System, http: httpx.AsyncClient) -> None:
    """Each step's share of the time that handlers took."""
    seconds = {}
    for name in SERVICES:
        text = (await http.get(f"{system.urls[name]}/metrics")).text
        for step, taken in re.findall(r'onramp_step_seconds_sum\{step="(\w+)"\} ([\d.e+-]+)', text):
            seconds[step] = float(taken)
    whole = sum(seconds.values())
    for step, taken in seconds.items():
        print(f"  {step:14} {taken / SERVERS * 1000:7.1f} ms a server  {taken / whole:4.0%}")


async def _costs(system: System, http: httpx.AsyncClient, when: str, servers: int) -> None:
    """Requests a server at each emulator since the last time asked."""
    print(f"  requests a server, {when}:")
    for name, process in system.backends.emulators.items():
        address = system.backends.emulator_urls[name]
        counts = (await http.get(f"{address}/_emulator/counts")).json()
        reads, writes = counts["reads"] / servers, counts["writes"] / servers
        await http.post(f"{address}/_emulator/reset-counts")
        print(f"    {process.name:11} {reads:5.2f} reads {writes:5.2f} writes   (budget: {BUDGETS[name]})")


async def _memory(
    system: System, http: httpx.AsyncClient, stream: Stream, fleet: list[dict[str, Any]]
) -> None:
    """What each service's process weighs, and how much more than at the first weighing."""
    first: dict[str, float] = {}
    done = SERVERS
    for count in MEMORY_AT:
        await _onboard(system, http, stream, fleet[done:count], "server-ready", SERVERS + count)
        done = max(done, count)
        print(f"  memory after {count} servers (wanted: at most 150 MiB, and 5 % more than first):")
        for name in SERVICES:
            weight = psutil.Process(system.processes[name].pid).memory_info().rss / 2**20
            first.setdefault(name, weight)
            print(f"    {name:14} {weight:6.1f} MiB  {weight / first[name] - 1:+.1%}")


if __name__ == "__main__":
    asyncio.run(main())

"""intake's projection: its start, its memory, and its lists beside a bare FastAPI path.

`BENCH_SERVERS` servers with six events each. Pages are asked for in turn, one from intake, one from a bare
path that answers the same bytes.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, sleep

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response

from bench.projection import start
from bench.stored import CONFIGURATION, SERVERS, seed
from onramp.sandbox.nats import NatsServer, free_port

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "300"))
"""For each of the pages."""
PAGES = [
    "",
    "?sort=-changed_at",
    "?site=dc07",
    "?state=failed",
    "?state=failed&site=dc03&sort=-changed_at",
    "?step=kea_sync",
    "?text=r01",
    "?text=u31&state=ready",
    "?text=nothing-like-it",
    "?text=zz",
    "?text=dc19",
    "?text=r01&sort=-changed_at",
    "?text=r01&site=dc03&sort=changed_at",
    "?text=u31&state=ready&sort=-changed_at",
    "?text=u31&state=failed",
    "?cursor={middle}",
    "?text=u31&state=ready&cursor={middle}",
    "?limit=500",
    "?text=u31&state=ready&limit=500",
]
"""`middle` is the cursor of a page that ends half-way."""


def bare(port: int, bodies: list[str]) -> None:
    """A FastAPI with a path that answers bytes."""
    app = FastAPI()

    @app.get("/{number}")
    async def page(number: int) -> Response:
        return Response(bodies[number], media_type="application/json")

    uvicorn.run(app, port=port, log_level="critical", access_log=False)


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[None]:
    """A process of ours."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], env={**os.environ, **environment})
    try:
        yield
    finally:
        process.kill()
        process.wait()


def get(connection: HTTPConnection, path: str) -> tuple[float, bytes]:
    """Seconds, and the body."""
    started = perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return perf_counter() - started, body


def connected(port: int, path: str) -> HTTPConnection:
    """A connection to a process, once it answers."""
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port)
            get(connection, path)
            return connection
        except (OSError, AssertionError):
            sleep(0.2)


def lists(url: str, folder: Path) -> None:
    """Print both sides' times, page by page and in all."""
    ours, theirs = free_port(), free_port()
    settings = {"ONRAMP_NATS_URL": url, "ONRAMP_HTTP_PORT": str(ours), "ONRAMP_LOG_LEVEL": "CRITICAL"}
    with running("intake.app", **settings, ONRAMP_REQUESTS_PER_ADDRESS="0"):
        intake = connected(ours, "/api/v1/servers")
        middle = json.loads(get(intake, "/api/v1/servers?site=dc10&limit=1")[1])["next"]
        pages = [page.format(middle=middle) for page in PAGES]
        bodies = [get(intake, f"/api/v1/servers{page}")[1].decode() for page in pages]
        (folder / "bodies.json").write_text(json.dumps(bodies))
        with running("bench.lists", "bare", str(theirs), str(folder / "bodies.json")):
            plain = connected(theirs, "/0")
            taken: list[tuple[float, float]] = []
            print("pages, ms: intake p50 p99, bare FastAPI p50 p99, ratio of the p99")
            for number, page in enumerate(pages):
                times = [
                    (get(intake, f"/api/v1/servers{page}")[0], get(plain, f"/{number}")[0])
                    for _ in range(REQUESTS)
                ]
                print(f"  {PAGES[number] or '(all)':42}{row(times)}")
                taken += times
            print(f"  {'all of them':42}{row(taken)} (wanted: at most 2)")


def row(times: list[tuple[float, float]]) -> str:
    """Both sides of the same requests."""
    one, other = (sorted(side) for side in zip(*times, strict=True))
    middle, most = len(times) // 2, int(len(times) * 0.99)
    numbers = [one[middle], one[most], other[middle], other[most]]
    return " ".join(f"{1000 * number:6.2f}" for number in numbers) + f"   {one[most] / other[most]:.2f}"


def main() -> None:
    """Run it all and print it."""
    with tempfile.TemporaryDirectory() as folder:
        server = NatsServer(Path(folder), free_port(), CONFIGURATION).start()
        try:
            messages = asyncio.run(seed(server.url))
            print(f"{SERVERS} servers, {messages} messages", flush=True)
            start(server.url)
            lists(server.url, Path(folder))
        finally:
            server.stop()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bare", port, bodies]:
            bare(int(port), json.loads(Path(bodies).read_text()))
        case _:
            main()

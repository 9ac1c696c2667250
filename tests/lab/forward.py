"""Loopback ports that lead into network namespaces: ``python -m tests.lab.forward PORT:NAMESPACE:PORT …``."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import sys

from tests.lab.place import LOOPBACK

CLONE_NEWNET = 0x40000000


def socket_in(namespace: str) -> socket.socket:
    """A TCP socket of that network namespace: it stays there, whoever uses it."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home, open(f"/run/netns/{namespace}") as away:
        _enter(libc, away.fileno())
        try:
            # The protocol is named, for asyncio sets TCP_NODELAY only on a socket that has one.
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        finally:
            _enter(libc, home.fileno())
    made.setblocking(False)
    return made


def _enter(libc: ctypes.CDLL, namespace: int) -> None:
    # Python has os.setns from 3.12 on.
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


async def forward(port: int, namespace: str, target: int) -> None:
    """Carry every connection on ``port`` to loopback ``target`` inside the namespace."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside = socket_in(namespace)
        try:
            await asyncio.get_running_loop().sock_connect(inside, (LOOPBACK, target))
        except OSError:
            inside.close()
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(sock=inside)
        await asyncio.gather(_carry(reader, back), _carry(there, writer))

    await (await asyncio.start_server(serve, LOOPBACK, port)).serve_forever()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        writer.transport.abort()
    writer.close()


async def main(rules: list[str]) -> None:
    """Forward by all rules at once."""
    parts = [rule.split(":") for rule in rules]
    await asyncio.gather(*(forward(int(port), namespace, int(target)) for port, namespace, target in parts))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

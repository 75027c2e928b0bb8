"""An LMS that takes its time: every score is answered after so many milliseconds, whatever else goes on.

It costs next to nothing itself, so that what is measured beside it is the worker. `GET /counted` tells what it saw.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass

TOKEN = json.dumps({"access_token": "t", "token_type": "Bearer", "expires_in": 3600}).encode()


@dataclass
class Seen:
    """Scores so far, how many were under way at once at most, and when the first came and the last was answered."""

    scores: int = 0
    at_once: int = 0
    most: int = 0
    first: float = 0.0
    last: float = 0.0


async def main(latency: float) -> None:
    """Serve on a free port, whose number is printed, until the process is ended."""
    seen = Seen()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(_length(head))
                writer.write(_answer(await _body(head, seen, latency)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side has gone, which is how each connection ends
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _body(head: bytes, seen: Seen, latency: float) -> bytes:
    path = head.split(b" ", 2)[1]
    if path == b"/counted":
        return json.dumps(vars(seen)).encode()
    if path == b"/token":
        return TOKEN
    seen.first = seen.first or time.monotonic()
    seen.at_once += 1
    seen.most = max(seen.most, seen.at_once)
    await asyncio.sleep(latency)
    seen.at_once -= 1
    seen.scores += 1
    seen.last = time.monotonic()
    return b""


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) / 1000))

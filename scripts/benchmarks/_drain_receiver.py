"""A receiver in a process of its own that parses every batch; it prints its port, then serves.

Each event is read as JSON, its id and sequence are kept; an answer comes DELAY ms after that and
names the limits. `GET /` tells what came: events, doubles, requests, largest batch, and how long
events of operator `live` took from their recorded time to here.
"""

import asyncio
import json
import sys
import time
import zlib
from datetime import datetime
from typing import Any, ClassVar

LIMITS = {"events": 4000, "bytes": 8_388_608}


class Receiver(asyncio.Protocol):
    """One connection; what came is kept for all of them."""

    ids: ClassVar[set[str]] = set()
    counts: ClassVar[dict[str, int]] = {
        "doubles": 0,
        "requests": 0,
        "largest": 0,
        "bytes": 0,
        "disorder": 0,
    }
    live_ms: ClassVar[list[float]] = []

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self.parts: list[bytes] = []
        self.have = 0
        self.wanted = -1
        self.head = b""

    def connection_made(self, transport: Any) -> None:
        """Keep the way back."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect a request; the client sends one at a time."""
        if self.wanted < 0:
            self.head += data
            at = self.head.find(b"\r\n\r\n")
            if at < 0:
                return
            data = self.head[at + 4 :]
            self.head = self.head[:at].lower()
            self.wanted = int((self.head.partition(b"content-length:")[2].split() or [b"0"])[0])
        self.parts.append(data)
        self.have += len(data)
        if self.have >= self.wanted:
            head, body = self.head, b"".join(self.parts)
            self.head, self.parts, self.have, self.wanted = b"", [], 0, -1
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        """Take a batch, or tell what came."""
        if head.startswith(b"get"):
            told = {
                **self.counts,
                "events": len(self.ids),
                "live_ms": sorted(self.live_ms),
                "cpu_s": time.process_time(),
            }
            self.say(json.dumps(told).encode())
            return
        self.counts["bytes"] += len(body)
        if b"content-encoding: gzip" in head:
            body = zlib.decompress(body, 31)
        self.take(json.loads(body))
        answer = json.dumps({"limits": LIMITS}).encode()
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, self.say, answer)
        else:
            self.say(answer)

    def take(self, events: list[dict[str, Any]]) -> None:
        """Keep what the events say."""
        counts, before = self.counts, len(self.ids)
        self.ids.update(event["id"] for event in events)
        counts["doubles"] += len(events) - (len(self.ids) - before)
        counts["requests"] += 1
        counts["largest"] = max(counts["largest"], len(events))
        sequences = [int(event["sequence"]) for event in events]
        counts["disorder"] += sequences != sorted(sequences)
        now_ms = time.time() * 1000
        for event in events:
            if event["data"].get("operator") == "live":
                at = datetime.fromisoformat(event["recordedtime"])
                self.live_ms.append(round(now_ms - at.timestamp() * 1000, 1))

    def say(self, body: bytes) -> None:
        """Send an answer."""
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self.transport.write(head + body)


async def main() -> None:
    """Serve until the parent closes our standard input."""
    loop = asyncio.get_running_loop()
    delay_s = float(sys.argv[1]) / 1000
    server = await loop.create_server(lambda: Receiver(delay_s), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())

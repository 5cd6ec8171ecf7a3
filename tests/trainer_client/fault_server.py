"""A service that goes wrong as told: real HTTP over a real socket, in a thread of its own.

Without further orders it answers `POST /reward` as the contract has it: 1.0 for the completion
"right", 0.0 for any other. `faults` are spent one a request, first come first served.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass
class FaultServer:
    faults: list[str] = field(default_factory=list)
    """`500`, `hang`, `reset`, `half`, `short`, `nonsense`, `429`, `slow`, …; then all is well."""
    seen: list[Body] = field(default_factory=list)
    """The bodies received, in order."""
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answer: Callable[[Body], Body] | None = None
    refuse: Callable[[Body], tuple[int, Body] | None] | None = None
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        body = json.loads(raw) if raw else {}
        self.seen.append(body)
        self.raw.append(raw)
        self.headers.append(headers)
        fault = self.faults.pop(0) if self.faults else "none"
        return await self._respond(fault, body, writer)

    async def _respond(self, fault: str, body: Body, writer: asyncio.StreamWriter) -> bool:
        if fault == "hang":
            await asyncio.sleep(60)
        if fault == "reset":
            writer.transport.abort()
            return False
        if fault.startswith("slow"):
            await asyncio.sleep(float(fault.removeprefix("slow ")))
        status, extra, payload = self._payload(fault, body)
        told = len(payload)
        if fault == "half":
            payload = payload[: told // 2]
        writer.write(
            f"HTTP/1.1 {status} x\r\nContent-Length: {told}\r\n{extra}\r\n".encode() + payload
        )
        await writer.drain()
        return fault != "half"

    def _payload(self, fault: str, body: Body) -> tuple[int, str, bytes]:
        refused = self.refuse(body) if self.refuse else None
        if refused:
            return refused[0], "", json.dumps(refused[1]).encode()
        if fault.split()[0].isdigit():
            status, _, wait = fault.partition(" ")
            extra = f"Retry-After: {wait}\r\n" if wait else ""
            return int(status), extra, b'{"error": "x", "message": "as told"}'
        if fault == "nonsense":
            return 200, "", b"<html>proxy</html>"
        answer = (self.answer or judged)(body)
        if fault == "short":
            answer["groups"][0]["completions"].pop()
        return 200, "", json.dumps(answer).encode()


def judged(body: Body) -> Body:
    return {
        "request_id": body.get("request_id"),
        "groups": [group(item) for item in body.get("groups", [])],
        "timing_ms": {"queue": 0.1, "work": 0.1, "total": 0.2},
        "version": "9.9",
        "from_the_future": True,
    }


def group(asked: Body) -> Body:
    done = [completion(item) for item in asked["completions"]]
    rewards = [item["reward"] for item in done]
    return {"id": asked.get("id"), "rewards": rewards, "completions": done, "stats": {}}


def completion(asked: str | Body) -> Body:
    text = asked if isinstance(asked, str) else asked["text"]
    if text == "unscored":
        part: Body = {"score": None, "verdict": "unscored", "reason": "bad_reference"}
        return {"id": None, "reward": None, "flags": [], "components": {"math": part}}
    score = 1.0 if text == "right" else 0.0
    verdict = "correct" if score else "incorrect"
    part = {"score": score, "verdict": verdict, "reason": "equal_exact", "detail": "as told"}
    form = {"score": 0.5, "verdict": "partial", "reason": "tags"}
    components = {"math": part | {"extracted": text, "ms": 0.2}, "format": form}
    return {"id": None, "reward": score + 0.5, "flags": [], "components": components}


@contextmanager
def running(server: FaultServer, port: int = 0) -> Iterator[FaultServer]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(server.serve, "127.0.0.1", port)

    listener = asyncio.run_coroutine_threadsafe(start(), loop).result()
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(listener), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def stop(listener: asyncio.Server) -> None:
    listener.close()
    mine = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in mine:
        task.cancel()
    await asyncio.gather(*mine, return_exceptions=True)
    await asyncio.sleep(0)

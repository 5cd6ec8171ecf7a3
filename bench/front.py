"""What the HTTP front costs: parsing a body, and answering a request, beside the usual ways.

    python bench/front.py            about half a minute; ratios within one run are what counts

The desk behind answers at once, so that only HTTP is measured: one server process on loopback, 16
connections, groups of 16 completions of 8,000 characters (130 kB a request).
"""

import asyncio
import json
import multiprocessing
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import psutil
import uvicorn
from fastapi import FastAPI

from adjudge.service.api import RewardRequest
from adjudge.service.app import create_app
from adjudge.service.http.server import server
from adjudge.service.in_process import InProcessDesk
from adjudge.service.settings import load

TEXT = "Let x be 1. Then \\frac{1}{2} of it is left. " * 178


def body(groups: int) -> bytes:
    group = {"completions": [TEXT] * 16, "reference": {"answer": "1"}}
    return json.dumps({"groups": [group] * groups, "rewards": [{"kind": "exact"}]}).encode()


def parsers() -> dict[str, Callable[[bytes], Any]]:
    return {
        "json.loads + pydantic (FastAPI's way)": lambda b: RewardRequest.model_validate(
            json.loads(b)
        ),
        "pydantic's model_validate_json": RewardRequest.model_validate_json,
        "jiter, counted, pydantic (ours)": ours,
    }


def ours(given: bytes) -> RewardRequest:
    from adjudge.service.http.body import document_of, validate

    return validate(document_of(given), RewardRequest)


def milliseconds(parse: Callable[[bytes], Any], given: bytes, times: int) -> float:
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times):
            parse(given)
        best = min(best, (time.perf_counter() - began) / times)
    return best * 1000.0


class NoWork(InProcessDesk):
    """Judges once, and answers that ever after."""

    def __init__(self) -> None:
        super().__init__()
        self._answer: Any = None

    async def judge(self, request: RewardRequest) -> Any:
        if self._answer is None:
            self._answer = await super().judge(request)
        return self._answer


def usual() -> FastAPI:
    """As a tutorial would have it: the model as a parameter, the model as the answer."""
    app, desk = FastAPI(), NoWork()

    @app.post("/reward")
    async def reward(request: RewardRequest) -> Any:
        return await desk.judge(request)

    return app


def run(name: str, bound: socket.socket) -> None:
    if name == "ours":
        asyncio.run(server(create_app(NoWork()), load()).serve(sockets=[bound]))
    else:
        config = uvicorn.Config(usual(), log_level="warning", access_log=False)
        asyncio.run(uvicorn.Server(config).serve(sockets=[bound]))


async def answered(url: str, given: bytes, seconds: float) -> int:
    """How many requests were answered."""
    count = 0
    limits = httpx.Limits(max_connections=16)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=30) as client:

        async def stream() -> None:
            nonlocal count
            while time.perf_counter() < until:
                answer = await client.post(
                    "/reward", content=given, headers={"Content-Type": "application/json"}
                )
                assert answer.status_code == 200, answer.text
                count += 1

        until = time.perf_counter() + seconds
        await asyncio.gather(*(stream() for _ in range(16)))
    return count


def cpu_ms(name: str, given: bytes) -> float:
    """The server's own CPU time for one request; the client is slower than either server."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        process = multiprocessing.get_context("fork").Process(target=run, args=(name, bound))
        process.start()
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        try:
            asyncio.run(answered(url, given, 0.5))
            before = sum(psutil.Process(process.pid).cpu_times()[:2])
            count = asyncio.run(answered(url, given, 4.0))
            return (sum(psutil.Process(process.pid).cpu_times()[:2]) - before) / count * 1000.0
        finally:
            process.terminate()
            process.join()


def main() -> None:
    for groups, times in ((1, 300), (500, 1)):
        given = body(groups)
        found = {name: milliseconds(parse, given, times) for name, parse in parsers().items()}
        last = found["jiter, counted, pydantic (ours)"]
        print(f"parsing {len(given) / 2**20:.2f} MiB")
        for name, spent in found.items():
            print(f"  {name:40} {spent:9.3f} ms   {spent / last:5.2f} x ours")
    given = body(1)
    spent_ms = {name: cpu_ms(name, given) for name in ("usual", "ours")}
    print(f"the server's CPU time for a request of {len(given) / 2**10:.0f} kB, 16 completions")
    for name, spent in spent_ms.items():
        print(f"  {name:40} {spent:9.3f} ms   {spent / spent_ms['ours']:5.2f} x ours")


if __name__ == "__main__":
    main()

"""Programs through the whole service (HTTP, queue, worker, isolated slot) beside their peers.

    python bench/code_service.py [--sandbox-fusion FOLDER --sandbox-fusion-python PYTHON]
        [--verl FOLDER] [--humaneval FILE.jsonl.gz] [--rounds 3] [--seconds 4] [--parts run …]

Peers, turn by turn in the same run: SandboxFusion's own server (FOLDER: its source; PYTHON: with
what it imports, in an environment that has a folder `condabin`), two workers, without isolation as
its local.yaml has it; verl's prime_code (FOLDER: its source) in two processes. Absolute times are
this machine's; what counts are the ratios.
"""

import argparse
import gzip
import http.client
import json
import multiprocessing
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

SUM = "print(sum(map(int, input().split())))"
IMPORTS = (
    "import collections, itertools, functools, heapq, bisect, math, random, string, typing, json, "
    "re, datetime, decimal, fractions, copy\n"
)
PEER = """
import sys, uvicorn
from fastapi import FastAPI
from sandbox.server.sandbox_api import sandbox_router
app = FastAPI()
app.include_router(sandbox_router)
if __name__ == "__main__":
    uvicorn.run("peer:app", port=int(sys.argv[1]), workers=2, log_level="warning", loop="uvloop")
"""
Answer = dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server to ask; a connection for each thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._here = threading.local()

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        data = json.dumps(body).encode()
        try:
            answer = self._send(path, data)
        except (ConnectionError, http.client.RemoteDisconnected):  # it was idle for too long
            self._here.connection = None
            answer = self._send(path, data)
        text = answer.read()
        assert answer.status == 200, (answer.status, text[:300])
        found: Answer = json.loads(text)
        return found

    def _send(self, path: str, data: bytes) -> http.client.HTTPResponse:
        connection = getattr(self._here, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
            self._here.connection = connection
        connection.request("POST", path, data, {"Content-Type": "application/json"})
        found: http.client.HTTPResponse = connection.getresponse()
        return found

    def run(self, code: str, stdin: str = "3 4\n", **more: Any) -> Answer:
        return self.post("/run_code", {"code": code, "language": "python", "stdin": stdin, **more})


@contextmanager
def started(command: list[str], port: int, **more: Any) -> Iterator[Server]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **more)
        try:
            server = Server(port)
            until = time.monotonic() + 60
            while True:
                try:
                    if server.run(SUM)["run_result"]["stdout"] == "7\n":
                        break
                except (OSError, AssertionError, TypeError, http.client.HTTPException):
                    server = Server(port)
                    time.sleep(0.3)
                assert time.monotonic() < until, "it did not start"
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


@contextmanager
def adjudge() -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-P", "-m", "adjudge.service.cli", "serve", "--port", str(port)]
    with started([*command, "--log-level", "warning"], port) as server:
        yield server


@contextmanager
def sandbox_fusion(folder: Path, python: str) -> Iterator[Server]:
    """With its one fault on the way of every request taken out (`flush` of a stream that has
    none), the log at WARNING, and an empty home, so that its shell reads no start-up files."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["cp", "-r", f"{folder}/sandbox", place], check=True)
        runner = Path(place, "sandbox/runners/base.py")
        text = runner.read_text(encoding="utf-8")
        runner.write_text(text.replace("p.stdin.flush()", "await p.stdin.drain()"), "utf-8")
        levels = "import logging, structlog\n_f = structlog.make_filtering_bound_logger(30)\n"
        levels += "structlog.configure(wrapper_class=_f)\n"
        Path(place, "peer.py").write_text(levels + PEER, "utf-8")
        port = free_port()
        environment = {"HOME": place, "PATH": os.environ["PATH"], "PYTHONPATH": place}
        command = [python, f"{place}/peer.py", str(port)]
        with started(command, port, cwd=place, env=environment) as server:
            yield server


def rate(act: Callable[[], bool], clients: int, seconds: float) -> float:
    """Right answers a second, by so many clients."""
    until = time.monotonic() + seconds
    right: list[int] = []

    def client() -> None:
        count = 0
        while time.monotonic() < until:
            count += act()
        right.append(count)

    began = time.monotonic()
    in_threads([client] * clients)
    return sum(right) / (time.monotonic() - began)


def in_threads(acts: list[Callable[[], Any]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def took_ms(act: Callable[[], Any]) -> float:
    began = time.monotonic()
    act()
    return (time.monotonic() - began) * 1000


def told(name: str, ours: list[float], theirs: list[float], goal: str, unit: str) -> None:
    line = f"{name:36} {statistics.median(ours):8.1f} {unit}"
    if theirs:
        up = unit == "/s"
        each = [a / b if up else b / a for a, b in zip(ours, theirs, strict=True)]
        middle = statistics.median(each)
        line += f"   peer {statistics.median(theirs):8.1f} {unit}   {middle:5.1f} times"
        line += f" ({min(each):.1f} to {max(each):.1f})"
    print(f"{line}   goal {goal}", flush=True)


def run_part(mine: Server, peer: Server | None, options: argparse.Namespace) -> None:
    """Throughput of `POST /run_code`."""
    for label, code, goal in (("one line", SUM, "6 times"), ("15 imports", IMPORTS + SUM, "10")):
        for clients in (8, 32):
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(options.rounds):
                for server, found in ((mine, ours), (peer, theirs)):
                    if server is not None:
                        found.append(rate(_asks(server, code), clients, options.seconds))
            told(f"{label}, {clients} clients", ours, theirs, goal, "/s")


def _asks(server: Server, code: str) -> Callable[[], bool]:
    return lambda: server.run(code)["run_result"]["stdout"] == "7\n"


def group(tests: int, imports: str) -> dict[str, Any]:
    """One GRPO group of 16 different programs."""
    cases = [{"input": f"{n} 4\n", "output": f"{n + 4}\n"} for n in range(tests)]
    texts = [f"```python\n{imports}{SUM}  # {n} {time.monotonic_ns()}\n```" for n in range(16)]
    reference = {"tests": {"type": "stdio", "cases": cases}}
    rewards = [{"kind": "code"}]
    return {"groups": [{"completions": texts, "reference": reference}], "rewards": rewards}


def groups_part(mine: Server, peer: Server | None, options: argparse.Namespace) -> None:
    """A group of 16 sent to an idle server."""
    for tests, imports, goal in ((1, "", "60 ms"), (1, IMPORTS, "60"), (10, IMPORTS, "300 ms")):
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(options.rounds * 3):
            body = group(tests, imports)
            ours.append(took_ms(lambda body=body: _all_right(mine, body)))
            if peer is not None and len(theirs) < options.rounds * 3:
                acts = [_asks(peer, imports + SUM)] * (16 * tests)
                theirs.append(took_ms(lambda acts=acts: in_threads(acts)))
        told(f"16 x {tests} tests{', imports' * bool(imports)}", ours, theirs, goal, "ms")


def _all_right(server: Server, body: dict[str, Any]) -> None:
    rewards = server.post("/reward", body)["groups"][0]["rewards"]
    assert rewards == [1.0] * len(rewards), rewards


def humaneval_part(mine: Server, _: Server | None, options: argparse.Namespace) -> None:
    """Every fourth solution, tests split from it, over HTTP; verl's prime_code has them in one
    process, as a program that prints."""
    if options.humaneval is None:
        return
    lines = gzip.decompress(options.humaneval.read_bytes()).decode().splitlines()
    rows = [json.loads(line) for line in lines][::4]
    ours: list[float] = []
    theirs: list[float] = []
    _judge_all(mine, rows)  # the slots that tests need beside the programs' are made once
    for _round in range(options.rounds):
        ours.append(len(rows) / (took_ms(lambda: _judge_all(mine, rows)) / 1000))
        if options.verl is not None:
            with multiprocessing.get_context("fork").Pool(2) as pool:
                pool.map(_warm_prime_code, [options.verl] * 2)
                work = [(options.verl, row) for row in rows]
                spent = took_ms(lambda pool=pool, work=work: pool.map(_prime_code, work, 1))
            theirs.append(len(rows) / (spent / 1000))
    told("HumanEval, split tests", ours, theirs, "3 times", "/s")


def _judge_all(server: Server, rows: list[dict[str, Any]]) -> None:
    groups = []
    for row in rows:
        code = f"{row['prompt']}{row['canonical_solution']}\n# {time.monotonic_ns()}"
        check = f"{row['test']}\ncheck({row['entry_point']})"
        reference = {"tests": {"type": "assert", "code": check}}
        groups.append({"completions": [f"```python\n{code}\n```"], "reference": reference})
    answer = server.post("/reward", {"groups": groups, "rewards": [{"kind": "code"}]})
    assert all(found["rewards"] == [1.0] for found in answer["groups"])


def _import_prime_code(folder: Path) -> Any:
    """Its package alone; `pyext` builds on no present Python: a stand-in of the one call used."""
    stand_in = types.ModuleType("pyext")
    stand_in.RuntimeModule = _RuntimeModule  # type: ignore[attr-defined]
    sys.modules["pyext"] = stand_in
    place = str(folder / "verl/utils/reward_score")
    if place not in sys.path:
        sys.path.insert(0, place)
    import prime_code  # type: ignore[import-not-found]

    return prime_code


def _warm_prime_code(folder: Path) -> None:
    _import_prime_code(folder)


class _RuntimeModule:
    @staticmethod
    def from_string(name: str, _doc: str, source: str) -> types.ModuleType:
        made = types.ModuleType(name)
        exec(source, made.__dict__)
        return made


def _prime_code(work: tuple[Path, dict[str, Any]]) -> None:
    folder, row = work
    program = f"{row['prompt']}{row['canonical_solution']}\n{row['test']}\n"
    program += f"check({row['entry_point']})\nprint('ALL_OK')\n"
    tests = {"inputs": [""], "outputs": ["ALL_OK\n"]}
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    right, _ = _import_prime_code(folder).compute_score(program, tests)
    assert right


def output_part(mine: Server, peer: Server | None, _: argparse.Namespace) -> None:
    """Large outputs come whole, or the run is not called a success."""
    for size in (200_000, 5_000_000):
        code = f"print('x' * {size})"
        for name, server in (("ours", mine), ("peer", peer)):
            if server is None:
                continue
            answers = [server.run(code, "", run_timeout=5) for _ in range(10)]
            whole = sum(len(a["run_result"]["stdout"] or "") == size + 1 for a in answers)
            cut = sum(
                a["status"] == "Success" and len(a["run_result"]["stdout"]) <= size for a in answers
            )
            print(f"{size} bytes, {name}: {whole} of 10 whole, {cut} cut and called a success")


PARTS = {
    "run": run_part,
    "groups": groups_part,
    "humaneval": humaneval_part,
    "output": output_part,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandbox-fusion", type=Path)
    parser.add_argument("--sandbox-fusion-python", default=sys.executable)
    parser.add_argument("--verl", type=Path)
    parser.add_argument("--humaneval", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    with ExitStack() as stack:
        mine = stack.enter_context(adjudge())
        peer = None
        if options.sandbox_fusion is not None:
            place, python = options.sandbox_fusion, options.sandbox_fusion_python
            peer = stack.enter_context(sandbox_fusion(place, python))
        for part in options.parts:
            PARTS[part](mine, peer, options)


if __name__ == "__main__":
    main()

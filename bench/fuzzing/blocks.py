"""A run in blocks of a thousand pairs, each with its own seed, by as many processes as are asked.

A block gives the same pairs wherever and whenever it is drawn: the number that a fault names is
enough to see it again.
"""

import json
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from adjudge.verifiers.math.fallback import prover
from fuzzing.bombs import bomb
from fuzzing.checks import try_pair
from fuzzing.tally import Tally
from fuzzing.texts import Mutated, Pair, code_points, soup

CASES = Path(__file__).parents[2] / "tests" / "cases" / "math"
BLOCK = 1_000
"""Pairs."""
SHARES = {"soup": 30, "mutated": 40, "bomb": 10, "unicode": 20}
"""Percent of the pairs."""
THOROUGH = 4
"""Every so many pairs are tried the other way round as well, and against themselves."""
MEMORY_MB = 200.0


@dataclass(frozen=True)
class Plan:
    seed: int = 0
    kinds: tuple[str, ...] = tuple(SHARES)
    symbolic: int = 1
    """Of every so many pairs one may ask the symbolic tier, which takes up to 1.5 s of CPU time;
    of the others what is asked of it counts as undecided. 0: none may."""
    size: int = BLOCK


def run(plan: Plan, blocks: range, jobs: int = 1) -> Iterator[Tally]:
    """The tallies of the blocks, as they are done."""
    if jobs == 1:
        yield from map(partial(run_block, plan), blocks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(partial(run_block, plan), blocks)


def run_block(plan: Plan, number: int) -> Tally:
    draw, tally = random.Random(f"{plan.seed} {number}"), Tally()
    makers = {name: maker for name, maker in all_makers().items() if name in plan.kinds}
    asked = prover().asked
    for place in range(plan.size):
        (name,) = draw.choices(list(makers), [SHARES[name] for name in makers])
        pair = makers[name](draw)
        with_symbolic(bool(plan.symbolic) and place % plan.symbolic == 0)
        try_pair(tally, pair, draw.randrange(THOROUGH) == 0)
    tally.asked = prover().asked - asked
    tally.memory_mb = resident_mb()
    if tally.memory_mb > MEMORY_MB:
        tally.fault(f"{tally.memory_mb:.0f} MB resident", ("", ""))
    tally.faults = [replace(fault, block=number) for fault in tally.faults]
    tally.lopsided = [replace(fault, block=number) for fault in tally.lopsided]
    return tally


@cache
def all_makers() -> dict[str, Callable[[random.Random], Pair]]:
    return {"soup": soup, "mutated": Mutated(cases()), "bomb": bomb, "unicode": code_points}


def cases() -> list[Pair]:
    rows = [
        json.loads(line)
        for file in sorted(CASES.glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    ]
    return [(row["gold"], row["answer"]) for row in rows if not row.get("raw")]


def with_symbolic(asked: bool) -> None:
    """Let this process ask its symbolic tier, or have it answer that it does not know."""
    mine = vars(prover())
    if asked:
        mine.pop("decide", None)
    else:
        mine["decide"] = lambda *_: "undecided"


def resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

"""A million random, mutated and hostile inputs for `math`: what raises, what is slow, what grows.

    python -P bench/math_fuzz.py                        a million pairs, all cores
    python -P bench/math_fuzz.py --count 5000 --only bomb --jobs 1
    python -P bench/math_fuzz.py --block 17             what block 17 found, again

Each input is a pair of reference and completion, drawn from

* `soup`: tokens of LaTeX in any order;
* `mutated`: the answers of tests/cases/math with scraps put in, taken out, doubled or swapped;
* `bomb`: deep nesting, long digits, towers of exponents, sums with huge bounds, large matrices,
  gigantic unions, nested cases, ± without end, each of a random size and often inside another;
* `unicode`: any code points at all, combining marks and lone surrogates included.

Faults, each printed with the input that causes it and counted in the exit status:

* an exception;
* more than 50 ms of this thread's own CPU time (the symbolic tier works in a process of its own);
* a reward for text that cannot be read, a score that is null for anything but a bad reference;
* a reference that can be read and is refused when it comes back as the answer, where no limit and
  no doubt is the reason;
* more than 200 MB of resident memory.

A pair that is equal one way round and different the other is counted as lopsided and shown on
demand: some are policies (`50` answers `50\\%`, `0.5` does not answer `50`), the rest are worth a
look.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))  # last: `http.py` beside this is no http

from fuzzing.blocks import BLOCK, SHARES, Plan, run
from fuzzing.tally import Tally

SHOWN = 200
"""Faults that are printed."""
EVERY_S = 20.0
"""Between lines of progress."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=1_000_000, help="pairs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first block")
    parser.add_argument("--block", type=int, help="this block alone, in this process")
    parser.add_argument("--only", default=",".join(SHARES), help="kinds of input, by commas")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument(
        "--symbolic", type=int, default=1, help="one of so many pairs may ask the symbolic tier"
    )
    parser.add_argument("--lopsided", action="store_true", help="print the lopsided pairs")
    parser.add_argument("--out", type=Path, help="JSON lines of all that was found")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    blocks = range(options.first, options.first + -(-options.count // BLOCK))
    if options.block is not None:
        blocks, options.jobs = range(options.block, options.block + 1), 1
    size = min(BLOCK, options.count)
    plan = Plan(options.seed, tuple(options.only.split(",")), options.symbolic, size)
    tally = Tally()
    began = told = time.monotonic()
    for done, found in enumerate(run(plan, blocks, options.jobs), 1):
        show(found, options, SHOWN - len(tally.faults))
        tally.add(found)
        now = time.monotonic()
        if now - told > EVERY_S or done == len(blocks):
            told, spent = now, now - began
            left = spent / done * (len(blocks) - done)
            print(f"{spent:.0f} s, {left:.0f} s left: {tally}", flush=True)
    print(", ".join(f"{reason} {n:,}" for reason, n in tally.reasons.most_common(25)))
    sys.exit(min(len(tally.faults), 100))


def show(found: Tally, options: argparse.Namespace, room: int) -> None:
    for fault in found.faults[: max(0, room)]:
        print(fault, flush=True)
    for pair in found.lopsided if options.lopsided else ():
        print(str(pair).replace("FAULT", "LOPSIDED", 1))
    if options.out:
        with options.out.open("a", encoding="ascii") as file:
            for kind in ("faults", "lopsided"):
                for fault in getattr(found, kind):
                    file.write(json.dumps({"kind": kind, **asdict(fault)}) + "\n")


if __name__ == "__main__":
    main()

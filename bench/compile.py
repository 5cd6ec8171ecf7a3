"""What the precompiled header and the store of executables save, compiling in slots.

    python bench/compile.py [--rounds 5]

The same C++ program: with `bits/stdc++.h` precompiled, without, and met again.
"""

import argparse
import statistics
import time

from adjudge.sandbox.pool import Pool
from adjudge.sandbox.probe import choose
from adjudge.sandbox.types import Program

PROGRAM = """#include <bits/stdc++.h>
using namespace std;
int main() { vector<int> v; int x; while (cin >> x) v.push_back(x);
  sort(v.begin(), v.end()); map<int, int> seen; for (int y : v) seen[y]++;
  for (auto [value, times] : seen) cout << value << " " << times << "\\n"; }
"""


def opened_s(pool: Pool, source: str) -> float:
    began = time.monotonic()
    with pool.open(Program(source=source, language="cpp")) as session:
        spent = time.monotonic() - began
        assert session.run(b"2 1 2").stdout == b"1 1\n2 2\n"
    return spent


def without_header_s(pool: Pool, source: str) -> float:
    """Only the first header of a file may be a precompiled one."""
    return opened_s(pool, f"#include <cstddef>\n{source}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pool = choose(slots=2)
    assert isinstance(pool, Pool)
    opened_s(pool, PROGRAM + "// first")
    pool.prepare()
    found: dict[str, list[float]] = {"with": [], "without": [], "again": []}
    for number in range(options.rounds):
        source = f"{PROGRAM}// {number} {time.monotonic_ns()}"
        found["with"].append(opened_s(pool, source))
        found["without"].append(without_header_s(pool, source))
        found["again"].append(opened_s(pool, source))
    for name, goal in (("with", 0.25), ("again", 0.02)):
        ratios = [a / b for a, b in zip(found[name], found["without"], strict=True)]
        middle = statistics.median(ratios)
        print(
            f"{name} / without: {middle:.3f} ({min(ratios):.3f} to {max(ratios):.3f}; goal {goal})"
        )
    pool.close()


if __name__ == "__main__":
    main()

"""The `code` kind on the field's problem sets: every solution must pass, every broken one fail.

    python bench/code.py FOLDER [--sets humaneval mbpp cpp js] [--limit 40]

FOLDER holds HumanEval.jsonl.gz, mbpp.jsonl, humanevalx_cpp.jsonl.gz and humanevalx_js.jsonl.gz, as
their projects publish them. A solution is broken in three ways: it returns None (or a default), it
returns its first argument, it raises; for the other languages by returning at once.
"""

import argparse
import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from adjudge.sandbox.probe import choose
from adjudge.verifiers.code import code_verifier
from adjudge.verifiers.types import Completion, Verdict


class Problem(NamedTuple):
    """One problem: its tests, its solution, and wrong ones."""

    name: str
    tests: dict[str, Any]
    solution: str
    broken: list[str]
    language: str = "python"


def rows(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in text.decode().splitlines()]


def fence(source: str, language: str = "python") -> str:
    return f"```{language}\n{source}\n```"


def overridden(name: str) -> list[str]:
    """Appended to a solution, each of these makes it wrong."""
    return [
        f"\n\ndef {name}(*a, **k):\n    return None\n",
        f"\n\ndef {name}(*a, **k):\n    return a[0] if a else 1\n",
        f"\n\ndef {name}(*a, **k):\n    raise ValueError('broken')\n",
        f"\n\nclass _Any:\n    def __eq__(self, o): return True\n    __hash__ = None\n"
        f"def {name}(*a, **k):\n    return _Any()\n",
        "\nimport os\nos._exit(0)\n",
    ]


def humaneval(folder: Path) -> Iterator[Problem]:
    for row in rows(folder / "HumanEval.jsonl.gz"):
        name = row["entry_point"]
        solution = row["prompt"] + row["canonical_solution"]
        tests = {"type": "assert", "code": f"{row['test']}\ncheck({name})"}
        broken = [solution + more for more in overridden(name)]
        yield Problem(row["task_id"], tests, solution, broken)


def mbpp(folder: Path) -> Iterator[Problem]:
    for row in rows(folder / "mbpp.jsonl"):
        code = "\n".join(row["test_list"])
        name = re.findall(r"\b([A-Za-z_]\w*)\s*\(", code.partition("assert")[2])
        mine = next((n for n in name if re.search(rf"(def|class) {n}\b", row["code"])), name[0])
        setup = row.get("test_setup_code", "")
        tests = {"type": "assert", "code": code, **({"setup": setup} if setup else {})}
        broken = [row["code"] + more for more in overridden(mine)]
        yield Problem(f"MBPP/{row['task_id']}", tests, row["code"], broken)


CPP_HEADERS = "".join(
    f"#include<{name}>\n"
    for name in ("stdlib.h", "algorithm", "math.h", "stdio.h", "vector", "string", "climits")
)


def humanevalx(folder: Path, file: str, language: str) -> Iterator[Problem]:
    for row in rows(folder / f"humanevalx_{file}.jsonl.gz"):
        declaration = row["declaration"]
        if language == "cpp":  # as its own harness has it; a declaration of theirs lacks its end
            declaration = f"{CPP_HEADERS}{row['prompt']}"
        solution = declaration + row["canonical_solution"]
        tests = {"type": "assert", "code": row["test"]}
        early = "return {};" if language == "cpp" else "return undefined;"
        broken = [declaration + early + row["canonical_solution"]]
        if language == "javascript":
            broken.append(f"process.exit(0);\n{solution}")
        else:
            broken.append(f"#include <cstdlib>\nstatic int quit = (exit(0), 0);\n{solution}")
        yield Problem(row["task_id"], tests, solution, broken, language)


SETS: dict[str, Callable[[Path], Iterator[Problem]]] = {
    "humaneval": humaneval,
    "mbpp": mbpp,
    "cpp": lambda folder: humanevalx(folder, "cpp", "cpp"),
    "js": lambda folder: humanevalx(folder, "js", "javascript"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--broken", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    sandbox = choose()
    check = code_verifier(sandbox).check
    assert check is not None
    verifier = code_verifier(sandbox)

    def judge(problem: Problem, source: str) -> Verdict:
        reference = verifier.reference.model_validate({"tests": problem.tests})
        params = verifier.params.model_validate(
            {"language": problem.language, "limits": {"cpu_s": 10}}
        )
        return check(Completion(fence(source, problem.language)), reference, params)

    def both(problem: Problem) -> tuple[Problem, Verdict, list[Verdict]]:
        broken = problem.broken if options.broken else []
        return problem, judge(problem, problem.solution), [judge(problem, b) for b in broken]

    for name in options.sets:
        problems = list(SETS[name](options.folder))[: options.limit]
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            report(name, list(pool.map(both, problems)), time.monotonic() - began)
    sandbox.close()


def report(name: str, judged: list[tuple[Problem, Verdict, list[Verdict]]], _: float) -> None:
    right = sum(verdict.score == 1.0 for _, verdict, _ in judged)
    weak = sum("integrity_weak" in verdict.flags for _, verdict, _ in judged)
    wrong = [(p.name, at) for p, _, bad in judged for at, b in enumerate(bad) if b.score != 0.0]
    total = sum(len(bad) for _, _, bad in judged)
    print(f"{name}: {right} of {len(judged)} solutions right ({weak} of them weak)")
    for problem, verdict, _ in judged:
        if verdict.score != 1.0:
            print(f"  {problem.name}: {verdict.reason}: {verdict.detail[:300]}")
    print(f"{name}: {total - len(wrong)} of {total} broken ones refused")
    for problem, _, bad in judged:
        for at, one in enumerate(bad):
            if one.score != 0.0:
                print(f"  {problem.name} #{at}: {one.verdict}, {one.reason}: {one.detail[:200]}")
    print(f"  reasons: {dict(Counter(b.reason for _, _, bad in judged for b in bad))}")


if __name__ == "__main__":
    main()

"""The form of a completion: verdicts and worst-case time, beside the patterns in common use.

    python bench/rewards.py [--cases tests/cases/format/cases.jsonl]

The patterns are what open-r1 and TRL publish as their format rewards (`^<think>\\n.*?\\n</think>…`
with DOTALL and MULTILINE; `^<think>(?!.*<think>)(.*?)</think>.*$` with DOTALL), written out here.
Their own style is stricter or looser than R1-Zero's table: a disagreement is not always a fault.
"""

import argparse
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

from adjudge.verifiers.flags import flags
from adjudge.verifiers.format import FormatParams, FormatReference, check
from adjudge.verifiers.repetition import RepetitionParams, RepetitionReference
from adjudge.verifiers.repetition import check as repetition
from adjudge.verifiers.types import Completion

CASES = Path(__file__).parents[1] / "tests" / "cases" / "format" / "cases.jsonl"
OPEN_R1 = re.compile(
    r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$", re.DOTALL | re.MULTILINE
)
TRL = re.compile(r"^<think>(?!.*<think>)(.*?)</think>.*$", re.DOTALL)

Judge = Callable[[str, str], float]


def ours(text: str, style: str) -> float:
    params = FormatParams.model_validate({"style": style})
    return check(Completion(text), FormatReference(), params).score or 0.0


def open_r1(text: str, _: str) -> float:
    return float(OPEN_R1.match(text) is not None)


def trl(text: str, _: str) -> float:
    return float(TRL.match(text) is not None)


def verdicts(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    judges: dict[str, tuple[Judge, tuple[str, ...]]] = {
        "adjudge": (ours, tuple({row["style"] for row in rows})),
        "open-r1's pattern": (open_r1, ("r1_zero", "r1_zero_newline")),
        "TRL's pattern": (trl, ("r1_think_summary",)),
    }
    print(f"wrong verdicts on {path.name}")
    for name, (judge, styles) in judges.items():
        for style in sorted(styles):
            chosen = [row for row in rows if row["style"] == style]
            wrong = sum(abs(judge(_text(row), style) - row["label"]) > 1e-9 for row in chosen)
            print(f"  {name:18} {style:18} {wrong:3} of {len(chosen)}")


def _text(row: dict[str, str]) -> str:
    return ("<think>\n" if row["prefilled"] else "") + row["completion"]


def worst_case() -> None:
    print("repeated `</think>\\n<answer>\\n`, ms (the pattern's time is quadratic)")
    for chars in (5_000, 10_000, 20_000):
        text = "<think>\n" + "</think>\n<answer>\n" * (chars // 18)
        mine = _ms(lambda text=text: ours(text, "r1_zero_newline"))
        theirs = _ms(lambda text=text: open_r1(text, ""))
        print(f"  {chars:7,} characters: adjudge {mine:8.3f}   open-r1's pattern {theirs:10.1f}")
    text = "<think>\n" + "</think>\n<answer>\n" * (100_000 // 18)
    print(f"  100,000 characters: adjudge {_ms(lambda: ours(text, 'r1_zero_newline')):8.3f}")


def other_kinds() -> None:
    text = ("so we see that x is " + "4 and then y becomes 5 " * 3) * 500
    print(f"a completion of {len(text):,} characters, ms")
    completion = Completion(text)
    print(f"  flags {_ms(lambda: flags(completion)):.2f}", end="   ")
    run = lambda: repetition(completion, RepetitionReference(), RepetitionParams())  # noqa: E731
    print(f"repetition {_ms(run):.2f}")


def _ms(run: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return 1000 * best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, default=CASES)
    verdicts(parser.parse_args().cases)
    worst_case()
    other_kinds()


if __name__ == "__main__":
    main()

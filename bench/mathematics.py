"""Mathematical equivalence beside its peers: accuracy and speed, pair by pair, in one run.

    python bench/mathematics.py [PATH …] [--every N] [--peers none] [--markdown FILE] [--chart PNG]
    python bench/mathematics.py --fuzz 1000000

PATH is a file or folder of JSON lines `{gold, answer, label}` (default: tests/cases/math); with
`raw: true` the answer is a whole completion, else it is put in a box. Every pair is judged by every
verifier in turn, in this process and on this thread, so that whatever the machine does meanwhile
happens to all of them. Figures to compare are the ratios; milliseconds are this machine's.

* FP: wrong answers accepted. FN: right answers refused. `unscored` counts as refused.
* fallback: the share of pairs that reached our symbolic tier.
* set `repeated`: the right and wrong answers of the first 100 golds eight times over, as a group of
  rollouts has them (everybody's caches help).

math-verify as its own README calls it; `trl` is TRL's `accuracy_reward` if TRL can be imported,
else its configuration of math-verify written out here, and named so.
"""

import argparse
import json
import logging
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from adjudge.verifiers.math import verify
from adjudge.verifiers.math.fallback import prover
from adjudge.verifiers.types import Outcome

Judge = Callable[[str, str], bool]
"""(gold, completion) → accepted."""
CASES = Path(__file__).parents[1] / "tests" / "cases" / "math"
GOLDS, ROLLOUTS = 100, 8
SLOW_S = 1.0


@dataclass(frozen=True)
class Pair:
    gold: str
    completion: str
    label: bool


@dataclass
class Score:
    """How one verifier did on one set."""

    seconds: list[float] = field(default_factory=list)
    false_positives: int = 0
    false_negatives: int = 0
    asked: int = 0
    """Questions to our symbolic tier."""

    def add(self, judge: Judge, pair: Pair) -> None:
        before, started = prover().asked, time.perf_counter()
        accepted = judge(pair.gold, pair.completion)
        self.seconds.append(time.perf_counter() - started)
        self.asked += prover().asked > before
        self.false_positives += accepted and not pair.label
        self.false_negatives += pair.label and not accepted

    @property
    def accuracy(self) -> float:
        return 1 - (self.false_positives + self.false_negatives) / len(self.seconds)

    @property
    def rate(self) -> float:
        return len(self.seconds) / sum(self.seconds)

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


# -- the verifiers -----------------------------------------------------------------------------


def adjudge_judge() -> Judge:
    return lambda gold, text: verify(gold, text).verdict is Outcome.CORRECT


def math_verify_judge() -> Judge:
    from math_verify import parse
    from math_verify import verify as compare

    def judge(gold: str, text: str) -> bool:
        return bool(compare(parse(f"\\boxed{{{gold}}}"), parse(text)))

    return judge


def trl_judge() -> Judge:
    from trl.rewards import accuracy_reward

    def judge(gold: str, text: str) -> bool:
        content = [[{"role": "assistant", "content": text}]]
        (reward,) = accuracy_reward(content, [f"\\boxed{{{gold}}}"])
        return bool(reward)

    return judge


def trl_written_out() -> Judge:
    """trl/rewards/accuracy_rewards.py, its two calls of math-verify."""
    from latex2sympy2_extended import NormalizationConfig
    from math_verify import LatexExtractionConfig, parse
    from math_verify import verify as compare

    boxed = LatexExtractionConfig(
        normalization_config=NormalizationConfig(units=True),
        boxed_match_priority=0,
        try_extract_without_anchor=False,
    )

    def judge(gold: str, text: str) -> bool:
        wanted = parse(f"\\boxed{{{gold}}}", extraction_mode="first_match")
        if not wanted:
            return False
        given = parse(text, extraction_config=[boxed], extraction_mode="first_match")
        return bool(compare(wanted, given))

    return judge


def judges(names: Iterable[str]) -> dict[str, Judge]:
    """Ours, and those peers that are asked for and installed."""
    found = {"adjudge": adjudge_judge()}
    for name in names:
        if name == "math-verify":
            found[name] = math_verify_judge()
        elif name == "trl":
            try:
                found[name] = trl_judge()
            except ImportError as error:
                print(f"trl cannot be imported ({error}); its configuration is written out here")
                found["trl's configuration"] = trl_written_out()
    return found


# -- the sets ----------------------------------------------------------------------------------


def read(path: Path, every: int) -> list[Pair]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        Pair(
            row["gold"],
            row["answer"] if row.get("raw") else f"The answer is $\\boxed{{{row['answer']}}}$.",
            bool(row["label"]),
        )
        for row in rows[::every]
    ]


def repeated(pairs: list[Pair]) -> list[Pair]:
    golds = list(dict.fromkeys(pair.gold for pair in pairs))[:GOLDS]
    return [pair for pair in pairs if pair.gold in golds for _ in range(ROLLOUTS)]


def sets(paths: list[Path], every: int) -> dict[str, list[Pair]]:
    files = [
        file
        for path in paths
        for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])
    ]
    found = {file.stem: read(file, every) for file in files}
    found = {name: pairs for name, pairs in found.items() if pairs}
    base = found.get("math500_pairs") or next(iter(found.values()))
    return found | {"repeated": repeated(base)}


def warm_up(judged: dict[str, Judge]) -> None:
    """Imports and first parses are nobody's figure."""
    for judge in judged.values():
        for gold, answer in (("1/2", "0.5"), ("x^2", "x\\cdot x"), ("(1,2)", "(1, 3)")):
            judge(gold, f"$\\boxed{{{answer}}}$")


def measure(pairs: list[Pair], judged: dict[str, Judge]) -> dict[str, Score]:
    scores = {name: Score() for name in judged}
    for pair in pairs:
        for name, judge in judged.items():
            scores[name].add(judge, pair)
    return scores


# -- the report --------------------------------------------------------------------------------

HEAD = (
    "| set (pairs) | verifier | right % | FP | FN | p50 ms | p99 ms | max ms | pairs/s "
    "| adjudge is faster by | fallback % |"
)


def table(results: dict[str, dict[str, Score]]) -> str:
    lines = [HEAD, "|" + "---|" * (HEAD.count("|") - 1)]
    for name, scores in results.items():
        ours = scores["adjudge"]
        for judge, score in scores.items():
            lines.append(_row(name, judge, score, ours))
    return "\n".join(lines)


def _row(name: str, judge: str, score: Score, ours: Score) -> str:
    cells = [
        f"{name} ({len(score.seconds)})",
        judge,
        f"{100 * score.accuracy:.1f}",
        str(score.false_positives),
        str(score.false_negatives),
        f"{1000 * statistics.median(score.seconds):.2f}",
        f"{score.percentile_ms(0.99):.1f}",
        f"{1000 * max(score.seconds):.0f}",
        f"{score.rate:.0f}",
        "" if score is ours else f"{ours.rate / score.rate:.0f}x",
        f"{100 * score.asked / len(score.seconds):.1f}" if score is ours else "",
    ]
    return "| " + " | ".join(cells) + " |"


def draw(results: dict[str, dict[str, Score]], path: Path) -> None:
    """Accuracy and speed of each verifier on each set, as bars."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    names = list(next(iter(results.values())))
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        at = [index + place * width for index in range(len(results))]
        left.bar(at, [100 * found[name].accuracy for found in results.values()], width, label=name)
        right.bar(at, [found[name].rate for found in results.values()], width, label=name)
    left.set(title="judged right, %", ylim=(50, 100))
    right.set(title="pairs a second and core (logarithmic)", yscale="log")
    for axis in (left, right):
        middle = [index + width * (len(names) - 1) / 2 for index in range(len(results))]
        axis.set_xticks(middle, [name.replace("_", "\n") for name in results], fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False, loc="lower left")
    figure.savefig(path, dpi=130)


# -- fuzz --------------------------------------------------------------------------------------

SCRAPS = [
    *r"""\frac \sqrt \left \right ( ) [ ] { } \{ \} ^ _ , ; : = < > \le \ge \ne \pm \cup \cap \in
    \infty \pi \text{ \begin{pmatrix} \end{pmatrix} & \\ \sum_{k=1}^ \int \lim_{x\to0} ! % \%
    ^\circ \circ 0 1 2 9 . 12.50 1,000 x y n k e i \log \sin \cos | \mid \mathbb{R} cm m/s \$ $
    - + * / \cdot \times \div \pmod{7} \equiv \overline{3} \binom 10^ \mathrm or and no solution
    ½ × ° √ ² − 答案是 ， ' """.split(),  # noqa: SIM905 - scraps with blanks between read better
    *(" ", "\n", "\x00", "\ud800", '"'),
]


def mutated(text: str, draw_: random.Random) -> str:
    """`text` with up to six scraps put in, taken out or doubled."""
    for _ in range(draw_.randint(0, 6)):
        at = draw_.randint(0, len(text))
        match draw_.randint(0, 3):
            case 0:
                text = text[:at] + draw_.choice(SCRAPS) + text[at:]
            case 1:
                text = text[:at] + text[at + draw_.randint(1, 3) :]
            case 2:
                text = text[:at] + text[max(0, at - 4) : at] + text[at:]
            case _:
                text = text[:at] + "".join(draw_.choices(SCRAPS, k=3)) + text[at:]
    return text


def fuzz(count: int, pairs: list[Pair], seed: int) -> int:
    """Judge `count` mutated pairs; the number of exceptions and slow verdicts."""
    source = random.Random(seed)
    faults, worst = 0, 0.0
    for number in range(count):
        pair = source.choice(pairs)
        gold, text = mutated(pair.gold, source), mutated(pair.completion, source)
        started = time.perf_counter()
        try:
            verify(gold, text)
        except Exception as error:  # noqa: BLE001 - that is what a fuzzer looks for
            faults += 1
            print(f"{type(error).__name__}: {error}\n  gold {gold!r}\n  text {text!r}")
        took = time.perf_counter() - started
        worst = max(worst, took)
        if took > SLOW_S and not prover().asked:
            faults += 1
            print(f"{took:.2f} s\n  gold {gold!r}\n  text {text!r}")
        if number % 10_000 == 9_999:
            print(f"{number + 1:,} pairs, {faults} faults, slowest {worst:.2f} s", flush=True)
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("paths", nargs="*", type=Path, default=[CASES])
    parser.add_argument("--every", type=int, default=1, help="judge every Nth pair")
    parser.add_argument("--peers", default="math-verify,trl", help="comma-separated; or none")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    parser.add_argument("--chart", type=Path, help="write a PNG to this file")
    parser.add_argument("--fuzz", type=int, default=0, help="judge N mutated pairs instead")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # math-verify says each of its time-outs
    found = sets(asked.paths, asked.every)
    if asked.fuzz:
        sys.exit(fuzz(asked.fuzz, [pair for pairs in found.values() for pair in pairs], asked.seed))
    judged = judges(asked.peers.split(","))
    warm_up(judged)
    results = {name: measure(pairs, judged) for name, pairs in found.items()}
    print(text := table(results))
    if asked.markdown:
        asked.markdown.write_text(text + "\n")
    if asked.chart:
        draw(results, asked.chart)


if __name__ == "__main__":
    main()

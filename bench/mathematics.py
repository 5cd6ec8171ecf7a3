"""Mathematical equivalence beside its peers: accuracy and speed, pair by pair, in one run.

    python bench/mathematics.py [PATH …] [--every N] [--peers none] [--markdown FILE] [--chart PNG]

Peers are those that are installed: `pip install math-verify[antlr4_13_2]==0.9.0` and
`pip install --no-deps trl` (its `accuracy_reward` needs nothing more). math-verify is called as its
own README calls it, `trl` is `trl.rewards.accuracy_reward` itself.

PATH is a file or folder of JSON lines `{gold, answer, label}` (default: tests/cases/math); with
`raw: true` the answer is a whole completion, else it is put in a box. Each verifier has a process
of its own, so that nobody warms another's caches, and judges sixteen pairs in its turn, so that
whatever the machine does meanwhile happens to all of them.

* Time is CPU time, of the verifier's process and, for us, of the symbolic tier's processes too: on
  an idle machine it is the time by the clock, on a busy one the clock would measure the others.
* FP: wrong answers accepted. FN: right answers refused. `unscored` counts as refused.
* fallback: the share of pairs that reached our symbolic tier.
* set `repeated`: the right and wrong answers of the first 100 golds eight times over, as a group of
  rollouts has them (everybody's caches help).
"""

import argparse
import gc
import json
import logging
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

Judge = Callable[[str, str], bool]
"""(gold, completion) → accepted."""
CASES = Path(__file__).parents[1] / "tests" / "cases" / "math"
GOLDS, ROLLOUTS = 100, 8
GROUP = 16


@dataclass(frozen=True)
class Pair:
    gold: str
    completion: str
    label: bool


@dataclass(frozen=True)
class Answer:
    accepted: bool
    seconds: float
    """Of CPU time."""
    asked: bool
    """Did it reach our symbolic tier?"""
    memory_mb: float
    """The most that the process has had so far."""


@dataclass
class Score:
    """How one verifier did on one set."""

    seconds: list[float] = field(default_factory=list)
    false_positives: int = 0
    false_negatives: int = 0
    asked: int = 0
    memory_mb: float = 0.0

    def add(self, answer: Answer, label: bool) -> None:
        self.seconds.append(answer.seconds)
        self.asked += answer.asked
        self.false_positives += answer.accepted and not label
        self.false_negatives += label and not answer.accepted
        self.memory_mb = answer.memory_mb

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
    from adjudge.verifiers.math import verify

    return lambda gold, text: verify(gold, text).score == 1.0


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


JUDGES: dict[str, Callable[[], Judge]] = {
    "adjudge": adjudge_judge,
    "math-verify": math_verify_judge,
    "trl": trl_judge,
}
WARM_UP = (("1/2", "0.5"), ("x^2", "x\\cdot x"), ("(1,2)", "(1, 3)"), ("\\sqrt{x^2}", "x"))
"""Imports and first parses are nobody's figure, nor is the start of our symbolic tier."""


# -- a process for each ------------------------------------------------------------------------


class Clock:
    """CPU seconds of this process and of the symbolic tier's."""

    def __init__(self, name: str) -> None:
        self._ours = name == "adjudge"
        self._tiers: list[psutil.Process] = []

    def questions(self) -> int:
        if not self._ours:
            return 0
        from adjudge.verifiers.math.fallback import prover

        return prover().asked

    def tier_s(self) -> float:
        self._tiers = self._tiers or psutil.Process().children()
        return sum(sum(process.cpu_times()[:4]) for process in self._tiers)


def serve(name: str, link: Connection) -> None:
    """Judge what comes over `link` until nothing more does."""
    logging.disable(logging.WARNING)  # math-verify says each of its time-outs
    try:
        judge = JUDGES[name]()
    except ImportError as error:
        link.send(str(error))
        return
    for gold, answer in WARM_UP:
        judge(gold, f"$\\boxed{{{answer}}}$")
    gc.collect()
    gc.freeze()  # as our workers do; the peers gain by it too
    clock = Clock(name)
    tier_s = clock.tier_s()
    link.send("")
    while (pairs := link.recv()) is not None:
        answers = []
        for pair in pairs:
            before, started = clock.questions(), time.process_time()
            accepted = judge(pair.gold, pair.completion)
            seconds = time.process_time() - started
            asked = clock.questions() > before
            if asked:
                seconds, tier_s = seconds + clock.tier_s() - tier_s, clock.tier_s()
            answers.append(Answer(accepted, seconds, asked, _peak_mb()))
        link.send(answers)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def process(name: str) -> Iterator[Connection | None]:
    """A link to a verifier's own process; None where it is not installed."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=serve, args=(name, theirs), daemon=True)
    child.start()
    missing = ours.recv()
    if missing:
        print(f"{name} is left out: {missing}")
    yield None if missing else ours
    if not missing:
        ours.send(None)
    child.join()


def measure(sets: dict[str, list[Pair]], names: Iterable[str]) -> dict[str, dict[str, Score]]:
    """By set and verifier."""
    with ExitStack() as stack:
        links = {name: stack.enter_context(process(name)) for name in names}
        present = {name: link for name, link in links.items() if link is not None}
        return {name: _measured(pairs, present) for name, pairs in sets.items()}


def _measured(pairs: list[Pair], links: dict[str, Connection]) -> dict[str, Score]:
    scores = {name: Score() for name in links}
    for group in batched(pairs, GROUP):
        for name, link in links.items():
            link.send(group)
            for pair, answer in zip(group, link.recv(), strict=True):
                scores[name].add(answer, pair.label)
    return scores


def batched(pairs: list[Pair], size: int) -> Iterator[list[Pair]]:
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]


# -- the sets ----------------------------------------------------------------------------------


def read(path: Path, every: int) -> list[Pair]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Pair(
            row["gold"],
            row["answer"] if row.get("raw") else f"The answer is $\\boxed{{{row['answer']}}}$.",
            bool(row["label"]),
        )
        for row in rows[::every]
        if "gold" in row
    ]


def repeated(pairs: list[Pair]) -> list[Pair]:
    golds = list(dict.fromkeys(pair.gold for pair in pairs))[:GOLDS]
    return [pair for pair in pairs if pair.gold in golds for _ in range(ROLLOUTS)]


def read_all(paths: list[Path], every: int) -> dict[str, list[Pair]]:
    files = [
        file
        for path in paths
        for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])
    ]
    found = {file.stem: read(file, every) for file in files}
    found = {name: pairs for name, pairs in found.items() if pairs}
    base = found.get("math500_pairs") or next(iter(found.values()))
    return found | {"repeated": repeated(base)}


# -- the report --------------------------------------------------------------------------------

HEAD = (
    "| set (pairs) | verifier | right % | FP | FN | p50 ms | p99 ms | max ms | pairs/s "
    "| adjudge is faster by | fallback % | MB |"
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
        f"{score.memory_mb:.0f}",
    ]
    return "| " + " | ".join(cells) + " |"


def draw(results: dict[str, dict[str, Score]], path: Path) -> None:
    """Accuracy and speed of each verifier on each set, as bars."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    names = list(next(iter(results.values())))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        at = [index + place * width for index in range(len(results))]
        left.bar(at, [100 * found[name].accuracy for found in results.values()], width, label=name)
        right.bar(at, [found[name].rate for found in results.values()], width, label=name)
    left.set(title="judged right, %", ylim=(50, 100))
    right.set(title="pairs a second and core (logarithmic)", yscale="log")
    for axis in (left, right):
        middle = [index + width * (len(names) - 1) / 2 for index in range(len(results))]
        axis.set_xticks(middle, [name.replace("_", "\n") for name in results], fontsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False, loc="lower left", fontsize=8)
    figure.savefig(path, dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("paths", nargs="*", type=Path, default=[CASES])
    parser.add_argument("--every", type=int, default=1, help="judge every Nth pair")
    parser.add_argument("--peers", default="math-verify,trl", help="comma-separated; or none")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    parser.add_argument("--chart", type=Path, help="write a PNG to this file")
    asked = parser.parse_args()
    names = ["adjudge", *(name for name in asked.peers.split(",") if name in JUDGES)]
    results = measure(read_all(asked.paths, asked.every), names)
    print(text := table(results))
    if asked.markdown:
        asked.markdown.write_text(text + "\n", "utf-8")
    if asked.chart:
        draw(results, asked.chart)


if __name__ == "__main__":
    main()

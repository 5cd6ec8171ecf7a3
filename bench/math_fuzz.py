"""A million random, mutated and hostile inputs for `math`: what raises, what is slow, what grows.

    python bench/math_fuzz.py [--count 1000000] [--seed 0] [--only soup,mutated,bomb,unicode]

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

A pair that is equal one way round and different the other is counted as lopsided and shown: some
are policies (`50` answers `50\\%`, `0.5` does not answer `50`), the rest are worth a look.
"""

# ruff: noqa: ARG005 - every maker takes a source of chance and a size, whether it needs them or not
import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adjudge.verifiers.extract import extract
from adjudge.verifiers.math import verdict as verdict_module
from adjudge.verifiers.math import verify
from adjudge.verifiers.math.fallback import prover
from adjudge.verifiers.types import Completion, Verdict

CASES = Path(__file__).parents[1] / "tests" / "cases" / "math"
SHARES = {"soup": 30, "mutated": 40, "bomb": 10, "unicode": 20}
"""Percent of the inputs."""
THOROUGH = 4
"""Every so many pairs are tried the other way round as well, and against themselves."""
SLOW_MS = 50.0
MEMORY_MB = 200.0
DOUBTS = frozenset({"undecided", "limit", "undefined", "ambiguous", "only_in_cot", "no_box"})
"""Reasons for which even the reference itself may be refused: nobody can tell, or nobody should."""
Pair = tuple[str, str]
"""(reference, answer): the answer is put into a box."""

# -- what is drawn -----------------------------------------------------------------------------

WORDS = r"""
    \frac \sqrt \left \right ( ) [ ] { } \{ \} ^ _ , ; : = < > \le \ge \ne \pm \mp \cup \cap
    \in \notin \setminus \infty \pi \text{ \mathrm{ \begin{pmatrix} \end{pmatrix} \begin{cases}
    \end{cases} \begin{array}{cc} \end{array} & \\ \sum_{k=1}^ \prod_{n=1}^ \int \int_0^1 dx
    \lim_{x\to0} \frac{d}{dx} ! !! % \% ^\circ \circ 0 1 2 3 9 . 12.50 1,000 3.14 0.\overline{3}
    x y n k e i f(x) C C_1 \log \log_2 \ln \sin \cos^2 \arctan | \mid \mathbb{R} \mathbb{Z} cm m/s
    km kg \$ $ - + * / \cdot \times \div \pmod{7} \equiv \overline{3} \binom \binom{5}{2} 10^
    \mathrm or and no solution \approx \sim \to \forall \dot \vec \hat \langle \rangle \lfloor
    \rfloor \lceil \rceil \| ' '' \det \gcd \max \bmod \boxed{ \fbox{ </think> <think> <answer>
    ½ × ° √ ² − ≤ ∪ ∞ π ± 答案是 ， （ ） \ldots ... 1:2 12:30 PM (B) B. 2023-11-05 million
"""
SCRAPS = [*WORDS.split(), " ", "\n", "\x00", "\ud800", '"', "\\", "\t", "\u0301", "\u200b"]


def soup(draw: random.Random) -> Pair:
    return _soup(draw), _soup(draw)


def _soup(draw: random.Random) -> str:
    between = draw.choice(("", "", " "))
    return between.join(draw.choices(SCRAPS, k=draw.randint(1, 18)))


class Mutated:
    """Answers of the cases, damaged; half of them against the reference they came with."""

    def __init__(self, pairs: list[Pair]) -> None:
        self.pairs = pairs

    def __call__(self, draw: random.Random) -> Pair:
        gold, answer = draw.choice(self.pairs)
        if draw.random() < 0.3:
            answer = draw.choice(self.pairs)[1]
        return mutated(gold, draw), mutated(answer, draw)


def mutated(text: str, draw: random.Random) -> str:
    """`text` with up to six scraps put in, taken out, doubled or swapped."""
    for _ in range(draw.randint(0, 6)):
        at, width = draw.randint(0, len(text)), draw.randint(1, 4)
        match draw.randint(0, 4):
            case 0:
                text = text[:at] + draw.choice(SCRAPS) + text[at:]
            case 1:
                text = text[:at] + text[at + width :]
            case 2:
                text = text[:at] + text[max(0, at - width) : at] + text[at:]
            case 3:
                text = text[:at] + text[at : at + width][::-1] + text[at + width :]
            case _:
                text = text[:at] + "".join(draw.choices(SCRAPS, k=3)) + text[at:]
    return text


def code_points(draw: random.Random) -> Pair:
    def text() -> str:
        return "".join(_point(draw) for _ in range(draw.randint(1, 40)))

    return text(), text()


_RANGES = (
    *((32, 126), (32, 126), (0xA0, 0x36F), (0x370, 0x6FF), (0x2000, 0x2BFF), (0x3000, 0x33FF)),
    *((0xFE00, 0xFFEF), (0x1D400, 0x1D7FF), (0, 0x10FFFF)),
)


def _point(draw: random.Random) -> str:
    low, high = draw.choice(_RANGES)
    return chr(draw.randint(low, high))


Nest = Callable[[str, int], str]
"""(inside, how often) → a text."""

NESTS: dict[str, Nest] = {
    "brackets": lambda inner, n: "(" * n + inner + ")" * n,
    "left right": lambda inner, n: "\\left(" * (n // 2) + inner + "\\right)" * (n // 2),
    "braces": lambda inner, n: "{" * n + inner + "}" * n,
    "unclosed": lambda inner, n: "(" * n + inner,
    "fractions": lambda inner, n: "\\frac{1}{1+" * (n // 4) + inner + "}" * (n // 4),
    "fractions above": lambda inner, n: "\\frac{" * (n // 4) + inner + "}{2}" * (n // 4),
    "roots": lambda inner, n: "\\sqrt{2+" * (n // 4) + inner + "}" * (n // 4),
    "towers": lambda inner, n: "9^{" * (n // 4) + inner + "}" * (n // 4),
    "subscripts": lambda inner, n: "x_{" * (n // 4) + inner + "}" * (n // 4),
    "functions": lambda inner, n: "\\sin(" * (n // 5) + inner + ")" * (n // 5),
    "logs": lambda inner, n: "\\log_{2}(" * (n // 9) + inner + ")" * (n // 9),
    "absolute": lambda inner, n: "|" * n + inner + "|" * n,
    "text": lambda inner, n: "\\text{" * (n // 6) + inner + "}" * (n // 6),
    "sets": lambda inner, n: "\\{" * (n // 2) + inner + "\\}" * (n // 2),
    "cases": lambda inner, n: _nested_cases(inner, min(n // 40, 60)),
    "minus": lambda inner, n: "-" * n + inner,
    "plus minus": lambda inner, n: "\\pm" * (n // 3) + inner,
    "sums": lambda inner, n: "\\sum_{k=1}^{9}" * (n // 14) + inner,
    "integrals": lambda inner, n: "\\int" * (n // 4) + inner + " dx",
    "limits": lambda inner, n: "\\lim_{x\\to 0}" * (n // 13) + inner,
    "derivatives": lambda inner, n: "\\frac{d}{dx}" * (n // 12) + inner,
    "factorial": lambda inner, n: inner + "!" * n,
    "primes": lambda inner, n: f"f{'′' * (n // 2)}{chr(39) * (n // 2)}({inner})",
    "percent": lambda inner, n: inner + "\\%" * (n // 2),
    "degrees": lambda inner, n: inner + "^\\circ" * (n // 6),
    "dots": lambda inner, n: inner + "." * n,
    "marks": lambda inner, n: inner + "\u0301\u0316" * (n // 2),
    "boxes": lambda inner, n: "\\boxed{" * (n // 8) + inner + "}" * (n // 8),
}


def _nested_cases(inner: str, depth: int) -> str:
    opened = "\\begin{cases} x & x>0 \\\\ " * depth
    return opened + inner + " & x<1 \\end{cases}" * depth


Row = Callable[[random.Random, int], str]
"""(source, how large) → a text."""


def _many(make: Callable[[random.Random, int], str], between: str, most: int = 4_000) -> Row:
    def row(draw: random.Random, n: int) -> str:
        return between.join(make(draw, at) for at in range(min(n, most)))

    return row


def _matrix(draw: random.Random, n: int) -> str:
    side = min(2 + n // 60, 42)
    cell = draw.choice(("7", "x", "\\frac12", "x_1", "\\sqrt2"))
    body = "\\\\".join("&".join([cell] * side) for _ in range(side))
    name = draw.choice(("pmatrix", "bmatrix", "vmatrix", "array"))
    return f"{draw.choice(('', chr(92) + 'det', '2'))}\\begin{{{name}}}{body}\\end{{{name}}}"


def _bound(draw: random.Random, n: int) -> str:
    return draw.choice(
        ("9" * (1 + n % 30), f"10^{{{1 + n % 99}}}", "\\infty", "n", "99", "9^{9^9}")
    )


ROWS: dict[str, Row] = {
    "digits": lambda draw, n: _digits(draw, n),
    "decimal": lambda draw, n: f"{_digits(draw, 1)}.{_digits(draw, n)}",
    "repeating": lambda draw, n: f"0.{_digits(draw, n // 2)}\\overline{{{_digits(draw, n // 2)}}}",
    "thousands": _many(lambda draw, _: _digits(draw, 3), ","),
    "scientific": lambda draw, n: (
        f"{_digits(draw, 2)}e{draw.choice('+-')}{_digits(draw, n % 9 + 1)}"
    ),
    "based": lambda draw, n: f"{'1' * n}_{{{draw.randint(0, 40)}}}",
    "power": lambda draw, n: f"{_digits(draw, 2)}^{{{_digits(draw, n % 12 + 1)}}}",
    "negative power": lambda draw, n: f"{_digits(draw, 2)}^{{-{_digits(draw, n % 12 + 1)}}}",
    "binomial power": lambda draw, n: f"(x+{_digits(draw, 1)})^{{{_digits(draw, n % 7 + 1)}}}",
    "polynomials": lambda draw, n: f"(x+y+z)^{{{n % 300}}}-(x+y-z)^{{{n % 299}}}",
    "factorials": lambda draw, n: f"{_digits(draw, n % 9 + 1)}!{'!' * (n % 3)}",
    "binomials": lambda draw, n: f"\\binom{{{_digits(draw, n % 9 + 1)}}}{{{_digits(draw, n % 9)}}}",
    "bounded sum": lambda draw, n: (
        f"\\sum_{{k=1}}^{{{_bound(draw, n)}}}{draw.choice(('k', 'k^k', 'k!', '2^k', '1/k', 'x^k'))}"
    ),
    "bounded product": lambda draw, n: f"\\prod_{{k=1}}^{{{_bound(draw, n)}}}(1+{_bound(draw, n)})",
    "triple sum": lambda draw, n: (
        f"\\sum_{{a=1}}^{{{n}}}\\sum_{{b=1}}^{{{n}}}\\sum_{{c=1}}^{{{n}}}\\frac{{1}}{{a+b+c}}"
    ),
    "integral": lambda draw, n: f"\\int_0^{{{_bound(draw, n)}}} x^{{{_bound(draw, n)}}} dx",
    "derivative": lambda draw, n: f"\\frac{{d^{{{n}}}}}{{dx^{{{n}}}}} \\sin(x^{{{n % 9}}})",
    "limit": lambda draw, n: f"\\lim_{{n\\to\\infty}} (1+1/n)^{{{_bound(draw, n)}}}",
    "matrix": _matrix,
    "list": _many(lambda draw, at: str(at), ","),
    "set": lambda draw, n: f"\\{{{','.join(f'{chr(92)}sqrt{{{k}}}' for k in range(n))}\\}}",
    "tuple": lambda draw, n: f"({','.join('xyz123'[k % 6] for k in range(n))})",
    "union": _many(lambda draw, at: f"({at},{at + 1}{draw.choice(')]')}", "\\cup"),
    "crossed union": _many(lambda draw, at: f"({draw.randint(0, 99)},{at + 9})", "\\cap"),
    "differences": _many(lambda draw, at: f"[{at},{at + 2}]", "\\setminus"),
    "or": _many(lambda draw, at: f"x={at}", " or "),
    "and": _many(lambda draw, at: f"x>{at}", " and "),
    "chain": _many(lambda draw, at: f"x_{at}", "<"),
    "equations": _many(lambda draw, at: str(at % 7), "="),
    "plus minus terms": _many(lambda draw, at: f"\\sqrt{{{at + 2}}}", "\\pm"),
    "variables": _many(lambda draw, at: f"x_{{{at}}}", "+"),
    "product": _many(lambda draw, at: f"(x-{at})", ""),
    "quotient": _many(lambda draw, at: str(at + 1), "/"),
    "ratio": _many(lambda draw, at: str(at + 1), ":"),
    "modulus": lambda draw, n: f"7^{{{_bound(draw, n)}}} \\bmod {_digits(draw, n % 20 + 1)}",
    "congruence": lambda draw, n: f"x\\equiv {_digits(draw, n)} \\pmod{{{_digits(draw, n)}}}",
    "family": lambda draw, n: f"x=\\frac{{\\pi}}{{{n + 1}}}+{n}k\\pi, k\\in\\mathbb{{Z}}",
    "gcd": lambda draw, n: f"\\gcd({_bound(draw, n)},{_bound(draw, n)})",
    "equation": lambda draw, n: f"x^{{{n}}}+{_digits(draw, 2)}x+1=0",
    "builder": lambda draw, n: f"\\{{x\\mid x^{{{n % 40}}}<{_digits(draw, n % 20 + 1)}\\}}",
    "units": _many(lambda draw, _: draw.choice(("km", "h", "kg", "m^2", "/s")), " "),
    "words": _many(lambda draw, _: draw.choice(("one", "hundred", "and", "million", "the")), " "),
    "escapes": _many(lambda draw, _: draw.choice(("\\\\", "\\{", "\\ ", "\\,", "\\!", "$")), ""),
    "blanks": lambda draw, n: " " * n + "1" + "\\," * n,
    "letters": lambda draw, n: draw.choice("xkeiCπ") * n,
    "commands": _many(lambda draw, _: "\\" + draw.choice(("alpha", "sin", "frac", "zz")), ""),
}


def _digits(draw: random.Random, n: int) -> str:
    return "".join(draw.choices("0123456789", k=max(n, 1)))


def bomb(draw: random.Random) -> Pair:
    gold = draw.choice(("1", "x+1", "(1,2)", "\\frac{1}{2}", "\\pi", "x=1", "[0,1]", "", ""))
    answer = _bomb(draw)
    return gold or (answer if draw.random() < 0.5 else _bomb(draw)), answer


def _bomb(draw: random.Random) -> str:
    inner = draw.choice(list(ROWS.values()))(draw, _size(draw))
    if draw.random() < 0.5:
        return inner
    nest = draw.choice(list(NESTS.values()))
    return nest(draw.choice(("1", "x", inner, inner)), _size(draw))


def _size(draw: random.Random) -> int:
    """Mostly small enough to pass the caps, sometimes far past them."""
    return int(draw.choice((8, 40, 200, 900, 4_000)) * draw.random()) + 1


# -- what is asked of each -----------------------------------------------------------------------


@dataclass
class Tally:
    """What a run found."""

    faults: int = 0
    lopsided: int = 0
    slowest_ms: float = 0.0
    slowest_s: float = 0.0
    """By the clock, the symbolic tier included."""
    memory_mb: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)

    def fault(self, what: str, pair: Pair) -> None:
        self.faults += 1
        if self.faults <= 200:
            print(f"FAULT {what}\n  gold   {_cut(pair[0])}\n  answer {_cut(pair[1])}", flush=True)


def _cut(text: str) -> str:
    return repr(text) if len(text) <= 300 else f"{text[:140]!r} … {text[-140:]!r} ({len(text)})"


def judged(tally: Tally, gold: str, answer: str) -> Verdict | None:
    clock = time.perf_counter()
    try:
        verdict, spent_ms = timed(gold, answer)
    except Exception as error:  # noqa: BLE001 - that is what a fuzzer looks for
        tally.fault(f"{type(error).__name__}: {error}", (gold, answer))
        return None
    tally.slowest_s = max(tally.slowest_s, time.perf_counter() - clock)
    if spent_ms > SLOW_MS:
        spent_ms = min(spent_ms, *(timed(gold, answer, afresh=True)[1] for _ in range(8)))
    tally.slowest_ms = max(tally.slowest_ms, spent_ms)
    tally.reasons[verdict.reason] += 1
    if spent_ms > SLOW_MS:
        tally.fault(f"{spent_ms:.0f} ms of CPU time ({verdict.reason})", (gold, answer))
    if verdict.score is None and verdict.reason != "bad_reference":
        tally.fault(f"unscored: {verdict.reason}", (gold, answer))
    return verdict


def timed(gold: str, answer: str, afresh: bool = False) -> tuple[Verdict, float]:
    """The verdict and its CPU time. What seems slow is timed again, with nothing remembered: on a
    machine that is shared, CPU time too depends on the neighbours."""
    if afresh:
        for memory in (verdict_module._golds, verdict_module._tree, verdict_module._compared):
            memory.cache_clear()
    cpu = time.thread_time()
    verdict = verify(gold, f"\\boxed{{{answer}}}")
    return verdict, 1000 * (time.thread_time() - cpu)


def try_pair(tally: Tally, pair: Pair, thorough: bool = True, lopsided: bool = False) -> None:
    """`thorough`: the reference against itself, and the pair the other way round, too."""
    gold, answer = pair
    verdict = judged(tally, gold, answer)
    if verdict is None or verdict.reason == "bad_reference" or not thorough or not whole(gold):
        return
    itself = judged(tally, gold, gold)
    if itself and not itself.score and itself.reason not in DOUBTS:
        tally.fault(f"not equal to itself: {itself.reason} {itself.detail}", (gold, gold))
    if not whole(answer):
        return
    back = judged(tally, answer, gold)
    if back is None or back.reason == "bad_reference":
        if verdict.score:
            tally.fault(f"paid, but is no reference: {verdict.reason}", pair)
    elif verdict.score != back.score and not {verdict.reason, back.reason} & DOUBTS:
        tally.lopsided += 1
        if lopsided:
            print(f"LOPSIDED {verdict.reason} / {back.reason}\n  {_cut(gold)}\n  {_cut(answer)}")


def whole(text: str) -> bool:
    """Is all of it what the box holds? A brace too many ends the box early, a box inside is another
    answer, blanks around it are dropped."""
    found = extract(Completion(f"\\boxed{{{text}}}")).candidates
    return found == (text,) and "box{" not in text


def resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def pairs() -> list[Pair]:
    rows = [
        json.loads(line)
        for file in sorted(CASES.glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    ]
    return [(row["gold"], row["answer"]) for row in rows if not row.get("raw")]


def sources(only: str) -> dict[str, Callable[[random.Random], Pair]]:
    known = {"soup": soup, "mutated": Mutated(pairs()), "bomb": bomb, "unicode": code_points}
    return {name: known[name] for name in only.split(",")} if only else known


def run(count: int, seed: int, only: str = "", lopsided: bool = False) -> Tally:
    draw, tally, chosen = random.Random(seed), Tally(), sources(only)
    names, weights = list(chosen), [SHARES[name] for name in chosen]
    for number in _counted(count, tally):
        (name,) = draw.choices(names, weights)
        try_pair(tally, chosen[name](draw), number % THOROUGH == 0, lopsided)
    return tally


def _counted(count: int, tally: Tally) -> Iterator[int]:
    began = time.perf_counter()
    for number in range(count):
        yield number
        if number % 10_000 == 9_999 or number == count - 1:
            tally.memory_mb = max(tally.memory_mb, resident_mb())
            if tally.memory_mb > MEMORY_MB:
                tally.fault(f"{tally.memory_mb:.0f} MB resident", ("", ""))
            print(
                f"{number + 1:,} pairs in {time.perf_counter() - began:.0f} s: "
                f"{tally.faults} faults, slowest {tally.slowest_ms:.0f} ms of CPU time, "
                f"{tally.slowest_s:.2f} s by the clock, {tally.memory_mb:.0f} MB, "
                f"{prover().asked} to the symbolic tier, {tally.lopsided} lopsided",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="comma-separated kinds of input")
    parser.add_argument("--lopsided", action="store_true", help="print the lopsided pairs")
    options = parser.parse_args()
    tally = run(options.count, options.seed, options.only, options.lopsided)
    print(", ".join(f"{reason} {n}" for reason, n in tally.reasons.most_common(25)))
    prover().close()
    sys.exit(min(tally.faults, 100))


if __name__ == "__main__":
    main()

"""References and answers by chance: tokens in any order, damaged answers, any code points."""

import random
from collections.abc import Sequence

Pair = tuple[str, str]
"""(reference, answer): the answer is put into a box."""

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
    """Answers of the cases, damaged; most of them against the reference they came with."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
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

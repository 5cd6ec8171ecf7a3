"""Two answers in words: the same content in the same order, but for words that say nothing.

`The series diverges` is `diverges`, `divergent` and `The series is divergent`; `converges` is not
`converges absolutely`, nor is anything its negation.
"""

import re

_FILLER_WORDS = (
    "is are was be being it its the a an this that there which of in to for then so thus hence"
    " therefore answer answers function series sequence integral graph curve figure shape given"
    " such these those we get has have with quadrilateral"
)
_FILLERS = frozenset(_FILLER_WORDS.split())
_NEGATIONS = frozenset(("not", "no", "never", "neither", "nor", "none", "without", "non", "cannot"))
_SAME = {
    "divergent": "diverge", "diverges": "diverge", "diverge": "diverge",
    "convergent": "converge", "converges": "converge", "converge": "converge",
    "exists": "exist", "increases": "increasing", "decreases": "decreasing",
    "can't": "cannot", "impossible": "not possible", "infinite": "infinitely many",
    "rhombuses": "rhombus", "circular": "circle", "everywhere": "",
}  # fmt: skip
_SHORT = re.compile(r"(does|do|is|are|was|did|has|have|ca)(?:n't|n t| not)\b")
_JOINT = re.compile(r" (?:and|und|et|y|и|和) ")
_PERSONS = 3
"""Words of one member of a list of names."""


def same_words(gold: str, answer: str) -> bool:
    if gold == answer or _content(gold) == _content(answer) != []:
        return True
    return _same_names(gold, answer)


def _content(words: str) -> list[str]:
    plain = _SHORT.sub(r"\1 not", words.replace("'t", "n't").replace("nn't", "n't"))
    said = " ".join(_SAME.get(word, word) for word in plain.replace("-", " ").split()).split()
    kept = [_stem(word) for word in said if word not in _FILLERS and word not in ("do", "does")]
    return kept if any(word not in _NEGATIONS for word in kept) else []


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word


def _same_names(gold: str, answer: str) -> bool:
    """`Alice and Bob`, in whatever order; never the parts of a sentence."""
    left, right = _JOINT.split(gold), _JOINT.split(answer)
    short = all(len(part.split()) < _PERSONS for part in (*left, *right))
    return len(left) == len(right) > 1 and short and sorted(left) == sorted(right)

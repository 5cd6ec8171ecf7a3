import itertools
import socket
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from adjudge.verifiers.language import check, odds, verifier, words
from adjudge.verifiers.language.codes import canonical
from adjudge.verifiers.language.estimate import likeliest, measure
from adjudge.verifiers.language.kind import MAX_CHARS, LanguageParams, LanguageReference
from adjudge.verifiers.language.prompt import prompt_language
from adjudge.verifiers.language.regions import hidden_regions
from adjudge.verifiers.language.scripts import SCRIPT_OF
from adjudge.verifiers.types import BadReference, Completion, Message, Outcome, Verdict

ENGLISH = "First we count the apples that she has left, then we add the ones from the market. "
GERMAN = "Zuerst zählen wir die Äpfel, die sie noch hat, dann addieren wir die vom Markt dazu. "
CHINESE = "首先我们数一下她剩下的苹果，然后再加上从市场上买来的苹果。"


def judged(text: str, language: str | None = "en", prompt: Any = None, **params: Any) -> Verdict:
    completion = Completion(text, prompt=prompt)
    return check(completion, LanguageReference(language=language), LanguageParams(**params))


def thought(text: str) -> str:
    return f"<think>\n{text}\n</think>\nThe answer is 4."


@pytest.mark.parametrize(
    ("text", "target", "low", "high"),
    [
        (ENGLISH * 3, "en", 1.0, 1.0),
        (ENGLISH * 3, "de", 0.0, 0.0),
        (GERMAN * 3, "de", 1.0, 1.0),
        (CHINESE * 3, "zh", 1.0, 1.0),
        (CHINESE * 3, "ja", 0.0, 0.0),
        (CHINESE * 3, "en", 0.0, 0.0),
        (ENGLISH + GERMAN, "en", 0.47, 0.53),
        (ENGLISH + GERMAN, "de", 0.47, 0.53),
    ],
)
def test_share_of_the_words(text: str, target: str, low: float, high: float) -> None:
    score = judged(thought(text), target).score
    assert score is not None
    assert low <= score <= high


def test_no_chain_of_thought_is_no_answer() -> None:
    for text in ("The answer is 4.", "<think>\n\n</think>\nThe answer is 4.", ""):
        verdict = judged(text)
        assert (verdict.score, verdict.verdict) == (0.0, Outcome.NO_ANSWER)


def test_formulas_alone_are_too_little_text() -> None:
    verdict = judged(thought("$x^2 = 4$, \\[ x = \\pm 2 \\] 42"))
    assert (verdict.score, verdict.reason) == (1.0, "too_little_text")


@pytest.mark.parametrize(
    "insert",
    [
        "$x \\text{ where } y$",
        "\\[ \\frac{a}{b} \\]",
        "```python\nfor item in items:\n    print(item)  # the whole list\n```",
        "`return the answer`",
        "https://example.org/this/is/the/way",
        "\\begin{align} x &= y \\end{align}",
        "<tool_call>",
        "3.14159 42%",
        "sin x + max(a, b)",
        "dp_table[i] and_so_on = maxValue(x)",
        "x y z",
        "ABC",
    ],
)
def test_what_is_not_language_does_not_count(insert: str) -> None:
    assert judged(thought(f"{CHINESE} {insert} {CHINESE}"), "zh").score == 1.0


def test_where() -> None:
    text = f"<think>{GERMAN}</think>{ENGLISH}"
    assert judged(text, "en", where="cot").score == 0.0
    assert judged(text, "en", where="answer").score == 1.0
    both = judged(text, "en", where="all").score
    assert both is not None
    assert 0.4 < both < 0.6
    assert judged("<think>thoughts</think>", "en", where="answer").verdict is Outcome.NO_ANSWER


def test_a_cut_thought_is_judged() -> None:
    assert judged(f"<think>{GERMAN}", "de").score == 1.0


def test_the_prefill_is_not_the_completions() -> None:
    prefill = f"<think>\n{ENGLISH}"
    completion = Completion(prefill + GERMAN + "</think>", prefill_chars=len(prefill))
    assert check(completion, LanguageReference(language="de"), LanguageParams()).score == 1.0


def test_evidence_names_the_spans() -> None:
    text = thought(f"{GERMAN}{ENGLISH}{GERMAN}")
    verdict = judged(text, "de")
    start = text.index(ENGLISH)
    assert f"en {start}–" in verdict.detail
    assert "First we count" in verdict.detail


def test_evidence_names_a_script_of_one_language() -> None:
    verdict = judged(thought(f"{GERMAN}Η Μαρία έχει τρία μήλα ακόμη. {GERMAN}"), "de")
    assert "el " in verdict.detail


def test_what_is_remembered_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{ENGLISH}{GERMAN}{'x' * 20}{'y' * 20} {ENGLISH}"
    found = measure(text, "en")
    for module in (odds, words):
        monkeypatch.setattr(module, "REMEMBERED", 5)
    assert measure(text, "en") == found
    assert len(words._IS_WORD) <= 5


def test_evidence_is_bounded() -> None:
    verdict = judged(thought((CHINESE + GERMAN) * 200), "de")
    assert len(verdict.detail) < 1000


def test_shapes() -> None:
    text = thought(f"{GERMAN * 3}{CHINESE}")
    share = judged(text, "de").score
    assert share is not None
    assert 0.5 < share < 0.9
    assert judged(text, "de", shape="threshold", threshold=0.5).score == 1.0
    assert judged(text, "de", shape="threshold").score == 0.0
    assert judged(text, "de", shape="floor", threshold=0.5).score == share
    assert judged(text, "de", shape="floor").score == 0.0


def test_terms_are_tolerated_when_asked() -> None:
    text = thought(f"{CHINESE}这里用 dynamic programming 来解决这个问题。{CHINESE}")
    strict, lenient = judged(text, "zh").score, judged(text, "zh", tolerate_terms=True).score
    assert strict is not None
    assert strict < 1.0
    assert lenient == 1.0
    salad = thought("我们 have 三个 apples 所以 the 答案 is 很 simple 我们 now 计算 the 结果 again")
    assert (judged(salad, "zh", tolerate_terms=True).score or 0.0) < 0.7


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("Was ist die Summe der ersten zehn Zahlen?", "de"),
        ("小明有三个苹果，他吃了一个，还剩几个？\nPlease reason step by step.", "zh"),
        ((Message(role="system", content=ENGLISH), Message(role="user", content=CHINESE)), "zh"),
        (f"A conversation between User and Assistant.\nUser: {GERMAN}\nAssistant: <think>", "de"),
        ("Compute $x^2$.", "en"),
        ("Πόσα μήλα έχει η Μαρία;", "el"),
        ("1 + 1 = ?", None),
        (None, None),
    ],
)
def test_the_prompts_language(prompt: Any, language: str | None) -> None:
    assert prompt_language(prompt) == language


def test_auto() -> None:
    assert judged(thought(GERMAN), "auto", prompt=GERMAN).score == 1.0
    assert judged(thought(GERMAN), None, prompt=ENGLISH, target="auto").score == 0.0
    with pytest.raises(BadReference):
        judged(thought(GERMAN), "auto")


def test_codes() -> None:
    assert [canonical(code) for code in ("en", "EN-us", "eng", "zh_Hant", "iw", "nn")] == [
        "en", "en", "en", "zh", "he", "nb",
    ]  # fmt: skip
    assert canonical("klingon") is None
    with pytest.raises(BadReference):
        judged(thought(GERMAN), "klingon")
    with pytest.raises(BadReference):
        judged(thought(GERMAN), None)
    with pytest.raises(ValidationError):
        LanguageParams(target="klingon")
    assert verifier.needed_keys(LanguageParams()) == ("language",)
    assert verifier.needed_keys(LanguageParams(target="de")) == ()


@pytest.mark.parametrize("form", ["```\n{}\n```", "$$\\text{{{}}}$$", "\\[ \\text{{{}}} \\]"])
def test_prose_does_not_hide(form: str) -> None:
    for text in (GERMAN, CHINESE):
        score = judged(thought(form.format(text * 3)), "en").score
        assert score is not None
        assert score < 0.05  # the command's own name


def test_formulas_between_the_slices_of_a_long_text() -> None:
    found = measure(f"{GERMAN}$x^2 + 1$ " * 6_000, "de")
    assert found.share == 1.0
    assert found.words < 90_000


def test_a_very_long_text_is_read_in_slices() -> None:
    text = (GERMAN * 40 + ENGLISH * 40) * 150
    assert len(text) > 900_000
    found = measure(text, "de")
    assert found.words < 90_000
    assert 0.45 < found.share < 0.55


def test_code_alone_is_too_little_text() -> None:
    code = (
        "def total(values):\n    # add up all of the values that we have\n    return sum(values)\n"
    )
    assert judged(thought(f"```python\n{code * 5}```"), "zh").reason == "too_little_text"


HOSTILE = [
    "`", "$", "$$", "\\[", "\\(", "```", "<", "<a", "<think>", "\\begin{align}", "\\begin{a", "a",
    "a ", "A", "a_", "1a", "aA", "a(", "http://", "é", "我", "あ我", "ไ", "'", "a'", "\u0301", "\n",
    "the and ", "le la ", "sin ", "$a b$", "\\text{", "\ud800", "\u200d", "x" * 41 + "(",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE, ids=repr)
def test_hostile_text_is_read_in_linear_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for target in ("en", "zh", "ru"):
        assert 0.0 <= measure(text, target).share <= 1.0


def test_too_long_is_wrong() -> None:
    verdict = judged(thought("a" * MAX_CHARS))
    assert (verdict.score, verdict.reason) == (0.0, "limit")


@given(some.text(max_size=300), some.sampled_from(sorted(SCRIPT_OF)))
def test_any_text_has_a_share(text: str, target: str) -> None:
    found = measure(text, target)
    assert 0.0 <= found.share <= 1.0
    spans = found.others
    assert all(0 <= a.start < a.end <= b.start for a, b in itertools.pairwise(spans))
    assert found == measure(text, target)
    regions = hidden_regions(text)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(regions))


def test_switching_costs() -> None:
    assert likeliest([1.0, -0.5, 1.0], [2.0] * 3) == [True, True, True]
    assert likeliest([3.0, -3.0, -3.0, 3.0], [2.0] * 4) == [True, False, False, True]
    assert likeliest([], []) == []


def test_a_change_is_put_where_it_costs_least() -> None:
    assert likeliest([3.0, 0.1, -0.1, -3.0], [9.0, 1.0, 2.0, 2.0]) == [True, False, False, False]


def test_an_edge_costs_too() -> None:
    assert likeliest([-1.0, 3.0], [1.0, 1.0]) == [False, True]
    assert likeliest([-1.0, 3.0], [1.0, 1.0], edge=2.0) == [True, True]
    assert likeliest([3.0, -1.0], [1.0, 1.0], edge=2.0) == [True, True]


@given(
    some.lists(some.tuples(some.integers(-9, 9), some.integers(0, 9)), min_size=1, max_size=9),
    some.integers(0, 9),
)
def test_no_path_is_likelier(steps: list[tuple[int, int]], edge: int) -> None:
    def worth(path: tuple[bool, ...]) -> float:
        told = sum(v if state else -v for (v, _), state in zip(steps, path, strict=True))
        states = zip(steps, (True, *path), path, strict=False)
        changes = sum(cost for (_, cost), one, other in states if one != other)
        if not path[0] and edge < steps[0][1]:  # there are two ways to begin in False
            changes += edge - steps[0][1]
        return told - changes - edge * (not path[-1])

    found = likeliest([float(v) for v, _ in steps], [float(cost) for _, cost in steps], edge)
    assert worth(tuple(found)) == max(
        map(worth, itertools.product((True, False), repeat=len(steps)))
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the sum of the terms", 5),
        ("the sum x", 1),
        ("suma sinx", 0),
        ("sinh cosh", 0),
        ("maxValue McDonald", 1),
        ("apple(s) apply(s, t)", 1),
        ("AB ABCDE km", 1),
        ("co-op don't d'un", 3),
    ],
)
def test_what_counts_as_a_word(text: str, words: int) -> None:
    for shown in (text, f"{text}.", f"({text})"):
        assert measure(shown, "en").words == words


def test_twins_are_told_apart() -> None:
    czech = "Dobře, nejdřív si ujasníme, které číslo vlastně hledáme, protože jich může být více. "
    slovak = "Dobre, najprv si ujasníme, ktoré číslo vlastne hľadáme, pretože ich môže byť viac. "
    assert measure(czech * 2, "cs").share == measure(slovak * 2, "sk").share == 1.0
    assert measure(slovak * 2, "cs").share == measure(czech * 2, "sk").share == 0.0
    assert 0.3 < measure(czech + slovak, "cs").share < 0.7


def test_needs_no_network() -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('network')\n"
        "socket.socket = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from adjudge.verifiers.language.estimate import measure\n"
        f"print(measure({GERMAN!r} + {ENGLISH!r}, 'de').share)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 0.4 < float(done.stdout) < 0.6
    assert socket.socket is not None

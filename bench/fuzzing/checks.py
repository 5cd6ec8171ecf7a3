"""What is asked of each pair: no exception, no slow verdict, no reward for what cannot be read."""

import time

from adjudge.verifiers.extract import extract
from adjudge.verifiers.math import verdict as verdict_module
from adjudge.verifiers.math import verify
from adjudge.verifiers.types import Completion, Verdict
from fuzzing.tally import Fault, Tally
from fuzzing.texts import Pair

SLOW_MS = 50.0
TRIES = 9
"""What seems slow is timed so often at most: on a machine that is shared, CPU time too depends on
the neighbours."""
DOUBTS = frozenset({"undecided", "limit", "undefined", "ambiguous", "only_in_cot", "no_box"})
"""Reasons for which even the reference itself may be refused: nobody can tell, or nobody should."""


def try_pair(tally: Tally, pair: Pair, thorough: bool = True) -> None:
    """`thorough`: the reference against itself, and the pair the other way round, too."""
    gold, answer = pair
    tally.pairs += 1
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
        tally.lopsided.append(Fault(f"{verdict.reason} / {back.reason}", pair))


def judged(tally: Tally, gold: str, answer: str) -> Verdict | None:
    clock = time.perf_counter()
    try:
        verdict, spent_ms = timed(gold, answer)
    except Exception as error:  # noqa: BLE001 - that is what a fuzzer looks for
        tally.fault(f"{type(error).__name__}: {error}", (gold, answer))
        return None
    tally.slowest_s = max(tally.slowest_s, time.perf_counter() - clock)
    tries = 1
    while spent_ms > SLOW_MS and tries < TRIES:
        spent_ms = min(spent_ms, timed(gold, answer, afresh=True)[1])
        tries += 1
    tally.slowest_ms = max(tally.slowest_ms, spent_ms)
    tally.verdicts += 1
    tally.reasons[verdict.reason] += 1
    if spent_ms > SLOW_MS:
        tally.fault(f"{spent_ms:.0f} ms of CPU time ({verdict.reason})", (gold, answer))
    if verdict.score is None and verdict.reason != "bad_reference":
        tally.fault(f"unscored: {verdict.reason}", (gold, answer))
    return verdict


def timed(gold: str, answer: str, afresh: bool = False) -> tuple[Verdict, float]:
    """The verdict and its CPU time in ms; `afresh`: with nothing remembered."""
    if afresh:
        for memory in (verdict_module._golds, verdict_module._tree, verdict_module._compared):
            memory.cache_clear()
    cpu = time.thread_time()
    verdict = verify(gold, f"\\boxed{{{answer}}}")
    return verdict, 1000 * (time.thread_time() - cpu)


def whole(text: str) -> bool:
    """Is all of it what the box holds? A brace too many ends the box early, a box inside is another
    answer, blanks around it are dropped."""
    found = extract(Completion(f"\\boxed{{{text}}}")).candidates
    return found == (text,) and "boxed" not in text and "fbox" not in text

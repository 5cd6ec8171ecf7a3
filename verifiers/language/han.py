"""Chinese or Japanese: the same characters, told apart one by one.

Kana is Japanese. A Han character has its own log-odds and those of the pairs that it stands in
(simplified forms and Japanese forms are each other's strangers); what is common to both is told by
kana in the same run of characters: Japanese seldom goes on for long without it, Chinese has none.
"""

from itertools import accumulate

from adjudge.verifiers.language.lexicon import han_odds

KANA = 3.5
NEAR = 5
"""Characters to each side, in the same run, in which kana is looked for."""
SOME = 1.2
"""Odds of Japanese by kana near."""
NONE, NONE_MOST = -0.2, -1.0
"""Odds by a run without kana, for each of its characters, and at most."""
BOUND = 0.8
PAIR_GAIN = 0.5


def of_run(run: str) -> list[float]:
    """For each character of a run of Han and Kana, the odds of Japanese against Chinese."""
    kana = [is_kana(character) for character in run]
    if all(kana):
        return [KANA] * len(run)
    sums = [0, *accumulate(kana)]
    bare = max(NONE_MOST, NONE * len(run)) if not sums[-1] else NONE
    values: list[float] = []
    for place, one in enumerate(kana):
        if one:
            values.append(KANA)
            continue
        near = sums[min(len(run), place + NEAR + 1)] - sums[max(0, place - NEAR)]
        values.append(_own(run, place) + (SOME if near else bare))
    return values


def _own(run: str, place: int) -> float:
    odds = han_odds()
    before = odds.pairs.get(run[place - 1 : place + 1], 0.0) if place else 0.0
    pairs = before + odds.pairs.get(run[place : place + 2], 0.0)
    value = odds.characters.get(run[place], 0.0) + PAIR_GAIN * pairs
    return max(-BOUND, min(BOUND, value))


def is_kana(character: str) -> bool:
    return "\u3041" <= character <= "\u30ff" or (
        "\u31f0" <= character <= "\u31ff" or "\uff66" <= character <= "\uff9f"
    )

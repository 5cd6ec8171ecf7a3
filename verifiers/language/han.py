"""Chinese or Japanese: the same characters, told apart one by one.

Kana is Japanese; a Han character has its own log-odds, those of the pair that it stands in, and
those of the kana near it.
"""

from adjudge.verifiers.language.lexicon import han_odds

KANA = 3.0
NEAR = 4
"""Characters to each side in which kana is looked for."""
SOME, MUCH, NONE = 0.4, 1.0, -0.4
"""Odds of Japanese by one kana near, more, none."""
BOUND = 2.5
PAIR_GAIN = 0.5


def of_characters(run: str) -> list[float]:
    """For each character of a run of Han and Kana, the odds of Japanese against Chinese."""
    odds = han_odds()
    kana = [is_kana(character) for character in run]
    sums = [0]
    for one in kana:
        sums.append(sums[-1] + one)
    values: list[float] = []
    for i, character in enumerate(run):
        if kana[i]:
            values.append(KANA)
            continue
        near = sums[min(len(run), i + NEAR + 1)] - sums[max(0, i - NEAR)]
        value = odds.characters.get(character, 0.0)
        value += PAIR_GAIN * (
            odds.pairs.get(run[i : i + 2], 0.0) + odds.pairs.get(run[max(0, i - 1) : i + 1], 0.0)
        )
        values.append(
            max(-BOUND, min(BOUND, value)) + (MUCH if near > 1 else SOME if near else NONE)
        )
    return values


def is_kana(character: str) -> bool:
    return (
        "\u3041" <= character <= "\u30ff"
        or "\u31f0" <= character <= "\u31ff"
        or ("\uff66" <= character <= "\uff9f")
    )

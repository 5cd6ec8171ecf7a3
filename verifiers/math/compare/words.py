"""What is no formula: letters of options, words, labels, times and dates."""

from adjudge.verifiers.math import nodes as n
from adjudge.verifiers.math.compare.kinds import differ
from adjudge.verifiers.math.compare.wording import same_words
from adjudge.verifiers.math.context import Context


def letters(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Choice) and isinstance(answer, n.Choice):
        return context.says(gold.letter == answer.letter, "choice")
    letter = gold if isinstance(gold, n.Choice) else answer
    other = answer if letter is gold else gold
    assert isinstance(letter, n.Choice)
    if isinstance(other, n.Sym):
        return context.says(other.name.upper() == letter.letter, "choice")
    return differ(context, gold, answer)


def words(context: Context, gold: n.Node, answer: n.Node) -> bool:
    if isinstance(gold, n.Text) and isinstance(answer, n.Text):
        return context.says(same_words(gold.words, answer.words), "same_words")
    text, other = (gold, answer) if isinstance(gold, n.Text) else (answer, gold)
    if isinstance(other, n.Mul) and isinstance(text, n.Text):
        letters = [getattr(part, "name", "?") for part in other.factors]
        if all(len(letter) == 1 for letter in letters):
            return context.says("".join(letters).lower() == text.words, "same_words")
    return differ(context, gold, answer)


def labelled(context: Context, gold: n.Node, answer: n.Node) -> bool:
    assert isinstance(gold, n.Labeled)
    assert isinstance(answer, n.Labeled)
    if gold.label != answer.label:
        return context.says(False, "different_label", f"{answer.label} is not {gold.label}")
    return context.same(gold.value, answer.value)


def moments(context: Context, gold: n.Node, answer: n.Node) -> bool:
    one, other = _as_ratio(gold, answer), _as_ratio(answer, gold)
    if (one, other) != (gold, answer):
        return context.same(one, other)
    if isinstance(gold, n.Clock) and isinstance(answer, n.Clock):
        return context.says(_same_clock(gold, answer), "same_time")
    if isinstance(gold, n.Date) and isinstance(answer, n.Date):
        pairs = ((gold.year, answer.year), (gold.month, answer.month), (gold.day, answer.day))
        return context.says(
            all(a == b or None in (a, b) for a, b in pairs) and gold.day == answer.day, "same_date"
        )
    return differ(context, gold, answer)


def _as_ratio(item: n.Node, other: n.Node) -> n.Node:
    """`1:31` beside a number or a ratio is no time of the day."""
    if not isinstance(item, n.Clock) or item.marked or isinstance(other, n.Clock | n.Date | n.Text):
        return item
    hours, minutes = divmod(item.seconds // 60, 60)
    return n.Ratio((n.integer(hours), n.integer(minutes)))


def _same_clock(gold: n.Clock, answer: n.Clock) -> bool:
    half = 12 * 3600
    if gold.marked and answer.marked:
        return gold.seconds == answer.seconds
    return gold.seconds % half == answer.seconds % half

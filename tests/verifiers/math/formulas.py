"""Random formulas for the property tests: spelled in many ways, evaluated by Python itself.

A formula is a small tree of our own, not the package's nodes, so that the tests share no code with
what they test.
"""

import math
import random
from dataclasses import dataclass, replace

from hypothesis import strategies as st


@dataclass(frozen=True)
class Formula:
    op: str
    """number, name, sum, product, ratio, power, root, sin, exp"""
    args: tuple["Formula", ...] = ()
    value: int = 0
    name: str = ""


NAMES = ("x", "y", "a")


def numbers() -> st.SearchStrategy[Formula]:
    return st.integers(-40, 40).map(lambda value: Formula("number", value=value))


def leaves() -> st.SearchStrategy[Formula]:
    return numbers() | st.sampled_from(NAMES).map(lambda name: Formula("name", name=name))


def _grow(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.map(lambda args: Formula("sum", args)),
        several.map(lambda args: Formula("product", args)),
        st.tuples(inner, st.integers(2, 30)).map(
            lambda pair: Formula("ratio", (pair[0], Formula("number", value=pair[1])))
        ),
        st.tuples(inner, st.integers(2, 4)).map(
            lambda pair: Formula("power", (pair[0],), value=pair[1])
        ),
        st.integers(2, 60).map(lambda value: Formula("root", (Formula("number", value=value),))),
        inner.map(lambda arg: Formula("sin", (arg,))),
    )


def formulas() -> st.SearchStrategy[Formula]:
    return st.recursive(leaves(), _grow, max_leaves=8)


def constants() -> st.SearchStrategy[Formula]:
    return st.recursive(numbers(), _grow, max_leaves=5)


# -- spelling ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Style:
    """One writer's habits."""

    fraction: str = "\\frac"
    times: str = "\\cdot "
    left: str = "("
    right: str = ")"
    minus: str = "-"
    blank: str = ""
    slash: bool = False


PLAIN = Style()


def styles() -> st.SearchStrategy[Style]:
    brackets = st.sampled_from([("(", ")"), ("\\left(", "\\right)"), ("\\left( ", " \\right)")])
    return st.builds(
        lambda pair, **rest: Style(left=pair[0], right=pair[1], **rest),
        brackets,
        fraction=st.sampled_from(["\\frac", "\\dfrac", "\\tfrac", "\\cfrac"]),
        times=st.sampled_from(["\\cdot ", "\\times ", "*", " × ", "·"]),
        minus=st.sampled_from(["-", "−", "- "]),
        blank=st.sampled_from(["", " ", "  ", "\\,", "~"]),
        slash=st.booleans(),
    )


def spell(formula: Formula, style: Style = PLAIN) -> str:
    """LaTeX in `style`; brackets wherever they could matter."""
    if not formula.args:
        return formula.name or str(formula.value).replace("-", style.minus)
    parts = [_inner(arg, style) for arg in formula.args]
    whole = [f"{{{spell(arg, style)}}}" for arg in formula.args]
    match formula.op:
        case "sum":
            return f"{style.blank}+{style.blank}".join(parts)
        case "product":
            return style.times.join(parts)
        case "ratio":
            return "/".join(parts) if style.slash else style.fraction + "".join(whole)
        case "power":
            return f"{parts[0]}^{{{formula.value}}}"
        case "root":
            return f"\\sqrt{whole[0]}"
        case _:
            return f"\\sin{style.left}{spell(formula.args[0], style)}{style.right}"


def _inner(formula: Formula, style: Style) -> str:
    text = spell(formula, style)
    bare = formula.op in ("name", "root") or (formula.op == "number" and formula.value >= 0)
    return text if bare else f"{style.left}{text}{style.right}"


# -- value -------------------------------------------------------------------------------------


def evaluate(formula: Formula, point: dict[str, float]) -> float:
    """The value in floating point: rough, but it is Python's and not ours."""
    parts = [evaluate(arg, point) for arg in formula.args]
    match formula.op:
        case "number":
            return float(formula.value)
        case "name":
            return point[formula.name]
        case "sum":
            return math.fsum(parts)
        case "product":
            return math.prod(parts)
        case "ratio":
            return parts[0] / parts[1]
        case "power":
            return float(parts[0] ** formula.value)
        case "root":
            return math.sqrt(parts[0])
        case _:
            return math.sin(parts[0])


POINTS = (
    {"x": 1.273, "y": 2.391, "a": 0.617},
    {"x": 2.119, "y": 0.773, "a": 1.931},
)


def clearly_differ(left: Formula, right: Formula) -> bool:
    """Do the values differ at some point by far more than rounding, and than shown digits?"""
    return any(
        abs(one - other) > 1e-2 * max(1.0, abs(one), abs(other))
        for one, other in ((evaluate(left, point), evaluate(right, point)) for point in POINTS)
    )


# -- change ------------------------------------------------------------------------------------


def shuffled(formula: Formula, source: random.Random) -> Formula:
    """The same value: terms and factors in another order, all the way down."""
    args = [shuffled(arg, source) for arg in formula.args]
    if formula.op in ("sum", "product"):
        source.shuffle(args)
    return replace(formula, args=tuple(args))


def nudged(formula: Formula, source: random.Random) -> Formula:
    """One leaf or exponent, somewhere, is another."""
    if formula.args and (formula.op != "power" or source.random() < 0.7):
        place = source.randrange(len(formula.args))
        change = nudged(formula.args[place], source)
        args = (*formula.args[:place], change, *formula.args[place + 1 :])
        return replace(formula, args=args)
    if formula.op == "name":
        return replace(formula, name=source.choice([n for n in NAMES if n != formula.name]))
    return replace(formula, value=formula.value + source.choice([1, 2, 7]))

import pytest

from adjudge.service.api import Combine, Gate, RewardSpec
from adjudge.service.combine import Combiner

MATH = RewardSpec(kind="math", weight=2.0)
FORMAT = RewardSpec(kind="format")
WATCHED = RewardSpec(kind="length", weight=0.0)
GATE = Combine(mode="gate", gate=Gate.model_validate({"if": "format", "zero": ["math"]}))


@pytest.mark.parametrize(
    ("how", "scores", "reward"),
    [
        (Combine(), {"math": 1.0, "format": 0.5}, 2.5),
        (Combine(mode="product"), {"math": 1.0, "format": 0.5}, 1.0),
        (Combine(mode="min"), {"math": 1.0, "format": 0.5}, 0.5),
        (Combine(clip=(-1.0, 1.0)), {"math": 1.0, "format": 0.5}, 1.0),
        (GATE, {"math": 1.0, "format": 1.0}, 3.0),
        (GATE, {"math": 1.0, "format": 0.5}, 0.5),
        (Combine(), {"math": None, "format": 1.0}, None),
        (Combine(on_unscored="skip"), {"math": None, "format": 1.0}, 1.0),
        (Combine(on_unscored="skip"), {"math": None, "format": None}, None),
        (Combine(on_unscored="zero"), {"math": None, "format": 1.0}, 1.0),
        (Combine(mode="min", on_unscored="zero"), {"math": None, "format": 1.0}, 0.0),
        (GATE, {"math": 1.0, "format": None}, None),
        (GATE.model_copy(update={"on_unscored": "zero"}), {"math": 1.0, "format": None}, 0.0),
        (GATE.model_copy(update={"on_unscored": "skip"}), {"math": 1.0, "format": None}, 2.0),
    ],
)
def test_combine(how: Combine, scores: dict[str, float | None], reward: float | None) -> None:
    assert Combiner((MATH, FORMAT), how)(list(scores.values())) == reward


def test_a_component_that_is_only_watched_never_decides() -> None:
    assert Combiner((MATH, WATCHED), Combine())([1.0, None]) == 2.0
    assert Combiner((MATH, WATCHED), Combine(mode="product"))([1.0, None]) is None


def test_no_reward_is_infinite() -> None:
    """JSON would write it as null, which means that nobody could tell."""
    heavy = [RewardSpec(kind="remote", name=str(at), weight=1e6) for at in range(64)]
    assert Combiner(heavy, Combine())([1e308] * 64) == 1e12
    assert Combiner(heavy, Combine(mode="product"))([1e308] * 64) == 1e12
    assert Combiner(heavy, Combine(mode="product"))([*[1e308] * 63, 0.0]) == 0.0

"""`length`: how long a completion is, in tokens as the trainer counted them.

- `cosine` (Yeo et al. 2025, arXiv 2502.03373 eq. 1): from `max_value` at no length to `min_value`
  at `max_tokens`, along half a cosine; beyond, `min_value` (the bare formula would rise again).
- `soft_overlong` (DAPO, arXiv 2503.14476 eq. 13): 0 up to `max_tokens − cache_tokens`, then falling
  in a line to −1 at `max_tokens`, and −1 beyond.
- `kimi` (Kimi k1.5, arXiv 2501.12599 §2.3.3): λ = 0.5 − (L − L_min)/(L_max − L_min) within the
  group; a right completion gets λ, a wrong one min(0, λ), and all get 0 where all are equally long.
"""

import importlib
import math
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from adjudge.verifiers.types import (
    AnyVerifier,
    BadReference,
    Completion,
    Frozen,
    Outcome,
    Reference,
    Verdict,
    Verifier,
)

Judge = Literal["math", "exact", "number", "choice"]


class LengthReference(Reference):
    """Nothing is needed, but what `right_by` needs."""

    answer: object = None
    choices: object = None


class LengthParams(Frozen):
    shape: Literal["cosine", "soft_overlong", "kimi"] = "soft_overlong"
    max_tokens: int = Field(default=20_480, ge=1)
    """DAPO's: 16,384 and the cache."""
    cache_tokens: int = Field(default=4_096, ge=1)
    """`soft_overlong`: the stretch before `max_tokens` along which the penalty grows."""
    max_value: float = Field(default=1.0, ge=-1.0, le=1.0)
    """`cosine`: at no length at all."""
    min_value: float = Field(default=0.0, ge=-1.0, le=1.0)
    """`cosine`: at `max_tokens` and beyond."""
    right_by: Judge | None = None
    """`kimi`: the kind (under its default params) that says which completions are right; without
    one, all count as right: gate the component, or its length is rewarded in wrong answers too."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.shape == "soft_overlong" and self.cache_tokens > self.max_tokens:
            raise ValueError("cache_tokens is more than max_tokens")
        return self


def check(
    completions: Sequence[Completion], reference: LengthReference, params: LengthParams
) -> list[Verdict]:
    lengths = [_tokens(completion) for completion in completions]
    if params.shape != "kimi":
        return [_alone(length, params) for length in lengths]
    right = _right(completions, reference, params.right_by)
    return [
        _kimi(length, min(lengths), max(lengths), ok)
        for length, ok in zip(lengths, right, strict=True)
    ]


def _tokens(completion: Completion) -> int:
    if completion.tokens is None:
        raise BadReference("completions[].tokens: missing; lengths are told in tokens only")
    return completion.tokens


def _alone(length: int, params: LengthParams) -> Verdict:
    if params.shape == "cosine":
        return _valued(cosine(length, params), "cosine", f"{length:,} tokens")
    score = soft_overlong(length, params)
    return Verdict.penalty(
        score, "overlong" if score < 0.0 else "short_enough", f"{length:,} tokens"
    )


def cosine(length: int, params: LengthParams) -> float:
    share = min(length / params.max_tokens, 1.0)
    span = params.max_value - params.min_value
    return params.min_value + 0.5 * span * (1.0 + math.cos(math.pi * share))


def soft_overlong(length: int, params: LengthParams) -> float:
    free = params.max_tokens - params.cache_tokens
    return 0.0 - min(max((length - free) / params.cache_tokens, 0.0), 1.0)  # never -0.0


def _kimi(length: int, shortest: int, longest: int, right: bool) -> Verdict:
    if shortest == longest:
        return _valued(0.0, "kimi", "all of the group are equally long")
    share = 0.5 - (length - shortest) / (longest - shortest)
    score = share if right else min(0.0, share)
    side = "right" if right else "wrong"
    return _valued(score, "kimi", f"{length:,} tokens of {shortest:,} to {longest:,}, {side}")


def _valued(score: float, reason: str, detail: str) -> Verdict:
    outcome = Outcome.PARTIAL
    if score >= 1.0:
        outcome = Outcome.CORRECT
    elif score <= 0.0:
        outcome = Outcome.INCORRECT
    return Verdict(score=score, verdict=outcome, reason=reason, detail=detail)


def _right(
    completions: Sequence[Completion], reference: LengthReference, judge: Judge | None
) -> list[bool]:
    if judge is None:
        return [True] * len(completions)
    verifier: AnyVerifier = importlib.import_module(f"adjudge.verifiers.{judge}").verifier
    assert verifier.check is not None
    wanted = verifier.reference.model_validate(reference.model_dump(exclude_none=True))
    params = verifier.params()
    return [verifier.check(each, wanted, params).score == 1.0 for each in completions]


def _needs(params: LengthParams) -> tuple[str, ...]:
    if params.shape != "kimi" or params.right_by is None:
        return ()
    return ("answer", "choices") if params.right_by == "choice" else ("answer",)


verifier = Verifier(
    kind="length",
    version="1",
    summary="how long a completion is, in tokens",
    reference=LengthReference,
    params=LengthParams,
    check_group=check,
    needs=_needs,
    needs_tokens=True,
)

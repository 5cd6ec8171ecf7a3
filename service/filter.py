"""Rejection sampling: which completions of a group are worth learning from, and why not the rest.

DeepSeek-R1 (arXiv 2501.12948, §2.3.3 and appendix B): of many samples of each problem, keep those
that are correct and whose chain of thought does not mix languages, has no long paragraphs and no
code blocks. Here the judging is `POST /reward`'s, and the rules are a pure function on top.

A completion that could not be judged by a kind that a rule looks at is not kept, under the rule's
name `unscored`: nobody should learn from what nobody has seen to be right.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from adjudge.service.api import (
    Combine,
    CompletionIn,
    CompletionOut,
    Component,
    Fault,
    Group,
    GroupOut,
    Preset,
    RewardRequest,
    RewardResponse,
    RewardSpec,
    Timing,
)
from adjudge.service.errors import BadRequest
from adjudge.service.presets import PRESETS
from adjudge.verifiers.extract import split_thought
from adjudge.verifiers.types import Frozen

PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
ADDED = "filter:"
"""In front of the names of components that a rule needs and the request does not list."""


class Rules(Frozen):
    """What a completion has to pass, in this order; a rule that is not given is not asked."""

    correct: bool = False
    """The first reward's verdict is `correct`."""
    format: bool = False
    """The reward of kind `format` is full."""
    language_min: float | None = Field(default=None, ge=0.0, le=1.0)
    """Least share of the target language in the chain of thought."""
    repetition: bool = False
    """No penalty of kind `repetition`."""
    max_paragraph_chars: int | None = Field(default=None, ge=1)
    """Longest paragraph of the chain of thought (paragraphs are parted by blank lines)."""
    no_code_in_cot: bool = False
    """No fenced code block in the chain of thought."""
    per_group: int | None = Field(default=None, ge=1)
    """Keep at most so many of a group."""
    prefer: Literal["shortest", "random"] = "shortest"
    """Which ones, where `per_group` leaves some out; `random` is the same for the same texts."""


class FilterRequest(RewardRequest):
    rules: Rules


@dataclass(frozen=True, slots=True)
class Sifted:
    id: str | None
    kept: bool
    rule: str | None
    """The first rule that dropped it."""
    detail: str = ""


class SiftedGroup(Frozen):
    id: str | None
    completions: tuple[Sifted, ...]


class FilterResponse(Frozen):
    request_id: str | None
    groups: tuple[SiftedGroup, ...]
    counts: dict[str, int]
    """Completions by the rule that dropped them, and `kept`."""
    timing_ms: Timing
    version: str


def to_judge(request: FilterRequest) -> RewardRequest:
    """The request for the verdicts that the rules look at; kinds that are not listed are added."""
    fields = {name: getattr(request, name) for name in RewardRequest.model_fields}
    groups = tuple(
        group.model_copy(update={"rewards": _specs(request, index)})
        for index, group in enumerate(request.groups)
    )
    return RewardRequest.model_construct(**{**fields, "groups": groups, "combine": Combine()})


def _specs(request: FilterRequest, index: int) -> tuple[RewardSpec, ...]:
    group = request.groups[index]
    given = group.rewards if group.rewards is not None else request.rewards
    path = "rewards" if group.rewards is None else f"groups[{index}].rewards"
    if isinstance(given, Preset):
        if given.preset not in PRESETS:
            message = f"unknown preset {given.preset!r}; known: {', '.join(PRESETS)}"
            raise BadRequest([Fault(path=f"{path}.preset", message=message)])
        given = PRESETS[given.preset](group.reference)
    specs = given or ()
    if request.rules.correct and not specs:
        message = "rule `correct` needs a reward to look at: the first one"
        raise BadRequest([Fault(path=path, message=message)])
    there = {spec.kind for spec in specs}
    missing = [kind for kind in _needed(request.rules) if kind not in there]
    added = tuple(RewardSpec(kind=kind, name=ADDED + kind, weight=0.0) for kind in missing)
    return (*specs, *added) or (RewardSpec(kind="format", name=f"{ADDED}format"),)


def _needed(rules: Rules) -> Iterator[str]:
    if rules.format:
        yield "format"
    if rules.language_min is not None:
        yield "language"
    if rules.repetition:
        yield "repetition"


def sift(request: FilterRequest, judged: RewardRequest, response: RewardResponse) -> FilterResponse:
    """Apply the rules; `judged` and `response` are `to_judge`'s and its answer."""
    groups = tuple(
        _group(asked, out, request.rules)
        for asked, out in zip(judged.groups, response.groups, strict=True)
    )
    counts = Counter(sifted.rule or "kept" for group in groups for sifted in group.completions)
    return FilterResponse(
        request_id=request.request_id,
        groups=groups,
        counts=dict(counts),
        timing_ms=response.timing_ms,
        version=response.version,
    )


def _group(asked: Group, out: GroupOut, rules: Rules) -> SiftedGroup:
    assert isinstance(asked.rewards, tuple)
    texts = [_text(given) for given in asked.completions]
    found = [
        _sifted(completion, _cot(asked.prefill + text), asked.rewards, rules)
        for completion, text in zip(out.completions, texts, strict=True)
    ]
    return SiftedGroup(id=asked.id, completions=tuple(_at_most(found, texts, rules)))


def _text(given: str | CompletionIn) -> str:
    return given if isinstance(given, str) else given.text


def _cot(text: str) -> str:
    thought = split_thought(text)
    return thought.cot


def _sifted(
    completion: CompletionOut, cot: str, specs: Sequence[RewardSpec], rules: Rules
) -> Sifted:
    for rule, detail in _broken(completion, cot, specs, rules):
        return Sifted(completion.id, False, rule, detail)
    return Sifted(completion.id, True, None)


def _broken(
    completion: CompletionOut, cot: str, specs: Sequence[RewardSpec], rules: Rules
) -> Iterator[tuple[str, str]]:
    """The rules that a completion breaks, with what they saw."""
    by_kind = {spec.kind: completion.components[spec.label] for spec in reversed(specs)}
    if rules.correct:
        yield from _least("correct", completion.components[specs[0].label], 1.0)
    if rules.format:
        yield from _least("format", by_kind["format"], 1.0)
    if rules.language_min is not None:
        yield from _least("language_min", by_kind["language"], rules.language_min)
    if rules.repetition:
        yield from _least("repetition", by_kind["repetition"], 0.0)
    yield from _broken_by_shape(cot, rules)


def _least(rule: str, component: Component, least: float) -> Iterator[tuple[str, str]]:
    if component.score is None:
        yield "unscored", f"{rule}: {component.reason} {component.detail}".strip()
    elif component.score < least:
        yield rule, f"{component.score:.3g}: {component.reason} {component.detail}".strip()


def _broken_by_shape(cot: str, rules: Rules) -> Iterator[tuple[str, str]]:
    if rules.max_paragraph_chars is not None:
        longest = max(len(part.strip()) for part in PARAGRAPHS.split(cot))
        if longest > rules.max_paragraph_chars:
            yield "max_paragraph_chars", f"a paragraph of {longest:,} characters"
    if rules.no_code_in_cot and ("```" in cot or "~~~" in cot):
        yield "no_code_in_cot", "a code block in the chain of thought"


def _at_most(found: Sequence[Sifted], texts: Sequence[str], rules: Rules) -> list[Sifted]:
    kept = [at for at, sifted in enumerate(found) if sifted.kept]
    if rules.per_group is None or len(kept) <= rules.per_group:
        return list(found)
    preferred = sorted(kept, key=lambda at: (_rank(texts[at], rules), at))
    left_out = set(preferred[rules.per_group :])
    detail = f"{len(kept)} passed; the {rules.per_group} {rules.prefer} are kept"
    return [
        Sifted(sifted.id, False, "per_group", detail) if at in left_out else sifted
        for at, sifted in enumerate(found)
    ]


def _rank(text: str, rules: Rules) -> tuple[int, bytes]:
    if rules.prefer == "shortest":
        return len(text), b""
    return 0, hashlib.blake2b(text.encode("utf-8", "surrogatepass")).digest()

"""OpenRLHF: `--reward.remote_url http://HOST:8000/get_reward` (older: `--remote_rm_url`).

Its client sends the prompt and the response in one string, special tokens kept, one rollout a
request (or empty lists, where several servers share the work), and retries what is not a 200.
"""

import re

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, JsonValue

from adjudge.service.adapters.ask import Sample, asked, judge, reference_of
from adjudge.service.api import CompletionOut, ErrorBody, Fault
from adjudge.service.errors import BadRequest
from adjudge.service.http.front import Front
from adjudge.service.http.openapi import takes


class GetReward(BaseModel):
    """Their request; versions differ in what else they send."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    query: tuple[str, ...]
    """Prompt and response, as decoded."""
    prompts: tuple[str, ...] | None = None
    labels: tuple[JsonValue, ...] | None = None


class Rewarded(BaseModel):
    rewards: tuple[float, ...]
    scores: tuple[float, ...]
    """The first component alone, 0..1: what their dynamic filtering looks at."""
    extra_logs: dict[str, tuple[float, ...]]


def routes(front: Front) -> APIRouter:
    router = APIRouter(tags=["trainers"])

    @router.post("/get_reward", **takes(GetReward, Rewarded, ErrorBody))
    async def get_reward(request: Request) -> Rewarded:
        """OpenRLHF's remote reward model; what to judge by is in the query string."""
        ask = asked(request)
        async with front.intake.parsed(request, GetReward) as body:
            samples = _samples(body)
            if not samples:
                return Rewarded(rewards=(), scores=(), extra_logs={})
            return _rewarded(await judge(front, ask, samples, lambda index: f"labels[{index}]"))

    return router


def _samples(body: GetReward) -> list[Sample]:
    count = len(body.query)
    prompts = body.prompts or ("",) * count
    labels = body.labels or (None,) * count
    faults = [
        Fault(path=name, message=f"has {size} entries, but `query` has {count}")
        for name, size in (("prompts", len(prompts)), ("labels", len(labels)))
        if size != count
    ]
    if faults:
        raise BadRequest(faults)
    return [
        Sample(response=response_of(query, prompt), prompt=prompt, reference=reference_of(label))
        for query, prompt, label in zip(body.query, prompts, labels, strict=True)
    ]


def _rewarded(completions: tuple[CompletionOut, ...]) -> Rewarded:
    labels = list(completions[0].components)
    return Rewarded(
        rewards=tuple(completion.reward or 0.0 for completion in completions),
        scores=tuple(_score(completion, labels[0]) for completion in completions),
        extra_logs={
            label: tuple(_score(completion, label) for completion in completions)
            for label in labels
        },
    )


def _score(completion: CompletionOut, label: str) -> float:
    """Unscored components come this far only where the URL asks for it (`on_unscored`)."""
    found = completion.components.get(label)
    return 0.0 if found is None or found.score is None else found.score


# -- taking the response out of the query --------------------------------------------------------

PROMPT_TAIL_CHARS = 200
END_TOKEN_CHARS = 48
ASSISTANT_MARKS = (
    "<|im_start|>assistant\n",
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "<｜Assistant｜>",
    "<|Assistant|>",
    "<start_of_turn>model\n",
    "<|assistant|>\n",
    "[/INST]",
)
_END = re.compile(r"<(?:[|｜][^<>|｜]{1,40}[|｜]|/s|eos|pad|end_of_turn)>\Z")


def response_of(query: str, prompt: str) -> str:
    """The policy's part of a decoded query, without the special tokens that end it.

    The prompt is looked for first (a BOS token may stand before it), then its end (it may have been
    cut on the left), then the last mark of an assistant's turn.
    """
    return without_end_tokens(_after_prompt(query, prompt))


def _after_prompt(query: str, prompt: str) -> str:
    for known in (prompt, prompt[-PROMPT_TAIL_CHARS:]):
        at = query.find(known)
        if known and at >= 0:
            return query[at + len(known) :]
    at, mark = max((query.rfind(mark), mark) for mark in ASSISTANT_MARKS)
    return query[at + len(mark) :] if at >= 0 else query


def without_end_tokens(text: str) -> str:
    """End tokens are the tokenizer's, not the policy's; a strict format must not see them."""
    end = len(text)
    while True:
        tail = text[max(0, end - END_TOKEN_CHARS) : end]
        found = _END.search(tail.rstrip())
        if found is None:
            return text[:end]
        end -= len(tail) - found.start()

"""NeMo-Gym's resources server: `POST /verify`, and the calls around it, which keep no state here.

Its request holds the rollout as an OpenAI Responses object, and beside it what the environment's
dataset has: `expected_answer`, `options`, `verifier_metadata` with `unit_tests`. The answer is the
request with `reward` (and the components, by name) added.
"""

from collections.abc import Mapping
from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, JsonValue

from adjudge.service.adapters.ask import Sample, asked, judge, reference_of
from adjudge.service.api import CompletionOut, ErrorBody
from adjudge.service.http.body import validate
from adjudge.service.http.front import Front
from adjudge.service.http.openapi import takes
from adjudge.verifiers.types import Message, Prompt


class _Theirs(BaseModel):
    """OpenAI's objects have many more fields, and get new ones."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Part(_Theirs):
    type: str = ""
    text: str = ""


class Item(_Theirs):
    """An entry of `response.output`: a message, reasoning, or a tool's call."""

    type: str = "message"
    content: tuple[Part, ...] | str | None = None
    summary: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        return said(self.content or self.summary)


class Responded(_Theirs):
    output: tuple[Item, ...] = ()
    incomplete_details: dict[str, JsonValue] | None = None


class Turn(_Theirs):
    role: str = "user"
    content: tuple[Part, ...] | str | None = None


class CreateParams(_Theirs):
    input: tuple[Turn, ...] | str = ""


class Verify(_Theirs):
    """Their request; an environment adds fields of its own."""

    response: Responded
    responses_create_params: CreateParams = CreateParams()
    expected_answer: JsonValue = None
    options: JsonValue = None
    verifier_metadata: dict[str, JsonValue] | None = None


class Verified(BaseModel):
    model_config = ConfigDict(extra="allow")

    reward: float


def routes(front: Front) -> APIRouter:
    router = APIRouter(tags=["trainers"])

    @router.post("/verify", **takes(Verify, Verified, ErrorBody))
    async def verify(request: Request) -> JSONResponse:
        """NeMo-Gym: judges the rollout, and answers with the request and its reward."""
        ask = asked(request)
        async with front.intake.document(request) as echo:
            sample = _sample(validate(echo, Verify))
            (completion,) = await judge(front, ask, [sample], lambda _: "verifier_metadata")
            assert isinstance(echo, dict)
            return JSONResponse(echo | _verdict(completion))

    @router.post("/seed_session")
    async def seed_session() -> dict[str, str]:
        """NeMo-Gym calls it before a rollout; nothing is kept between the calls here."""
        return {}

    @router.get("/reverify_mode")
    async def reverify_mode() -> str:
        """NeMo-Gym asks whether a stored rollout can be verified again: yes."""
        return "stateless"

    return router


def said(content: tuple[Part, ...] | str | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.text for part in content)


def _sample(body: Verify) -> Sample:
    return Sample(
        response=_text(body.response.output),
        prompt=_prompt(body.responses_create_params),
        reference=_reference(body),
        truncated=body.response.incomplete_details is not None,
    )


def _text(output: tuple[Item, ...]) -> str:
    """What the policy wrote, its reasoning back between the tags that the server took off."""
    reasoning = "".join(item.text for item in output if item.type == "reasoning")
    answer = "".join(item.text for item in output if item.type == "message")
    return f"<think>{reasoning}</think>{answer}" if reasoning else answer


def _prompt(params: CreateParams) -> Prompt:
    if isinstance(params.input, str):
        return params.input
    return tuple(Message(role=turn.role, content=said(turn.content)) for turn in params.input)


def _reference(body: Verify) -> dict[str, JsonValue]:
    """The dataset's words in ours; keys that are ours already are taken as they are."""
    reference = {**(body.verifier_metadata or {}), **reference_of(body.expected_answer)}
    tests = reference.pop("unit_tests", None)
    if isinstance(tests, dict):
        reference.setdefault("tests", _tests(tests))
    if isinstance(body.options, list):
        reference["choices"] = [_choice(option) for option in body.options]
    return reference


def _tests(unit: Mapping[str, JsonValue]) -> JsonValue:
    """LiveCodeBench's `{"inputs": […], "outputs": […], "fn_name"?}`; anything else as it is."""
    inputs, outputs = unit.get("inputs"), unit.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list):
        return dict(unit)
    pairs = list(zip(inputs, outputs, strict=False))
    if not unit.get("fn_name"):
        stdio: list[JsonValue] = [{"input": given, "output": wanted} for given, wanted in pairs]
        return {"type": "stdio", "cases": stdio}
    calls: list[JsonValue] = [
        {"args": given if isinstance(given, list) else [given], "expected": wanted}
        for given, wanted in pairs
    ]
    return {"type": "function", "entry_point": unit["fn_name"], "cases": calls}


def _choice(option: JsonValue) -> JsonValue:
    """`{"A": "text"}` is the text."""
    return next(iter(option.values()), "") if isinstance(option, dict) else option


def _verdict(completion: CompletionOut) -> dict[str, JsonValue]:
    components = completion.components.items()
    return {
        "reward": completion.reward or 0.0,
        "reward_components": {
            label: found.score for label, found in components if found.score is not None
        },
        "components": {label: asdict(found) for label, found in components},
        "flags": list(completion.flags),
    }

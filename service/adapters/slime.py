"""slime and miles: `--rm-type remote_rm --rm-url "http://HOST:8000/slime?rewards=r1"`.

One sample a request; the answer's JSON body itself is the reward. slime retries what is not a 200
ten times, miles does not, and neither sends its metadata: what to judge by is in the URL, tests and
languages are in the label (an object, or its JSON).
"""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, JsonValue, RootModel

from adjudge.service.adapters.ask import Sample, asked, judge, reference_of
from adjudge.service.api import ErrorBody
from adjudge.service.http.front import Front
from adjudge.service.http.openapi import takes
from adjudge.verifiers.types import Prompt


class RemoteSample(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    response: str
    prompt: Prompt | None = None
    label: JsonValue = None


class BareReward(RootModel[float]):
    """The body is the number."""


def routes(front: Front) -> APIRouter:
    router = APIRouter(tags=["trainers"])

    @router.post("/slime", **takes(RemoteSample, BareReward, ErrorBody))
    async def slime(request: Request) -> float:
        """slime's and miles' remote reward: answers with the bare number."""
        ask = asked(request)
        async with front.intake.parsed(request, RemoteSample) as body:
            sample = Sample(
                response=body.response, prompt=body.prompt, reference=reference_of(body.label)
            )
            (completion,) = await judge(front, ask, [sample], lambda _: "label")
        return completion.reward or 0.0

    return router

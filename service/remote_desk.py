"""A `Desk` that asks a service over HTTP: `adjudge score --url …`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from pydantic import ValidationError

from adjudge.service.api import ErrorBody, RewardRequest, RewardResponse
from adjudge.service.errors import BadRequest, QueueFull, QueueUnreachable, ServiceError, TooLarge


class RemoteJudge:
    """Only `judge`: a command needs no more."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def judge(self, request: RewardRequest) -> RewardResponse:
        body = request.model_dump_json(by_alias=True, exclude_defaults=True).encode()
        try:
            answer = await self._client.post("/reward", content=body)
        except httpx.HTTPError as error:
            where = self._client.base_url
            raise QueueUnreachable(f"{where} does not answer: {type(error).__name__}") from error
        if answer.status_code == 200:
            return RewardResponse.model_validate_json(answer.content)
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> ServiceError:
    try:
        told = ErrorBody.model_validate_json(answer.content)
    except ValidationError:
        return QueueUnreachable(f"answered {answer.status_code}: {answer.text[:200]}")
    wait_s = float(answer.headers.get("Retry-After", "1"))
    match answer.status_code:
        case 413:
            return TooLarge(told.faults)
        case 422:
            return BadRequest(told.faults)
        case 429:
            return QueueFull(told.message, wait_s)
    return QueueUnreachable(f"{answer.status_code}: {told.message}", wait_s)


@asynccontextmanager
async def remote_judge(url: str, api_key: str | None) -> AsyncIterator[RemoteJudge]:
    headers = {"X-API-Key": api_key} if api_key else {}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=600) as client:
        yield RemoteJudge(client)

"""`from adjudge import judge`: the whole service as a function call, without queue or HTTP."""

from adjudge.service.api import RewardRequest, RewardResponse


def judge(request: RewardRequest) -> RewardResponse:
    raise NotImplementedError

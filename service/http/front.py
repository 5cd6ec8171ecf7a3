"""What every route shares: the desk behind, the limits and the counters."""

from collections.abc import Mapping
from dataclasses import dataclass

from adjudge.service.api import RewardRequest, RewardResponse
from adjudge.service.desk import Desk
from adjudge.service.http.body import Intake
from adjudge.service.http.metrics import Metrics
from adjudge.verifiers.types import AnyVerifier


@dataclass(frozen=True, slots=True)
class Front:
    desk: Desk
    kinds: Mapping[str, AnyVerifier]
    intake: Intake
    metrics: Metrics

    async def judge(self, request: RewardRequest) -> RewardResponse:
        """Ask the desk, and count what it said."""
        response = await self.desk.judge(request)
        self.metrics.count(request, response)
        return response

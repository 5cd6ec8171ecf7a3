"""The HTTP front: routes over a `Desk`. A body is parsed once, here, from bytes."""

import importlib.resources
from collections.abc import Callable, Mapping, Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import Route

import adjudge
from adjudge.service.adapters import nemo_gym, openrlhf, sandbox_fusion, slime
from adjudge.service.api import (
    MAX_COMPLETIONS,
    MAX_GROUPS,
    ErrorBody,
    RewardRequest,
    RewardResponse,
)
from adjudge.service.desk import Desk, Readiness
from adjudge.service.filter import FilterRequest, FilterResponse, sift, to_judge
from adjudge.service.http import dead, refusals
from adjudge.service.http.access import KeyCheck
from adjudge.service.http.body import Intake
from adjudge.service.http.catalogue import Catalogue, catalogue
from adjudge.service.http.front import Front
from adjudge.service.http.metrics import Meter, Metrics
from adjudge.service.http.openapi import document, takes
from adjudge.service.presets import PRESETS
from adjudge.service.settings import HttpSettings
from adjudge.verifiers.registry import registry
from adjudge.verifiers.types import AnyVerifier, Frozen

PAGE = "page.html"
PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""The page talks to this service and nothing else."""
ADAPTERS = (openrlhf.routes, slime.routes, nemo_gym.routes, sandbox_fusion.routes)
BODIES = (
    RewardRequest,
    FilterRequest,
    openrlhf.GetReward,
    slime.RemoteSample,
    nemo_gym.Verify,
    sandbox_fusion.RunCode,
    dead.Retry,
)


class Version(Frozen):
    version: str
    max_groups: int
    max_completions: int
    max_body_mb: int


def create_app(
    desk: Desk,
    settings: HttpSettings | None = None,
    kinds: Mapping[str, AnyVerifier] | None = None,
    more: Sequence[Callable[[Intake], APIRouter]] = (),
) -> FastAPI:
    """`more`: routes of whatever stands behind the desk."""
    settings = settings or HttpSettings()
    kinds = registry() if kinds is None else kinds
    front = Front(desk, kinds, _intake(settings), Metrics(kinds))
    app = FastAPI(title="adjudge", version=adjudge.__version__, docs_url=None, redoc_url=None)
    refusals.install(app)
    rewards = _reward(front)
    app.router.routes.insert(0, _straight(rewards, "/reward"))
    app.include_router(rewards)
    app.include_router(_facts(front, settings))
    for routes in ADAPTERS:
        app.include_router(routes(front))
    for routes_of in more:
        app.include_router(routes_of(front.intake))
    document(app, BODIES)
    if settings.api_key is not None:
        app.add_middleware(KeyCheck, key=settings.api_key.get_secret_value())
    app.add_middleware(Meter, metrics=front.metrics)
    return app


def _intake(settings: HttpSettings) -> Intake:
    return Intake(
        body_mb=settings.body_mb, held_mb=settings.held_mb, timeout_s=settings.body_timeout_s
    )


def written(model: BaseModel, status: int = 200) -> Response:
    """Straight from the model to bytes, without a dict or a str between."""
    content = model.__pydantic_serializer__.to_json(model)
    return Response(content, status_code=status, media_type="application/json")


def _reward(front: Front) -> APIRouter:
    router = APIRouter(tags=["rewards"])

    @router.post("/reward", **takes(RewardRequest, RewardResponse, ErrorBody))
    async def reward(request: Request) -> Response:
        """Judge groups of completions; a reward with its reasons for each, in the order sent."""
        async with front.intake.parsed(request, RewardRequest) as asked:
            return written(await front.judge(asked))

    @router.post("/filter", **takes(FilterRequest, FilterResponse, ErrorBody))
    async def filter_(request: Request) -> Response:
        """Rejection sampling: what passes the rules is kept; of the rest, which rule dropped it."""
        async with front.intake.parsed(request, FilterRequest) as asked:
            judged = to_judge(asked)
            return written(sift(asked, judged, await front.judge(judged)))

    return router


def _straight(router: APIRouter, path: str) -> Route:
    """A route past FastAPI's own way to an endpoint, which is longer than what this one needs: it
    takes the request as it is. FastAPI's stays behind it, for the documentation and the 405."""
    own = next(one for one in router.routes if isinstance(one, APIRoute) and one.path == path)

    async def endpoint(request: Request) -> Response:
        request.scope["route"] = own  # which the metrics ask for
        answer: Response = await own.endpoint(request)
        return answer

    return Route(path, endpoint, methods=["POST"])


def _facts(front: Front, settings: HttpSettings) -> APIRouter:
    router = APIRouter(tags=["facts"])
    page = (importlib.resources.files("adjudge.service.http") / PAGE).read_text("utf-8")

    @router.head("/health", include_in_schema=False)
    @router.get("/health")
    async def health() -> dict[str, str]:
        """200 while the process lives."""
        return {"status": "ok"}

    @router.head("/ready", include_in_schema=False)
    @router.get("/ready", responses={503: {"model": Readiness}})
    async def ready(response: Response) -> Readiness:
        """200 when the queue answers, a worker lives and the sandbox's self-test passed."""
        state = await front.desk.readiness()
        response.status_code = 200 if state.ready else 503
        return state

    @router.get("/kinds")
    async def kinds() -> Catalogue:
        """Every kind of reward with the JSON schemas of its params and reference keys."""
        state = await front.desk.readiness()
        return catalogue(front.kinds, tuple(PRESETS), state.sandbox)

    @router.get("/version")
    async def version() -> Version:
        return Version(
            version=adjudge.__version__,
            max_groups=MAX_GROUPS,
            max_completions=MAX_COMPLETIONS,
            max_body_mb=settings.body_mb,
        )

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Prometheus text."""
        text = front.metrics.text(await front.desk.readiness())
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    @router.get("/", include_in_schema=False)
    async def try_it() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY})

    return router

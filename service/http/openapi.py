"""OpenAPI for routes that read their body themselves, and a `/docs` page that needs no internet."""

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

ASSETS = "/docs-assets"
"""swagger-ui's files, as the package fastapi-offline ships them."""
_REF = "#/components/schemas/{model}"
_STATUSES = {
    401: "no API key, or a wrong one",
    413: "over a limit",
    422: "not of this shape; `faults` says where",
    429: "the queue is full; nothing was taken",
    503: "the queue cannot be reached",
}


def takes(
    body: type[BaseModel], answer: type[BaseModel], refusal: type[BaseModel]
) -> dict[str, Any]:
    """The documentation of a route that parses `body` from bytes, for its decorator."""
    content = {"application/json": {"schema": {"$ref": _REF.format(model=body.__name__)}}}
    return {
        "response_model": None,
        "responses": {
            200: {"model": answer},
            **{code: {"model": refusal, "description": why} for code, why in _STATUSES.items()},
        },
        "openapi_extra": {"requestBody": {"content": content, "required": True}},
    }


def document(app: FastAPI, bodies: Iterable[type[BaseModel]]) -> None:
    """Serve `/openapi.json` with the schemas of `bodies`, and `/docs`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = _with_bodies(schema, bodies)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation extends it
    assets = str(files(fastapi_offline) / "static")
    app.mount(ASSETS, StaticFiles(directory=assets), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title="adjudge",
            swagger_js_url=f".{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f".{ASSETS}/swagger-ui.css",
            swagger_favicon_url="data:,",
        )


def _with_bodies(schema: dict[str, Any], bodies: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Put the models that the routes parse themselves among the components."""
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for model in bodies:
        parts = model.model_json_schema(ref_template=_REF)
        components.update(parts.pop("$defs", {}))
        components[model.__name__] = parts
    return schema

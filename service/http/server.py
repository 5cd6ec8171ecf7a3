"""uvicorn, as this service runs it."""

import socket

import uvicorn
from fastapi import FastAPI

from adjudge.service.settings import Settings

KEEP_ALIVE_S = 120
"""Trainers pause between steps; a connection closed under a client's hands costs it a retry."""


def server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """On SIGTERM it takes no more, and gives what it took `stop_s` to be answered."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.stop_s)),
    )
    return uvicorn.Server(config)


def listen(settings: Settings) -> socket.socket:
    """Bind before anything else starts, so that a port in use is told at once. Raises OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((settings.host, settings.port))
    bound.listen(2048)
    return bound

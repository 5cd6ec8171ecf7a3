"""A front on a free port of this machine, for as long as a test needs it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from adjudge.service.app import create_app
from adjudge.service.desk import Desk
from adjudge.service.http.server import listen, server
from adjudge.service.in_process import InProcessDesk
from adjudge.service.settings import HttpSettings, load


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The URL of a real uvicorn in a thread."""
    settings = load(port=0, stop_s=5.0)
    bound = listen(settings)
    uvicorn = server(app, settings)
    thread = threading.Thread(target=uvicorn.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not uvicorn.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert uvicorn.started
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        uvicorn.should_exit = True
        thread.join(timeout=20)
        bound.close()


@contextmanager
def front(desk: Desk | None = None, settings: HttpSettings | None = None) -> Iterator[str]:
    with served(create_app(desk or InProcessDesk(), settings)) as url:
        yield url

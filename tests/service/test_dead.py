"""`adjudge dead`: with the Redis that it is given, and by way of a service that has its own.

(How a job becomes a dead letter is in test_work.py.)
"""

from collections.abc import Iterator
from functools import partial

import pytest
import redis
from pydantic import SecretStr

from adjudge.service import embedded
from adjudge.service.app import create_app
from adjudge.service.http import dead
from adjudge.service.in_process import InProcessDesk
from adjudge.service.queue.front import Front
from adjudge.service.queue.keys import QueueOptions
from adjudge.service.settings import HttpSettings
from tests.service.http.running import served
from tests.service.test_cli import Run, run

__all__ = ["run"]


@pytest.fixture
def queue() -> Iterator[QueueOptions]:
    """One with two dead letters in it."""
    server = embedded.start()
    options = QueueOptions(url=server.url)
    with redis.Redis.from_url(server.url) as client:
        for word in ("first", "second"):
            letter = {"why": f"{word} died", "at": 0, "lane": "code", "o": "judge", "b": ""}
            client.xadd(options.dead, {**letter, "d": f'{{"{word}": 1}}'})
    yield options
    server.stop()


def waiting(queue: QueueOptions) -> int:
    with redis.Redis.from_url(queue.url) as client:
        return int(client.xlen(queue.stream("code")))


def test_letters_of_a_redis(run: Run, queue: QueueOptions) -> None:
    named = ["--redis-url", queue.url]
    shown = run("dead", "list", *named).stdout.splitlines()
    assert shown[0].endswith("1970-01-01 00:00:00Z  code  second died"), "the newest first"
    assert shown[1] == '    {"second": 1}'
    newest = shown[0].split()[0]
    assert run("dead", "retry", newest, *named).stdout == "1 put back\n"
    assert len(run("dead", "list", *named).stdout.splitlines()) == 2
    assert waiting(queue) == 1


def test_letters_of_a_service(
    run: Run, queue: QueueOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = HttpSettings(api_key=SecretStr("sesame"))
    front = Front(queue)
    app = create_app(InProcessDesk(), settings, more=(partial(dead.routes, front),))
    app.router.add_event_handler("shutdown", front.stop)
    with served(app) as url:
        refused = run("dead", "list", "--url", url)
        monkeypatch.setenv("ADJUDGE_API_KEY", "sesame")
        assert len(run("dead", "list", "--url", url, "--count", "1").stdout.splitlines()) == 2
        assert run("dead", "retry", "--all", "--url", url).stdout == "2 put back\n"
    assert refused.returncode == 3
    assert "answers 401" in refused.stderr
    assert waiting(queue) == 2


def test_no_service_is_told(run: Run) -> None:
    told = run("dead", "list", "--url", "http://127.0.0.1:1")
    assert told.returncode == 3
    assert "http://127.0.0.1:1 does not answer (--url, or --redis-url)" in told.stderr


def test_letters_must_be_named(run: Run) -> None:
    assert "name the letters, or --all" in run("dead", "retry").stderr

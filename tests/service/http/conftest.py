"""One plain front for the tests that ask nothing special of it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.service.http.running import front


@pytest.fixture(scope="session")
def plain_url() -> Iterator[str]:
    with front() as url:
        yield url


@pytest.fixture
def client(plain_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=plain_url, timeout=60) as opened:
        yield opened

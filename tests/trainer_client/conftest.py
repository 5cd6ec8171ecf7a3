from collections.abc import Iterator

import pytest

from tests.trainer_client.fault_server import FaultServer, running


@pytest.fixture
def service() -> Iterator[FaultServer]:
    with running(FaultServer()) as server:
        yield server

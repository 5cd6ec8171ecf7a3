"""One sandbox for all tests of the kind, by the probe's choice."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sandboxes import chosen_or_skip

from adjudge.sandbox.types import Sandbox
from adjudge.verifiers.code import code_verifier
from adjudge.verifiers.types import Completion, Verdict

Judge = Callable[..., Verdict]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    made = chosen_or_skip()
    yield made
    made.close()


@pytest.fixture(scope="session")
def judge(sandbox: Sandbox) -> Judge:
    """judge(text, tests, **params)."""
    verifier = code_verifier(sandbox)
    assert verifier.check is not None
    check = verifier.check

    def judged(text: str, tests: dict[str, Any], **params: Any) -> Verdict:
        reference = verifier.reference.model_validate({"tests": tests})
        return check(Completion(text), reference, verifier.params.model_validate(params))

    return judged

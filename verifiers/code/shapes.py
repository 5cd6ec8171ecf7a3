"""What a `code` request holds: the tests of a reference, and the params.

Every bound here is on what a dataset or a trainer sends; what a completion sends is bounded where
it is read (`program`) and by the sandbox.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from adjudge.sandbox.types import Limits
from adjudge.verifiers.types import Frozen, Reference

MAX_TEXT = 16 << 20
"""Characters of one input, output or test text."""
MAX_CASES = 10_000

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Source = Annotated[str, StringConstraints(max_length=1 << 20)]
Path = Annotated[
    str,
    StringConstraints(
        max_length=200,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}(\(\))?(\.[A-Za-z_][A-Za-z0-9_]{0,99})?$",
    ),
]
DEFAULTS = Limits()
Comparison = Literal["exact", "tokens", "lines", "float", "unordered"]


class StdioCase(Frozen):
    input: Text = ""
    """Standard input."""
    output: Text
    """The standard output that is wanted."""


class StdioTests(Frozen):
    """Programs that read standard input and write standard output."""

    type: Literal["stdio"]
    cases: tuple[StdioCase, ...] = Field(min_length=1, max_length=MAX_CASES)
    checker: Comparison | Literal["custom"] = "tokens"
    checker_code: Source | None = None
    """`custom`: a program that reads `input.txt`, `output.txt` (what the candidate wrote) and
    `answer.txt` (the case's output), also named in its arguments in this order. It accepts with
    exit status 0, unless it prints 0 or false."""
    checker_language: str = Field(default="python", max_length=40)

    @model_validator(mode="after")
    def _a_custom_checker_has_code(self) -> Self:
        if (self.checker == "custom") != (self.checker_code is not None):
            raise ValueError("checker_code goes with checker: custom, and only with it")
        return self


class FunctionCase(Frozen):
    args: tuple[JsonValue, ...] = ()
    kwargs: dict[str, JsonValue] = Field(default_factory=dict)
    expected: JsonValue


class FunctionTests(Frozen):
    """A function that is called; what it returns is compared here (see `values`)."""

    type: Literal["function"]
    entry_point: Path
    """A function's name, or a method's: `add`, `Solution.add`, `Solution().add`; a bare name is
    looked for in `class Solution` too."""
    cases: tuple[FunctionCase, ...] = Field(min_length=1, max_length=MAX_CASES)
    checker: Literal["exact", "float", "unordered"] = "exact"
    in_place: bool = False
    """The function changes its first argument, which is then what was expected; whatever it
    returns. Python alone."""


class AssertTests(Frozen):
    """Statements that fail by raising."""

    type: Literal["assert"]
    code: Text
    setup: Text = ""
    """Run before the candidate and before the tests: imports, classes that both use."""


Tests = Annotated[StdioTests | FunctionTests | AssertTests, Field(discriminator="type")]


class CodeReference(Reference):
    tests: Tests


class CodeLimits(Frozen):
    """Bounds of each run of the candidate; what is left out has the sandbox's default."""

    cpu_s: float = Field(default=DEFAULTS.cpu_s, gt=0, le=60)
    """CPU seconds; scaled for languages that start slowly."""
    idle_s: float = Field(default=DEFAULTS.idle_s, gt=0, le=60)
    """Seconds neither running nor waiting for a core."""
    memory_mb: int = Field(default=DEFAULTS.memory_mb, ge=16, le=8192)
    output_mb: float = Field(default=DEFAULTS.output_mb, gt=0, le=64)
    processes: int = Field(default=DEFAULTS.processes, ge=1, le=256)
    """Processes and threads at once."""


class CodeParams(Frozen):
    language: str = Field(default="python", min_length=1, max_length=40)
    """`python`, `cpp`, `javascript`, …: `GET /kinds` lists those that this machine can run."""
    scoring: Literal["all", "fraction"] = "all"
    """`all`: 1 if every case passes, else 0, and nothing is run after the first that fails.
    `fraction`: the share of cases that pass."""
    limits: CodeLimits = CodeLimits()

    def bounds(self) -> Limits:
        """As the sandbox takes them."""
        return Limits(**self.limits.model_dump())

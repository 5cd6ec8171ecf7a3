"""Every stage's settings: a YAML file, and flags over it.

A setting that does not exist is refused, in the file and on the command line alike: a misspelt
option, ignored, trains the wrong thing. What TRL itself can be told goes through `trl`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from adjudge.trainer_client.reward import DEFAULT_URL

RewardList = str | list[str | dict[str, Any]]


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Service(Settings):
    """Which service judges, and by what."""

    url: str = DEFAULT_URL
    """The service's address."""
    rewards: RewardList = "r1_zero"
    """A preset's name, or the components."""
    deadline_s: float = 60.0
    """How long a batch may take to be judged; what is not judged by then counts as unscored."""
    prefill: str = ""
    """What the chat template puts at the front of every completion."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Columns to rename to what the kinds read, as `solution: answer`."""


class Sampling(Service):
    """Writing completions to problems."""

    model: str
    """A folder with a checkpoint, or a hub's name for one."""
    data: str
    """JSONL with `prompt` and `reference`."""
    out: str
    """The folder to write to."""
    deadline_s: float = 600.0
    """How long all of it may take to be judged."""
    rows: int = 512
    """How many problems."""
    k: int = 8
    """Completions of each."""
    temperature: float = 0.6
    top_p: float = 0.95
    max_new_tokens: int = 512
    batch: int = 512
    """Completions written at a time."""
    fast_generation: bool = True
    """Generate with a bf16 copy and a static cache, where that applies."""
    seed: int = 0


class Training(Settings):
    """What all training stages share."""

    model: str
    """A folder with a checkpoint, or a hub's name for one."""
    data: str
    """JSONL with `prompt`, and `completion` or `reference`."""
    out: str
    """The folder to write to."""
    steps: int = 200
    max_minutes: float | None = None
    """Stop after so long, whatever the steps."""
    learning_rate: float = 1e-5
    micro_batch: int = 32
    """Sequences on one device at a time."""
    lora_rank: int = 0
    """0: all weights are trained; above 0: LoRA adapters of this rank."""
    logging_steps: int = 10
    save_steps: int = 0
    """0: only the last checkpoint."""
    report_to: list[str] = ["tensorboard"]
    """Also `wandb`, `trackio`, where installed."""
    seed: int = 0
    trl: dict[str, Any] = Field(default_factory=dict)
    """Options of TRL's own config, over everything else here."""


class Supervised(Training):
    """Fine-tuning on worked solutions: the cold start, and a student's distillation."""

    batch: int = 64
    """Rows in a step."""
    warmup_steps: int = 20
    max_length: int = 1024
    """Tokens; longer rows are cut."""
    rows: int | None = None
    """How many rows of the data at most."""


class Grpo(Training, Service):
    """Group relative policy optimisation against the service."""

    preset: Literal["r1_zero", "r1", "dapo", "dr_grpo"] = "r1_zero"
    """A paper's settings, under the ones given here."""
    prompts: int = 32
    """Problems in a step."""
    num_generations: int = 16
    """Completions of each: the group."""
    max_completion_length: int = 512
    """Tokens."""
    fast_generation: bool = False
    """Generate with a bf16 copy and a static cache, where that applies."""
    cudnn_attention: bool = False
    """cuDNN's attention gives NaN gradients at some lengths (pytorch#196678): off by default."""
    unscored_warn: float = 0.01
    """Warn when more than this share of a step was unscored."""
    unscored_abort: float = 0.5
    """Stop when more than this share of the last fifty steps was unscored."""
    heldout: str | None = None
    """JSONL to measure pass@1 on, at intervals."""
    heldout_every: int = 50
    heldout_rows: int = 128
    heldout_k: int = 4
    curves: Literal["combined", "each"] = "combined"
    """One reward function (the service combines), or one for each component (TRL does)."""


class Sample(Sampling):
    """Rejection sampling: keep what the service's rules let through."""

    rows: int = 4096
    k: int = 4
    temperature: float = 1.0
    top_p: float = 1.0
    rules: dict[str, Any] = Field(default_factory=lambda: {"correct": True, "per_group": 1})
    """The rules of `POST /filter`."""


class Evaluate(Sampling):
    """pass@1 of k, cons@k and pass@k, with standard errors."""


S = TypeVar("S", bound=Settings)


class BadSettings(ValueError):
    """What is wrong with a file or a flag, for people."""


def load(kind: type[S], path: str | None, flags: Sequence[str] = ()) -> S:
    """A stage's settings from a YAML file and flags over it. Raises BadSettings."""
    given = _read_yaml(path) if path else {}
    return parse(kind, merge(given, parse_flags(flags)))


def parse(kind: type[S], given: Mapping[str, Any]) -> S:
    """Raises BadSettings, naming each setting at fault."""
    from pydantic import ValidationError

    try:
        return kind.model_validate(given)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise BadSettings("; ".join(faults)) from error


def parse_flags(flags: Sequence[str]) -> dict[str, Any]:
    """`--learning-rate 1e-5 --trl.beta=0 --fast-generation` as nested values; YAML on the right."""
    given: dict[str, Any] = {}
    rest = list(flags)
    while rest:
        name, has_value, value = rest.pop(0).partition("=")
        if not name.startswith("--"):
            raise BadSettings(f"not a flag: {name!r}")
        if not has_value:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        given = merge(given, _nest(name[2:].replace("-", "_").split("."), _value(value)))
    return given


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `under`, objects key by key."""
    merged = dict(under)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


def describe(kind: type[Settings]) -> str:
    """The settings as a list for `--help`."""
    lines = []
    for name, item in kind.model_fields.items():
        default = (
            "(needed)" if item.is_required() else f"[{item.get_default(call_default_factory=True)}]"
        )
        flag = f"--{name.replace('_', '-')}"
        lines.append(f"{flag:<26} {default} {item.description or ''}".rstrip())
    return "\n\n".join(lines)


def _nest(path: list[str], value: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    nested: dict[str, Any] = {path[-1]: value}
    for name in reversed(path[:-1]):
        nested = {name: nested}
    return nested


def _value(text: str) -> Any:  # noqa: ANN401 - YAML
    import yaml

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadSettings(f"not YAML: {text!r}") from error
    return _number(value) if isinstance(value, str) else value


def _number(text: str) -> float | str:
    """YAML reads 1e-5 as a string."""
    try:
        return float(text)
    except ValueError:
        return text


def _read_yaml(path: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadSettings(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise BadSettings(f"{path}: not a list of settings")
    return found

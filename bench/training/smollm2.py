"""SmolLM2-135M on a task of reasoning-gym that it half knows after a short cold start."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from adjudge.trainer_client.jsonl import Row, write_rows
from adjudge.trainer_client.tasks.chains import chain
from adjudge.trainer_client.tasks.splits import distinct, problems
from training.bench import Bench
from training.plans import Plan

PLAN = Plan(
    tokens=64,
    micro_batch=128,
    rows=256,
    k=4,
    rate=1e-5,
    minutes=5.0,
    cold_steps=125,
    cold_batch=32,
    cold_rate=5e-5,
    cold_minutes=1.0,
    stop_at=0.3,
    heldout_every=20,
    parts=("learn",),
)
OPTIONS = {"min_terms": 3, "max_terms": 4, "min_digits": 2, "max_digits": 2}
SIZE = 12_000


def prepare(bench: Bench, gguf: Path, data: Path | None) -> None:
    """The model as a checkpoint that stops, the task's rows, and the cold start."""
    from adjudge.trainer_client.training.models import unpack_gguf

    plan = bench.plan
    folder = data or write_task(bench.train.parent)
    bench.train, bench.heldout = folder / "train.jsonl", folder / "heldout.jsonl"
    new = bench.work / "new"
    bench.note("model", weights=unpack_gguf(gguf, new, end="<|im_end|>", pad="<|endoftext|>"))
    bench.note("base", before=bench.evaluate(new))
    bench.cold_start(
        new,
        steps=plan.cold_steps,
        batch=plan.cold_batch,
        micro_batch=plan.cold_batch,
        learning_rate=plan.cold_rate,
    )


def write_task(folder: Path) -> Path:
    """`train.jsonl` and `heldout.jsonl`; needs reasoning-gym."""
    for name, held, most in (("train", False, SIZE), ("heldout", True, PLAN.rows)):
        write_rows(folder / f"{name}.jsonl", islice(distinct(worked(), held), most))
    return folder


def worked() -> Iterator[Row]:
    """reasoning-gym's `chain_sum`, with its steps written out for the cold start."""
    for row in problems("chain_sum", seed=1, size=2 * SIZE, **OPTIONS):
        words = row["prompt"].rsplit(":", 1)[-1].replace("=", " ").split()
        terms, signs = [int(word) for word in words[::2]], words[1::2]
        said = chain(terms, signs)["completion"]
        yield {
            "prompt": f"{row['prompt']}\n",
            "reference": {"answer": row["reference"]["answer"]},
            "completion": said,
        }

"""What is run and for how long, by name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Sizes and times of one bench."""

    kind: str = "math"
    """The kind that judges the answer."""
    size: str = "10m"
    numbers: int = 4
    largest: int = 99
    tokens: int = 64
    """Of a completion, at most."""
    long_tokens: int = 256
    """Of a completion, at least, where long ones are timed."""
    train_rows: int = 60_000
    rows: int = 512
    k: int = 8
    """Held-out problems, and samples of each."""
    prompts: int = 32
    group: int = 16
    micro_batch: int = 512
    cold_steps: int = 700
    cold_batch: int = 512
    cold_rate: float = 1e-3
    cold_minutes: float = 1.6
    stop_at: float = 0.34
    """Cold start ends when held-out pass@1 reaches this: knows the form, not yet the sums."""
    rate: float = 3e-5
    minutes: float = 4.8
    """GRPO's time."""
    control_minutes: float = 1.5
    timed_steps: int = 36
    long_steps: int = 15
    outage_s: float = 30.0
    heldout_every: int = 40
    sampled_rows: int = 15_000
    """Problems that the recipe's rejection sampling writes two completions to."""
    stage_minutes: float = 1.4
    """Each GRPO stage of the recipe."""
    tune_steps: int = 150
    ranks: int = 2
    """Processes, one a GPU, of the part `ranks`."""
    rank_steps: int = 20
    parts: tuple[str, ...] = ("times", "learn", "control")


PLANS = {
    "full": Plan(),
    "quick": Plan(cold_minutes=0.6, minutes=1.0, control_minutes=0.5, heldout_every=20),
    "smoke": Plan(
        size="1m",
        numbers=2,
        largest=9,
        tokens=40,
        long_tokens=48,
        train_rows=500,
        rows=16,
        k=2,
        prompts=4,
        group=4,
        micro_batch=8,
        cold_steps=20,
        cold_batch=32,
        cold_minutes=0.5,
        minutes=0.2,
        control_minutes=0.1,
        timed_steps=5,
        long_steps=5,
        outage_s=3.0,
        heldout_every=10,
        sampled_rows=16,
        stage_minutes=0.1,
        tune_steps=3,
        rank_steps=3,
    ),
}

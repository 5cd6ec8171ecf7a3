"""ms-swift: `--external_plugins <this file> --reward_funcs adjudge`.

ms-swift turns None into NaN and leaves such samples out, as TRL does.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from adjudge.trainer_client.adapters.environment import client
from adjudge.trainer_client.rows import Chat, groups_of, references


class Adjudge:
    """An `ORM` by its shape: called with the completions and the dataset's columns."""

    def __init__(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - swift hands over its args
        self.columns = {"solution": "answer"}

    def __call__(
        self,
        completions: Sequence[str | Chat],
        **given: Any,  # noqa: ANN401 - columns
    ) -> list[float | None]:
        rows = references(given, len(completions), self.columns)
        groups = groups_of(given.get("prompts"), completions, rows)
        return [reward for group in client().judge(groups) for reward in group.rewards]


def register() -> bool:
    """Make `--reward_funcs adjudge` known; False where ms-swift is not installed."""
    for home in ("swift.rewards", "swift.plugin"):  # since 4.0, and before
        try:
            import_module(home).orms["adjudge"] = Adjudge
        except (ImportError, AttributeError):
            continue
        return True
    return False


register()

"""adjudge: the reward and verifier service for reinforcement learning of reasoning models.

The rooms live at the top of the repository and are imported from here:
`trainer_client → service → verifiers → sandbox`; an import goes down these stairs, never up.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adjudge.service.in_process import judge

__version__ = "0.1.0"
__all__ = ["__version__", "judge"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: whatever the name stands for
    """Import the verifiers only when they are asked for: a training job needs none of them."""
    if name == "judge":
        from adjudge.service.in_process import judge

        return judge
    raise AttributeError(f"module 'adjudge' has no attribute {name!r}")

"""What a training job imports; reaches no further than the wire types of `service.api`.

`RewardClient` and `reward_function` need pydantic and httpx alone; the recipe around them
(`adjudge train …`) needs the extra `train`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adjudge.trainer_client.client import RewardClient
    from adjudge.trainer_client.reward import reward_function, reward_functions
    from adjudge.trainer_client.transport import RequestRefused

_HOMES = {
    "RewardClient": "client",
    "RequestRefused": "transport",
    "reward_function": "reward",
    "reward_functions": "reward",
}
__all__ = ["RequestRefused", "RewardClient", "reward_function", "reward_functions"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: whatever the name stands for
    """Import on first use: `adjudge --help` must not wait for an HTTP client."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"adjudge.trainer_client.{_HOMES[name]}"), name)

"""Writing completions fast: a bf16 copy of the weights and a static cache.

`generate` with a dynamic cache is bound by launching kernels: 2 to 3 times slower, for a small
model on an H100, than with a static cache, which transformers compiles into CUDA graphs. Compiled
code wants bf16 weights (fp32 ones under autocast fail) and few shapes: so a copy of the model is
generated with, refreshed from the trained one, with prompts padded to a multiple of `_PROMPT` and
rows to a whole batch. Compiling costs some ten seconds, once.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from rich.progress import track

logger = logging.getLogger(__name__)
Ids = list[int]
_PROMPT = 32
_SHOWN = 4
"""From so many batches on, writing shows its progress."""
_copies: dict[Any, Any] = {}
"""The latest copy, by the shape of its model: compiled once for rollouts and evaluations alike."""


def why_not_fast(model: Any, trainer: Any = None) -> str | None:
    """Why the fast path does not apply, or None where it does."""
    if trainer is not None and trainer.use_vllm:
        return "vLLM generates"
    if trainer is not None and is_spread(trainer):
        return "the weights are spread over devices"
    if not torch.cuda.is_available() or next(model.parameters()).device.type != "cuda":
        return "no CUDA device"
    if hasattr(model, "peft_config"):
        return "LoRA adapters are not merged into the copy"
    if not getattr(model, "_can_compile_fullgraph", False):
        return "transformers cannot compile this architecture"
    return None


def is_spread(trainer: Any) -> bool:
    """Does no process hold all weights (FSDP, DeepSpeed)?"""
    return bool(trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled)


class Writer:
    """Writes completions with a model, by `generate`'s own options."""

    def __init__(
        self, options: Mapping[str, Any], *, pad: int, batch: int = 512, fast: bool = False
    ) -> None:
        self.batch = batch
        self.fast = fast
        self._pad = pad
        self._width = 0
        self._options = {"pad_token_id": pad, **options}
        if fast:
            self._options |= {"cache_implementation": "static", "disable_compile": False}

    def refresh(self, model: Any) -> Any:
        """The model to write with: the given one, or the copy with its weights."""
        if not self.fast:
            return model
        weights = list(model.parameters())
        shape = (type(model), weights[0].device, tuple(weight.shape for weight in weights))
        if shape not in _copies:
            _copies.clear()
            _copies[shape] = _bf16_copy(model)
        copy = _copies[shape]
        copy.generation_config = model.generation_config
        with torch.no_grad():
            torch._foreach_copy_(list(copy.parameters()), weights)
        return copy

    def write(self, model: Any, prompts: Sequence[Ids]) -> list[Ids]:
        """One completion for each prompt, in order, each up to and with its end token."""
        was_training = model.training
        model.eval()
        try:
            return self._write(model, prompts)
        except RuntimeError as error:  # the compiler's and CUDA's errors are such
            if not self.fast:
                raise
            self.fast = False
            self._options |= {"cache_implementation": None, "disable_compile": True}
            logger.warning("fast generation failed and is off from now on: %s", error)
            return self._write(model, prompts)
        finally:
            model.train(was_training)

    def _write(self, model: Any, prompts: Sequence[Ids]) -> list[Ids]:
        use = self.refresh(model)
        done: list[Ids] = []
        starts = range(0, len(prompts), self.batch)
        with torch.no_grad():
            for start in track(starts, "writing", disable=len(starts) < _SHOWN, transient=True):
                done += self._write_batch(use, prompts[start : start + self.batch])
        return done

    def _write_batch(self, model: Any, prompts: Sequence[Ids]) -> list[Ids]:
        padded = list(prompts)
        if self.fast:  # few shapes: whole batches, and prompts no narrower than before
            padded += [padded[-1]] * (self.batch - len(padded))
        longest = max(map(len, padded))
        self._width = max(self._width, -(-longest // _PROMPT) * _PROMPT)
        width = self._width if self.fast else longest
        device = next(model.parameters()).device
        ids = torch.tensor([[self._pad] * (width - len(p)) + p for p in padded], device=device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in padded], device=device)
        out = model.generate(input_ids=ids, attention_mask=mask, **self._options)
        ends = _ends(model, self._options)
        return [_until(row, ends) for row in out[: len(prompts), width:].tolist()]


def _bf16_copy(model: Any) -> Any:
    """Of the same shape. Only the weights are cast: rotary frequencies in bf16 lose the place."""
    copy = type(model)(model.config).to(next(model.parameters()).device)
    for parameter in copy.parameters():
        parameter.data = parameter.data.bfloat16()
    return copy.eval().requires_grad_(False)


def _ends(model: Any, options: Mapping[str, Any]) -> frozenset[int]:
    """The tokens that end a completion: some models have several."""
    ends = options.get("eos_token_id") or model.generation_config.eos_token_id
    return frozenset([ends] if isinstance(ends, int) else ends or ())


def _until(ids: Ids, ends: frozenset[int]) -> Ids:
    """Up to and with the first end token."""
    return next((ids[: i + 1] for i, token in enumerate(ids) if token in ends), ids)


def prompt_ids(tokenizer: Any, prompt: str | list[dict[str, str]]) -> Ids:
    """A prompt as the trainers encode it."""
    if isinstance(prompt, str):
        ids: Ids = tokenizer(prompt, add_special_tokens=True)["input_ids"]
        return ids
    chat = tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, tokenize=True, return_dict=False
    )
    return list(chat)

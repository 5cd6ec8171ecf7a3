"""Writing completions fast: a bf16 copy of the weights and a static cache.

`generate` with a dynamic cache is bound by launching kernels: 2 to 3 times slower, for a small
model on an H100, than with a static cache, which transformers compiles into CUDA graphs. Compiled
code wants bf16 weights (fp32 ones under autocast fail) and few shapes: so a copy of the model is
generated with, refreshed from the trained one, with prompts padded to a multiple of `_PROMPT` and
rows to a whole batch. Compiling costs some ten seconds, once.
"""

import logging
from collections.abc import Sequence
from typing import Any

import torch

logger = logging.getLogger(__name__)
Ids = list[int]
_PROMPT = 32
_copies: dict[Any, Any] = {}
"""The latest copy, by the shape of its model: compiled once for rollouts and evaluations alike."""


def why_not_fast(model: Any, trainer_args: Any = None) -> str | None:
    """Why the fast path does not apply, or None where it does."""
    if not torch.cuda.is_available() or next(model.parameters()).device.type != "cuda":
        return "no CUDA device"
    if hasattr(model, "peft_config"):
        return "LoRA adapters are not merged into the copy"
    if not getattr(model, "_can_compile_fullgraph", False):
        return "transformers cannot compile this architecture"
    if trainer_args is not None and (trainer_args.fsdp or trainer_args.deepspeed):
        return "the weights are spread over devices"
    return None


class Writer:
    """Writes completions with a model; `refresh` before each time that its weights changed."""

    def __init__(
        self,
        tokenizer: Any,
        *,
        max_new_tokens: int,
        temperature: float,
        top_p: float = 1.0,
        top_k: int = 0,
        batch: int = 512,
        fast: bool = False,
    ) -> None:
        self.tokenizer = tokenizer
        self.batch = batch
        self.fast = fast
        self._width = 0
        self._options: dict[str, Any] = {
            "do_sample": temperature > 0,
            "max_new_tokens": max_new_tokens,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
        if temperature > 0:
            self._options |= {"temperature": temperature, "top_p": top_p, "top_k": top_k}
        if fast:
            self._options["cache_implementation"] = "static"

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
            del self._options["cache_implementation"]
            logger.warning("fast generation failed and is off from now on: %s", error)
            return self._write(model, prompts)
        finally:
            model.train(was_training)

    def _write(self, model: Any, prompts: Sequence[Ids]) -> list[Ids]:
        use = self.refresh(model)
        done: list[Ids] = []
        with torch.no_grad():
            for start in range(0, len(prompts), self.batch):
                done += self._write_batch(use, prompts[start : start + self.batch])
        return done

    def _write_batch(self, model: Any, prompts: Sequence[Ids]) -> list[Ids]:
        padded = list(prompts)
        if self.fast:  # few shapes: whole batches, and prompts no narrower than before
            padded += [padded[-1]] * (self.batch - len(padded))
        longest = max(map(len, padded))
        self._width = max(self._width, -(-longest // _PROMPT) * _PROMPT)
        width = self._width if self.fast else longest
        pad = self.tokenizer.pad_token_id
        device = next(model.parameters()).device
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in padded], device=device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in padded], device=device)
        out = model.generate(input_ids=ids, attention_mask=mask, **self._options)
        rows = out[: len(prompts), width:].tolist()
        return [_until(row, self.tokenizer.eos_token_id) for row in rows]


def _bf16_copy(model: Any) -> Any:
    """Of the same shape. Only the weights are cast: rotary frequencies in bf16 lose the place."""
    copy = type(model)(model.config).to(next(model.parameters()).device)
    for parameter in copy.parameters():
        parameter.data = parameter.data.bfloat16()
    return copy.eval().requires_grad_(False)


def _until(ids: Ids, end: int) -> Ids:
    """Up to and with the first end token."""
    return ids[: ids.index(end) + 1] if end in ids else ids


def prompt_ids(tokenizer: Any, prompt: str | list[dict[str, str]]) -> Ids:
    """A prompt as the trainers encode it."""
    if isinstance(prompt, str):
        ids: Ids = tokenizer(prompt, add_special_tokens=True)["input_ids"]
        return ids
    chat = tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, tokenize=True, return_dict=False
    )
    return list(chat)

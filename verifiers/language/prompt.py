"""Which language a prompt is in, for `language: auto`.

Of chat messages the last of the user's is read; of a string, what follows the last mark of a user's
turn. Sentences about `\\boxed` or tags are instructions that benchmarks append in English to a
question in any language, so they are read only if nothing else is there.
"""

import re

from adjudge.verifiers.language.guess import text_language
from adjudge.verifiers.types import Prompt

MAX_CHARS = 20_000
"""Characters of a prompt that are read: its end."""
_USER = re.compile(
    r"<\|im_start\|>user|<\|start_header_id\|>user<\|end_header_id\|>|<｜User｜>|<\|user\|>"
    r"|<start_of_turn>user|\[INST\]|<\|start\|>user<\|message\|>|(?:^|[\n.] ?)User:"
)
_ASSISTANT = re.compile(
    r"<\|im_end\|>|<\|eot_id\|>|<｜Assistant｜>|<\|assistant\|>|<end_of_turn>|\[/INST\]"
    r"|<\|end\|>|Assistant:"
)
_SENTENCE = re.compile(r"[^.!?。！？\n]{1,2000}[.!?。！？\n]?")
_INSTRUCTION = re.compile(r"\\boxed|</?(?:think|answer)|step by step|final answer", re.IGNORECASE)


def prompt_language(prompt: Prompt | None) -> str | None:
    """Our code for the prompt's language; None where it has no words."""
    text = _question(prompt)[-MAX_CHARS:]
    sentences = _SENTENCE.findall(text)
    question = "".join(s for s in sentences if not _INSTRUCTION.search(s))
    return text_language(question) or text_language(text)


def _question(prompt: Prompt | None) -> str:
    if prompt is None:
        return ""
    if isinstance(prompt, str):
        start = max((mark.end() for mark in _USER.finditer(prompt)), default=0)
        end = _ASSISTANT.search(prompt, start)
        return prompt[start : end.start() if end else len(prompt)]
    said = [message.content or "" for message in prompt if message.role == "user"]
    return said[-1] if said else "\n".join(message.content or "" for message in prompt)

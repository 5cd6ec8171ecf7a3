"""Known datasets from files: GSM8K's JSONL as it is published, and rows of our own."""

import re
from collections.abc import Iterator
from pathlib import Path

from adjudge.trainer_client.jsonl import BadRow, Row, read_rows

_NOTE = re.compile(r"<<[^<>]{0,200}>>")


def gsm8k(path: str | Path) -> Iterator[Row]:
    """`{"question", "answer": "reasoning #### 72"}` (Cobbe et al., 2021).

    Raises BadRow for a row without its four hashes.
    """
    for number, row in enumerate(read_rows(path), 1):
        worked, marker, answer = str(row.get("answer", "")).rpartition("####")
        if not marker or "question" not in row:
            raise BadRow(f"{path}:{number}: no question, or no #### in the answer")
        answer = answer.strip().replace(",", "")
        steps = _NOTE.sub("", worked).strip()
        yield {
            "prompt": row["question"],
            "reference": {"answer": answer},
            "completion": f"<think>{steps}</think><answer>\\boxed{{{answer}}}</answer>",
        }

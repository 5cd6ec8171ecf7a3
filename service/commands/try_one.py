"""`adjudge try`: one completion, explained in the terminal."""

import json
import sys
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from adjudge.service.api import (
    CompletionIn,
    CompletionOut,
    Component,
    Fault,
    Group,
    RewardRequest,
)
from adjudge.service.commands.options import Kind
from adjudge.service.errors import BadRequest
from adjudge.service.in_process import judge
from adjudge.service.shorthand import rewards_of
from adjudge.verifiers.flags import MEANINGS
from adjudge.verifiers.types import Outcome

INDENT = (0, 0, 0, 4)
OPTIONS = {"reference.answer": "--answer", "tokens": "--tokens", "prompt": "--prompt"}
"""Which option gives what."""
COLOURS = {
    Outcome.CORRECT: "green",
    Outcome.PARTIAL: "yellow",
    Outcome.INCORRECT: "red",
    Outcome.NO_ANSWER: "red",
    Outcome.UNSCORED: "blue",
}


def command(
    completion: Annotated[str, typer.Argument(help="What the policy wrote; - reads stdin.")],
    answer: Annotated[
        str | None, typer.Option(help="The right answer; short for a reference with only that.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="JSON", help="The whole reference object.")
    ] = None,
    kind: Kind = "math",
    prompt: Annotated[
        str | None, typer.Option(help="The question, for checks that read it.")
    ] = None,
    prefill: Annotated[str, typer.Option(help="What the template put in front, as <think>.")] = "",
    tokens: Annotated[
        int | None, typer.Option(help="Its length in tokens; `length` needs it.")
    ] = None,
    cut: Annotated[
        bool, typer.Option("--cut", help="The length limit cut it (finish_reason: length).")
    ] = False,
) -> None:
    """Score one completion and say why.

    adjudge try 'so \\boxed{0.5}' --answer 1/2
    """

    text = sys.stdin.read() if completion == "-" else completion
    asked = Group(
        completions=(CompletionIn(text=text, tokens=tokens, finish_reason=_finish(cut)),),
        reference=_reference(answer, reference),
        prompt=prompt,
        prefill=prefill,
    )
    request = RewardRequest(groups=(asked,), rewards=rewards_of(kind or "math", "--kind"))
    _explain(_judged(request), Console())


def _judged(request: RewardRequest) -> CompletionOut:
    """Raises BadRequest, in the words of the command line."""
    try:
        return judge(request).groups[0].completions[0]
    except BadRequest as error:
        raise BadRequest(map(_own, error.faults)) from error


def _own(fault: Fault) -> Fault:
    path = fault.path.removeprefix("groups[0].").removeprefix("completions[0].")
    option = OPTIONS.get(path, "--reference" if path.startswith("reference.") else None)
    return Fault(path=path, message=fault.message + (f" ({option})" if option else ""))


def _finish(cut: bool) -> Literal["length"] | None:
    return "length" if cut else None


def _explain(told: CompletionOut, console: Console) -> None:
    console.print(f"[bold]reward: {told.reward}[/]", highlight=False)
    for name, found in told.components.items():
        console.print(_headline(name, found))
        if found.detail:
            console.print(Padding(Text(found.detail), INDENT, expand=False))
        if found.extracted is not None:
            console.print(Padding(Text(f"answer found: {found.extracted}"), INDENT, expand=False))
    for flag in told.flags:
        meaning = MEANINGS.get(flag, "raised by the kind itself")
        console.print(Text.assemble(("flag ", "bold"), (flag, "magenta"), f": {meaning}"))


def _headline(name: str, found: Component) -> Text:
    score = "null" if found.score is None else f"{found.score:g}"
    said = f"{found.verdict}, {found.reason}"
    return Text.assemble((name, "bold"), f": {score}  ", (said, COLOURS[found.verdict]))


def _reference(answer: str | None, reference: str | None) -> dict[str, object]:
    try:
        given = json.loads(reference) if reference else {}
    except ValueError as error:
        raise BadRequest([Fault(path="--reference", message=f"not JSON: {error}")]) from error
    if not isinstance(given, dict):
        raise BadRequest([Fault(path="--reference", message="must be a JSON object")])
    return given if answer is None else {**given, "answer": answer}

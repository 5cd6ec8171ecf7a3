"""`adjudge try`."""

import json
import sys
from typing import Annotated

import typer

from adjudge.service.api import Fault, Group, RewardRequest
from adjudge.service.commands.options import Kind
from adjudge.service.errors import BadRequest
from adjudge.service.in_process import judge
from adjudge.service.shorthand import rewards_of


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
) -> None:
    """Score one completion and say why.

    adjudge try 'so \\boxed{0.5}' --answer 1/2
    """

    text = sys.stdin.read() if completion == "-" else completion
    group = Group(
        completions=(text,), reference=_reference(answer, reference), prompt=prompt, prefill=prefill
    )
    request = RewardRequest(groups=(group,), rewards=rewards_of(kind or "math", "--kind"))
    told = judge(request).groups[0].completions[0]
    typer.echo(f"reward: {told.reward}")
    for name, found in told.components.items():
        score = "null" if found.score is None else f"{found.score:g}"
        typer.echo(f"{name}: {score}  {found.verdict}, {found.reason}")
        if found.detail:
            typer.echo(f"    {found.detail}")
        if found.extracted is not None:
            typer.echo(f"    answer found: {found.extracted}")
    if told.flags:
        typer.echo(f"flags: {', '.join(told.flags)}")


def _reference(answer: str | None, reference: str | None) -> dict[str, object]:

    try:
        given = json.loads(reference) if reference else {}
    except ValueError as error:
        raise BadRequest([Fault(path="--reference", message=f"not JSON: {error}")]) from error
    if not isinstance(given, dict):
        raise BadRequest([Fault(path="--reference", message="must be a JSON object")])
    return given if answer is None else {**given, "answer": answer}

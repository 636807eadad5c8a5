"""Commands that disturb a running virtual beamline."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from mxplans_sim.view.page.control import ControlError, read_control_file

FAILED = 1
TIMEOUT_S = 10.0

ControlOption = Annotated[Path, typer.Option("--control", help="Control file that `mxplans-sim serve` writes")]

app = typer.Typer(no_args_is_help=True, help="Let something go wrong at a running virtual beamline.")


@app.command("catalogue")
def catalogue_command(control: ControlOption) -> None:
    """Print all kinds of faults with their parameters."""
    for kind in _ask(control, "GET", "/faults/catalogue"):
        typer.echo(f"{kind['kind']}: {kind['text']}")
        for name, parameter in kind["parameters"].items():
            typer.echo(f"    {name} = {parameter['default']}: {parameter['text']}")


@app.command("list")
def list_command(control: ControlOption) -> None:
    """Print the rules at work, one JSON object a line."""
    for fault in _ask(control, "GET", "/faults"):
        typer.echo(json.dumps(fault))


@app.command("inject")
def inject_command(
    control: ControlOption,
    kind: Annotated[str, typer.Argument(help="Name of a kind; see `catalogue`")],
    given: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of a parameter; repeatable")] = None,
    where: Annotated[list[str] | None, typer.Option(help="NAME=TEXT that must hold, as axis=omega")] = None,
    sample: Annotated[str | None, typer.Option(help="Only for samples of this name; * stands for anything")] = None,
    step: Annotated[str | None, typer.Option(help="Only in this step, as load, optical, grid, rotation")] = None,
    at_s: Annotated[float | None, typer.Option("--at", help="Not before this simulated time, s")] = None,
    after_s: Annotated[float | None, typer.Option("--after", help="Not before so long from now, simulated s")] = None,
    within_s: Annotated[float | None, typer.Option("--within", help="Later than that by chance, up to this, s")] = None,
    for_s: Annotated[float | None, typer.Option("--for", help="Only so long, simulated s")] = None,
    nth: Annotated[int | None, typer.Option(help="From the so manieth time on")] = None,
    count: Annotated[int | None, typer.Option(help="At most so often, 0 without end")] = None,
    probability: Annotated[float | None, typer.Option(help="Each time that it could strike")] = None,
) -> None:
    """Add a rule and print its id."""
    rule: dict[str, Any] = {"kind": kind, "parameters": {n: _value(v) for n, v in _pairs(given or [])}}
    rule |= {"where": dict(_pairs(where or [])), "sample": sample, "step": step, "nth": nth}
    rule |= {"at_s": at_s, "after_s": after_s, "within_s": within_s, "for_s": for_s}
    rule |= {"count": count, "probability": probability}
    answer = _ask(control, "POST", "/faults", {name: value for name, value in rule.items() if value is not None})
    typer.echo(answer["id"])


@app.command("clear")
def clear_command(
    control: ControlOption,
    name: Annotated[str | None, typer.Argument(help="Id of a rule; all of them when absent")] = None,
) -> None:
    """Take a rule back."""
    _ask(control, "DELETE", "/faults" if name is None else f"/faults/{name}")


@app.command("log")
def log_command(control: ControlOption) -> None:
    """Print what has struck, one JSON object a line."""
    for event in _ask(control, "GET", "/events"):
        if event["kind"] in ("fault", "fault_failed"):
            typer.echo(json.dumps(event))


def _ask(path: Path, method: str, what: str, content: Any = None) -> Any:
    with _told():
        file = read_control_file(path)
        headers = {"Authorization": f"Bearer {file.token}"}
        try:
            answer = httpx.request(
                method, file.url + what, json=content, headers=headers, timeout=TIMEOUT_S, trust_env=False
            )
        except httpx.HTTPError as error:
            raise ControlError(
                f"the virtual beamline does not answer ({type(error).__name__}); is it running?"
            ) from error
        if answer.is_error:
            raise ControlError(f"refused: {answer.text}")
        return answer.json()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ControlError as error:
        print(f"mxplans-sim: {error}", file=sys.stderr)
        raise typer.Exit(FAILED) from error


def _pairs(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{text!r}: write NAME=VALUE")
        yield name, value


def _value(text: str) -> Any:
    """A number, true or false where the text is one, else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if not isinstance(value, float) or math.isfinite(value) else text

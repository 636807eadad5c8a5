"""Commands: a word, or a word with arguments in parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mxplans_sim.servers.isara import replies
from mxplans_sim.servers.isara.arm import Arm, Rejected

_FORM = re.compile(r"^([a-z0-9_]+)(?:\(([^()]*)\))?$")
PATHS = ("home", "recover", "soak", "dry", "put", "get", "getput")
ACKNOWLEDGED = ("openlid", "closelid", "regulon", "reguloff", "magneton", "magnetoff", "clearbcrd", "restart")
"""Commands that change nothing here."""
MOST_ARGUMENTS = 14


def parse(text: str) -> tuple[str, list[str]]:
    """Name and arguments of a command.

    Raises:
        Rejected: If it has not the form of one.

    >>> parse("traj(put,3,1,5)"), parse("on")
    (('traj', ['put', '3', '1', '5']), ('on', []))
    """
    match = _FORM.match(text.strip())
    if match is None:
        raise Rejected("Syntax error")
    arguments = match.group(2)
    return match.group(1), [argument.strip() for argument in arguments.split(",")] if arguments else []


def monitor(arm: Arm, text: str) -> str:
    """Answer a question."""
    questions: Mapping[str, Callable[[Arm], str]] = {
        "state": replies.state,
        "di": replies.inputs,
        "do": replies.outputs,
        "position": replies.position,
        "message": lambda arm: arm.message,
        "gripper": replies.gripper,
    }
    name = text.strip()
    return questions[name](arm) if name in questions else f"Unknown command: {name[:40]!r}"


async def operate(arm: Arm, text: str) -> str:
    """Carry out an order; the answer is its name, or why it is not carried out."""
    try:
        name, arguments = parse(text)
        if name == "traj":
            return _path(arm, arguments)
        await _order(arm, name, arguments)
    except Rejected as rejected:
        return str(rejected)
    return name


async def _order(arm: Arm, name: str, arguments: list[str]) -> None:
    if name == "setdiffr":
        puck, pin = _numbers(arguments, 3)[:2]
        arm.clear_memory()
        arm.on_diffractometer = (puck, pin)
    elif arguments:
        raise Rejected("Inconsistent parameters")
    elif name in ("on", "off"):
        arm.switch(name == "on")
    elif name == "reset":
        arm.reset()
    elif name == "clearmemory":
        arm.clear_memory()
    elif name in ("abort", "panic"):
        await arm.abort()
        if name == "panic":
            arm.powered = False
    elif name not in ACKNOWLEDGED:
        raise Rejected(f"Unknown command: {name[:40]!r}")


def _path(arm: Arm, arguments: list[str]) -> str:
    """`traj(path, tool, puck, pin, barcode, ...)`; what is missing at the end is zero."""
    if not 2 <= len(arguments) <= MOST_ARGUMENTS:
        raise Rejected("Inconsistent parameters")
    name, numbers = arguments[0], _numbers(arguments[1:], len(arguments) - 1)
    if name not in PATHS:
        raise Rejected(f"Unknown path: {name[:40]!r}")
    tool, puck, pin, barcode = (*numbers, 0, 0, 0)[:4]
    arm.run(name, tool, puck, pin, bool(barcode))
    return name


def _numbers(texts: list[str], count: int) -> list[int]:
    try:
        numbers = [int(text) for text in texts]
    except ValueError:
        raise Rejected("Inconsistent parameters") from None
    if len(numbers) != count:
        raise Rejected("Inconsistent parameters")
    return numbers

"""Plans as people call them: grouped by purpose, bound to the beamline and to what the profile says."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bluesky.utils import Msg, MsgGenerator

from mxplans.app.ipython.desk import Desk
from mxplans.app.ipython.help_text import PlanHelp, help_of
from mxplans.errors import InvalidInput
from mxplans.roles import Beamline

Planner = Callable[..., MsgGenerator[Any]]
"""A plan of this package: its first two arguments are the desk and the beamline."""


class PlanCall:
    """A plan with its arguments. Nothing happens until the RunEngine gets it, which it may more than once.

    Args:
        text: As it was called.
        make: Makes the generator.
    """

    def __init__(self, text: str, make: Callable[[], MsgGenerator[Any]]) -> None:
        self._text = text
        self._make = make

    def __iter__(self) -> Iterator[Msg]:
        return self._make()

    def __repr__(self) -> str:
        return f"<a plan that has not run: RE({self._text})>"


def bound_plan(name: str, planner: Planner, desk: Desk) -> Callable[..., PlanCall]:
    """One plan of a group as a function for people; its `help` is a `PlanHelp`.

    A first argument that is a beamline is used in place of `bl`.

    Args:
        name: As it is typed, `collect.rotation`.
        planner: Does it.
        desk: What it is bound to.
    """
    whole = inspect.signature(planner, eval_str=True)
    own = list(whole.parameters.values())[2:]
    signature = whole.replace(parameters=own, return_annotation=inspect.Signature.empty)

    def bound(*args: Any, **kwargs: Any) -> PlanCall:
        bl = desk.bl
        if args and isinstance(args[0], Beamline):
            bl, args = args[0], args[1:]
        _check_names(name, signature, kwargs)
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidInput(f"{name}: {error}; see help({name})") from error
        given = [repr(value) for value in args] + [f"{key}={value!r}" for key, value in kwargs.items()]
        return PlanCall(f"{name}({', '.join(given)})", lambda: planner(desk, bl, *args, **kwargs))

    # A function, and not an object that can be called: Tab asks a function for its parameters.
    told = help_of(name, planner, signature)
    bound.__name__, bound.__qualname__, bound.__doc__ = planner.__name__, name, told.text()
    vars(bound).update({"__signature__": signature, "help": told})
    return bound


def _check_names(plan: str, signature: inspect.Signature, given: Iterable[str]) -> None:
    known = list(signature.parameters)
    for name in given:
        if name in known:
            continue
        stem = name.rpartition("_")[0]
        same = [other for other in known if stem and other.rpartition("_")[0] == stem]
        near = same or difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known) or 'none'}"
        raise InvalidInput(f"{plan} has no {name}; {hint} See help({plan})")


class PlanGroup:
    """Plans of one purpose, as attributes.

    Args:
        name: As it is typed.
        purpose: One line.
        planners: Its plans.
        desk: What they are bound to.
    """

    def __init__(self, name: str, purpose: str, planners: Iterable[Planner], desk: Desk) -> None:
        plans = {planner.__name__: bound_plan(f"{name}.{planner.__name__}", planner, desk) for planner in planners}
        width = max(len(own) for own in plans)
        rows = (f"  {name}.{own:<{width}}  {help_of_plan(plan).summary}" for own, plan in plans.items())
        self.__doc__ = "\n".join([purpose, "", *rows])
        vars(self).update(plans)

    def __dir__(self) -> list[str]:
        return [name for name in vars(self) if not name.startswith("_")]

    def __repr__(self) -> str:
        return str(self.__doc__)


def help_of_plan(plan: Callable[..., PlanCall]) -> PlanHelp:
    """What a bound plan does, with units and an example."""
    told: PlanHelp = vars(plan)["help"]
    return told

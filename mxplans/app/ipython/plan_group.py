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


class BoundPlan:
    """One plan of a group; called, it gives a `PlanCall`.

    Args:
        name: As it is typed, `collect.rotation`.
        planner: Does it.
        desk: What it is bound to.
    """

    def __init__(self, name: str, planner: Planner, desk: Desk) -> None:
        whole = inspect.signature(planner, eval_str=True)
        own = list(whole.parameters.values())[2:]
        self.__name__ = name.rpartition(".")[2]
        self.__qualname__ = name
        self.__signature__ = whole.replace(parameters=own, return_annotation=inspect.Signature.empty)
        self._name = name
        self._planner = planner
        self._desk = desk

    @property
    def help(self) -> PlanHelp:
        """What it does, with units and an example."""
        return help_of(self._name, self._planner, self.__signature__)

    def getdoc(self) -> str:
        """What IPython shows for `?`."""
        return self.help.text()

    def __call__(self, *args: Any, **kwargs: Any) -> PlanCall:
        """Bind the arguments; a first one that is a beamline is used in place of `bl`.

        Raises:
            InvalidInput: If they are not those of the plan.
        """
        bl = self._desk.bl
        if args and isinstance(args[0], Beamline):
            bl, args = args[0], args[1:]
        self._check_names(kwargs)
        try:
            self.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidInput(f"{self._name}: {error}; see help({self._name})") from error
        given = [repr(value) for value in args] + [f"{name}={value!r}" for name, value in kwargs.items()]
        return PlanCall(f"{self._name}({', '.join(given)})", lambda: self._planner(self._desk, bl, *args, **kwargs))

    def __repr__(self) -> str:
        return f"<plan {self._name}: help({self._name}) says more>"

    def _check_names(self, given: Iterable[str]) -> None:
        known = list(self.__signature__.parameters)
        for name in given:
            if name in known:
                continue
            stem = name.rpartition("_")[0]
            same = [other for other in known if stem and other.rpartition("_")[0] == stem]
            near = same or difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known) or 'none'}"
            raise InvalidInput(f"{self._name} has no {name}; {hint} See help({self._name})")


class PlanGroup:
    """Plans of one purpose, as attributes.

    Args:
        name: As it is typed.
        purpose: One line.
        planners: Its plans.
        desk: What they are bound to.
    """

    def __init__(self, name: str, purpose: str, planners: Iterable[Planner], desk: Desk) -> None:
        self._name = name
        self._purpose = purpose
        self._plans = {planner.__name__: BoundPlan(f"{name}.{planner.__name__}", planner, desk) for planner in planners}
        vars(self).update(self._plans)

    def __iter__(self) -> Iterator[BoundPlan]:
        return iter(self._plans.values())

    def __dir__(self) -> list[str]:
        return list(self._plans)

    def getdoc(self) -> str:
        """What IPython shows for `?`."""
        width = max(len(name) for name in self._plans)
        rows = (f"  {self._name}.{name:<{width}}  {plan.help.summary}" for name, plan in self._plans.items())
        return "\n".join([self._purpose, "", *rows])

    def __repr__(self) -> str:
        return self.getdoc()

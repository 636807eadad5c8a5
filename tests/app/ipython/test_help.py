"""Help for plans: every parameter is explained, every physical one has its unit, every example can be typed."""

import ast
from pathlib import Path

import pytest

from mxplans.app.ipython.desk import Desk
from mxplans.app.ipython.help_text import help_of, unit_of
from mxplans.app.ipython.plans.groups import GROUPS, plan_groups
from mxplans.app.ipython.shell import help_for
from mxplans.errors import InvalidInput
from mxplans.profile import load_profile

PROFILE = Path(__file__).parents[3] / "profiles/sim/beamline.yaml"
NAMES = [f"{group}.{planner.__name__}" for group, module in GROUPS.items() for planner in module.PLANS]
WITHOUT_UNIT = {
    "puck",
    "pin",
    "sample",
    "zoom",
    "label",
    "clicks",
    "crystal",
    "number_images",
    "aperture",
    "wedge_images",
    "prefix",
    "columns",
    "rows",
    "sweep",
    "direction",
    "point",
    "item",
    "unmount_after",
    "shipment",
}
"""Names, counts and things: whoever adds a parameter decides whether it is one of these or has a unit."""


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    return plan_groups(Desk(None, load_profile(PROFILE), tmp_path_factory.mktemp("out")))


def plan(groups, name):
    group, _, own = name.partition(".")
    return getattr(groups[group], own)


@pytest.mark.parametrize("name", NAMES)
def test_every_plan_says_what_its_parameters_are(groups, name):
    told = plan(groups, name).help
    assert told.summary.endswith(".")
    for parameter in told.parameters:
        assert parameter.meaning, parameter.name
        assert bool(parameter.unit) != (parameter.name in WITHOUT_UNIT), parameter.name
        assert parameter.name in told.text()


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_a_call_that_the_plan_takes(groups, name):
    call = ast.parse(plan(groups, name).help.example, mode="eval").body
    assert isinstance(call, ast.Call)
    assert ast.unparse(call.func) == "RE"
    asked = call.args[0]
    assert isinstance(asked, ast.Call)
    assert ast.unparse(asked.func) == name
    keywords = {keyword.arg: None for keyword in asked.keywords}
    plan(groups, name)(*[None] * len(asked.args), **keywords)  # InvalidInput if they do not fit


def test_the_text_has_units_defaults_and_the_example(groups, capsys):
    help_for(groups["collect"].rotation)
    told = capsys.readouterr().out
    assert any(line.split()[:2] == ["exposure_s", "s"] for line in told.splitlines())
    assert any(line.split()[:2] == ["omega_start_deg=0.0", "deg"] for line in told.splitlines())
    assert "Example:  RE(collect.rotation(number_images=900, image_width_deg=0.2, exposure_s=0.02))" in told


def test_help_of_a_group_lists_its_plans_and_of_other_things_is_pythons(groups, capsys):
    help_for(groups["exchange"])
    help_for(len)
    told = capsys.readouterr().out
    assert "exchange.mount" in told
    assert "Return the number of items" in told


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"number_images": 1, "image_width_deg": 1, "exposure_ms": 20}, "has no exposure_ms; did you mean exposure_s?"),
        ({"number_imagse": 1}, "did you mean number_images?"),
        ({"zebra": 1}, "allowed are number_images"),
        ({"number_images": 1}, "missing a required argument: 'image_width_deg'"),
    ],
)
def test_wrong_arguments_are_refused_when_they_are_typed(groups, given, hint):
    with pytest.raises(InvalidInput, match=r"collect\.rotation.*help\(collect\.rotation\)") as refused:
        groups["collect"].rotation(**given)
    assert hint in str(refused.value)


def test_a_plan_that_nobody_ran_says_so(groups):
    assert repr(groups["exchange"].mount(1, pin=2)) == "<a plan that has not run: RE(exchange.mount(1, pin=2))>"


def test_units_are_those_of_the_longest_suffix():
    assert (unit_of("speed_deg_s"), unit_of("exposure_s"), unit_of("columns")) == ("deg/s", "s", "")


def test_meanings_over_several_lines_are_joined():
    import inspect

    def example(speed_deg_s: float) -> None:
        """Turn.

        Args:
            speed_deg_s: How fast,
                at most.

        Example:
            RE(example(3))
        """

    told = help_of("example", example, inspect.signature(example))
    assert told.parameters[0].meaning == "How fast, at most."
    assert told.example == "RE(example(3))"

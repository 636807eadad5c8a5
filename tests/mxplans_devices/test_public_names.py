"""What the package offers to profiles."""

import inspect

import mxplans_devices


def test_the_public_names_are_sorted_and_complete() -> None:
    names = {name for name, thing in vars(mxplans_devices).items() if inspect.isclass(thing)}
    assert mxplans_devices.__all__ == sorted(names)


def test_a_profile_builds_every_device_from_keyword_arguments() -> None:
    for name in mxplans_devices.__all__:
        parameters = inspect.signature(getattr(mxplans_devices, name)).parameters
        assert parameters["name"].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters["prefix"].default == ""

"""What the package offers."""

import inspect

from mxplans import model


def test_the_public_names_are_sorted_and_complete():
    names = {name for name, one in vars(model).items() if not name.startswith("_") and not inspect.ismodule(one)}
    assert model.__all__ == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))

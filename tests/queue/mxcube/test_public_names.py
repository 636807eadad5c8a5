"""The public face of the package."""

from mxplans.queue import mxcube


def test_the_public_names_are_the_list():
    assert mxcube.__all__ == sorted(mxcube.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))
    public = {name for name in vars(mxcube) if not name.startswith("_")} - {"states", "units"}
    assert set(mxcube.__all__) == public

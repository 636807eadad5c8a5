"""What other rooms may use."""

import mxplans.schedule


def test_public_names_are_sorted_and_there():
    names = mxplans.schedule.__all__
    assert names == sorted(names)
    assert all(hasattr(mxplans.schedule, name) for name in names)

"""Pictures that the service knows."""

import pytest
from murko_support import UM_PER_PX, coloured, picture, truth

from mxplans_sim.world.recent import RecentFrames


@pytest.fixture
def known():
    """Pictures with the truth of `truth()` as the camera leaves them."""
    recent = RecentFrames()
    gray = picture(truth())
    recent.keep(gray, UM_PER_PX, truth)
    return recent, coloured(gray)

import pytest
from front_door_bench import front_door


@pytest.fixture
def door(tmp_path):
    """What makes a client of the front door for a caller, and the desk behind it."""
    with front_door(tmp_path) as found:
        yield found

"""A site behind its protocols, at fifty times real time."""

from collections.abc import Iterator

import pytest
from md3_bench import Site, Wire


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def wire(site: Site) -> Iterator[Wire]:
    with site.wire() as wire:
        yield wire

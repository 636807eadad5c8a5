"""Results of X-ray centring, awaited by the transport that beamlines use for them."""

import numpy as np
from outside_support import installed, use
from stomp_support import running

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.zocalo.centring import Grid
from mxplans_sim.servers.zocalo.server import ZocaloServer
from mxplans_sim.settings.analysis import ZocaloSettings


async def one_lit_box(run: object) -> Grid:
    scores = np.zeros((4, 5))
    scores[2, 3] = 40
    return Grid(scores, 0.0)


@installed
def test_the_transport_of_workflows() -> None:
    settings = ZocaloSettings.model_validate({"recipe_wrapper": False})
    with running(lambda: ZocaloServer(one_lit_box, RealClock(1000.0), settings, 3)) as (_, facts):
        found = use("workflows", facts["stomp_addr"], facts["xrc_queue"])
    assert found["connected"]
    (crystal,) = found["result"]["results"]
    assert crystal["centre_of_mass"] == [3.5, 2.5, 0.5]
    assert found["result"]["recipe_parameters"]["dcid"] == 7

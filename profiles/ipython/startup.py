"""Start-up file of a site: `mxplans ipython --profile ... --startup profiles/ipython/startup.py`.

It runs before the prompt, with the names of the session: plans and shortcuts of the site stand here. Nothing in it may
move anything: at this moment nobody looks at the beamline.
"""
# ruff: noqa: F821  # RE, bl, the groups of plans and the devices are names of the session

from bluesky import plan_stubs as bps

RE.md["facility"] = "a synchrotron"  # stands in the start document of every run


def quick_look(puck, pin):
    """Mount a pin, centre it with light, keep a picture: RE(quick_look(1, 2)).

    Args:
        puck: Its place in the dewar, from 1.
        pin: Its position in the puck, from 1.
    """
    yield from exchange.mount(puck, pin)
    found = yield from optical.centre()
    yield from optical.snapshot("quick")
    return found


def rocking(width_deg=1.0, steps=5):
    """The ring current while omega rocks, as an example of a plan made of bluesky's parts: RE(rocking()).

    Args:
        width_deg: Of the turn.
        steps: Readings on it.
    """
    omega_deg = goniometer.omega.position
    yield from bps.open_run({"plan_name": "rocking", "hints": {"dimensions": [[["goniometer_omega"], "primary"]]}})
    for step in range(steps):
        yield from bps.mv(goniometer.omega, omega_deg + width_deg * step / steps)
        yield from bps.trigger_and_read([goniometer.omega, beam.ring_current])
    yield from bps.mv(goniometer.omega, omega_deg)
    yield from bps.close_run()

"""Ring, beam, hutch and what runs at present."""

from __future__ import annotations

from mxplans_sim.view.page.control import Facts
from mxplans_sim.view.page.panel import Fields, engineering, framed


class BeamPanel:
    """Source, beam, hutch, and what runs."""

    def __init__(self) -> None:
        with framed("beam", "Beam"):
            self._fields = Fields(
                "Energy", "Flux at sample", "Transmission", "Beam", "Ring", "Hutch", "Cold", "Dose", "Running"
            )

    def update(self, world: Facts) -> None:
        """Show a snapshot."""
        beam, show = world["beam"], self._fields.show
        flux_hz = beam["flux_at_sample_hz"]
        show("Energy", f"{beam['energy_ev']:.1f} eV")
        show("Flux at sample", engineering(flux_hz, "ph/s"), "good" if flux_hz else "")
        show("Transmission", f"{100 * beam['transmission_frac']:.4g} %")
        size = "{:.3g} × {:.3g} µm".format(*beam["size_um"])
        show("Beam", size if beam["in_place"] else f"{size}, off its place", "" if beam["in_place"] else "busy")
        show("Ring", ring(beam), "" if beam["ring_mode"] == "User" else "bad")
        self._surroundings(world["surroundings"])
        show("Dose", f"{world['dose_mgy']:.3g} MGy at most" if world["specimen"] else "–")
        running = [text for text in (_scan(world["scan"]), _robot(world["robot"])) if text]
        show("Running", " · ".join(running) or "nothing", "busy" if running else "")

    def _surroundings(self, around: Facts) -> None:
        safe = around["interlock_set"]
        hutch = f"{around['search'].lower()}, interlock {'set' if safe else 'broken'}"
        self._fields.show("Hutch", hutch, "" if safe else "bad")
        self._fields.show("Cold", f"{around['cryo_k']:.1f} K, {around['cryo_state'].lower()}")


def ring(beam: Facts) -> str:
    """Current, mode and what comes next.

    >>> ring({"ring_current_ma": 299.96, "ring_mode": "User", "top_up_in_s": 61.2})
    '300.0 mA, User, top-up in 1:01'
    """
    top_up_s = beam["top_up_in_s"]
    told = f"{beam['ring_current_ma']:.1f} mA, {beam['ring_mode']}"
    if top_up_s is None:
        return told
    return f"{told}, top-up in {int(top_up_s) // 60}:{int(top_up_s) % 60:02}" if top_up_s else f"{told}, top-up"


def _scan(scan: Facts) -> str:
    return f"scan, image {scan['points']}" if scan["running"] else ""


def _robot(robot: Facts) -> str:
    return f"robot: {robot['program']}" if robot["program"] else ""

"""Beam, ring, hutch and everything that goes in and out."""

from __future__ import annotations

from mxplans_sim.view.page.control import Facts
from mxplans_sim.view.page.panel import Fields, engineering, framed

BUSY = "busy"


class BeamPanel:
    """Source, beam, and the things with named states."""

    def __init__(self) -> None:
        with framed("beam", "Beam and states"):
            self._beam = Fields(
                "Energy", "Flux at sample", "Transmission", "Beam size", "Ring current", "Scan", "Robot"
            )

    def update(self, world: Facts) -> None:
        """Show a snapshot."""
        beam = world["beam"]
        flux_hz = beam["flux_at_sample_hz"]
        self._beam.show("Energy", f"{beam['energy_ev']:.1f} eV")
        self._beam.show("Flux at sample", engineering(flux_hz, "ph/s"), "good" if flux_hz else "")
        self._beam.show("Transmission", f"{100 * beam['transmission_frac']:.4g} %")
        self._beam.show("Beam size", "{:.3g} × {:.3g} µm".format(*beam["size_um"]))
        self._beam.show("Ring current", f"{beam['ring_current_ma']:.1f} mA")
        scan, robot = world["scan"], world["robot"]
        self._beam.show("Scan", f"image {scan['points']}" if scan["running"] else "–", BUSY if scan["running"] else "")
        self._beam.show("Robot", robot["program"] or "idle", BUSY if robot["program"] else "")

"""A beamline of names whose frames show point-like crystals: messages are simulated, scores and analyses are real."""

import numpy as np

from mxplans.model import FrameSpots, Spot

BEAM_UM = 20.0
SPOTS = 6


class CrystalBench:
    """Lets a `RunEngineSimulator` run plans that scan grids.

    Args:
        bl: The beamline of names.
        simulator: Runs the plans.
        crystals: Motor x, y, z (mm) that have each in the beam, and the photons of its best frame.
        spoil: Changes the frames of a scan, given with its number from 1.
    """

    def __init__(self, bl, simulator, crystals, spoil=None):
        self.crystals, self.spoil, self.motions = crystals, spoil, []
        self._bl = bl
        bl.detector.children["file_base"] = type(bl.detector)("detector_file_base")
        simulator.add_read_handler_for(bl.detector.file_base, "s/grid1_1")
        simulator.add_handler("set", self._scan, "goniometer_scan")
        simulator.add_handler("set", self._find, "spot_finder")

    @property
    def omegas_deg(self):
        return [motion.start.omega_deg for motion in self.motions]

    def _scan(self, message):
        self.motions.append(message.args[0])

    def _find(self, _):
        frames = tuple(map(self._frame, *places(self.motions[-1])))
        self._bl.spot_finder.frames = self.spoil(frames, len(self.motions)) if self.spoil else frames

    def _frame(self, image, motors, omega_deg):
        photons = 0.0
        for *place, peak in self.crystals:
            x, y, z = np.array(place) - motors
            w = np.radians(omega_deg)
            off_um = np.hypot(x, y * np.cos(w) - z * np.sin(w)) * 1000
            photons += peak * np.exp(-(off_um**2) / (2 * (BEAM_UM / 2.355) ** 2))
        spot = Spot(x_px=1, y_px=1, intensity=photons / SPOTS, sigma=1, d_a=2.5)
        return FrameSpots(image=image, spots=(spot,) * SPOTS if photons > 6 else ())


def places(motion):
    """Number, motors in the middle of the exposure and omega of each image, in the order of exposure."""
    step, row_step = np.array(motion.step_mm), np.array(motion.row_step_mm)
    found = []
    for row in range(motion.rows):
        columns = range(motion.images_per_row)
        for column in reversed(columns) if motion.snake and row % 2 else columns:
            found.append(np.array(motion.start.xyz_mm) + (column + 0.5) * step + row * row_step)
    return range(1, len(found) + 1), found, [motion.start.omega_deg] * len(found)

"""A builder for each kind of experiment: it checks what is asked for and returns the queue item.

All arguments are keywords, with units in their names; those that every kind takes are `Asked`, those of kinds that take
images `Exposed`. Counts of images are given, widths follow from them.

>>> from mxplans.model import kinds
>>> item = kinds.rotation(sample_name="lyso", number_images=1800, image_width_deg=0.2, exposure_s=0.01)
>>> item.kind.value, item.asked[0].width_deg
('rotation', 360.0)
"""

from mxplans.model.kinds._characterisation import characterisation
from mxplans.model.kinds._energies import multi_energy
from mxplans.model.kinds._grids import line, mesh, raster, xray_centring
from mxplans.model.kinds._handling import load, optical_centring, unload
from mxplans.model.kinds._item import STRATEGIES, Asked, Exposed
from mxplans.model.kinds._orientations import Orientation, inverse_beam, multi_orientation
from mxplans.model.kinds._positions import multi_position
from mxplans.model.kinds._rotations import dose_sliced, helical, rotation
from mxplans.model.kinds._spectra import energy_scan, xrf_spectrum
from mxplans.model.kinds._stills import stills

__all__ = [
    "STRATEGIES",
    "Asked",
    "Exposed",
    "Orientation",
    "characterisation",
    "dose_sliced",
    "energy_scan",
    "helical",
    "inverse_beam",
    "line",
    "load",
    "mesh",
    "multi_energy",
    "multi_orientation",
    "multi_position",
    "optical_centring",
    "raster",
    "rotation",
    "stills",
    "unload",
    "xray_centring",
    "xrf_spectrum",
]

"""Headers of a master file, with the names and units that DECTRIS file writers and NXmx use.

NXmx has the McStas frame: z along the beam, y up, x to the left for one who looks downstream. The image frame (x right, y
down) is that, turned by half a turn about z; so is the spindle, which turns right-handed about the image's x.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from mxplans_sim.diffraction.geometry import HC_EV_A
from mxplans_sim.servers.simplon.chunks import BITSHUFFLE_LZ4
from mxplans_sim.servers.simplon.config import FIRMWARE, SENSOR_THICKNESS_M, SOFTWARE
from mxplans_sim.servers.simplon.series import Series
from mxplans_sim.settings.goniometer import GoniometerSettings

Tree = dict[str, Any]
TRANSFORMATIONS = "/entry/sample/transformations"
DETECTOR = "/entry/instrument/detector"


class Item:
    """A dataset of a header.

    Args:
        value: What it holds.
        unit: In its attribute `units`, when there is one.
        attributes: Others.
    """

    def __init__(self, value: Any, unit: str = "", **attributes: Any) -> None:
        self.value = value
        self.attributes = ({"units": unit} if unit else {}) | attributes


class Link:
    """Another name of something in the file."""

    def __init__(self, path: str) -> None:
        self.path = path


def write_tree(parent: h5py.Group, content: Tree) -> None:
    """Write nested groups; a key `@name` is an attribute of its group."""
    for key, value in content.items():
        if key.startswith("@"):
            parent.attrs[key[1:]] = value
        elif isinstance(value, dict):
            write_tree(parent.create_group(key), value)
        elif isinstance(value, Link):
            parent[key] = h5py.SoftLink(value.path)
        else:
            packed = BITSHUFFLE_LZ4 if np.ndim(value.value) == 2 else {}
            dataset = parent.create_dataset(key, data=value.value, **packed)
            for name, attribute in value.attributes.items():
                dataset.attrs[name] = attribute


def headers(series: Series, number: int) -> Tree:
    """All of a master file but the links to its data.

    Args:
        series: What has been taken.
        number: Images in its files.
    """
    config = series.config
    beam = {
        "@NX_class": "NXbeam",
        "incident_wavelength": Item(HC_EV_A / config["photon_energy"], "angstrom"),
        "total_flux": Item(config["total_flux"], "Hz"),
        "incident_polarization_stokes": Item([1.0, 2 * series.physics.polarisation_frac - 1, 0.0, 0.0]),
    }
    instrument = {"@NX_class": "NXinstrument", "beam": beam, "detector": _detector(series, number)}
    entry: Tree = {
        "@NX_class": "NXentry",
        "@default": "data",
        "definition": Item("NXmx"),
        "data": {"@NX_class": "NXdata"},
        "instrument": instrument,
        "sample": _sample(series, number),
        "source": {"@NX_class": "NXsource", "name": Item("Virtual beamline")},
    }
    if series.appendix:
        entry["instrument"]["detector"]["detectorSpecific"]["header_appendix"] = Item(series.appendix)
    return {"@default": "entry", "entry": entry}


def axis_vectors(gonio: GoniometerSettings) -> dict[str, tuple[float, ...]]:
    """Directions about which positive motor angles turn right-handed, McStas frame, all angles at 0.

    >>> axis_vectors(GoniometerSettings(omega_sign=-1))["omega"]
    (1.0, 0.0, 0.0)
    """
    image = {"omega": (gonio.omega_sign, 0.0, 0.0), "chi": gonio.chi_axis}
    image |= {"kappa": gonio.kappa_axis, "phi": gonio.phi_axis}
    # Adding 0 leaves no negative zeros.
    return {name: (0.0 - x, 0.0 - y, 0.0 + z) for name, (x, y, z) in image.items()}


def _sample(series: Series, number: int) -> Tree:
    """Goniometer: the angles of each image as DECTRIS names them, and the same as a chain of NXmx transformations."""
    config, vectors = series.config, axis_vectors(series.gonio)
    angles: Tree = {"@NX_class": "NXtransformations"}
    chain: Tree = {"@NX_class": "NXtransformations"}
    below = "."
    for axis in ("omega", "chi", "kappa", "phi"):
        start, step = config[f"{axis}_start"], config[f"{axis}_increment"]
        if axis != "omega" and not (start or step):
            continue  # an axis that nobody set does not exist
        begins = start + step * np.arange(number)
        angles |= {
            axis: Item(begins, "degree"),
            f"{axis}_end": Item(begins + step, "degree"),
            f"{axis}_increment": Item(step, "degree"),
            f"{axis}_range_average": Item(step, "degree"),
            f"{axis}_range_total": Item(step * number, "degree"),
        }
        fixed = {"transformation_type": "rotation", "vector": vectors[axis], "depends_on": below}
        chain[axis] = Item(begins if step or axis == "omega" else np.array([start]), "degree", **fixed)
        if step or axis == "omega":
            chain[f"{axis}_end"] = Item(begins + step, "degree")
        below = f"{TRANSFORMATIONS}/{axis}"
    return {
        "@NX_class": "NXsample",
        "depends_on": Item(below),
        "transformations": chain,
        "goniometer": angles,
        "beam": Link("/entry/instrument/beam"),
    }


def _detector(series: Series, number: int) -> Tree:
    config, panel = series.config, series.panel
    pixel_m = panel.settings.pixel_um * 1e-6
    return {
        "@NX_class": "NXdetector",
        "beam_center_x": Item(config["beam_center_x"], "pixel"),
        "beam_center_y": Item(config["beam_center_y"], "pixel"),
        "bit_depth_image": Item(panel.settings.bit_depth),
        "bit_depth_readout": Item(config["bit_depth_readout"]),
        "count_time": Item(config["count_time"], "s"),
        "countrate_correction_applied": Item(config["countrate_correction_applied"]),
        "depends_on": Item(f"{DETECTOR}/transformations/translation"),
        "description": Item(config["description"]),
        "detector_distance": Item(config["detector_distance"], "m"),
        "detector_number": Item(config["detector_number"]),
        "detector_readout_time": Item(config["detector_readout_time"], "s"),
        "distance": Item(config["detector_distance"], "m"),
        "flatfield_correction_applied": Item(config["flatfield_correction_applied"]),
        "frame_time": Item(config["frame_time"], "s"),
        "pixel_mask": Link(f"{DETECTOR}/detectorSpecific/pixel_mask"),
        "pixel_mask_applied": Item(config["pixel_mask_applied"]),
        "saturation_value": Item(min(panel.top - 1, 2**31 - 1)),
        "sensor_material": Item(config["sensor_material"]),
        "sensor_thickness": Item(SENSOR_THICKNESS_M, "m"),
        "threshold_energy": Item(config["threshold_energy"], "eV"),
        "type": Item("PIXEL"),
        "underload_value": Item(0),
        "virtual_pixel_interpolation_applied": Item(False),
        "x_pixel_size": Item(pixel_m, "m"),
        "y_pixel_size": Item(pixel_m, "m"),
        "detectorSpecific": _specific(series, number),
        "module": _module(series, pixel_m),
        "geometry": _geometry(config, pixel_m),
        "transformations": {
            "@NX_class": "NXtransformations",
            "translation": Item(
                config["detector_distance"],
                "m",
                transformation_type="translation",
                vector=(0.0, 0.0, 1.0),
                depends_on=".",
            ),
        },
    }


def _module(series: Series, pixel_m: float) -> Tree:
    """The whole detector as one module; its offset is where its first pixel stands."""
    config, panel = series.config, series.panel
    # An index is the centre of a pixel, an NXmx origin its corner.
    corner = np.array([config["beam_center_x"] + 0.5, config["beam_center_y"] + 0.5, 0.0]) * pixel_m
    length = float(np.linalg.norm(corner))
    placed = {"transformation_type": "translation", "offset": (0.0, 0.0, 0.0)}
    offset = f"{DETECTOR}/module/module_offset"
    return {
        "@NX_class": "NXdetector_module",
        "module_index": Item(0),
        "data_origin": Item(np.array([0, 0])),
        "data_size": Item(np.array([panel.ny, panel.nx])),
        "data_stride": Item(np.array([1, 1])),
        "module_offset": Item(
            length,
            "m",
            vector=corner / length if length else (1.0, 0.0, 0.0),
            depends_on=f"{DETECTOR}/transformations/translation",
            **placed,
        ),
        "fast_pixel_direction": Item(pixel_m, "m", vector=(-1.0, 0.0, 0.0), depends_on=offset, **placed),
        "slow_pixel_direction": Item(pixel_m, "m", vector=(0.0, -1.0, 0.0), depends_on=offset, **placed),
    }


def _geometry(config: Any, pixel_m: float) -> Tree:
    """The same in the older words: shift of the first pixel, and directions of rows and columns."""
    shift = [config["beam_center_x"] * pixel_m, config["beam_center_y"] * pixel_m, config["detector_distance"]]
    return {
        "@NX_class": "NXgeometry",
        "orientation": {"@NX_class": "NXorientation", "value": Item([-1.0, 0.0, 0.0, 0.0, -1.0, 0.0])},
        "translation": {"@NX_class": "NXtranslation", "distances": Item(shift, "m")},
    }


def _specific(series: Series, number: int) -> Tree:
    config, panel = series.config, series.panel
    shape = (panel.ny, panel.nx)
    return {
        "@NX_class": "NXcollection",
        "auto_summation": Item(config["auto_summation"]),
        "compression": Item("bslz4" if series.compressed else "none"),
        "countrate_correction_count_cutoff": Item(config["countrate_correction_count_cutoff"]),
        "data_collection_date": Item(config["data_collection_date"]),
        "eiger_fw_version": Item(FIRMWARE),
        "flatfield": Item(np.ones(shape, dtype=np.float32)),
        "frame_count_time": Item(config["count_time"], "s"),
        "nimages": Item(config["nimages"]),
        "nimages_written": Item(number),
        "ntrigger": Item(config["ntrigger"]),
        "number_of_excluded_pixels": Item(int(np.count_nonzero(panel.mask))),
        "photon_energy": Item(config["photon_energy"], "eV"),
        "pixel_mask": Item(panel.mask),
        "roi_mode": Item(config["roi_mode"]),
        "software_version": Item(SOFTWARE),
        "trigger_mode": Item(config["trigger_mode"]),
        "x_pixels_in_detector": Item(panel.nx),
        "y_pixels_in_detector": Item(panel.ny),
    }

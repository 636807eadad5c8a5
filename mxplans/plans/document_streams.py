"""The documents contract as data: every stream that a run may have, with its keys, types and units.

The reference page is made of it, and the tests' validating subscriber checks against it.
"""

from __future__ import annotations

from collections.abc import Mapping

from mxplans.plans import documents
from mxplans.plans._centring_streams import CENTRING_STREAMS
from mxplans.plans._document_keys import UNITS, DType, Key, array, count, number, text, unit_of
from mxplans.plans._document_stream import Stream

__all__ = ["SCAN_ROLES", "STREAMS", "UNITS", "DType", "Key", "Stream", "unit_of"]

SCAN_ROLES = ("grid", "rotation", "still")
"""Roles of inner runs: one for each scan."""

_BEAM = (
    Key("beam_energy", "number", "Photon energy", "eV"),
    Key("beam_flux", "number", "Flux behind the aperture at full transmission", "photons/s"),
    Key("beam_ring_current", "number", "Ring current", "mA"),
)
_GONIOMETER = (
    *(Key(f"goniometer_{axis}", "number", f"Motor {axis}", "mm") for axis in "xyz"),
    Key("goniometer_omega", "number", "Omega", "deg"),
    *(
        Key(f"goniometer_{axis}", "number", f"{axis.capitalize()}, where there is such an axis", "deg", required=False)
        for axis in ("kappa", "phi", "chi")
    ),
)
_PRE = (
    *_GONIOMETER,
    *_BEAM,
    Key("attenuator", "number", "Transmission", "fraction"),
    Key("aperture", "string", "Name of the aperture"),
    Key("aperture_beam_size", "number", "Full width of the beam at half maximum, at the sample", "um"),
    Key("detector_distance", "number", "From the sample", "mm"),
    Key("fast_shutter", "string", "Open or Closed"),
)
_DETECTOR = (
    count("detector_number_images", "Of the armed series"),
    number("detector_exposure_s", "From image to image"),
    number("detector_energy_ev", "Photon energy it was set to"),
    number("detector_distance_mm", "From the sample"),
    number("detector_omega_start_deg", "Omega of the first image's start"),
    number("detector_omega_increment_deg", "Omega per image; 0 where it stands still"),
    number("detector_beam_centre_x_px", "Beam centre along rows, from the outer corner of the first pixel"),
    number("detector_beam_centre_y_px", "Beam centre along columns"),
    number("detector_pixel_x_um", "Width of a pixel"),
    number("detector_pixel_y_um", "Height of a pixel"),
    text("detector_model", "What it says it is"),
    text("detector_serial_number", "Its number"),
    text("detector_file_base", "Path of its files under its data folder, in front of `_master.h5`", False),
)
_SAMPLE = (
    Stream(
        documents.PHASE,
        ("sample",),
        "A phase of the experiment begins or ends: mount, optical, xray, collect, unmount",
        (text("phase", "Which"), text("state", "begin or end")),
    ),
    Stream(
        documents.ROBOT,
        ("sample",),
        "What the robot did; the event's time is its end",
        (
            text("robot_action", "LOAD or UNLOAD"),
            count("robot_puck", "From 1; 0 where nobody knows"),
            count("robot_pin", "From 1; 0 where nobody knows"),
            count("robot_code", "0: done"),
            text("robot_message", "For people"),
            number("robot_start_s", "When it began, seconds since 1970-01-01 00:00 UTC"),
            text("robot_barcode", "Of the pin that hangs then, as the robot read it; empty where it read none"),
        ),
    ),
    Stream(
        documents.LIMS,
        ("sample",),
        "A LIMS was asked for its identifiers before the first scan, where the profile wants that",
        (
            text("lims_target", "Name of the target"),
            text("lims_group_id", "What it calls this experiment; empty where it did not say"),
            number("lims_waited_s", "How long that took"),
            text("lims_outcome", "given; without them go_on, skip or stop, as the profile has it"),
            text("lims_message", "Why there are none; empty where there are"),
        ),
    ),
    Stream(
        documents.VERDICT,
        ("sample",),
        "What became of the sample",
        (text("verdict", "COLLECTED, DONE, EMPTY_MOUNT, ..."), text("verdict_reason", "For people")),
        further="evidence_",
    ),
)
_WEDGES = (
    number("omega_start_deg", "Where each wedge begins"),
    number("omega_end_deg", "Where it ends"),
    number("image_width_deg", "Per image"),
    count("number_images", "Of the wedge"),
    number("exposure_s", "Per image"),
    number("transmission_frac", "Of the beam"),
    number("distance_mm", "Of the detector"),
    number("energy_ev", "Photon energy"),
    number("dose_mgy", "It gives"),
    number("completeness_frac", "With all wedges before it"),
    number("multiplicity", "With all wedges before it"),
    number("resolution_angstrom", "It aims at"),
)
_STRATEGY = Stream(
    documents.STRATEGY,
    ("sample",),
    "What a characterisation has come to; a number that nobody knows is 0, a text empty; each list has one entry per wedge",
    (
        text("strategy_program", "What says so"),
        count("strategy_indexed", "1: a lattice was found"),
        text("strategy_sweep_uuid", "The requested sweep whose images it looked at"),
        text("strategy_space_group", "Name"),
        array("strategy_cell", "a, b, c in angstrom and alpha, beta, gamma in deg; empty where none was found"),
        number("strategy_mosaicity_deg", "Of the crystal"),
        number("strategy_resolution_angstrom", "To which it diffracts"),
        text("strategy_message", "For people"),
        *(array(f"strategy_wedge_{key.name}", key.meaning) for key in _WEDGES),
    ),
)
_ENERGY_SCAN = Stream(
    documents.ENERGY_SCAN,
    ("sample",),
    "A scan over an absorption edge that has ended; a number that nobody knows is 0, a text empty",
    (
        text("energy_scan_element", "Symbol"),
        text("energy_scan_edge", "K, L3, ..."),
        number("energy_scan_start_s", "When it began, seconds since 1970-01-01 00:00 UTC"),
        number("energy_scan_start_energy_ev", "First energy"),
        number("energy_scan_end_energy_ev", "Last energy"),
        number("energy_scan_exposure_s", "Per point"),
        number("energy_scan_transmission_frac", "Of the beam"),
        number("energy_scan_flux_ph_s", "At full transmission"),
        array("energy_scan_beam_size_um", "Horizontal and vertical; empty where it is not known"),
        number("energy_scan_peak_energy_ev", "Where f'' is largest"),
        number("energy_scan_peak_f_prime", "f' there, electrons"),
        number("energy_scan_peak_f_double_prime", "f'' there, electrons"),
        number("energy_scan_inflection_energy_ev", "Where f' is least"),
        number("energy_scan_inflection_f_prime", "f' there, electrons"),
        number("energy_scan_inflection_f_double_prime", "f'' there, electrons"),
        number("energy_scan_remote_energy_ev", "Proposed for a remote data set"),
        text("energy_scan_scan_file", "The measured points"),
        text("energy_scan_picture_file", "A plot of them"),
    ),
)
_XRF = Stream(
    documents.XRF,
    ("sample",),
    "A fluorescence spectrum that has been taken; a number that nobody knows is 0, a text empty",
    (
        number("xrf_start_s", "When it began, seconds since 1970-01-01 00:00 UTC"),
        number("xrf_energy_ev", "Photon energy of the beam"),
        number("xrf_count_time_s", "Live time"),
        number("xrf_transmission_frac", "Of the beam"),
        number("xrf_flux_ph_s", "At full transmission"),
        array("xrf_beam_size_um", "Horizontal and vertical; empty where it is not known"),
        text("xrf_scan_file", "The spectrum"),
        text("xrf_picture_file", "A plot of it"),
        array("xrf_elements", "Symbols of the elements that it shows"),
    ),
)
_SCANS = (
    Stream(documents.PRE, SCAN_ROLES, "How everything stood before the first image", _PRE),
    Stream(
        documents.FRAMES,
        SCAN_ROLES,
        "The frames, by stream resources and datums; it has no events",
        (Key("detector_image", "array", "One frame per image of the scan, (height, width); `external` is `STREAM:`"),),
        configuration={"detector": _DETECTOR},
    ),
    Stream(
        documents.POST,
        SCAN_ROLES,
        "The beam after the last image, and where the goniometer stands then: it was moved to its start after `mx_pre`",
        (
            *_BEAM,
            *_GONIOMETER,
            number(
                "dose_mgy", "Largest dose that the scan gave to a place of the sample; left out where unknown", False
            ),
        ),
    ),
    Stream(
        documents.GRID,
        ("grid",),
        "Scores of the boxes, (rows, columns) as the camera sees them, whatever the order of the images",
        (array("grid_score", "Higher is better"), array("grid_n_spots", "Spots")),
    ),
)
STREAMS: Mapping[str, Stream] = {
    stream.name: stream for stream in (*_SAMPLE, *CENTRING_STREAMS, _STRATEGY, _ENERGY_SCAN, _XRF, *_SCANS)
}
"""Every stream, by its name."""

"""Streams that tell how a sample was brought into the beam."""

from __future__ import annotations

from mxplans.plans import documents
from mxplans.plans._document_keys import Key, array, count, number, text
from mxplans.plans._document_stream import Stream

_WITNESSES = (
    text("optical_answers", "Which sample detectors gave the answers, and how many"),
    text("optical_detector_faults", "What failed of them; empty if nothing did"),
    number("optical_disagreed_frac", "Views in which detectors contradicted each other"),
    number("optical_background_stale_frac", "Views that did not fit the background"),
)

OPTICAL = Stream(
    documents.OPTICAL,
    ("sample",),
    "The loop, once centred with light",
    (
        number("optical_x_mm", "Motor x that puts the loop's middle on the omega axis"),
        number("optical_y_mm", "Motor y of it"),
        number("optical_z_mm", "Motor z of it"),
        number("optical_omega_flat_deg", "Omega that shows its flat face"),
        number("optical_tip_x_mm", "Motor x that puts its tip into the beam"),
        number("optical_axis_offset_mm", "How far above the omega axis the beam is"),
        number("optical_length_um", "Along omega"),
        number("optical_flat_um", "Width of its flat face"),
        number("optical_edge_um", "Width seen from its edge"),
        number("optical_sigma_x_um", "Standard error of x"),
        number("optical_sigma_y_um", "Standard error of y"),
        number("optical_sigma_z_um", "Standard error of z"),
        number("optical_bend_deg", "Between loop and pin"),
        number("optical_opaque_frac", "How much of the loop lets no light through"),
        count("optical_views_used", "Of the turn"),
        *_WITNESSES,
    ),
)
OPTICAL_CRYSTAL = Stream(
    documents.OPTICAL_CRYSTAL,
    ("sample",),
    "A crystal that light shows in the loop, in the frame of the sample",
    (
        *(number(f"optical_crystal_{axis}_mm", f"Its {axis}") for axis in "xyz"),
        *(number(f"optical_crystal_sigma_{axis}_mm", f"Standard error of {axis}") for axis in "xyz"),
        number("optical_crystal_seen_frac", "Views that show it"),
        number("optical_crystal_residual_um", "Of the fit over omega"),
        count("optical_crystal_views_used", "Views it was found in"),
    ),
)
OPTICAL_FAILURE = Stream(
    documents.OPTICAL_FAILURE,
    ("sample",),
    "Why there is no loop, and what was measured",
    (text("optical_failure", "Which kind of failure"), text("optical_reason", "For people"), *_WITNESSES),
    further="evidence_",
)
HULL = Stream(
    documents.HULL,
    ("sample",),
    "The visual hull of loop and sample",
    (
        *(number(f"hull_{axis}_mm", f"{axis} of its centroid, in the frame of the sample") for axis in "xyz"),
        number("hull_volume_um3", "Volume"),
        number("hull_length_um", "Along its longest principal axis"),
        number("hull_width_um", "Along the second"),
        number("hull_thickness_um", "Along the third"),
        number("hull_step_um", "Of its voxels"),
        count("hull_views", "It was carved from"),
        count("hull_tolerance", "Views that may contradict a voxel"),
        text("hull_record", "All of it, as JSON"),
    ),
)
BACKGROUND = Stream(
    documents.BACKGROUND,
    ("sample",),
    "A view without a sample, taken anew",
    (
        text("background_camera", "Name of the camera"),
        text("background_zoom", "Level of its zoom"),
        number("background_light_frac", "Level of the light"),
        number("background_mean", "Mean grey value"),
        number("background_noise", "Standard deviation between frames"),
        count("background_frames", "It was made of"),
    ),
)
SNAPSHOT = Stream(
    documents.SNAPSHOT,
    ("sample",),
    "A picture of the on-axis viewer that was kept",
    (
        text("snapshot_label", "What it shows"),
        number("snapshot_omega_deg", "Where omega stood"),
        number("snapshot_point_x_px", "Column of the point that is centred"),
        number("snapshot_point_y_px", "Row of it"),
        Key("viewer_um_per_px", "number", "Size of a pixel at the sample", "um"),
        number("viewer_beam_x_px", "Column of the beam; index = pixel centre"),
        number("viewer_beam_y_px", "Row of the beam"),
        text("viewer_snapshot_file", "Its file, relative to the folder of the night"),
    ),
)
XRC_RESULT = Stream(
    documents.XRC_RESULT,
    ("sample",),
    "A crystal that X-ray centring found, one event each, the best first; every telling counts from rank 1 anew",
    (
        *(number(f"xrc_{axis}_mm", f"Motor {axis} that puts it into the beam") for axis in "xyz"),
        *(number(f"xrc_sigma_{axis}_um", f"Standard error of {axis}") for axis in "xyz"),
        number("xrc_size_along_um", "Its size along omega"),
        number("xrc_size_a_um", "Across, as the first grid sees it"),
        number("xrc_size_b_um", "Across, as the second grid sees it"),
        array("xrc_covariance_um2", "Covariance of x, y, z; nine numbers, row by row"),
        number("xrc_total", "Sum of its scores"),
        number("xrc_peak", "Its best score"),
        number("xrc_significance", "Peak over the noise of the background"),
        count("xrc_n_views", "Grids that show it"),
        count("xrc_n_truncated", "Edges of grids that cut it"),
        count("xrc_merged", "1: perhaps several that no grid tells apart"),
        count("xrc_rank", "1 is the best"),
        count("xrc_chosen", "1: the experiment goes on with it"),
        count("xrc_pin_position", "Position on a multi-position pin; 0 where there is none"),
        count("xrc_n_spots", "Spots in its best box"),
        number("xrc_d_est_angstrom", "Estimated resolution there; 0 where it is not known"),
    ),
)
XRC_LINE = Stream(
    documents.XRC_LINE,
    ("sample",),
    "A crystal that one grid shows and no other: its depth is not known; every telling counts from number 1 anew",
    (
        *(number(f"xrc_line_{axis}_mm", f"Motor {axis}, at the depth of the grid's middle") for axis in "xyz"),
        number("xrc_line_omega_deg", "Of the grid"),
        number("xrc_line_sigma_along_um", "Standard error along omega"),
        number("xrc_line_sigma_across_um", "Standard error across"),
        number("xrc_line_sigma_depth_um", "Standard error of the depth"),
        number("xrc_line_size_along_um", "Its size along omega"),
        number("xrc_line_size_across_um", "Its size across"),
        number("xrc_line_total", "Sum of its scores"),
        number("xrc_line_peak", "Its best score"),
        number("xrc_line_significance", "Peak over the noise of the background"),
        *(number(f"xrc_line_direction_{axis}", f"{axis} of the line's direction, motors") for axis in "xyz"),
        count("xrc_line_view", "Which grid, from 0"),
        count("xrc_line_number", "1 is the strongest"),
        count("xrc_line_n_truncated", "Edges of the grid that cut it"),
    ),
)
POINT = Stream(
    documents.POINT,
    ("sample",),
    "A point of the sample that was registered, in the frame of the sample",
    (
        text("point_id", "Its identity"),
        text("point_source", "How it was seen"),
        *(number(f"point_{axis}_mm", f"Its {axis}") for axis in "xyz"),
        *(number(f"point_sigma_{axis}_um", f"Standard error of {axis}") for axis in "xyz"),
        number("point_chi2", "Of the fit"),
        count("point_freedom", "Degrees of freedom of the fit"),
        number("point_residual_px", "Root mean square of the clicks' residuals"),
        count("point_clicks_flagged", "Clicks that do not fit"),
        text("point_sample", "Name of the sample"),
        count("point_mount", "Which mounting of it"),
        array("point_covariance_um2", "Covariance of x, y, z; nine numbers, row by row"),
        text("point_record", "All of it, as JSON"),
    ),
)
ORIENTATION = Stream(
    documents.ORIENTATION,
    ("sample",),
    "Kappa, chi and phi were turned with what is in the beam kept there",
    (
        *(number(f"orientation_{axis}_deg", f"Where {axis} stands") for axis in ("kappa", "chi", "phi", "omega")),
        *(number(f"orientation_{axis}_mm", f"Motor {axis}") for axis in "xyz"),
    ),
)
KAPPA = Stream(
    documents.KAPPA,
    ("sample",),
    "Axes of kappa and phi as calibrated, in the image frame; of an axis that was fitted, all of its keys",
    (
        number("kappa_rms_um", "Of the residuals"),
        count("kappa_tips", "Places of the tip it was fitted to"),
        *(
            key
            for name in ("kappa", "phi")
            for key in (
                *(number(f"{name}_axis_{axis}", f"{axis} of {name}'s direction", False) for axis in "xyz"),
                *(number(f"{name}_point_{axis}_mm", f"{axis} of a point on {name}", False) for axis in "xyz"),
                number(f"{name}_axis_sigma_deg", "Standard error of the direction", False),
                number(f"{name}_point_sigma_um", "Standard error of the point, across the axis", False),
            )
        ),
    ),
)

CENTRING_STREAMS = (
    BACKGROUND,
    OPTICAL,
    OPTICAL_CRYSTAL,
    OPTICAL_FAILURE,
    HULL,
    SNAPSHOT,
    XRC_RESULT,
    XRC_LINE,
    POINT,
    ORIENTATION,
    KAPPA,
)

"""All kinds of faults: what each means, its parameters, and how it takes hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mxplans_sim.faults.kind import Kind, Manner, Parameter
from mxplans_sim.servers.murko.faults import LIES
from mxplans_sim.servers.murko.hostile import TRICKS
from mxplans_sim.settings.samples import CLASSES


def _strikes(text: str, *rows: int, places: Sequence[str] = (), **parameters: Parameter) -> Kind:
    return Kind(Manner.STRIKING, text, rows, parameters, tuple(places))


def _lasts(text: str, *rows: int, places: Sequence[str] = (), **parameters: Parameter) -> Kind:
    return Kind(Manner.LASTING, text, rows, parameters, tuple(places))


def _switches(text: str, *rows: int, **parameters: Parameter) -> Kind:
    """What acts, and ends with what it was meant for."""
    return Kind(Manner.ACTING, text, rows, parameters)


def _acts(text: str, *rows: int, **parameters: Parameter) -> Kind:
    return Kind(Manner.ACTING, text, rows, parameters, state=False)


def _seconds(default: float, text: str = "How long, s") -> Parameter:
    return Parameter(default, text, low=0.0, high=1e6)


def _outage() -> Parameter:
    return Parameter(600.0, "Until there is beam again, s", low=1e-3, high=1e6)


CAMERA = ("camera",)
WORK_SOURCE = ("beamline",)
CLASSES_OF_SAMPLES = tuple(name for name in CLASSES if name not in ("good", "missing"))

CATALOGUE: Mapping[str, Kind] = {
    "robot_no_pin": _strikes("The robot finds no pin in the puck", 1),
    "robot_busy": _strikes("The robot's program takes longer, as for drying or soaking", 2, duration_s=_seconds(60.0)),
    "robot_not_ready": _strikes("The sample position is not ready, code 9", 3, places=["action"]),
    "robot_light_curtain": _lasts("The light curtain is broken: no robot, controller code 40", 3),
    "light_curtain_trips": _strikes(
        "Somebody is in the light curtain when the robot is to start, controller code 40", 3, places=["action"]
    ),
    "pin_lost": _strikes("The pin falls off while it is mounted", 4),
    "pin_sensor": _lasts("The pin sensor does not see what is true", 4, sensed=Parameter(False, "What it says")),
    "pin_sensor_flaps": _switches(
        "The pin sensor says now this, now that",
        4,
        period_s=Parameter(2.0, "Seconds between two changes", 0.1, 1000.0),
        changes=Parameter(6, "How many, after which it tells the truth", 1, 1000),
    ),
    "unload_hang": _strikes("Unloading does not come to its end", 5, duration_s=_seconds(600.0)),
    "gripper_warm": _lasts("The gripper warms with each exchange", 6, k_per_exchange=Parameter(20.0, "K", 0.0, 200.0)),
    "gonio_nudged": _acts(
        "The goniometer is pushed and has lost its home", 7, um=Parameter(200.0, "How far, um", 0.0, 5000.0)
    ),
    "move_hangs": _strikes("A motor is there but does not say so", 7, places=["axis"], duration_s=_seconds(300.0)),
    "sample_is": _strikes(
        "The next pin that is mounted is of this class",
        8,
        12,
        28,
        sample_class=Parameter("bent", "Class of the sample", allowed=CLASSES_OF_SAMPLES),
    ),
    "camera_frozen": _lasts("The camera shows the same frame for ever", 9, places=CAMERA),
    "camera_dim": _lasts(
        "The light of the camera is low", 10, places=CAMERA, factor=Parameter(0.2, "Part of the light", 0.0, 1.0)
    ),
    "camera_saturated": _lasts(
        "The camera is saturated", 10, places=CAMERA, factor=Parameter(4.0, "Times the light", 1.0, 100.0)
    ),
    "background_shift": _lasts(
        "What stands before the camera has wandered, so that a kept background is stale",
        10,
        places=CAMERA,
        x_px=Parameter(6.0, "Columns", -200.0, 200.0),
        y_px=Parameter(3.0, "Rows", -200.0, 200.0),
    ),
    "scan_refused": _lasts(
        "The motion controller refuses every scan",
        11,
        reason=Parameter("a soft limit of the motion controller is in the way", "What it says"),
    ),
    "weak_diffraction": _lasts(
        "Crystals diffract less than they should, or not at all",
        12,
        factor=Parameter(0.0, "Part of their scattering power", 0.0, 1.0),
    ),
    "zocalo_late": _strikes("Results of the analysis come late", 13, seconds=_seconds(60.0)),
    "zocalo_never": _strikes("Results of the analysis never come", 13),
    "zocalo_empty": _strikes("The analysis finds nothing", 13),
    "zocalo_other_id": _strikes("Results come under another id", 13),
    "zocalo_malformed": _strikes("Results are no JSON", 13),
    "spots_late": _switches("Each answer of the spot finder is late", 13, delay_s=_seconds(30.0)),
    "spots_dropped": _switches("The spot finder never tells of a frame", 13),
    "spots_empty": _switches("The spot finder finds nothing", 13),
    "spots_wrong_series": _switches("The spot finder answers for another series", 13),
    "murko_slow": _strikes("The segmentation takes long", 13, seconds=_seconds(30.0)),
    "murko_silent": _strikes("The segmentation gives no answer", 13),
    "murko_dead": _strikes("The segmentation has died", 13),
    "murko_empty": _strikes("The segmentation answers with nothing", 13),
    "murko_wrong_length": _strikes("The segmentation answers for another number of images", 13),
    "murko_nan_axes": _strikes("The segmentation gives no principal axes", 13),
    "murko_zero_masks": _strikes("The segmentation's masks are empty", 13),
    "murko_partial": _strikes(
        "The segmentation leaves something out",
        13,
        notion=Parameter("loop", "Key that is missing in a description"),
        images=Parameter(0, "In the first how many images; 0 is all", 0, 1_000_000),
    ),
    "murko_wrong_shape": _strikes("The segmentation's masks are of another size", 13),
    "murko_lies": _strikes(
        "The segmentation says what cannot be true",
        13,
        lie=Parameter("elsewhere", "What it says", allowed=tuple(LIES)),
    ),
    "murko_hostile": _strikes(
        "The segmentation's reply is a pickle that does harm",
        13,
        trick=Parameter("system", "How; what would be run is harmless", allowed=TRICKS),
    ),
    "detector_stuck_armed": _acts("Disarming has no effect", 14, times=Parameter(1, "How often", 1, 1000)),
    "detector_fails_to_arm": _acts("Arming ends in an error", 14, times=Parameter(1, "How often", 1, 1000)),
    "detector_fails_after_interrupt": _acts(
        "Arming after a series that was interrupted ends in an error", 14, times=Parameter(1, "How often", 1, 1000)
    ),
    "frames_lost": _acts("Frames get lost on their way to the file", 15, frames=Parameter(3, "How many", 1, 1_000_000)),
    "writer_stalled": _switches("The file writer does not come to its end", 15),
    "writer_slow": _switches("The file writer is late with each series", 15, delay_s=_seconds(30.0)),
    "writer_fails": _switches(
        "The file writer is in an error", 15, error=Parameter("the disk is full", "What it says")
    ),
    "detector_deaf": _switches("External triggers are not heard", 15),
    "detector_slow": _switches("Each answer of the detector is late", 16, delay_s=_seconds(5.0)),
    "detector_ignores": _switches(
        "Setting a parameter has no effect", 16, parameter=Parameter("count_time", "Name of the parameter")
    ),
    "detector_clamps": _switches(
        "A parameter is moved to within other limits",
        16,
        parameter=Parameter("frame_time", "Name of the parameter"),
        low=Parameter(0.0, "Lowest value"),
        high=Parameter(0.005, "Highest value"),
    ),
    "detector_http_error": _acts(
        "The detector answers with an HTTP error",
        16,
        status=Parameter(503, "HTTP status", 400, 599),
        path=Parameter("/detector/", "Beginning of the paths"),
        times=Parameter(1, "How often; -1 without end", -1, 1_000_000),
    ),
    "beam_dump": _acts("The stored beam is lost", 17, 18, duration_s=_outage()),
    "beam_dump_at_image": _strikes(
        "The stored beam is lost in the middle of a scan",
        18,
        image=Parameter(10, "First image without beam, from 1", 1, 1_000_000),
        duration_s=_outage(),
    ),
    "xbpm_unstable": _lasts("The feedback does not find the beam in its place", 17),
    "beam_jump": _acts(
        "The beam jumps aside; the feedback brings it back",
        17,
        ev=Parameter(1000.0, "As after a change of energy by so much, eV"),
    ),
    "topup_soon": _acts("A top-up begins soon", 19, in_s=_seconds(20.0, "In how many seconds")),
    "topup_gap": _switches("The ring goes over to top-up, with gaps in the light", 19),
    "work_source_status": _strikes(
        "The work source answers with an HTTP error",
        21,
        places=WORK_SOURCE,
        status=Parameter(503, "HTTP status", 400, 599),
    ),
    "work_source_hang": _strikes("The work source does not answer", 21, places=WORK_SOURCE, seconds=_seconds(600.0)),
    "work_source_malformed": _strikes(
        "The work source answers with what no client can follow",
        21,
        places=WORK_SOURCE,
        how=Parameter(
            "fields",
            "What is wrong",
            allowed=("fields", "types", "numbers", "json", "html", "unknown", "list"),
        ),
    ),
    "network": _switches(
        "A connection through a proxy of the world file goes wrong: LIMS, Tiled, work source or a server of ours",
        20,
        21,
        proxy=Parameter("lims", "Name of the proxy, * for all"),
        mode=Parameter(
            "hang", "How", allowed=("slow", "close", "refuse", "garbage", "hang", "http_status", "die_and_return")
        ),
        latency_s=_seconds(1.0, "Each answer comes so much later, s (slow)"),
        bytes_per_s=Parameter(1e9, "Speed of answers (slow)", 1.0, 1e12),
        after_bytes=Parameter(0, "Bytes of answers that pass before (close)", 0, 2**40),
        garbage_bytes=Parameter(256, "Length of an answer (garbage)", 1, 2**20),
        status=Parameter(503, "HTTP status (http_status)", 200, 599),
        down_s=_seconds(10.0, "Until it is back, s (die_and_return)"),
    ),
    "process_killed": _acts(
        "A process is killed: a consumer of documents, or the night itself",
        22,
        25,
        pid=Parameter(2, "Its number", 2, 2**22, needed=True),
        command=Parameter("mxplans", "Text that must be in its command line, so that no other process is hit"),
        signal=Parameter("KILL", "How; STOP is taken back by CONT", allowed=("KILL", "TERM", "STOP")),
    ),
    "operator_request": _switches("An operator asks for the beamline", 23, user=Parameter("operator", "Who")),
    "user_beam_ends": _acts("The users' beam time ends soon", 24, in_s=_seconds(300.0, "In how many seconds")),
    "hutch_interlock": _lasts("The hutch's interlock is broken: no beam", 26),
    "cryo_warm": _lasts("The cryostream fails and warms up", 26),
    "beamstop_aside": _lasts("The beamstop is not in the beam although it says so", 26),
    "actuator_stuck": _lasts(
        "An actuator stays where it is: beamstop, shutter, aperture, zoom, backlight", 26, 27, places=["actuator"]
    ),
    "motor_stall": _strikes(
        "A motor stops on its way",
        27,
        places=["axis"],
        at_frac=Parameter(0.5, "Part of the time of its move", 0.0, 1.0),
    ),
    "limit_switch_met": _strikes(
        "A motor meets a limit switch on its way, and must go back",
        27,
        places=["axis"],
        at_frac=Parameter(0.5, "Part of the time of its move", 0.0, 1.0),
    ),
    "frost_grows": _lasts(
        "Frost grows on what is mounted", 28, um_h=Parameter(20.0, "Radius of its grains, um per hour", 0.0, 1000.0)
    ),
    "sample_vibrates": _lasts(
        "What is mounted shakes in the stream", 28, um=Parameter(8.0, "Standard deviation of its place, um", 0.0, 200.0)
    ),
}
"""Kinds by their names."""

"""All kinds of faults: what each means, its parameters, and how it takes hold.

A *striking* fault is asked for where something is done, and counted (`Faults.take`). A *lasting* one is a state that
somebody looks at (`Faults.active`). An *acting* one is done by the engine itself when its time has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Value = str | float | int | bool


class Manner(StrEnum):
    """How a fault takes hold."""

    STRIKING = "striking"
    LASTING = "lasting"
    ACTING = "acting"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a kind.

    Attributes:
        default: Its value when not given; tells its type as well.
        text: What it is, with its unit.
        low: Lowest value of a number.
        high: Highest value of a number.
        allowed: Values of a text; any when empty.
    """

    default: Value
    text: str
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()

    def checked(self, name: str, value: Any) -> Value:
        """A value of the right type and within the bounds.

        Raises:
            ValueError: If it is not.
        """
        number = isinstance(self.default, int | float) and not isinstance(self.default, bool)
        wanted = (int, float) if number else type(self.default)
        if not isinstance(value, wanted) or (number and isinstance(value, bool)):
            raise ValueError(f"{name} is {value!r}, it must be a {'number' if number else type(self.default).__name__}")
        if self.allowed and value not in self.allowed:
            raise ValueError(f"{name} is {value!r}, allowed are {', '.join(self.allowed)}")
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if number and not low <= float(value) <= high:
            raise ValueError(f"{name} is {value}, allowed is {low:g} to {high:g}")
        return type(self.default)(value)


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        manner: How it takes hold.
        text: What goes wrong.
        rows: Rows of the failure catalogue that it stands for.
        parameters: By name.
    """

    manner: Manner
    text: str
    rows: tuple[int, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def filled(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """All parameters: those given, checked, and the defaults of the others.

        Raises:
            ValueError: If one is not known or not allowed.
        """
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            allowed = ", ".join(self.parameters) or "none"
            raise ValueError(f"parameters {', '.join(unknown)} are not known, allowed are {allowed}")
        return {
            name: parameter.checked(name, given[name]) if name in given else parameter.default
            for name, parameter in self.parameters.items()
        }


def _strikes(text: str, *rows: int, **parameters: Parameter) -> Kind:
    return Kind(Manner.STRIKING, text, rows, parameters)


def _lasts(text: str, *rows: int, **parameters: Parameter) -> Kind:
    return Kind(Manner.LASTING, text, rows, parameters)


def _acts(text: str, *rows: int, **parameters: Parameter) -> Kind:
    return Kind(Manner.ACTING, text, rows, parameters)


def _seconds(default: float, text: str = "How long, s") -> Parameter:
    return Parameter(default, text, low=0.0)


CLASSES_OF_SAMPLES = ("empty", "bent", "too_long", "too_short", "iced", "no_crystal", "no_diffraction", "split", "salt")

CATALOGUE: Mapping[str, Kind] = {
    "robot_no_pin": _strikes("The robot finds no pin in the puck", 1),
    "robot_busy": _strikes("The robot's program takes longer, as for drying or soaking", 2, duration_s=_seconds(60.0)),
    "robot_not_ready": _strikes("The sample position is not ready, code 9", 3),
    "robot_light_curtain": _lasts("The light curtain is broken: no robot, controller code 40", 3),
    "pin_lost": _strikes("The pin falls off while it is mounted", 4),
    "pin_sensor": _lasts("The pin sensor does not see what is true", 4, sensed=Parameter(False, "What it says")),
    "unload_hang": _strikes("Unloading does not come to its end", 5, duration_s=_seconds(600.0)),
    "gripper_warm": _lasts("The gripper warms with each exchange", 6, k_per_exchange=Parameter(20.0, "K", 0.0, 200.0)),
    "gonio_nudged": _acts("The goniometer is pushed and has lost its home", 7, um=Parameter(200.0, "How far, um", 0.0)),
    "move_hangs": _strikes("A motor is there but does not say so", 7, duration_s=_seconds(300.0)),
    "sample_is": _strikes(
        "The next pin that is mounted is of this class",
        8,
        12,
        28,
        sample_class=Parameter("bent", "Class of the sample", allowed=CLASSES_OF_SAMPLES),
    ),
    "camera_frozen": _lasts("The camera shows the same frame for ever", 9),
    "camera_dim": _lasts("The light of the camera is low", 10, factor=Parameter(0.2, "Part of the light", 0.0, 1.0)),
    "camera_saturated": _lasts("The camera is saturated", 10, factor=Parameter(4.0, "Times the light", 1.0, 100.0)),
    "background_shift": _lasts(
        "What stands before the camera has wandered, so that a kept background is stale",
        10,
        x_px=Parameter(6.0, "Columns", -200.0, 200.0),
        y_px=Parameter(3.0, "Rows", -200.0, 200.0),
    ),
    "scan_refused": _lasts(
        "The motion controller refuses every scan",
        11,
        reason=Parameter("a soft limit of the motion controller is in the way", "What it says"),
    ),
    "zocalo_late": _strikes("Results of the analysis come late", 13, seconds=_seconds(60.0)),
    "zocalo_never": _strikes("Results of the analysis never come", 13),
    "zocalo_empty": _strikes("The analysis finds nothing", 13),
    "zocalo_other_id": _strikes("Results come under another id", 13),
    "zocalo_malformed": _strikes("Results are no JSON", 13),
    "spots_late": _acts("Each answer of detector and spot finder is late", 13, delay_s=_seconds(30.0)),
    "murko_slow": _strikes("The segmentation takes long", 13, seconds=_seconds(30.0)),
    "murko_silent": _strikes("The segmentation gives no answer", 13),
    "murko_dead": _strikes("The segmentation has died", 13),
    "murko_empty": _strikes("The segmentation answers with nothing", 13),
    "murko_wrong_length": _strikes("The segmentation answers for another number of images", 13),
    "murko_nan_axes": _strikes("The segmentation gives no principal axes", 13),
    "murko_zero_masks": _strikes("The segmentation's masks are empty", 13),
    "detector_stuck_armed": _acts("Disarming has no effect", 14, times=Parameter(1, "How often", 1)),
    "detector_fails_to_arm": _acts("Arming ends in an error", 14, times=Parameter(1, "How often", 1)),
    "frames_lost": _acts("Frames get lost on their way to the file", 15, frames=Parameter(3, "How many", 1)),
    "writer_stalled": _acts("The file writer does not come to its end", 15),
    "writer_slow": _acts("The file writer is late with each series", 15, delay_s=_seconds(30.0)),
    "detector_deaf": _acts("External triggers are not heard", 15),
    "detector_ignores": _acts(
        "Setting a parameter has no effect", 16, parameter=Parameter("count_time", "Name of the parameter")
    ),
    "detector_clamps": _acts(
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
        times=Parameter(1, "How often; -1 without end", -1),
    ),
    "beam_dump": _acts("The stored beam is lost", 17, 18, duration_s=_seconds(600.0, "Until there is beam again, s")),
    "beam_dump_at_image": _strikes(
        "The stored beam is lost in the middle of a scan",
        18,
        image=Parameter(10, "First image without beam, from 1", 1),
        duration_s=_seconds(600.0, "Until there is beam again, s"),
    ),
    "beam_jump": _acts(
        "The beam jumps aside; the feedback brings it back",
        17,
        ev=Parameter(1000.0, "As after a change of energy by so much, eV"),
    ),
    "topup_gap": _acts("The ring goes over to top-up, with gaps in the light", 19),
    "work_source_status": _strikes(
        "The work source answers with an HTTP error", 21, status=Parameter(503, "HTTP status", 400, 599)
    ),
    "work_source_hang": _strikes("The work source does not answer", 21, seconds=_seconds(600.0)),
    "work_source_malformed": _strikes("The work source answers with bad fields", 21),
    "network": _acts(
        "A connection through a proxy of the world file goes wrong: LIMS, Tiled, work source or a server of ours",
        20,
        21,
        proxy=Parameter("lims", "Name of the proxy"),
        mode=Parameter(
            "hang", "How", allowed=("slow", "close", "refuse", "garbage", "hang", "http_status", "die_and_return")
        ),
        number=Parameter(1.0, "Latency s, bytes, HTTP status or seconds down, as the mode needs", 0.0),
    ),
    "process_killed": _acts(
        "A process is killed: a consumer of documents, or the night itself", 22, 25, pid=Parameter(0, "Its number", 0)
    ),
    "operator_request": _acts("An operator asks for the beamline", 23, user=Parameter("operator", "Who")),
    "user_beam_ends": _acts("The users' beam time ends soon", 24, in_s=_seconds(300.0, "In how many seconds")),
    "hutch_interlock": _lasts("The hutch's interlock is broken: no beam", 26),
    "cryo_warm": _lasts("The cryostream fails and warms up", 26),
    "actuator_stuck": _lasts("An actuator stays where it is: beamstop, shutter, aperture, zoom, backlight", 26, 27),
    "motor_stall": _strikes(
        "A motor stops on its way", 27, at_frac=Parameter(0.5, "Part of the time of its move", 0.0, 1.0)
    ),
}
"""Kinds by their names."""

"""Status replies: long lists of values whose place tells what they are. Only some are known to the public, and kept here."""

from __future__ import annotations

from mxplans_sim.servers.isara.arm import TOOLS, Arm

STATE_VALUES, DO_VALUES, DI_VALUES = 60, 112, 111
SAMPLE_SENSED, ARM_PARKED, FIRST_PUCK = 24, 43, 56
"""Places in `do`."""
NO_SAMPLE = (-1, -1)


def state(arm: Arm) -> str:
    """Sixty values: power, remote mode, fault, tool, position, path, ..., samples on tools and goniometer, message."""
    values = ["0"] * STATE_VALUES
    known: dict[int, object] = {
        0: int(arm.powered),
        1: 1,
        2: int(arm.faulty),
        3: next(iter(TOOLS.values())),
        4: arm.position,
        5: arm.path,
        6: 1,
        7: 1,
        14: -1,
        15: -1,
        16: arm.barcode,
        17: int(bool(arm.path)),
        19: 100.0,
        20: 1,
        22: 75.0,
        26: int(arm.path == "dry"),
        28: arm.message,
        29: 0,
        **{30 + index: 0.0 for index in range(12)},
    }
    for first, sample in ((8, None), (10, None), (12, arm.on_diffractometer)):
        known[first], known[first + 1] = sample or NO_SAMPLE
    for place, value in known.items():
        values[place] = _plain(str(value))
    return f"state({','.join(values)})"


def outputs(arm: Arm) -> str:
    """Digital outputs: whether a pin is sensed, whether the arm is parked, which pucks are there."""
    values = [False] * DO_VALUES
    values[SAMPLE_SENSED] = arm.world.robot.pin_sensed
    values[ARM_PARKED] = not arm.world.robot.in_hutch
    pucks = arm.pucks()
    values[FIRST_PUCK : FIRST_PUCK + len(pucks)] = pucks
    return f"do({','.join(str(int(value)) for value in values)})"


def inputs(arm: Arm) -> str:
    """Digital inputs; none is known."""
    return f"di({','.join(['0'] * DI_VALUES)})"


def position(arm: Arm) -> str:
    """Place and attitude of the tool, of which the virtual one has none."""
    return f"position({','.join(['0.0'] * 6)})"


def gripper(arm: Arm) -> str:
    """Temperature of the gripper, K. The place of it in `state` is not public: this question is an addition of ours."""
    return f"gripper({arm.world.robot.gripper_k:.1f})"


def _plain(text: str) -> str:
    """Text without what separates values and replies."""
    return "".join(" " if letter in ",()\r\n" else letter for letter in text)

"""What a motor record tells of its motor's health: status bits, limit switches, alarm."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from caproto import AlarmSeverity, AlarmStatus, ChannelAlarm, ChannelData

from mxplans_sim.servers.epics.channels import Choice
from mxplans_sim.servers.epics.live import LiveWhole
from mxplans_sim.world.kinematics import Axis

# Bits of MSTA, as the motor record's manual counts them.
FORWARD = 1 << 0
DONE = 1 << 1
AT_HIGH = 1 << 2
STALLED = 1 << 6
PROBLEM = 1 << 9
MOVING = 1 << 10
AT_LOW = 1 << 13
HOMED = 1 << 14
SEVERITIES = ("NO_ALARM", "MINOR", "MAJOR", "INVALID")
CONDITIONS = ("NO_ALARM", "READ", "WRITE", "HIHI", "HIGH", "LOLO", "LOW", "STATE")


class MotorHealth:
    """A stalled motor and one at a limit switch put the record into a major alarm, until they are moved again.

    Args:
        axis: What moves.
        moves_up: Whether the last move has been towards higher positions.

    Attributes:
        alarm: For all channels of the record that tell of the position.
    """

    def __init__(self, axis: Axis, moves_up: Callable[[], bool]) -> None:
        self.alarm = ChannelAlarm()
        self._axis = axis
        self._moves_up = moves_up
        self._severity = Choice(value=SEVERITIES[0], enum_strings=SEVERITIES)
        self._condition = Choice(value=CONDITIONS[0], enum_strings=CONDITIONS)
        self._live = {
            "HLS": LiveWhole(lambda: int(axis.switch > 0)),
            "LLS": LiveWhole(lambda: int(axis.switch < 0)),
            "MSTA": LiveWhole(self._bits),
        }

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name of the field."""
        return {**self._live, "SEVR": self._severity, "STAT": self._condition}

    async def post(self) -> None:
        """Tell subscribers what has changed of status and switches."""
        for channel in self._live.values():
            await channel.post()

    async def clear(self) -> None:
        """No alarm: a move begins."""
        await self._raise(AlarmStatus.NO_ALARM)

    async def judge(self) -> None:
        """Alarm if a move has ended where it should not."""
        if self._axis.stalled:
            await self._raise(AlarmStatus.STATE)
        else:
            await self._raise({1: AlarmStatus.HIGH, -1: AlarmStatus.LOW}.get(self._axis.switch, AlarmStatus.NO_ALARM))

    async def _raise(self, status: AlarmStatus) -> None:
        severity = AlarmSeverity.NO_ALARM if status is AlarmStatus.NO_ALARM else AlarmSeverity.MAJOR_ALARM
        if (status, severity) != (self.alarm.status, self.alarm.severity):
            await self.alarm.write(status=status, severity=severity)
            await self._severity.show(SEVERITIES[severity])
            await self._condition.show(CONDITIONS[status])

    def _bits(self) -> int:
        axis = self._axis
        known = {
            FORWARD: self._moves_up(),
            DONE: not axis.moving,
            AT_HIGH: axis.switch > 0,
            AT_LOW: axis.switch < 0,
            STALLED | PROBLEM: axis.stalled and not axis.moving,
            MOVING: axis.moving,
            HOMED: axis.homed,
        }
        return sum(bit for bit, holds in known.items() if holds)

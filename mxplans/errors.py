"""The exceptions of mxplans, in one tree.

```text
MxplansError
├── InvalidInput (ValueError)            what came from outside cannot be used
│   ├── InvalidMessage                   a shipment or another MXLIMS message
│   ├── InvalidProfile                   a beamline profile
│   └── InvalidTasks                     tasks in the queue format of another program
├── LimitExceeded (ValueError)           an item asks for more than the beamline can or may do
├── QueueRefused (ValueError)            the queue does not allow this now
├── DeliveryError (RuntimeError)         a record did not reach a LIMS or another target
│   ├── TargetUnreachable                not now: it is tried again
│   ├── AnswerPending                    the target works, but has not answered for this one yet
│   └── TargetRefused                    never, as it is: somebody must look at it
├── LedgerError (RuntimeError)           the queue file cannot be used, or contradicts what is written into it
├── AnalysisFailed (RuntimeError)        an analysis ended with an error of the program
├── SampleProblem                        the sample, not the beamline: ends one sample, never a night
└── BeamlineFault (RuntimeError)         the beamline: make safe and stop
    ├── DeviceFault                      a device refused, failed or timed out
    │   ├── CameraFault                  the on-axis camera gives no new image
    │   ├── DetectorFault
    │   ├── RobotFault
    │   └── TurnUntold                   omega turned, but its stamps do not tell when it was where
    └── ServiceDied                      a process the profile started has ended
```

A message names the thing, the value with its unit, what is allowed, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class MxplansError(Exception):
    """Base of everything that mxplans raises on purpose."""


class InvalidInput(MxplansError, ValueError):
    """Something from outside cannot be used as it is."""


class InvalidMessage(InvalidInput):
    """A shipment or another MXLIMS message is missing, malformed or of an unknown version."""


class InvalidProfile(InvalidInput):
    """A beamline profile is missing, malformed or names what does not exist."""


class Problem(NamedTuple):
    """One thing that is wrong with something from outside."""

    path: str
    value: Any
    allowed: str
    remedy: str

    def __str__(self) -> str:
        shown = repr(self.value)
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        return f"{self.path} is {shown}; allowed is {self.allowed}: {self.remedy}"


class InvalidTasks(InvalidInput):
    """Tasks in the queue format of another program cannot be taken; none of them was.

    Args:
        problems: All that is wrong, at least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - 10
        told = "; ".join(str(problem) for problem in self.problems[:10])
        super().__init__(f"{told} (and {more} more)" if more > 0 else told)


class LimitExceeded(MxplansError, ValueError):
    """An item asks for more than the beamline can or may do; raised before anything moves."""


class QueueRefused(MxplansError, ValueError):
    """The queue does not allow this in the state it is in; nothing was changed."""


class DeliveryError(MxplansError, RuntimeError):
    """A record did not reach a LIMS or another target; the plan knows nothing of it."""


class TargetUnreachable(DeliveryError):
    """A target does not answer, has no time or no room: the same thing can work later."""


class AnswerPending(DeliveryError):
    """A target works, but has not said yet that it has this: the step waits alone, and is asked for again.

    Args:
        message: What is waited for.
        ids: Identifiers to keep by key, as if the step were done.
        retry_s: When to ask again; 0 at once.
    """

    def __init__(self, message: str, ids: Mapping[str, str] | None = None, retry_s: float = 2.0) -> None:
        super().__init__(message)
        self.ids = dict(ids or {})
        self.retry_s = retry_s


class TargetRefused(DeliveryError):
    """A target will not take this, however often it is asked: a value too long, no such proposal, a wrong password."""


class LedgerError(MxplansError, RuntimeError):
    """The file of queue and ledger cannot be used, or what is to be written contradicts what stands in it."""


class AnalysisFailed(MxplansError, RuntimeError):
    """A function of ours or of a plugin raised what it should not: an error of the program, not of the sample."""


class SampleProblem(MxplansError):
    """Something is wrong with the sample; plans turn it into a verdict."""


class BeamlineFault(MxplansError, RuntimeError):
    """Something is wrong with the beamline; plans make safe and stop."""


class DeviceFault(BeamlineFault):
    """A device refused a command, failed or did not answer in time."""


class CameraFault(DeviceFault):
    """The on-axis camera gave no image that is newer than the request for it."""


class DetectorFault(DeviceFault):
    """The detector refused a setting or a command, or lost frames."""


class RobotFault(DeviceFault):
    """The sample changer stopped with an error that is not about one sample.

    Args:
        message: What happened and what to do.
        code: The controller's error code.
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class TurnUntold(DeviceFault):
    """Omega turned, but its stamps do not tell when it was where; a plan may look in steps instead."""


class ServiceDied(BeamlineFault):
    """A process that the profile started has ended by itself."""

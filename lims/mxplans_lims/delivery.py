"""What a target of records is: pure steps for each record, and a way to send one of them.

The outbox keeps the steps of each target and experiment in order, and with each the identifiers that the target gave.
A step goes out when all before it are done; it comes again, with its identifiers, when its payload has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from mxplans_lims.records import SampleRecord


@dataclass(frozen=True)
class Delivery:
    """An experiment as far as it has come.

    Attributes:
        record: What is known of it; `record.complete` tells whether more will come.
        message: The same as one MXLIMS message.
        out: Folder of the night or the queue; snapshots are named relative to it.
    """

    record: SampleRecord
    message: Mapping[str, Any]
    out: Path


@dataclass(frozen=True)
class Step:
    """One thing to send.

    Attributes:
        key: Names it among the steps of one target and experiment, the same in each fold: `group`, `collection/<uuid>`.
        payload: What to send, plain JSON in the words and units of the target. The same payload is never sent twice.
    """

    key: str
    payload: Mapping[str, Any]


class TargetSettings(BaseModel):
    """What a profile says of a target. Secrets by reference only: a file or a variable of the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@runtime_checkable
class Target(Protocol):
    """Where records go. Found by entry point `mxplans.lims_targets`; made as `cls(name, cls.Settings(**given))`.

    Making one connects to nothing and reads no secret. One thread uses it at a time.

    One whose identifiers hold at one server only says where that is in `place`, without a secret: with another place it
    is kept from its work in a folder that it has been used in.

    Attributes:
        name: As in the profile.
    """

    Settings: type[TargetSettings]
    name: str

    def __init__(self, name: str, settings: Any) -> None: ...

    def steps(self, delivery: Delivery) -> Sequence[Step]:
        """Steps of an experiment, in order: a pure function of the delivery. None at all is allowed.

        Raises:
            TargetRefused: If the record cannot be told in the words of this target; the reason says which value.
        """
        ...

    def send(self, step: Step, ids: Mapping[str, str]) -> Mapping[str, str]:
        """Send one step, with a time-out.

        What may have arrived before (a lost answer, a killed process) is looked up by an identifier of ours first, so
        that sending twice gives one record.

        Args:
            step: What to send.
            ids: Identifiers that this target gave for this experiment so far, by key; with the step's own where it was
                sent before and is to be changed now.

        Returns:
            Identifiers by key, in most cases one under the key of the step.

        Raises:
            TargetUnreachable: If the same can work later; all steps of this target wait.
            AnswerPending: If the target works but has not confirmed this step yet; it alone waits, with the
                identifiers that the error brings.
            TargetRefused: If it cannot.
        """
        ...

    def close(self) -> None:
        """Let go of connections; sending again opens new ones."""
        ...

"""The outbox: what is to be told to LIMS and other targets, kept on disk until each of them has it.

The steps of one experiment go to one target in order, and experiments and targets do not wait for each other. A step
is sent at least once; with the identifiers that are kept in the transaction that marks it done, and the target's own
look for ours, it is there once.
"""

from mxplans_lims.outbox._database import Database, storable
from mxplans_lims.outbox._outbox import Outbox, Unsent
from mxplans_lims.outbox._putting import LEFT_OUT, Spelled, spell
from mxplans_lims.outbox._sending import FAULTS_MOST, Claim
from mxplans_lims.outbox._showing import (
    ShownPosition,
    ShownProblem,
    ShownStep,
    StepState,
    TargetState,
    TargetStatus,
)

__all__ = [
    "FAULTS_MOST",
    "LEFT_OUT",
    "Claim",
    "Database",
    "Outbox",
    "ShownPosition",
    "ShownProblem",
    "ShownStep",
    "Spelled",
    "StepState",
    "TargetState",
    "TargetStatus",
    "Unsent",
    "spell",
    "storable",
]

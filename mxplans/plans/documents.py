"""The documents contract: names of streams, and what start documents say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mxplans.geometry import GridPlan
from mxplans.model.acquisition import Pose
from mxplans.model.document_keys import to_document
from mxplans.model.experiments import CollectionSweep, Scan
from mxplans.model.item import QueueItem
from mxplans.model.message import MXLIMS_VERSION
from mxplans.model.storage import Storage
from mxplans.schedule.dose import Profile

SCHEMA = "mxplans.documents/1"

ROBOT = "mx_robot"
PHASE = "mx_phase"
BACKGROUND = "mx_background"
OPTICAL = "mx_optical"
OPTICAL_CRYSTAL = "mx_optical_crystal"
OPTICAL_FAILURE = "mx_optical_failure"
HULL = "mx_hull"
POINT = "mx_point"
ORIENTATION = "mx_orientation"
KAPPA = "mx_kappa"
SNAPSHOT = "mx_snapshot"
XRC_RESULT = "mx_xrc_result"
XRC_LINE = "mx_xrc_line"
VERDICT = "mx_verdict"
PRE = "mx_pre"
POST = "mx_post"
GRID = "mx_grid"
LIMS = "mx_lims"
STRATEGY = "mx_strategy"
ENERGY_SCAN = "mx_energy_scan"
XRF = "mx_xrf"
FRAMES = "primary"


@dataclass(frozen=True)
class ScanContext:
    """What a scan belongs to, so that its run can be found, and what it is taken with; a plan used alone has the defaults.

    Attributes:
        sample_name: Whose files these are.
        item_uid: The queue item.
        parent_uid: The outer run.
        beam_profile: For its dose.
        lims_ids: What a LIMS calls the experiment, by the key of what they stand for, where it was asked before.
        storage: Where its files go.
        proposal: Whose it is.
        beamline: Where it is taken.
    """

    sample_name: str = "manual"
    item_uid: str | None = None
    parent_uid: str | None = None
    beam_profile: Profile = "gaussian"
    lims_ids: Mapping[str, str] = field(default_factory=dict)
    storage: Storage = field(default_factory=Storage)
    proposal: str = ""
    beamline: str = ""

    def folder(self, dataset: str) -> str:
        """Where the files of a dataset go, relative to the detector's folder: catalogues know a dataset by its folder.

        >>> ScanContext("lyso-1", "35e5c4aa-2c4b-4ca7-826e-feff112f3e99").folder("osc")
        'lyso-1/osc_35e5c4aa'
        """
        return self.storage.folder(dataset, self.item_uid, self.sample_name, self.proposal, self.beamline)


def sample_metadata(item: QueueItem, beamline: str, attempt: int = 1) -> dict[str, Any]:
    """Start document of a sample's outer run."""
    shipment = item.objects.get("Shipment", {})
    place = next((item.objects[kind] for kind in ("PinPosition", "Pin") if kind in item.objects), {})
    sample = item.objects.get("MacromoleculeSample", {})
    return {
        "plan_name": "sample",
        "sample_name": item.sample_name,
        "beamline": beamline,
        "mxplans": {
            "schema": SCHEMA,
            "role": "sample",
            "item_uid": item.uuid,
            "item_type": "MxExperiment",
            "attempt": attempt,
            "parent_uid": None,
            "item": to_document(item.experiment.to_json()),
            "sweeps": [to_document(sweep.to_json()) for sweep in item.sweeps],
            "objects": to_document(item.objects),
            "mxlims": {
                "version": MXLIMS_VERSION,
                "experiment_uuid": item.uuid,
                "sample": {
                    "name": item.sample_name,
                    "uuid": sample.get("uuid"),
                    "acronym": item.objects.get("Macromolecule", {}).get("acronym"),
                    "locator": f"{item.location.puck}:{item.location.pin}" if item.location else "",
                },
                "logistical_sample": {"type": place.get("mxlimsType"), "uuid": place.get("uuid")},
            },
            "lims": {
                "proposal": shipment.get("proposalCode"),
                "session": shipment.get("sessionNumber"),
                "identifiers": to_document(shipment.get("identifiers", {})),
            },
        },
    }


def grid_metadata(grid: GridPlan, centre: Pose | None = None) -> dict[str, Any]:
    """What the start document of a grid says of its boxes.

    Args:
        grid: The boxes.
        centre: Motors of its middle, where they are others than its own.
    """
    return {
        "rows": grid.rows,
        "columns": grid.columns,
        "step_um": grid.step_um,
        "row_step_um": grid.row_step_um,
        "omega_deg": grid.centre.omega_deg,
        "vertical": grid.vertical,
        "snake": grid.snake,
        "centre": (centre or grid.centre).model_dump(),
    }


def scan_metadata(role: str, context: ScanContext, sweep: CollectionSweep, scan: Scan, **more: Any) -> dict[str, Any]:
    """Start document of one scan's run."""
    return {
        "plan_name": role,
        "sample_name": context.sample_name,
        "mxplans": {
            "schema": SCHEMA,
            "role": role,
            "item_uid": context.item_uid,
            "parent_uid": context.parent_uid,
            "sweep_uuid": sweep.uuid,
            "sweep": to_document(sweep.to_json()),
            "scan": scan.to_json(),
            **({"lims_ids": to_document(context.lims_ids)} if context.lims_ids else {}),
            **more,
        },
    }

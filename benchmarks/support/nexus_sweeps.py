"""NXmx files of a real experiment on the virtual beamline: two sweeps whose wedges take turns, collected by our plans.

Plans, devices, journal, fold and the target that writes the files all take part; nothing is known of the crystal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mxplans.app.session import open_session
from mxplans.model import QueueItem, kinds
from mxplans.plans.ledger import MemoryLedger
from mxplans.profile import Profile, load_profile
from mxplans.udc import MountedSample, NightSettings, Verdict, Work, experiment
from mxplans_lims.delivery import Delivery
from mxplans_lims.fold import fold_journal
from mxplans_lims.journal import Journal
from mxplans_lims.nxmx import NxmxSettings, NxmxTarget
from support.shipments import shipment

SIM = Path(__file__).parents[2] / "profiles/sim"
SAMPLE = "lysozyme"


def inverse_beam(images: int, wedge_images: int, width_deg: float, exposure_s: float) -> QueueItem:
    """Two sweeps half a turn apart, in wedges that take turns."""
    return kinds.inverse_beam(
        sample_name=SAMPLE,
        location=(1, 1),
        number_images=images,
        wedge_images=wedge_images,
        image_width_deg=width_deg,
        exposure_s=exposure_s,
        omega_start_deg=10.0,
    )


def collect(folder: Path, item: QueueItem, sample: Mapping[str, Any]) -> Profile:
    """Collect an item in virtual time; documents go to `documents.jsonl`, frames to `data`.

    Args:
        folder: Where all of it goes.
        item: What to collect; its sample is brought into the beam first.
        sample: What is true of the sample, in the words of the world's file.

    Returns:
        The beamline's profile.

    Raises:
        RuntimeError: If the sample was not collected.
    """
    path = _site(folder, sample)
    profile = load_profile(path).model_copy(update={"speed_up": 1.0})
    journal = Journal(folder / "documents.jsonl")
    outcomes = []
    try:
        with open_session(profile, path, folder, folder / "shipment.json", virtual_time=True) as session:
            session.run_engine.subscribe(journal)
            work = Work(NightSettings.from_profile(profile), MountedSample(), MemoryLedger())

            def plan() -> Any:
                outcomes.append((yield from experiment(session.beamline, item, work)).outcome)

            session.run_engine(plan())
    finally:
        journal.close()
    if outcomes[0].verdict is not Verdict.COLLECTED:
        raise RuntimeError(f"the sweeps were not collected: {outcomes[0].reason}")
    return profile


def nexus_files(folder: Path, profile: Profile) -> list[Path]:
    """Write the files of the rotations that the journal of a folder tells of, in the order in which they began."""
    (record,) = fold_journal(folder / "documents.jsonl")
    turns = record.model_copy(update={"grids": ()})
    target = NxmxTarget("nxmx", NxmxSettings(goniometer=profile.goniometer))
    return [Path(target.send(step, {})[step.key]) for step in target.steps(Delivery(turns, {}, folder))]


def _site(folder: Path, sample: Mapping[str, Any]) -> Path:
    """The shipped site with one sample of ours; the path of its profile."""
    folder.mkdir(parents=True, exist_ok=True)
    world = yaml.safe_load((SIM / "world.yaml").read_text()) | {"samples": {SAMPLE: dict(sample)}}
    (folder / "world.yaml").write_text(yaml.safe_dump(world))
    (folder / "beamline.yaml").write_text((SIM / "beamline.yaml").read_text())
    (folder / "shipment.json").write_text(json.dumps(shipment([SAMPLE])))
    return folder / "beamline.yaml"

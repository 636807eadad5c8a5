"""The target as the exporter sees it: steps of a record, sending again, and what cannot be sent."""

import json
import os
from importlib.metadata import entry_points
from pathlib import Path

import h5py
import lims_records
import pytest
from nexus_support import small, told, write_frames
from pydantic import ValidationError

from mxplans.errors import AnswerPending, TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Target
from mxplans_lims.executed import executed_sweeps
from mxplans_lims.nxmx import NxmxSettings, NxmxTarget, nexus_path

KAPPA = {"goniometer": {"kind": "mini-kappa"}}


def target(**settings):
    return NxmxTarget("nxmx", NxmxSettings(**(KAPPA | settings)))


def turn(folder, **changes):
    """A record with one sweep of 30 images, its frames on disk."""
    record = small(lims_records.mad(folder, wedges=1, wedge_images=30))
    record = record.model_copy(update={"sweeps": record.sweeps[:1], **changes})
    write_frames(record)
    return record


def changed(record, **changes):
    """Its sweep with other facts: fields of `detector`, `measured` or of the scan."""
    (scan,) = record.sweeps
    for part in ("detector", "measured"):
        if part in changes:
            changes[part] = getattr(scan, part).model_copy(update=changes[part])
    return record.model_copy(update={"sweeps": (scan.model_copy(update=changes),)})


def only_step(record, **settings):
    (step,) = target(**settings).steps(told(record))
    return step


def sent(record, **settings):
    step = only_step(record, **settings)
    return Path(target(**settings).send(step, {})[step.key])


def test_it_is_found_by_its_entry_point():
    (found,) = [each for each in entry_points(group="mxplans.lims_targets") if each.name == "nxmx"]
    made = found.load()("files", NxmxSettings())
    assert isinstance(made, Target)
    assert made.name == "files"
    made.close()


@pytest.mark.parametrize("make", [each for name, each in lims_records.RECORDS.items() if name != "running"])
def test_a_step_for_each_sweep_in_plain_json_the_same_in_each_fold(make):
    record = make()
    steps = target().steps(told(record))
    assert [step.key for step in steps] == [f"nxmx/{sweep.uuid}" for sweep in executed_sweeps(record)]
    assert json.loads(json.dumps([step.payload for step in steps], allow_nan=False)) == [step.payload for step in steps]
    assert steps == target().steps(told(make()))
    assert [Path(step.payload["path"]) for step in steps] == [nexus_path(sweep) for sweep in executed_sweeps(record)]


def test_while_it_runs_only_sweeps_that_are_over_have_a_step():
    record = lims_records.mad(wedges=3, wedge_images=4)
    running = {"exit_status": "running", "end": None}
    going_on = record.model_copy(update=running | {"sweeps": record.sweeps[:-1]})
    whole = executed_sweeps(record)
    assert [step.key for step in target().steps(told(going_on))] == [f"nxmx/{sweep.uuid}" for sweep in whole[:2]]


def test_a_sweep_of_thousands_of_images_is_a_small_payload():
    # An outbox of a night holds some hundreds of them.
    assert max(len(json.dumps(step.payload)) for step in target().steps(told(lims_records.rotation()))) < 20_000


def test_the_same_payload_is_written_once(tmp_path):
    record = turn(tmp_path)
    path = sent(record)
    before = path.stat()
    step = only_step(record)
    assert target().send(step, {step.key: str(path)}) == {step.key: str(path)}
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [each.name for each in path.parent.iterdir() if each.name.endswith("partial")] == []


def test_a_changed_payload_replaces_the_file(tmp_path):
    record = turn(tmp_path)
    path = sent(record)
    again = changed(record, measured={"energy_ev": 13000.0})
    assert sent(again) == path
    with h5py.File(path, "r") as file:
        assert file["entry/instrument/beam/incident_wavelength"][()] == pytest.approx(12398.42 / 13000, rel=1e-7)


def test_a_file_of_somebody_else_and_a_torn_one_are_replaced(tmp_path):
    record = turn(tmp_path)
    path = Path(only_step(record).payload["path"])
    path.write_bytes(b"\x89HDF\r\n")
    assert sent(record) == path
    with h5py.File(path, "r") as file:
        assert file["entry/definition"][()] == b"NXmx"


def test_while_the_series_goes_on_the_mask_is_waited_for_and_then_nothing_is_written_anew(tmp_path):
    record = turn(tmp_path)
    going_on = record.model_copy(update={"exit_status": "running", "end": None})
    master = Path(record.sweeps[0].detector.master)
    kept = master.read_bytes()
    master.unlink()
    with pytest.raises(AnswerPending, match="end of the series"):
        sent(going_on)
    master.write_bytes(kept)
    path = sent(going_on)
    before = path.stat().st_ino
    assert only_step(record).payload != only_step(going_on).payload
    sent(record)
    assert path.stat().st_ino == before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"measured": {"energy_ev": None}, "detector": {"energy_ev": None}}, "no document says the energy"),
        ({"measured": {"distance_mm": None}, "detector": {"distance_mm": None}}, "distance_mm"),
        ({"detector": {"pixel_x_um": None}}, "pixel_x_um"),
        ({"measured": {"chi_deg": 30.0}}, "chi was at 30 deg"),
    ],
)
def test_a_sweep_that_nobody_could_process_is_refused(changes, reason):
    record = lims_records.mad(wedges=1)
    one = changed(record.model_copy(update={"sweeps": record.sweeps[:1]}), **changes)
    with pytest.raises(TargetRefused, match=reason):
        only_step(one)


def test_frames_that_are_away_are_waited_for(tmp_path):
    record = turn(tmp_path)
    Path(record.sweeps[0].files[0].path).unlink()
    with pytest.raises(AnswerPending, match="cannot be read"):
        sent(record)


def test_a_master_file_that_cannot_be_read_is_waited_for(tmp_path):
    record = turn(tmp_path)
    Path(record.sweeps[0].detector.master).write_bytes(b"half of it")
    with pytest.raises(AnswerPending, match="master"):
        sent(record)
    assert not list(tmp_path.rglob("*.nxs*"))


def test_frames_that_are_not_as_told_are_refused(tmp_path):
    record = turn(tmp_path)
    with pytest.raises(TargetRefused, match="the documents tell of frames"):
        sent(changed(record, detector={"width_px": 99}))
    file = record.sweeps[0].files[0]
    with pytest.raises(TargetRefused, match="images 0 to 30"):
        sent(changed(record, files=(file.model_copy(update={"frames": 31}),)))
    with pytest.raises(TargetRefused, match="has no"):
        sent(changed(record, files=(file.model_copy(update={"dataset": "/entry/other"}),)))


def test_frames_of_two_kinds_are_refused(tmp_path):
    record = small(lims_records.mad(tmp_path, wedges=2, wedge_images=3))
    record = record.model_copy(update={"sweeps": (record.sweeps[0], record.sweeps[3])})
    write_frames(record)
    path = record.sweeps[1].files[0].path
    os.unlink(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("/entry/data/data", shape=(3, 12, 10), dtype="<u2")
    with pytest.raises(TargetRefused, match="one kind"):
        sent(record)


def test_a_folder_that_is_away_is_waited_for_and_nothing_is_left_behind(tmp_path, monkeypatch):
    record = turn(tmp_path)
    step = only_step(record)
    path = Path(step.payload["path"])

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(TargetUnreachable, match="No space left"):
        target().send(step, {})
    assert not list(path.parent.glob("*.nxs*"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"axes": [{"name": "phi", "vector": [1, 0, 0]}]}, "first axis is phi"),
        ({"axes": [{"name": "omega", "vector": [2, 0, 0]}]}, "length 2"),
        ({"axes": [{"name": "omega", "vector": [1, 0, 0]}, {"name": "phi", "vector": [0, 1, 0]}]}, "'omega'"),
        ({"time_zone": "Europe/Paris"}, "time_zone"),
        ({"fast": [0, 0, 0]}, "length 0"),
        ({"sensor": "Si"}, "sensor"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given, reason):
    with pytest.raises(ValidationError, match=reason):
        NxmxSettings.model_validate(given)


def test_a_vertical_omega_is_given_as_axes(tmp_path):
    axes = [
        {"name": "omega", "vector": [0, -1, 0]},
        {"name": "kappa", "vector": [0, -0.9135, 0.4067], "depends_on": "omega"},
        {"name": "phi", "vector": [0, -1, 0], "depends_on": "kappa"},
    ]
    with h5py.File(sent(turn(tmp_path), axes=axes), "r") as file:
        transformations = file["entry/sample/transformations"]
        assert transformations["omega"].attrs["vector"].tolist() == [0, -1, 0]
        assert transformations["phi"].attrs["depends_on"] == "/entry/sample/transformations/kappa"
        assert file["entry/sample/depends_on"][()] == b"/entry/sample/transformations/phi"
        assert "sam_x" not in transformations

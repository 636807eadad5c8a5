"""Message and metadata.json always stand beside the data; a folder of messages is the other target that is a file."""

import errno
import json
import os
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from lims_records import RECORDS, delivery, empty_mount, mad, rotation, running, write_files

from mxplans.errors import TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Target
from mxplans_lims.executed import executed_sweeps
from mxplans_lims.targets.mxlims import MxlimsSettings, MxlimsTarget, written
from mxplans_lims.targets.record import RecordSettings, RecordTarget

RECORD = RecordTarget("record", RecordSettings())


def sent(target, record, out, ids=None):
    """What a target has after all steps, as the outbox sends them: identifiers by key."""
    known = dict(ids or {})
    for step in target.steps(delivery(record, out)):
        known.update(target.send(json_of(step), known))
    return known


def json_of(step):
    """A step as it comes out of the outbox."""
    return type(step)(step.key, json.loads(json.dumps(step.payload, allow_nan=False, sort_keys=True)))


def told_in(folder):
    return json.loads((folder / "metadata.json").read_text())["experiments"]


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["record", "mxlims", "mxlims_http"])
def test_targets_are_found_by_their_entry_points(name):
    cls = entry_points(group="mxplans.lims_targets")[name].load()
    given = {"url": "http://lims.example.org/"} if name == "mxlims_http" else {}
    assert isinstance(cls(name, cls.Settings(**given)), Target)


def test_an_experiment_is_told_in_every_folder_of_frames_and_once_beside_them(tmp_path):
    record = rotation(tmp_path)
    write_files(record, tmp_path)
    before = set(files_in(tmp_path))
    sent(RECORD, record, tmp_path)
    sample = "data/Lyso-1"
    folders = [f"{sample}/{sweep.asked['prefix']}" for sweep in executed_sweeps(record)]
    assert len(folders) == 3
    message = f"{sample}/{record.item_uid}.mxlims.json"
    assert set(files_in(tmp_path)) - before == {message, *(f"{folder}/metadata.json" for folder in folders)}
    assert (tmp_path / message).read_text() == written(delivery(record, tmp_path).message)


def test_metadata_leads_to_all_files_and_has_what_was_measured(tmp_path):
    record = rotation(tmp_path)
    write_files(record, tmp_path)
    sent(RECORD, record, tmp_path)
    folder = tmp_path / "data/Lyso-1/Lyso-1_osc"
    told = told_in(folder)[record.item_uid]
    assert (told["status"], told["sample"], told["proposal"], told["session"]) == ("Completed", "Lyso-1", "mx1234", 5)
    assert (told["pin_barcode"], told["puck_barcode"], told["acronym"]) == ("PIN-Lyso-1", "PUCK-7", "Lyso")
    (sweep,) = told["sweeps"]
    assert (sweep["kind"], sweep["status"], sweep["images"], sweep["images_requested"]) == (
        "rotation",
        "success",
        3600,
        3600,
    )
    assert (sweep["omega_start_deg"], sweep["image_width_deg"], sweep["exposure_s"]) == (0.0, 0.1, 0.01)
    assert (sweep["energy_ev"], sweep["transmission_frac"], sweep["beam_size_um"]) == (12700.3, 0.49, [50.0, 20.0])
    assert (sweep["distance_mm"], sweep["kappa_deg"], sweep["phi_deg"], sweep["dose_mgy"]) == (150.25, 0.0, 30.0, 1.25)
    named = [*sweep["files"], *sweep["masters"], *told["snapshots"], told["message"]]
    assert len(named) == 4 + 1 + 2 + 1
    assert all((folder / name).is_file() for name in named)


def test_wedges_of_an_interleaved_sweep_are_told_in_image_order(tmp_path):
    record = mad(tmp_path)
    late = record.sweeps[0].model_copy(update={"start": record.sweeps[-1].end, "end": record.end})
    sent(RECORD, record.model_copy(update={"sweeps": (*record.sweeps[1:], late)}), tmp_path)
    (sweep,) = told_in(tmp_path / "data/Se-1/Se-1_e1")[record.item_uid]["sweeps"]
    assert sweep["files"] == [f"Se-1_e1_{ordinal}_data_000001.h5" for ordinal in (1, 4, 7, 10)]
    assert (sweep["scans"], sweep["images"]) == (4, 120)


def test_status_of_a_sweep_is_the_worst_of_its_scans(tmp_path):
    record = mad(tmp_path)
    broken = record.sweeps[0].model_copy(update={"exit_status": "abort"})
    sent(RECORD, mad(tmp_path, sweeps=(broken, *record.sweeps[1:])), tmp_path)
    told = [told_in(path.parent)[record.item_uid] for path in sorted(tmp_path.rglob("metadata.json"))]
    assert [sweep["status"] for each in told for sweep in each["sweeps"]] == ["abort", "success", "success"]


def test_experiments_that_share_a_folder_are_both_told(tmp_path):
    first = rotation(tmp_path)
    second = first.model_copy(update={"item_uid": first.run_uid, "attempt": 2})
    for record in (first, second, first):
        sent(RECORD, record, tmp_path)
    folder = tmp_path / "data/Lyso-1"
    assert set(told_in(folder / "Lyso-1_osc")) == {first.item_uid, second.item_uid}
    assert [path for path in files_in(folder) if path.endswith(".mxlims.json")] == sorted(
        f"{record.item_uid}.mxlims.json" for record in (first, second)
    )


def test_without_frames_it_stands_in_a_folder_of_its_own(tmp_path):
    record = empty_mount(tmp_path)
    sent(RECORD, record, tmp_path)
    folder = tmp_path / "lims" / record.item_uid
    assert files_in(tmp_path) == [
        f"lims/{record.item_uid}/{name}" for name in (f"{record.item_uid}.mxlims.json", "metadata.json")
    ]
    told = told_in(folder)[record.item_uid]
    assert (told["status"], told["verdict"], told["sweeps"]) == ("Failed", "EMPTY_MOUNT", [])


def test_an_attempt_with_frames_takes_away_what_stood_elsewhere(tmp_path):
    record = rotation(tmp_path)
    bare = record.model_copy(update={"grids": (), "sweeps": (), "crystals": (), "lines": (), "xray": None})
    grid_only = record.model_copy(update={"sweeps": (), "grids": record.grids[:1]})
    ids = sent(RECORD, bare, tmp_path)
    assert (tmp_path / "lims" / record.item_uid / "metadata.json").exists()
    ids = sent(RECORD, grid_only, tmp_path, ids)
    assert not (tmp_path / "lims" / record.item_uid).exists()
    assert (tmp_path / "data/Lyso-1/Lyso-1_grid1" / f"{record.item_uid}.mxlims.json").exists()
    sent(RECORD, record, tmp_path, ids)
    messages = [path for path in files_in(tmp_path) if path.endswith(".mxlims.json")]
    assert messages == [f"data/Lyso-1/{record.item_uid}.mxlims.json"]
    grid = told_in(tmp_path / "data/Lyso-1/Lyso-1_grid1")[record.item_uid]
    assert grid["message"] == f"../{record.item_uid}.mxlims.json"


def test_an_experiment_that_goes_on_is_not_told_yet(tmp_path):
    assert RECORD.steps(delivery(running(tmp_path), tmp_path)) == []


@pytest.mark.parametrize("kind", RECORDS)
def test_steps_are_pure_and_plain_and_sending_again_changes_no_byte(kind, tmp_path):
    record = RECORDS[kind](tmp_path)
    given = delivery(record, tmp_path)
    assert [json_of(step) for step in RECORD.steps(given)] == [json_of(step) for step in RECORD.steps(given)]
    ids = sent(RECORD, record, tmp_path)
    content = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}
    assert sent(RECORD, record, tmp_path, ids) == ids
    assert {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)} == content


def test_a_value_that_is_no_number_does_not_keep_it_from_being_told(tmp_path):
    record = rotation(tmp_path)
    noisy = record.sweeps[0].measured.model_copy(update={"flux_ph_s": float("nan")})
    sent(
        RECORD,
        record.model_copy(update={"sweeps": (record.sweeps[0].model_copy(update={"measured": noisy}),)}),
        tmp_path,
    )
    (sweep,) = told_in(tmp_path / "data/Lyso-1/Lyso-1_osc")[record.item_uid]["sweeps"]
    assert "flux_ph_s" not in sweep


@pytest.mark.parametrize("content", ["", "{", "[]", '{"dataset": 1}'])
def test_a_metadata_file_of_another_program_is_left_as_it_is(tmp_path, content):
    record = rotation(tmp_path)
    other = tmp_path / "data/Lyso-1/Lyso-1_osc/metadata.json"
    other.parent.mkdir(parents=True)
    other.write_text(content)
    with pytest.raises(TargetRefused, match=r"metadata\.json was not written by this program.*move it away"):
        sent(RECORD, record, tmp_path)
    assert other.read_text() == content


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(errno.ENOSPC, "make room"), (errno.EACCES, "let the user"), (errno.EROFS, "mount"), (errno.EIO, "look at")],
)
def test_a_full_disk_or_a_folder_that_cannot_be_written_can_work_later(tmp_path, monkeypatch, code, remedy):
    record = rotation(tmp_path)
    sent(RECORD, record, tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}

    def full(descriptor):
        raise OSError(code, os.strerror(code))

    changed = record.model_copy(update={"attempt": 2})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TargetUnreachable, match=f"cannot be written: {os.strerror(code)}; {remedy}"):
            sent(RECORD, changed, tmp_path)
        kept = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}
    assert kept == before  # whole, as it was, and nothing beside it
    sent(RECORD, changed, tmp_path)
    assert told_in(tmp_path / "data/Lyso-1/Lyso-1_osc")[record.item_uid]["attempt"] == 2


def test_a_file_where_the_folder_should_be_is_named(tmp_path):
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(TargetUnreachable, match="cannot be written: Not a directory"):
        sent(RECORD, rotation(tmp_path), tmp_path)


def test_a_folder_of_messages_has_one_for_each_experiment(tmp_path):
    target = MxlimsTarget("mxlims", MxlimsSettings())
    records = [rotation(tmp_path), running(tmp_path), empty_mount(tmp_path)]
    for record in records:
        path = tmp_path / "lims/messages" / f"{record.item_uid}.json"
        assert sent(target, record, tmp_path) == {"message": str(path)}
        assert path.read_text() == written(delivery(record, tmp_path).message)
    assert len(files_in(tmp_path)) == 3


def test_a_folder_of_messages_can_be_another_one(tmp_path):
    target = MxlimsTarget("mxlims", MxlimsSettings(folder=tmp_path / "for the site"))
    sent(target, rotation(tmp_path), tmp_path)
    assert files_in(tmp_path) == [f"for the site/{rotation().item_uid}.json"]
    blocked = MxlimsTarget("mxlims", MxlimsSettings(folder=Path("/proc/nowhere")))
    with pytest.raises(TargetUnreachable, match="/proc/nowhere"):
        sent(blocked, rotation(tmp_path), tmp_path)

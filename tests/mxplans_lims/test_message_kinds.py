"""Every kind of experiment that can be asked for, scheduled and taken as scheduled, is a valid message with all its images."""

import json
from zoneinfo import ZoneInfo

import pytest
from lims_record_parts import sample_record, scan
from lims_records import delivery

from mxplans.model.extensions import DOMAIN, Kind
from mxplans.model.kinds.examples import examples
from mxplans.model.sweeps import GRIDS
from mxplans.schedule import schedule_item
from mxplans_lims.executed import executed_sweeps
from mxplans_lims.records import GridRecord
from mxplans_lims.targets.icat import IcatTarget
from mxplans_lims.targets.ispyb.row import rows_of
from mxplans_lims.targets.ispyb.rows import ispyb_rows
from mxplans_lims.targets.ispyb.site import Site
from mxplans_lims.targets.mxlims import to_message, written

ITEMS = examples()
HOME = {"x_mm": 0.1, "y_mm": 0.0, "z_mm": 0.0}


def taken(item, scheduled, start_s):
    """The record of a scheduled scan."""
    sweep = item.asked[scheduled.sweep_index]
    made = scan(
        item.sample_name,
        item.sweeps[scheduled.sweep_index],
        start_s,
        first=scheduled.first_image,
        images=scheduled.number_images,
        ordinal=scheduled.ordinal,
    )
    if sweep.sweep_type not in GRIDS:
        return made
    rows, columns = sweep.number_lines, sweep.images_per_line
    boxes = {
        "rows": rows,
        "columns": columns,
        "step_um": sweep.step_um,
        "row_step_um": sweep.line_step_um or sweep.step_um,
    }
    centre = {**HOME, "omega_deg": sweep.omega_start_deg}
    fields = {**dict(made), **boxes, "role": "grid", "snake": sweep.snake, "centre": centre, "volume_scan_uuid": None}
    return GridRecord(**fields)


def record_of(item):
    scans = [taken(item, each, 100 + 10 * each.ordinal) for each in schedule_item(item)]
    return sample_record(
        item.sample_name,
        item.kind,
        tuple(item.sweeps),
        item_uid=item.uuid,
        experiment=item.experiment.to_json(),
        ends_s=100 + 10 * (len(scans) + 2),
        grids=tuple(each for each in scans if isinstance(each, GridRecord)),
        sweeps=tuple(each for each in scans if not isinstance(each, GridRecord)),
    )


@pytest.mark.parametrize("kind", ITEMS)
def test_it_is_a_valid_message_with_all_images_in_the_order_of_time(validator, kind):
    item = ITEMS[kind]
    scheduled = schedule_item(item)
    message = json.loads(written(to_message(record_of(item))))
    errors = sorted(validator.iter_errors(message), key=lambda error: -len(error.path))
    assert not errors, [(list(error.absolute_path), error.message[:200]) for error in errors[:3]]
    sweeps = list(message.get("CollectionSweep", {}).values())
    templates, results = sweeps[: len(item.sweeps)], sweeps[len(item.sweeps) :]
    assert [sweep["uuid"] for sweep in templates] == [sweep.uuid for sweep in item.sweeps]
    assert len(results) == len(item.sweeps)
    order = {
        part["ordinal"]: (run["requestedSweepUuid"], part["firstImageNumber"], part["numberImages"])
        for sweep in results
        for part, run in zip(sweep["scans"], sweep["extensions"][DOMAIN]["runs"], strict=True)
    }
    assert [order[place] for place in sorted(order)] == [
        (each.sweep_uuid, each.first_image, each.number_images) for each in scheduled
    ]


@pytest.mark.parametrize("kind", [Kind.LINE, Kind.MESH, Kind.XRAY_CENTRING])
def test_grids_are_what_a_volume_was_looked_through_with(kind):
    item = ITEMS[kind]
    message = to_message(record_of(item))
    volumes = {volume["uuid"] for volume in message["VolumeScan"].values()}
    named = [
        sweep["extensions"][DOMAIN]["volumeScanUuid"]
        for sweep in message["CollectionSweep"].values()
        if "sourceRef" in sweep
    ]
    assert set(named) == volumes
    assert len(volumes) == (1 if kind == Kind.XRAY_CENTRING else len(item.sweeps))


def test_a_helical_sweep_keeps_where_it_ends():
    item = ITEMS[Kind.HELICAL]
    result = next(sweep for sweep in to_message(record_of(item))["CollectionSweep"].values() if "sourceRef" in sweep)
    assert result["sweepType"] == "helical"
    assert result["axisPositionsEnd"] == item.sweeps[0].to_json()["axisPositionsEnd"]


@pytest.mark.parametrize("kind", ITEMS)
def test_each_collection_of_ispyb_is_a_whole_one_with_a_number_of_its_own(kind):
    given = delivery(record_of(ITEMS[kind]))
    steps = ispyb_rows(given.record, given.out, Site(ZoneInfo("Europe/Paris")))[1:]
    found = [row for step in steps for row in rows_of(step) if row.table == "DataCollection"]
    assert len(found) == len(executed_sweeps(given.record))
    assert all(row.values["runStatus"] == "DataCollection Successful" for row in found)
    places = {(row.links["dataCollectionGroupId"], row.values["dataCollectionNumber"]) for row in found}
    assert len(places) == len(found)
    assert {row.values["overlap"] < 0 for row in found} <= {kind == Kind.CHARACTERISATION}


@pytest.mark.parametrize("kind", ITEMS)
def test_each_image_is_in_a_dataset_that_icat_takes(kind):
    settings = {"beamline": "id00", "queue_urls": ("x:1",), "rest_url": "http://x", "token": {"env": "ICAT_TOKEN"}}
    record = record_of(ITEMS[kind])
    steps = IcatTarget("icat", IcatTarget.Settings(**settings)).steps(delivery(record))
    images = sum(int(step.payload["fields"]["MX_numberOfImages"]) for step in steps)
    assert images == sum(sweep.frames for sweep in executed_sweeps(record))

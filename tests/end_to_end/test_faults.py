"""The catalogue of faults, row by row, against a whole night in virtual time.

What must hold whatever the policy of later versions: nothing ends in a silent success, the beamline is left safe, it is
known what hangs on the goniometer, and the record says what happened.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from fault_support import IMAGES, SAFE, Nights, Row, rule

pytestmark = pytest.mark.timeout(600)
GOOD = {"demo-1": "COLLECTED"}
DARK = {"demo-1": "NO_DIFFRACTION"}
ROWS = (
    Row("2 robot busy", [rule("robot_busy", duration_s=120)], verdicts=GOOD, spent_s=(160, 250)),
    Row("2 robot busy without end", [rule("robot_busy", duration_s=5000)], failure=["sample_changer", "running 1"]),
    Row("3 sample position not ready", [rule("robot_not_ready")], failure=["sample_changer", "code 9"]),
    Row("3 light curtain", [rule("robot_light_curtain")], failure=["sample_changer: load of puck 1 pin 1"]),
    Row(
        "3 light curtain when a pin is to go back",
        [rule("light_curtain_trips", where={"action": "unload"})],
        failure=["sample_changer: unload"],
        mounted="demo-1",
    ),
    Row("4 pin lost while it is mounted", [rule("pin_lost")], failure=["sample_changer: load of puck 1 pin 1"]),
    Row("4 pin sensor blind", [rule("pin_sensor", sample="demo-1")], verdicts=GOOD),
    Row("4 pin sensor flaps", [rule("pin_sensor_flaps", step="load")], verdicts=GOOD),
    Row("7 goniometer pushed before centring", [rule("gonio_nudged", step="optical")], verdicts=GOOD),
    Row(
        "7 goniometer pushed between two grids",
        [rule("gonio_nudged", step="between")],
        verdicts=DARK,
        says="does not belong together",
    ),
    Row("7 move hangs", [rule("move_hangs", where={"axis": "y"}, nth=2)], failure=["goniometer_y", "120 s"]),
    Row("8 pin bent", [rule("sample_is", sample_class="bent")], verdicts=GOOD),
    Row(
        "9 camera frozen", [rule("camera_frozen", sample="demo-1")], failure=["viewer", "still shows"], mounted="demo-1"
    ),
    Row("10 camera dim", [rule("camera_dim")], verdicts=GOOD),
    Row("10 camera saturated", [rule("camera_saturated")], verdicts={"demo-1": "NOT_CENTRED"}, says="saturated"),
    Row("10 background stale", [rule("background_shift", sample="demo-1")], verdicts=GOOD),
    Row(
        "11 grid refused",
        [rule("scan_refused", sample="demo-1", reason="a wall is in the way")],
        failure=["goniometer_scan", "a wall is in the way"],
        mounted="demo-1",
    ),
    Row("12 no diffraction", [rule("weak_diffraction")], verdicts=DARK, says="sigma above background"),
    Row("13 results late", [rule("spots_late", delay_s=5)], verdicts=GOOD, spent_s=(65, 120)),
    Row(
        "13 results later than anybody waits",
        [rule("spots_late", delay_s=60)],
        failure=["spot_finder", "no answer in time"],
        mounted="demo-1",
    ),
    Row(
        "13 results never come",
        [rule("spots_dropped")],
        failure=["spot_finder", "not done after 120 s"],
        mounted="demo-1",
    ),
    Row("13 results empty", [rule("spots_empty")], verdicts=DARK, says="sigma above background"),
    Row("13 results of another series", [rule("spots_wrong_series")], failure=["spot_finder"], mounted="demo-1"),
    Row("14 detector stuck armed", [rule("detector_stuck_armed", step="grid")], verdicts=GOOD),
    Row(
        "15 frames lost",
        [rule("frames_lost", step="rotation")],
        failure=["detector", f"17 of {IMAGES} frames are on disk"],
        mounted="demo-1",
    ),
    Row("15 file writer stalls", [rule("writer_stalled", sample="demo-1")], failure=["detector"], mounted="demo-1"),
    Row(
        "15 file writer fails",
        [rule("writer_fails", sample="demo-1")],
        failure=["file writer is in an error", "disk is full"],
        mounted="demo-1",
    ),
    Row("15 triggers not heard", [rule("detector_deaf", step="grid")], failure=["detector"], mounted="demo-1"),
    Row(
        "16 setting without effect",
        [rule("detector_ignores", parameter="omega_increment")],
        failure=["omega_increment"],
        mounted="demo-1",
    ),
    Row("16 setting changed", [rule("detector_clamps")], failure=["detector", "frame_time"], mounted="demo-1"),
    Row(
        "16 detector answers with an error",
        [rule("detector_http_error", step="optical")],
        failure=["503"],
        mounted="demo-1",
    ),
    Row("17 beam lost before the start", [rule("beam_dump", duration_s=5000)], verdicts=DARK, dark=True),
    Row("26 interlock broken", [rule("hutch_interlock", sample="demo-1", step="optical")], verdicts=DARK),
    Row(
        "26 shutter stuck",
        [rule("actuator_stuck", sample="demo-1", where={"actuator": "shutter"})],
        failure=["goniometer_scan"],
        mounted="demo-1",
    ),
    Row(
        "27 backlight stuck",
        [rule("actuator_stuck", sample="demo-1", where={"actuator": "backlight"})],
        failure=["backlight: move to 'Out'"],
        mounted="demo-1",
    ),
    Row("28 frost", [rule("frost_grows", um_h=500)], verdicts=GOOD),
)


@pytest.fixture(scope="module")
def nights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """The nights of those rows that are asked for."""
    here = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    wanted = {item.callspec.params["row"].name for item in here if "row" in getattr(item, "fixturenames", ())}  # type: ignore[attr-defined]
    made = Nights(tmp_path_factory.mktemp("faults"), [row for row in ROWS if row.name in wanted])
    yield made
    made.close()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_has_the_end_that_it_must_have(nights: Nights, row: Row) -> None:
    code, night = nights.of(row)
    summary, truth = night.summary(), night.truth()
    assert code == (1 if row.failure else 0), night.text
    assert any(event["kind"] == "fault" for event in truth["events"]), "nothing has gone wrong"
    verdicts = {sample["name"]: sample["verdict"] for sample in summary["samples"]}
    assert verdicts == row.verdicts, summary
    for text in row.failure:
        assert text in summary["failure"]
    for sample in summary["samples"]:
        assert sample["verdict"] == "COLLECTED" or row.says in sample["reason"]
    assert row.spent_s[0] <= truth["simulated_s"] <= row.spent_s[1]
    check_safe(truth, row)
    check_records(night, summary, truth, row)


def check_safe(truth: dict[str, Any], row: Row) -> None:
    """Shutter closed, detector not armed, no scan, and it is known what is mounted."""
    left = truth["at_end"]
    assert {name: left[name] for name in SAFE} == SAFE
    assert left["detector"] in ("idle", "na"), left
    assert left["mounted"] == row.mounted


def check_records(night: Any, summary: dict[str, Any], truth: dict[str, Any], row: Row) -> None:
    """No sample is lost, runs end as they did, and data are only called so when their crystal was in the beam."""
    documents = night.documents()
    starts = {doc["uid"]: doc for name, doc in documents if name == "start"}
    stops = {doc["run_start"]: doc for name, doc in documents if name == "stop"}
    assert set(starts) == set(stops), "a run has no end"
    asked = {f"demo-{pin}" for pin in row.pins}
    assert {sample["name"] for sample in summary["samples"]} | set(summary["not_done"]) == asked
    begun = [uid for uid, doc in starts.items() if doc["mxplans"]["role"] == "sample"]
    mounted = {event["sample"] for event in truth["events"] if event["kind"] == "mount"}
    assert mounted <= {starts[uid]["sample_name"] for uid in begun}
    assert len(list((night.out / "lims/messages").glob("*.json"))) == len(begun)
    ends = [stops[uid]["exit_status"] for uid in begun]
    assert ends == (["fail"] if row.failure else ["success"] * len(begun))
    if row.dark:
        seen = [doc["data"]["beam_flux"] for name, doc in documents if name == "event" and "beam_flux" in doc["data"]]
        assert seen and set(seen) == {0.0}
    rotations = [event for event in truth["events"] if event.get("scan") == "rotation"]
    if "COLLECTED" in row.verdicts.values():
        (rotation,) = rotations
        assert rotation["images_done"] == IMAGES
        assert max(map(abs, rotation["crystal_offset_um"])) < 10


# A dump in the middle of a sweep: what the record must show of it.


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Any]]:
    row = Row("18", [rule("beam_dump_at_image", step="rotation", image=8, duration_s=5000)])
    nights = Nights(tmp_path_factory.mktemp("dumped"), [row])
    yield nights.of(row)
    nights.close()


def test_a_beam_dump_during_a_sweep_is_in_the_truth_and_the_end_is_safe(dumped: tuple[int, Any]) -> None:
    _, night = dumped
    truth = night.truth()
    (struck,) = [event for event in truth["events"] if event["kind"] == "fault"]
    (rotation,) = [event for event in truth["events"] if event.get("scan") == "rotation"]
    assert struck["fault"] == "beam_dump_at_image"
    assert rotation["flux_hz"] == 0
    check_safe(truth, Row("18", []))


def test_a_beam_dump_during_a_sweep_is_no_plain_success(dumped: tuple[int, Any]) -> None:
    _, night = dumped
    (sample,) = night.summary()["samples"]
    assert sample["evidence"]["flux_left_frac"] == 0
    assert "the beam fell to 0% of its flux within a scan" in sample["reason"]

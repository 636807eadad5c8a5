"""Each kind of experiment on the virtual beamline, in virtual time: what was exposed is what the schedule says."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  # the filter of the frames
import pytest
from night_support import MD3, short_profile, short_shipment

from mxplans.app.session import open_session
from mxplans.model import Centring, Position, QueueItem, kinds, parse_item
from mxplans.model.document_keys import from_document
from mxplans.plans.ledger import MemoryLedger
from mxplans.profile import load_profile
from mxplans.schedule import schedule_item
from mxplans.udc import ItemResult, MountedSample, NightSettings, Verdict, Work, experiment

PIN = (1, 1)
AT = Position(x_mm=0.05, y_mm=0.02, z_mm=-0.03)
TO = Position(x_mm=0.11, y_mm=0.02, z_mm=-0.01)
COMMON = {"sample_name": "demo-1", "location": PIN, "exposure_s": 0.02, "transmission_frac": 0.5}
TURN = COMMON | {"image_width_deg": 0.5}

GRIDS = kinds.xray_centring(
    sample_name="demo-1",
    location=PIN,
    exposure_s=0.01,
    columns=20,
    flat_rows=20,
    edge_rows=20,
    step_um=20,
    aperture="Small",
)
WHERE_IT_IS = [kinds.mesh(**COMMON, columns=4, rows=3, step_um=20) for _ in range(2)]
RESUMED = kinds.rotation(**TURN, number_images=12, wedge_images=4, position=AT)
ITEMS = {
    "centred": kinds.rotation(**TURN, number_images=4, omega_start_deg=30, snapshot_count=3),
    "rotation": kinds.rotation(**TURN, number_images=23, position=AT, wedge_images=10, omega_start_deg=30),
    "multi-orientation": kinds.multi_orientation(
        **TURN,
        orientations=[kinds.Orientation(chi_deg=0, phi_deg=0), kinds.Orientation(chi_deg=20, phi_deg=45)],
        number_images=8,
    ),
    "inverse beam": kinds.inverse_beam(**TURN, number_images=10, wedge_images=4, position=AT),
    "multi-energy": kinds.multi_energy(
        **TURN, energies_ev=[12658, 12700, 13000], number_images=7, wedge_images=3, position=AT
    ),
    "helical": kinds.helical(**TURN, start=AT, end=TO, number_images=30, wedge_images=10),
    "multi-position": kinds.multi_position(**TURN, positions=[AT, TO], number_images=5, omega_step_deg=10),
    "dose-sliced": kinds.dose_sliced(**TURN, passes=3, number_images=4, position=AT),
    "line": kinds.line(**COMMON, number_images=9, step_um=5, vertical=True, centre=AT, omega_deg=90),
    "mesh": kinds.mesh(**COMMON, columns=6, rows=4, step_um=10, row_step_um=15, centre=AT),
    "characterisation": kinds.characterisation(**TURN, wedges=3, images=4, every_images=90, position=AT),
    "stills": kinds.stills(**COMMON, number_images=3, position=AT, omega_deg=45),
    "raster": kinds.raster(**COMMON, columns=5, rows=3, pitch_um=20, snake=False, centre=AT),
    "energy and resolution": kinds.rotation(
        **TURN, number_images=4, energy_ev=13500, resolution_a=2.2, position=AT, aperture="Large"
    ),
}

SMARGON_SIGNS, MD3_SIGNS = (-1, 1, 1, -1), (1, 1, 1, 1)
"""Of omega, x, y and z in the two worlds: what the product calls positive, in the world's own count."""
ON_MD3 = ("rotation", "helical", "mesh", "inverse beam", "multi-energy", "stills")
KAPPA = parse_item(
    kinds.multi_orientation(
        **TURN,
        orientations=[kinds.Orientation(kappa_deg=0, phi_deg=0), kinds.Orientation(kappa_deg=30, phi_deg=60)],
        number_images=6,
        centring=Centring.NONE,
    ).to_json()
)


@dataclass
class Done:
    """What came of an item: verdict, documents, and what the world exposed."""

    item: QueueItem
    result: ItemResult
    documents: list
    exposed: list = field(default_factory=list)


class Day:
    """A mounted sample and everything that is run on it."""

    def __init__(self, session):
        self.work = Work(NightSettings.from_profile(session.profile), MountedSample(), MemoryLedger())
        self.done = {}
        self._session = session
        self._documents = []
        session.run_engine.subscribe(lambda name, document: self._documents.append((name, document)))

    def run(self, name, item):
        """Run an item."""
        results, before = [], len(self._documents)

        def plan():
            results.append((yield from experiment(self._session.beamline, item, self.work)))

        self._session.run_engine(plan())
        self.done[name] = Done(item, results[0], self._documents[before:])

    def take_truth(self, path):
        """Give each item the scans that the world exposed for it: one for each of its inner runs."""
        scans = iter([event for event in json.loads(path.read_text())["events"] if event["kind"] == "scan"])
        for done in self.done.values():
            inner = [doc for name, doc in done.documents if name == "start" and doc["mxplans"]["role"] != "sample"]
            done.exposed = [next(scans) for _ in inner]
        assert next(scans, None) is None


@pytest.fixture(scope="module")
def md3_day(tmp_path_factory):
    """Some of the kinds on the other site, whose controller has a scan of its own for each form of motion."""
    folder = tmp_path_factory.mktemp("md3")
    path = short_profile(folder, site=MD3)
    profile = load_profile(path).model_copy(update={"speed_up": 1.0})
    with open_session(profile, path, folder / "out", short_shipment(folder, 1), virtual_time=True) as session:
        day = Day(session)
        for name in ON_MD3:
            day.run(name, parse_item(ITEMS[name].to_json()))
        day.run("kappa", KAPPA)
    day.take_truth(folder / "out/virtual_beamline/truth.json")
    return day


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiments")
    profile = load_profile(short_profile(folder)).model_copy(update={"speed_up": 1.0})
    shipment = short_shipment(folder, 1)
    with open_session(profile, folder / "beamline.yaml", folder / "out", shipment, virtual_time=True) as session:
        day = Day(session)
        day.run("xray centring", GRIDS)
        for number, item in enumerate(WHERE_IT_IS):
            day.run(f"where it is {number}", item)
        for name, item in ITEMS.items():
            day.run(name, parse_item(item.to_json()))
        first, _, last = schedule_item(RESUMED)
        for scan in (first, last):
            day.work.ledger.commit(RESUMED.uuid, scan.key, scan.ordinal, "earlier", "file")
        day.run("resumed", RESUMED)
        for make in (kinds.unload, kinds.load, kinds.optical_centring, kinds.unload):
            day.run(f"{make.__name__} {len(day.done)}", make(sample_name="demo-1", location=PIN))
    day.take_truth(folder / "out/virtual_beamline/truth.json")
    return day


def starts(documents, role):
    return [doc for name, doc in documents if name == "start" and doc["mxplans"]["role"] == role]


@pytest.mark.timeout(300)  # the first one waits for the whole day
@pytest.mark.parametrize("name", ITEMS)
def test_frames_are_exposed_where_the_schedule_says(day, name):
    done = day.done[name]
    item, scans = done.item, schedule_item(done.item)
    assert done.result.outcome.verdict is Verdict.COLLECTED, done.result.outcome.reason
    exposed = done.exposed[-len(scans) :]  # centring comes before
    assert len(exposed) == len(scans)
    for scan, truth in zip(scans, exposed, strict=True):
        check_exposed(item.asked[scan.sweep_index], scan, truth)
    check_documents(item, scans, done.documents)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [*ON_MD3, "kappa"])
def test_the_other_site_exposes_the_same(md3_day, name):
    done = md3_day.done[name]
    item, scans = done.item, schedule_item(done.item)
    assert done.result.outcome.verdict is Verdict.COLLECTED, done.result.outcome.reason
    for scan, truth in zip(scans, done.exposed[-len(scans) :], strict=True):
        check_exposed(item.asked[scan.sweep_index], scan, truth, MD3_SIGNS)
    check_documents(item, scans, done.documents)


def check_exposed(sweep, scan, truth, signs=SMARGON_SIGNS):
    """What the world exposed; its motors count as the profile's signs say."""
    grid = sweep.sweep_type in ("line", "mesh")
    assert truth["images_done"] == scan.number_images
    assert truth["rows"] == (sweep.number_lines if grid else 1)
    assert truth["exposure_s"] == pytest.approx(sweep.exposure_s)
    omega, *translations = signs
    assert omega * truth["omega_start_deg"] == pytest.approx(
        sweep.omega_start_deg if grid else scan.start_deg, abs=1e-6
    )
    assert omega * truth["omega_step_deg"] == pytest.approx(sweep.image_width_deg, abs=1e-9)
    assert truth["transmission_frac"] == pytest.approx(sweep.transmission_frac)
    for axis, angle_deg in (("chi", sweep.chi_deg), ("phi", sweep.phi_deg), ("kappa", sweep.kappa_deg)):
        if angle_deg is not None:
            assert truth["above_deg"][axis] == pytest.approx(angle_deg, abs=0.01)
    if sweep.energy_ev is not None:
        assert truth["energy_ev"] == pytest.approx(sweep.energy_ev, abs=1.0)  # what the device calls reached
    if sweep.start is not None and not grid:
        done, end = scan.first_image - 1, sweep.end or sweep.start
        for axis, at_mm, sign in zip("xyz", truth["start_mm"], translations, strict=True):
            first, last = getattr(sweep.start, f"{axis}_mm"), getattr(end, f"{axis}_mm")
            assert sign * at_mm == pytest.approx(first + done * (last - first) / sweep.number_images, abs=1e-6)


def check_documents(item, scans, documents):
    """One outer run, one run a scan, with files whose headers say the same."""
    (outer,) = starts(documents, "sample")
    inner = [doc for name, doc in documents if name == "start" and doc["mxplans"]["parent_uid"] == outer["uid"]]
    taken = [doc for doc in inner if doc["mxplans"]["sweep_uuid"] in {sweep.uuid for sweep in item.sweeps}]
    said = [(doc["mxplans"]["sweep_uuid"], *keys(doc["mxplans"]["scan"])) for doc in taken]
    assert said == [(scan.sweep_uuid, scan.first_image, scan.number_images) for scan in scans]
    assert from_document(outer["mxplans"]["sweeps"]) == [sweep.to_json() for sweep in item.sweeps]
    for scan, doc in zip(scans, taken, strict=True):
        uris = [d["uri"] for n, d in documents if n == "stream_resource" and d["run_start"] == doc["uid"]]
        frames = 0
        for uri in uris:
            with h5py.File(uri.removeprefix("file://localhost"), "r") as file:
                frames += file["entry/data/data"].shape[0]
        assert frames == scan.number_images
        base, _, number = uris[0].removeprefix("file://localhost").removesuffix(".h5").rpartition("_data_")
        check_master(item.asked[scan.sweep_index], scan, Path(f"{base}_master.h5"), int(number))


def keys(scan):
    return scan["firstImageNumber"], scan["numberImages"]


def check_master(sweep, scan, path, number):
    """The header of a series, in which this scan is the n-th data file."""
    with h5py.File(path, "r") as file:
        omega = file["entry/sample/goniometer/omega"][()][(number - 1) * scan.number_images :][: scan.number_images]
        # Headers have the motor's angles and its axis; ours turns right-handed about the image's x, McStas -x.
        omega = omega * -file["entry/sample/transformations/omega"].attrs["vector"][0]
        assert len(omega) == scan.number_images
        if sweep.sweep_type not in ("line", "mesh"):
            assert omega[0] == pytest.approx(scan.start_deg, abs=1e-3)
        if scan.number_images > 1:
            assert omega[1] - omega[0] == pytest.approx(sweep.image_width_deg, abs=1e-3)
        if sweep.energy_ev is not None:
            wavelength_a = file["entry/instrument/beam/incident_wavelength"][()]
            assert 12398.42 / wavelength_a == pytest.approx(sweep.energy_ev, abs=1.0)


def test_a_resolution_stands_at_the_edge_of_the_detector(day):
    truth = day.done["energy and resolution"].exposed[-1]
    # 512 pixels of 150 um: radius 38.4 mm; 13 500 eV: 0.91840 A; tan(2 asin(0.9184 / 4.4)) = 0.44723
    assert truth["distance_mm"] == pytest.approx(38.4 / 0.44723, abs=0.02)


def test_wedges_that_go_on_share_a_series(day):
    files = [Path(d["uri"]).name for n, d in day.done["rotation"].documents if n == "stream_resource"]
    # 23 images in wedges of 10, 10 and 3: the last one is shorter, so the detector is armed again.
    assert [name.rpartition("_data_")[2] for name in files] == ["000001.h5", "000002.h5", "000001.h5"]
    assert len({name.rpartition("_data_")[0] for name in files}) == 2


def test_what_is_committed_is_not_taken_again(day):
    taken = starts(day.done["resumed"].documents, "rotation")
    assert [keys(doc["mxplans"]["scan"]) for doc in taken] == [(5, 4)]
    assert day.work.ledger.committed(RESUMED.uuid) == {scan.key for scan in schedule_item(RESUMED)}


def test_xray_centring_by_two_given_grids_finds_the_crystal(day):
    done = day.done["xray centring"]
    assert done.result.outcome.verdict is Verdict.DONE, done.result.outcome.reason
    assert [doc["mxplans"]["role"] for doc in starts(done.documents, "grid")] == ["grid", "grid"]
    # The first item that brings no position of its own is collected where the grids found the crystal.
    (truth,) = day.done["centred"].exposed
    assert max(map(abs, truth["crystal_offset_um"])) < 10


def test_grids_without_a_centre_lie_over_the_loop_each_time(day):
    (first,), (second,) = day.done["where it is 0"].exposed, day.done["where it is 1"].exposed
    assert second["start_mm"] == pytest.approx(first["start_mm"], abs=1e-3)
    assert max(map(abs, first["crystal_offset_um"])) < 40  # half of its 80 um


def test_snapshots_are_taken_from_where_the_sweep_begins(day):
    documents = day.done["centred"].documents
    streams = {doc["uid"] for name, doc in documents if name == "descriptor" and doc["name"] == "mx_snapshot"}
    taken = [doc["data"] for name, doc in documents if name == "event" and doc["descriptor"] in streams]
    assert [data["snapshot_omega_deg"] for data in taken] == pytest.approx([30, 120, 210], abs=0.01)
    assert len({data["viewer_snapshot_file"] for data in taken}) == 3
    assert not [name for name, doc in day.done["rotation"].documents if doc.get("name") == "mx_snapshot"]


def test_load_centre_and_unload_take_no_images(day):
    handled = [done for name, done in day.done.items() if name.split()[0] in ("load", "unload", "optical_centring")]
    assert len(handled) == 4
    assert all(done.result.outcome.verdict is Verdict.DONE and not done.exposed for done in handled)
    assert day.work.sample.location is None

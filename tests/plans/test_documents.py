"""The documents contract: the page is fresh, tables and code agree, and a breach of any kind is noticed."""

import json
from pathlib import Path

import numpy as np
import pytest
from documents_made import IMAGES, ITEM, NOW_S, made_documents

from mxplans.centring import kappa_calibration
from mxplans.centring.light_crystal import LightCrystal
from mxplans.centring.points import CentrePoint, PointSource
from mxplans.geometry import GoniometerGeometry, Orientation
from mxplans.model import Pose, QueueItem, Sweep, kinds
from mxplans.model.document_keys import from_document
from mxplans.model.message import parse_message
from mxplans.model.queue import build_queue
from mxplans.plans import documents
from mxplans.plans.document_reference import COMMAND, documents_page, files
from mxplans.plans.document_starts import GRID_FIELDS, SAMPLE_FIELDS, SCAN_FIELDS
from mxplans.plans.document_streams import STREAMS
from mxplans.plans.documents import sample_metadata
from mxplans.plans.orienting import orientation_values
from mxplans.plans.points import point_values
from mxplans.plans.record import Record
from mxplans_lims import records
from mxplans_lims.fold import fold

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
POSE = Pose(x_mm=0.1, y_mm=0.2, z_mm=0.3, omega_deg=30.0)


@pytest.mark.parametrize("name", files())
def test_the_reference_is_fresh(name):
    written = FOLDER / name
    assert written.exists() and written.read_text() == files()[name], f"{written} is not fresh: run `{COMMAND}`"


def test_the_page_has_every_stream_key_and_field():
    page = documents_page()
    assert [name for name in STREAMS if f"### {name}\n" not in page] == []
    keys = [
        key for stream in STREAMS.values() for part in (stream.keys, *stream.configuration.values()) for key in part
    ]
    assert [key.name for key in keys if f"| `{key.name}` | {key.dtype}" not in page] == []
    fields = (*SAMPLE_FIELDS, *SCAN_FIELDS, *GRID_FIELDS)
    assert [field.name for field in fields if f"| `{field.name}` |" not in page] == []


def test_every_stream_that_plans_name_is_in_the_contract():
    named = {
        value for name, value in vars(documents).items() if name.isupper() and str(value).startswith(("mx_", "primary"))
    }
    assert named == set(STREAMS)


def recorded():
    """What plans record rarely, with the stream it goes into."""
    eye = ((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 9.0))
    point = CentrePoint(
        id="a", s_mm=(0.1, 0.2, 0.3), covariance_um2=eye, source=PointSource.CLICKS, origin=POSE, sample="s", mount=1
    )
    yield documents.POINT, point_values(point)
    yield documents.ORIENTATION, orientation_values(Orientation(kappa_deg=10.0), POSE)
    crystal = LightCrystal((0.1, 0.2, 0.3), np.eye(3) * 1e-4, 8, 0.75, 3.0)
    yield documents.OPTICAL_CRYSTAL, crystal.values()
    error = kappa_calibration.AxisUncertainty(0.01, 2.0)
    for axes in (("kappa", "phi"), ("phi",)):
        found = kappa_calibration.KappaCalibration(
            GoniometerGeometry(kind="mini-kappa"),
            dict.fromkeys(axes, error),
            np.eye(4),
            np.zeros(3),
            np.ones((5, 3)),
            8,
        )
        yield documents.KAPPA, found.values()


@pytest.mark.parametrize(
    ("stream", "values"), tuple(recorded()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_recorded_rarely_has_the_keys_of_its_stream(stream, values):
    known = STREAMS[stream]
    assert known.required <= set(values)
    for name, told in Record(values, stream).describe().items():
        key = known.key(name)
        assert key is not None, name
        assert (told["dtype"], told.get("units")) == (key.dtype, key.units), name


@pytest.mark.parametrize(
    ("stream", "prefix", "model", "elsewhere"),
    [
        (documents.STRATEGY, "strategy", records.StrategyRecord, {"time", "wedges"}),
        (documents.STRATEGY, "strategy_wedge", records.StrategyWedge, set()),
        (documents.ENERGY_SCAN, "energy_scan", records.EnergyScanRecord, {"start", "end"}),
        (documents.XRF, "xrf", records.FluorescenceRecord, {"start", "end"}),
    ],
)
def test_streams_of_plans_to_come_have_what_records_want(stream, prefix, model, elsewhere):
    keys = {key.name for key in STREAMS[stream].keys}
    assert {f"{prefix}_{name}" for name in model.model_fields if name not in elsewhere} <= keys


# Start documents.


def shipment(**more):
    """An item of a shipment of its own."""

    def thing(kind, number, **fields):
        return {"mxlimsType": kind, "uuid": f"00000000-0000-4000-8000-{number:012d}", **fields}

    def ref(kind):
        return {"$ref": f"#/{kind}/{kind}1"}

    content = {
        "version": "0.6.13",
        "Shipment": {"Shipment1": thing("Shipment", 1, proposalCode="mx4025", **more)},
        "Dewar": {"Dewar1": thing("Dewar", 2, containerRef=ref("Shipment"))},
        "Puck": {"Puck1": thing("Puck", 3, numberPositions=16, containerRef=ref("Dewar"))},
        "Macromolecule": {"Macromolecule1": thing("Macromolecule", 4, acronym="Lyso")},
        "MacromoleculeSample": {
            "MacromoleculeSample1": thing("MacromoleculeSample", 5, name="one", parentSampleRef=ref("Macromolecule"))
        },
        "Pin": {
            "Pin1": thing("Pin", 6, positionInPuck=3, containerRef=ref("Puck"), sampleRef=ref("MacromoleculeSample"))
        },
    }
    (item,) = build_queue(parse_message(content, "test"), Sweep(number_images=4, image_width_deg=0.5, exposure_s=0.1))
    return item


def test_proposal_session_and_identifiers_are_those_of_the_messages_shipment():
    item = shipment(sessionNumber=7, identifiers={"ispyb.example.org": "42", "user-office.example.eu": "a%b"})
    start = sample_metadata(item, "b")["mxplans"]
    assert (start["lims"]["proposal"], start["lims"]["session"]) == ("mx4025", 7)
    assert not any("." in key or "/" in key for key in start["lims"]["identifiers"])
    there = from_document(start["lims"]["identifiers"])
    assert there == {"ispyb.example.org": "42", "user-office.example.eu": "a%b"}
    assert start["mxlims"]["sample"]["acronym"] == "Lyso"


def test_an_item_without_a_shipment_has_nulls():
    assert sample_metadata(ITEM, "b")["mxplans"]["lims"] == {"proposal": None, "session": None, "identifiers": {}}


@pytest.mark.parametrize("item", [ITEM, shipment(sessionNumber=7), kinds.unload(sample_name="gone")])
def test_the_item_comes_out_of_a_start_document_as_it_went_in(item):
    start = json.loads(json.dumps(sample_metadata(item, "b")))["mxplans"]
    again = QueueItem.model_validate(
        {
            "experiment": from_document(start["item"]),
            "sweeps": from_document(start["sweeps"]),
            "objects": from_document(start["objects"]),
            "sample_name": item.sample_name,
            "location": item.location,
        }
    )
    assert again.to_json() == item.to_json()


def test_whoever_reads_records_finds_every_readback_under_its_key():
    (record,) = fold(made_documents())
    (scan,) = record.sweeps
    where_there_is_such_an_axis = {"kappa_deg", "phi_deg", "chi_deg"}
    assert {name for name, value in scan.measured if value is None} == where_there_is_such_an_axis
    unsaid = {"model", "serial_number", "master"}  # the made detector has no words
    assert {name for name, value in scan.detector if value is None} == unsaid
    assert (record.verdict, scan.frames, record.robot[0].start.timestamp()) == ("COLLECTED", IMAGES, NOW_S - 10)

"""Each kind of experiment has the sweeps that its plan follows, and no others."""

import json
from pathlib import Path

import pytest

from mxplans.errors import InvalidInput, InvalidMessage
from mxplans.model import DOMAIN, Kind, Sweep, build_queue, parse_item, parse_message
from mxplans.model.kinds.examples import examples

SHIPMENT = Path(__file__).parents[2] / "profiles" / "sim" / "shipment.json"
AT = {"sampleX": 0.1, "sampleY": 0.0, "sampleZ": 0.0}
TO = {"sampleX": 0.2, "sampleY": 0.0, "sampleZ": 0.0}
SWEEPS = {
    "simple": {"imageWidth": 0.1},
    "helical": {"imageWidth": 0.1, "axisPositionsStart": AT, "axisPositionsEnd": TO},
    "still": {},
    "line": {"scanAxis": "horizontal", "meshRange": [0.4, 0.1]},
    "mesh": {"scanAxis": "horizontal", "meshRange": [0.4, 0.1], "numberLines": 2},
}
TURNING, GRIDS = ("simple", "helical"), ("line", "mesh")
FOLLOWED = {
    Kind.ROTATION: TURNING,
    Kind.MULTI_ORIENTATION: TURNING,
    Kind.INVERSE_BEAM: TURNING,
    Kind.MULTI_ENERGY: TURNING,
    Kind.HELICAL: ("helical",),
    Kind.MULTI_POSITION: TURNING,
    Kind.DOSE_SLICED: TURNING,
    Kind.LINE: GRIDS,
    Kind.MESH: GRIDS,
    Kind.XRAY_CENTRING: GRIDS,
    Kind.CHARACTERISATION: TURNING,
    Kind.STILLS: ("still",),
    Kind.RASTER: GRIDS,
}


def item(*types, kind=None, wedge_width_deg=None, **extension):
    """An item with a sweep of each type."""
    said = {**({} if kind is None else {"kind": kind.value}), **extension}
    experiment = {"mxlimsType": "MxExperiment", "uuid": "00000000-0000-4000-8000-00000000000a"}
    sweeps = [{"sweepType": each, "numberImages": 20, "exposureTime": 0.1, **SWEEPS[each]} for each in types]
    if wedge_width_deg is not None:
        experiment["wedgeWidth"] = wedge_width_deg
    experiment["extensions"] = {DOMAIN: said}
    return parse_item({"experiment": experiment, "sweeps": sweeps, "sampleName": "lyso"})


def test_the_table_has_every_kind_that_takes_images():
    assert set(FOLLOWED) == {kind for kind, made in examples().items() if made.sweeps}


@pytest.mark.parametrize("sweep_type", SWEEPS)
@pytest.mark.parametrize("kind", FOLLOWED)
def test_a_kind_takes_the_types_that_its_plan_follows_and_no_others(kind, sweep_type):
    if sweep_type in FOLLOWED[kind]:
        assert item(sweep_type, sweep_type, kind=kind).kind is kind
        return
    with pytest.raises(InvalidInput, match=f"{kind}: sweep 2 is of type {sweep_type}; allowed is .*: correct"):
        item(FOLLOWED[kind][0], sweep_type, kind=kind)


@pytest.mark.parametrize("number", [1, 3])
def test_an_xray_centring_has_two_grids(number):
    with pytest.raises(InvalidInput, match=f"xray_centring has {number} grids; allowed are 2"):
        item(*["mesh"] * number, kind=Kind.XRAY_CENTRING)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in FOLLOWED])
def test_a_kind_that_takes_no_images_has_no_sweeps(kind):
    with pytest.raises(InvalidInput, match=f"{kind} takes no images but has 1 sweeps"):
        item("simple", kind=kind)


@pytest.mark.parametrize("kind", FOLLOWED)
def test_a_kind_that_takes_images_has_sweeps(kind):
    with pytest.raises(InvalidInput, match=f"{kind} has no sweeps"):
        item(kind=kind)


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (["simple"], Kind.ROTATION),
        (["simple", "helical"], Kind.ROTATION),
        (["helical"], Kind.HELICAL),
        (["still", "still"], Kind.STILLS),
        (["line", "line"], Kind.LINE),
        (["mesh"], Kind.MESH),
        (["line", "mesh"], Kind.MESH),
    ],
)
def test_an_item_of_somebody_who_does_not_know_our_kinds_is_what_its_sweeps_are(types, kind):
    assert item(*types).kind is kind


def test_sweeps_that_no_kind_has_together_are_refused():
    with pytest.raises(InvalidInput, match="rotation: sweep 2 is of type mesh"):
        item("simple", "mesh")


@pytest.mark.parametrize("kind", [Kind.MESH, Kind.STILLS, Kind.XRF_SPECTRUM])
@pytest.mark.parametrize(
    ("wedges", "said"),
    [({"wedgeImages": 10}, "wedgeImages is 10 images"), ({"wedge_width_deg": 0.5}, "wedgeWidth is 0.5 deg")],
)
def test_wedges_of_what_does_not_rotate_are_refused(kind, wedges, said):
    types = FOLLOWED.get(kind, ())[:1]
    with pytest.raises(InvalidInput, match=f"{kind}: {said}, but nothing rotates in it; .*leave it out"):
        item(*types, kind=kind, **wedges)


@pytest.mark.parametrize("wedges", [{"wedgeImages": 10}, {"wedge_width_deg": 0.5}])
def test_wedges_of_what_rotates_are_followed(wedges):
    assert item("helical", kind=Kind.HELICAL, **wedges).kind is Kind.HELICAL


@pytest.mark.parametrize(
    ("extension", "said"),
    [({"kind": "helical"}, "helical: sweep 1 is of type simple"), ({"kind": "load"}, "load takes no images")],
)
def test_an_experiment_that_cannot_be_collected_is_told_as_a_fault_of_the_message(extension, said):
    content = json.loads(SHIPMENT.read_text())
    wanted = "5f0c5a0e-58a3-4f0e-9d0f-1f2f7b1c9d11"
    content["MxExperiment"] = {
        "MxExperiment1": {
            "mxlimsType": "MxExperiment",
            "uuid": wanted,
            "jobStatus": "Ready",
            "logisticalSampleRef": {"$ref": f"#/Pin/{next(iter(content['Pin']))}"},
            "extensions": {DOMAIN: extension},
        }
    }
    with pytest.raises(InvalidMessage, match=f"MxExperiment {wanted} cannot be collected: .*{said}.*correct it"):
        build_queue(parse_message(content, "demo"), Sweep(number_images=9, image_width_deg=0.2, exposure_s=0.02))

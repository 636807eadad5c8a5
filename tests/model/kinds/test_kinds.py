"""Every builder's item survives JSON, asks for what can be scheduled exactly, and refuses what cannot be collected."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans.errors import InvalidInput
from mxplans.model import Centring, Kind, Position, kinds, parse_item
from mxplans.model.kinds.examples import examples
from mxplans.model.sweeps import GRIDS, ROTATING
from mxplans.schedule import schedule_item

counts = st.integers(1, 2000)
widths = st.floats(0.001, 10)
exposures = st.floats(0.0005, 3600)
angles = st.floats(-360, 360)
places = st.builds(Position, x_mm=st.floats(-5, 5), y_mm=st.floats(-5, 5), z_mm=st.floats(-5, 5))
energies = st.lists(st.integers(1000, 100_000).map(float), min_size=2, max_size=5, unique=True)
maybe_wedge = st.none() | st.integers(50, 500)
experiment = st.fixed_dictionaries(
    {"sample_name": st.from_regex(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,63}", fullmatch=True)},
    optional={
        "location": st.none() | st.tuples(st.integers(1, 40), st.integers(1, 16)),
        "position_in_pin": st.integers(1, 20),
        "uuid": st.uuids(version=4).map(str),
        "priority": st.integers(1, 100),
        "sample_group": st.sampled_from(["a", "twins"]),
        "dose_budget_mgy": st.floats(0.1, 100),
        "dose_limit_mgy": st.floats(0.1, 100),
        "radiation_sensitivity": st.floats(0.01, 1),
        "expected_resolution_a": st.floats(0.5, 10),
        "snapshot_count": st.integers(0, 8),
        "centring": st.sampled_from(Centring),
    },
)
beam = st.fixed_dictionaries(
    {"exposure_s": exposures},
    optional={
        "transmission_frac": st.floats(1e-4, 1),
        "distance_mm": st.floats(10, 5000),
        "aperture": st.sampled_from(["A10", "50 um"]),
        "prefix": st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True),
    },
)
turning = st.fixed_dictionaries({"number_images": counts, "image_width_deg": widths})


def asking(builder, *parts, **own):
    """Calls of a builder: what kinds share and what is its own."""
    return st.tuples(experiment, *parts, st.fixed_dictionaries(own)).map(
        lambda drawn: builder(**{key: value for part in drawn for key, value in part.items()})
    )


orientations = st.lists(
    st.builds(kinds.Orientation, kappa_deg=angles, phi_deg=angles, omega_start_deg=angles),
    min_size=2,
    max_size=4,
    unique=True,
)
ITEMS = {
    Kind.ROTATION: asking(kinds.rotation, beam, turning, omega_start_deg=angles, wedge_images=maybe_wedge),
    Kind.MULTI_ORIENTATION: asking(
        kinds.multi_orientation, beam, turning, orientations=orientations, order=st.sampled_from(["gs", "sg", ""])
    ),
    Kind.INVERSE_BEAM: asking(
        kinds.inverse_beam, beam, turning, wedge_images=st.integers(1, 500), energies_ev=st.just(()) | energies
    ),
    Kind.MULTI_ENERGY: asking(kinds.multi_energy, beam, turning, energies_ev=energies, wedge_images=maybe_wedge),
    Kind.HELICAL: asking(
        kinds.helical, beam, turning, start=places, end=st.just(Position(x_mm=9, y_mm=0, z_mm=0)), chi_deg=st.none()
    ),
    Kind.MULTI_POSITION: asking(
        kinds.multi_position, beam, turning, positions=st.lists(places, min_size=1, max_size=8), omega_step_deg=angles
    ),
    Kind.DOSE_SLICED: asking(kinds.dose_sliced, beam, turning, passes=st.integers(2, 20)),
    Kind.LINE: asking(
        kinds.line, beam, number_images=counts, step_um=st.floats(0.5, 100), vertical=st.booleans(), omega_deg=angles
    ),
    Kind.MESH: asking(
        kinds.mesh,
        beam,
        columns=st.integers(1, 300),
        rows=st.integers(1, 300),
        step_um=st.floats(0.5, 100),
        row_step_um=st.none() | st.floats(0.5, 100),
        vertical=st.booleans(),
        snake=st.booleans(),
        centre=st.none() | places,
    ),
    Kind.XRAY_CENTRING: asking(
        kinds.xray_centring,
        beam,
        columns=st.integers(1, 100),
        flat_rows=st.integers(1, 100),
        edge_rows=st.integers(1, 100),
        step_um=st.floats(0.5, 100),
    ),
    Kind.CHARACTERISATION: asking(
        kinds.characterisation,
        beam,
        image_width_deg=st.floats(0.001, 2),
        wedges=st.integers(1, 8),
        images=st.integers(1, 50),
        every_images=st.integers(50, 150),
    ),
    Kind.STILLS: asking(kinds.stills, beam, number_images=counts, omega_deg=angles, position=st.none() | places),
    Kind.RASTER: asking(
        kinds.raster, beam, columns=st.integers(1, 300), rows=st.integers(1, 300), pitch_um=st.floats(5, 500)
    ),
    Kind.ENERGY_SCAN: asking(
        kinds.energy_scan, element=st.sampled_from(["Se", "Zn", "U"]), edge=st.sampled_from(["K", "L3"])
    ),
    Kind.XRF_SPECTRUM: asking(kinds.xrf_spectrum, count_time_s=st.floats(0.01, 3600)),
    Kind.OPTICAL_CENTRING: asking(kinds.optical_centring),
    Kind.LOAD: asking(kinds.load, location=st.just((3, 4))),
    Kind.UNLOAD: asking(kinds.unload),
}


def test_every_kind_has_a_builder_of_its_name_and_an_example():
    assert set(ITEMS) == set(examples()) == set(kinds.STRATEGIES) == set(Kind)
    assert {kind.value for kind in Kind} <= set(kinds.__all__)
    assert all(item.kind is kind for kind, item in examples().items())


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(Kind)).flatmap(lambda kind: st.tuples(st.just(kind), ITEMS[kind])))
def test_an_item_of_any_kind_survives_json_and_is_scheduled_exactly(drawn):
    kind, item = drawn
    back = parse_item(json.loads(json.dumps(item.to_json(), allow_nan=False)))
    assert back == item and back.uuid == item.uuid
    assert item.kind is kind and item.experiment.job_status == "Ready"
    taken = {sweep.uuid: [] for sweep in item.asked}
    for scan in schedule_item(item):
        taken[scan.sweep_uuid] += range(scan.first_image, scan.last_image + 1)
    for sweep in item.asked:
        assert taken[sweep.uuid] == list(range(1, sweep.number_images + 1))
        assert (sweep.image_width_deg > 0) is (sweep.sweep_type in ROTATING)
        assert sweep.sweep_type not in GRIDS or (sweep.step_um > 0 and sweep.number_images % sweep.number_lines == 0)


ROTATION = {"sample_name": "s", "number_images": 100, "image_width_deg": 0.1, "exposure_s": 0.1}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"number_images": -5}, "number_images is -5; allowed are whole numbers from 1 to 1000000"),
        ({"number_images": 2.5}, "number_images is 2.5"),
        ({"number_images": True}, "number_images is True"),
        ({"image_width_deg": 0.0}, "images of 0 deg"),
        ({"image_width_deg": float("nan")}, "image_width_deg: Input should be a finite number"),
        ({"image_width_deg": float("inf")}, "image_width_deg"),
        ({"exposure_s": -1.0}, "exposure_s: Input should be greater than 0, given is -1.0"),
        ({"transmission_frac": 99.0}, "transmission_frac: Input should be less than or equal to 1, given is 99.0"),
        ({"energy_ev": 12.4}, "energy_ev: Input should be greater than or equal to 1000, given is 12.4"),
        ({"distance_mm": 80_000.0}, "distance_mm"),
        ({"resolution_a": 2.0, "distance_mm": 200.0}, "leave one out"),
        ({"prefix": "../../etc"}, "prefix"),
        ({"prefix": "p" * 300}, "prefix"),
        ({"sample_name": "../up"}, "sample_name"),
        ({"sample_name": None}, "sample_name"),
        ({"uuid": "not-a-uuid"}, "uuid"),
        ({"location": (0, 1)}, "puck"),
        ({"priority": 10**30}, "allowed is 1 (first) to 1000000"),
        ({"wedge_images": 0}, "wedge_images: Input should be greater than 0, given is 0"),
        ({"dose_limit_mgy": float("inf")}, "dose_limit_mgy: Input should be a finite number"),
        ({"dose_budget_mgy": float("inf")}, "dose_budget: Input should be a finite number"),
        ({"exposure_tims_s": 5.0}, "rotation knows no exposure_tims_s; allowed are sample_name"),
    ],
)
def test_a_rotation_that_cannot_be_collected_is_refused_with_value_and_remedy(wrong, told):
    with pytest.raises(InvalidInput) as refused:
        kinds.rotation(**(ROTATION | wrong))
    assert told in str(refused.value)
    assert str(refused.value).startswith("rotation")


HERE = Position(x_mm=0, y_mm=0, z_mm=0)
TURN = ROTATION


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: kinds.helical(start=HERE, end=HERE, **TURN), "allowed are two points"),
        (lambda: kinds.dose_sliced(passes=1, **TURN), "passes is 1"),
        (lambda: kinds.multi_orientation(orientations=[kinds.Orientation()], **TURN), "2 or more"),
        (lambda: kinds.multi_orientation(orientations=[kinds.Orientation(phi_deg=1)] * 2, **TURN), "the same"),
        (lambda: kinds.multi_orientation(orientations=[{"kapa": 1}, {}], **TURN), "kapa"),
        (lambda: kinds.multi_orientation(orientations=[{"kappa": 400}, {}], **TURN), "kappa_deg"),
        (lambda: kinds.multi_orientation(orientations=[{"kappa": 1}, {}], order="gg", **TURN), "g twice"),
        (lambda: kinds.inverse_beam(wedge_images=10, order="xyz", **TURN), "order"),
        (lambda: kinds.inverse_beam(wedge_images=10, energies_ev=[9e3], energy_ev=9e3, **TURN), "allowed is one"),
        (lambda: kinds.multi_energy(energies_ev=[9e3, 9e3], **TURN), "9000 eV twice"),
        (lambda: kinds.multi_energy(energies_ev=[9e3], **TURN), "2 or more"),
        (lambda: kinds.multi_energy(energies_ev=[9e3, 8e3], transmissions_frac=[0.1], **TURN), "one for each"),
        (lambda: kinds.multi_energy(energies_ev=[9e3, 8e3], energy_ev=9e3, **TURN), "leave it out"),
        (lambda: kinds.multi_position(positions=[], **TURN), "1 or more"),
        (lambda: kinds.mesh(columns=-2, rows=-3, step_um=1, exposure_s=1, sample_name="s"), "columns is -2"),
        (lambda: kinds.mesh(columns=2.5, rows=2, step_um=1, exposure_s=1, sample_name="s"), "columns is 2.5"),
        (lambda: kinds.mesh(columns=2, rows=2, step_um=0, exposure_s=1, sample_name="s"), "step_um"),
        (
            lambda: kinds.characterisation(
                images=10, every_images=9, image_width_deg=0.1, exposure_s=1, sample_name="s"
            ),
            "overlap",
        ),
        (lambda: kinds.energy_scan(element="selenium", edge="K", sample_name="s"), "element"),
        (
            lambda: kinds.xrf_spectrum(count_time_s=0, sample_name="s"),
            "count_time_s: Input should be greater than 0, given is 0",
        ),
        (lambda: kinds.load(sample_name="s"), "load has no location; give puck and pin"),
        (lambda: kinds.unload(sample_name="s", exposure_s=1.0), "unload knows no exposure_s"),
    ],
)
def test_what_a_kind_cannot_be_is_refused_in_words(build, told):
    with pytest.raises(InvalidInput) as refused:
        build()
    assert told in str(refused.value)


def test_dose_slices_share_the_dose_of_one_pass():
    item = kinds.dose_sliced(passes=8, transmission_frac=0.5, **TURN)
    assert sum(sweep.transmission_frac for sweep in item.asked) == pytest.approx(0.5, rel=1e-12)


def test_the_mates_of_an_inverse_beam_follow_their_wedge():
    item = kinds.inverse_beam(wedge_images=40, **TURN)
    assert [(scan.start_deg, scan.number_images) for scan in schedule_item(item)] == [
        (0.0, 40),
        (180.0, 40),
        (4.0, 40),
        (184.0, 40),
        (8.0, 20),
        (188.0, 20),
    ]


def test_wedges_of_a_characterisation_begin_whole_images_apart():
    item = kinds.characterisation(
        wedges=4, images=12, every_images=360, image_width_deg=0.25, exposure_s=0.1, sample_name="s"
    )
    assert [sweep.omega_start_deg for sweep in item.asked] == [0.0, 90.0, 180.0, 270.0]
    assert {sweep.prefix for sweep in item.asked} == {"ref"}


def test_the_public_names_are_the_list():
    public = {name for name in vars(kinds) if not name.startswith("_")} - {"examples"}
    assert kinds.__all__ == sorted(public, key=lambda name: (not name.isupper(), name[0].islower(), name))

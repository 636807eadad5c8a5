"""World files that are wrong in some place: refused by key, or the world stands."""

import copy
import math

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sim_bench import DEWAR

from mxplans_sim.clock import RealClock
from mxplans_sim.settings import SettingsError, WorldSettings, load_world
from mxplans_sim.truth import Truth
from mxplans_sim.world.state import World

VALID = WorldSettings.model_validate(
    {
        "goniometer": {"kind": "mini-kappa", "confusion_um": 1.0},
        "detector": {"nx": 64, "ny": 100, "modules_y": 2, "gap_y_px": 20, "roi": {"nx": 32, "ny": 40, "frame_time_min_s": 0.001}},
        "camera": {"width_px": 64, "height_px": 64, "zooms": [{"name": "1", "um_per_px": 9, "beam_x_px": 5, "beam_y_px": 5}]},
        "beam": {"axis_offset_um": 1.0, "ring": {"mode": "top-up", "outages": [{"start_s": 1.0, "duration_s": 2.0}]}},
        "samples": {"one": {"split": True, "split_deg": 2.0, "cell": [79.1, 79.1, 37.9, 90, 90, 90], "space_group": "P 43 21 2",
                            "size_um": [50, 40, 30], "absorbers": {"Se": 50.0}}, "gone": {"bent": True, "bend_deg": 9.0}},
        "mix": {"fractions": {"bent": 0.2}},
    }
).model_dump(mode="json")  # fmt: skip


def places(tree, path=()):
    """Every key and every entry of a list, wherever it is."""
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(tree[key], (*path, key))


PLACES = sorted(places(VALID), key=str)
NASTY = st.one_of(
    st.sampled_from(
        [
            math.nan,
            math.inf,
            -math.inf,
            0,
            -1,
            1,
            1e-300,
            1e300,
            -1e300,
            10**30,
            True,
            None,
            "",
            "x",
            "nan",
            "\0",
            [],
            {},
        ]
        + [[0, 0, 0], [0.0, 0.0], [48, -5], [math.nan, 1, 0], [1e300, 1e300, 1e300], [1, 1], {"x": 1}, [[]]]
    ),
    st.floats(),
    st.integers(-(10**6), 10**6),
    st.text(max_size=5),
    st.lists(st.floats(-1000, 1000), min_size=2, max_size=3),
)


def mutated(place, value):
    content = copy.deepcopy(VALID)
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return content


def load(tmp_path, content):
    path = tmp_path / "world.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return load_world(path)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=NASTY)
def test_a_world_file_with_one_wrong_value_is_refused_or_its_world_stands(tmp_path, place, value):
    clock = RealClock(1.0)
    try:
        found = load(tmp_path, mutated(place, value))
        # Large pictures are allowed; to make them here would only take time.
        if max(camera.width_px * camera.height_px for camera in (found.camera, found.side_camera)) > 1e6:
            return
        world = World(found, DEWAR, clock, Truth(None, clock))
    except SettingsError as error:
        assert str(error).isprintable()
        return
    assert math.isfinite(world.flux_hz)
    assert all(axis.allows(axis.position) for axis in (*world.axes.values(), world.distance))
    assert world.still(1, 0.1).mount == pytest.approx(world.placement.rotation)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(), st.sampled_from(["seed: 2026-99-99", "a: &a [*a]", "[" * 3000, "{a: 1}: 2", "? [a]\n: b"])
    )
)
def test_any_text_is_refused_as_a_world_file_or_is_one(tmp_path, text):
    try:
        load(tmp_path, text.encode("utf-8", "ignore").decode())
    except SettingsError as error:
        assert "world.yaml" in str(error)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "world.yaml").write_bytes(b"seed: \xff\xfe")
    with pytest.raises(SettingsError, match="world.yaml is not YAML"):
        load_world(tmp_path / "world.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("goniometer: {kappa_axis: [0, 0, 0]}", r"kappa_axis is \[0.0, 0.0, 0.0\], .* write it like"),
        ("goniometer: {kappa_axis: [.nan, 0, 1]}", "goniometer.kappa_axis.0: .*finite number, not nan"),
        ("goniometer: {chi_deg: [48, -5]}", "goniometer.chi_deg: .*limits are 48 to -5; give the lower one first"),
        ("goniometer: {kappa_deg: [10, 240]}", "stands at 0 at the start"),
        ("motion: {distance_mm: [400, 80]}", "motion.distance_mm: .*limits are 400 to 80"),
        ("motion: {distance_mm: [150, 400]}", "distance_start_mm is 100, distance_mm allows 150 to 400"),
        ("motion: {distance_mm: [-5, 400]}", "within 1 to 10000 mm"),
        ("motion: {xyz_travel_mm: .inf}", "motion.xyz_travel_mm: .*finite number, not inf"),
        ("motion: {omega_deg_s: .inf}", "motion.omega_deg_s: .*not inf"),
        ("beam: {flux_hz: .inf}", "beam.flux_hz: .*not inf"),
        ("speed_up: .inf", "speed_up: .*not inf"),
        ("beam: {focus_um: [-5, 5]}", r"focus_um is \[-5.0, 5.0\]; give widths"),
        ("beam: {apertures: [{name: a, size_um: 9, flux_frac: 1}, {name: b, size_um: 5, flux_frac: 1}]}", "small to large"),
        ("camera: {focus_mm: 1000}", "camera.focus_mm: .*not 1000"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_key_value_and_remedy(tmp_path, text, words):
    with pytest.raises(SettingsError, match=words):
        load(tmp_path, text)

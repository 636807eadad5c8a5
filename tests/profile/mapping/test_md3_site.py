"""A whole site of our own making: MD3 behind its exporter, ISARA, Eiger, EPICS; XML and YAML mixed."""

from pathlib import Path

import pytest

from mxplans.app.session import build_beamline, disconnect, known_places, running_engine
from mxplans.app.virtual_time import PLAN_PACKAGES, device_packages
from mxplans.plans.waiting import set_and_wait
from mxplans.profile import load_profile
from mxplans.profile.dialects.graph import load_graph
from mxplans.profile.mapping import Fate, Piece, load_table, map_beamline, write_profile, write_todo
from mxplans.profile.places import errors_of
from mxplans_sim.virtual_time import VirtualBeamline
from tests.profile.mapping.mapping_support import accounted, fate, settings_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
PROFILES = Path(__file__).parents[3] / "profiles"
AXES = {
    "omega": {"motor": "Omega", "sign": 1},
    "x": {"motor": "AlignmentY", "sign": 1},
    "y": {"motor": "CentringY", "sign": 1},
    "z": {"motor": "CentringX", "sign": -1},
    "kappa": {"motor": "Kappa", "sign": 1},
    "phi": {"motor": "Phi", "sign": 1},
}
CLASSES = {
    "goniometer": "mxplans_devices.md3:MD3Goniometer",
    "viewer": "mxplans_devices.md3:MD3Viewer",
    "detector": "mxplans_devices:SimplonDetector",
    "detector_distance": "mxplans_devices:DetectorDistance",
    "spot_finder": "mxplans_devices:FileSpotFinder",
    "sample_changer": "mxplans_devices.isara:IsaraSampleChanger",
    "fast_shutter": "mxplans_devices.md3:MD3Shutter",
    "attenuator": "mxplans_devices:Attenuator",
    "backlight": "mxplans_devices.md3:MD3Backlight",
    "aperture": "mxplans_devices.md3:MD3Aperture",
    "beam": "mxplans_devices:Beam",
}
VIRTUAL = {
    "md3.lakeside.example:9001": "{virtual_beamline.exporter_addr}",
    "http://camera.lakeside.example:8080": "{virtual_beamline.camera_url}",
    "http://eiger-lx2.lakeside.example": "{virtual_beamline.simplon_url}",
    "isara.lakeside.example:10000": "{virtual_beamline.isara_operate_addr}",
    "isara.lakeside.example:1000": "{virtual_beamline.isara_monitor_addr}",
    "LX2:CARRIAGE:Z": "{virtual_beamline.ca_prefix}DET:Z",
    "LX2:FILTERS:TRANSMISSION": "{virtual_beamline.ca_prefix}ATTEN:TRANSMISSION",
    "LX2:BEAM:": "{virtual_beamline.ca_prefix}BEAM:",
    "LXR:RING:": "{virtual_beamline.ca_prefix}RING:",
    "/lake/lx2/frames": "{out}/data",
}
"""Where the same devices are at the virtual beamline."""


@pytest.fixture(scope="module")
def found():
    graph = load_graph(FIXTURES / "md3_site" / "beamline.yaml")
    assert not errors_of(graph.findings)
    return accounted(graph, map_beamline(graph, load_table([FIXTURES / "lakeside_table.yaml"])))


def test_the_profile_loads_and_says_what_the_configuration_said(found, tmp_path):
    path = tmp_path / "beamline.yaml"
    path.write_text(write_profile(found))
    profile = load_profile(path)
    assert profile.name == "LX2"
    assert {role: entry.cls for role, entry in profile.devices.items()} == CLASSES
    assert profile.devices["goniometer"].settings["axes"] == AXES
    assert profile.devices["sample_changer"].settings["md3_address"] == "md3.lakeside.example:9001"
    assert profile.goniometer.kind == "mini-kappa"
    assert profile.storage.data == "/lake/lx2/frames"
    sweep = profile.experiment.sweep
    assert (sweep.number_images, sweep.image_width_deg, sweep.exposure_s) == (1800, 0.2, 0.01)
    assert sweep.transmission_frac == 0.4  # 40 %
    limits = profile.limits
    assert (limits.detector_nx, limits.detector_ny, limits.pixel_um) == (2068, 2162, 75.0)
    assert limits.energy_range_ev == (6000.0, 18500.0)  # keV
    assert (limits.distance_range_mm, profile.collection.distance_mm) == ((110.0, 620.5), 180.0)
    assert limits.transmission_min_frac == 0.001  # 0.1 %
    assert limits.kappa_range_deg == (0.0, 240.0)
    assert {name: beam.flux_frac for name, beam in limits.apertures.items()} == {"20": 0.07, "50": 0.39, "100": 1.0}


def test_what_the_profile_does_not_say_is_to_be_done_with_its_place(found):
    assert {missing.key for missing in found.missing} == {
        "limits.omega_speed_max_deg_s",
        "limits.x_range_mm",
        "limits.y_range_mm",
        "limits.z_range_mm",
        "limits.flux_ph_s",
    }
    told = write_todo(found)
    for place in ("eiger.xml:9", "gonio/md3.xml:14", "records.xml:4", "cooler.xml:3", "beamline.yaml:8"):
        assert place in told
    assert "herons-and-eels" not in told + write_profile(found)
    assert fate(found, "/queue")[0] is Fate.NOT_NEEDED
    assert fate(found, "/gonio/height")[0] is Fate.NOT_NEEDED
    assert fate(found, "/cooler", Piece.CHANNEL)[0] is Fate.TODO


def test_without_the_site_s_table_its_own_classes_are_to_be_done():
    graph = load_graph(FIXTURES / "md3_site" / "beamline.yaml")
    found = accounted(graph, map_beamline(graph, load_table()))
    assert "sample_changer" not in {device.role for device in found.devices}
    assert fate(found, "/robot")[0] is Fate.TODO
    assert settings_of(found, "detector")["url"] == "http://eiger-lx2.lakeside.example"


def test_its_devices_work_at_the_virtual_beamline(found, tmp_path):
    text = write_profile(found)
    for written, virtual in VIRTUAL.items():
        quoted = f'"{written}"'
        assert quoted in text or f" {written} " in text
        text = text.replace(quoted, written).replace(f" {written} ", f' "{virtual}" ')
    path = tmp_path / "beamline.yaml"
    path.write_text(f"{text}\nservices: {{virtual_beamline: {{command: [mxplans_sim]}}}}\n")
    profile = load_profile(path)
    site = PROFILES / "sim-md3"
    virtual = VirtualBeamline(site / "world.yaml", site / "shipment.json", tmp_path / "data")
    with virtual, running_engine(virtual.loop) as engine:
        virtual.take_over(device_packages(profile), PLAN_PACKAGES)
        virtual.attend(engine)
        known = known_places(profile, path, tmp_path, None)
        known |= {f"virtual_beamline.{key}": str(value) for key, value in virtual.start().items()}
        bl = build_beamline(profile, known)
        try:
            engine(set_and_wait(60.0, bl.goniometer.z, 0.1))
            engine(set_and_wait(120.0, bl.detector_distance, 150.0))
            engine(set_and_wait(30.0, bl.attenuator, 0.5))
            read = {
                key: reading["value"] for device in (bl.goniometer, bl.beam) for key, reading in device.read().items()
            }
            assert read["goniometer_z"] == pytest.approx(0.1, abs=1e-3)
            assert bl.goniometer.exporter.read("CentringXPosition") == pytest.approx(-0.1, abs=1e-3)
            assert bl.detector_distance.position == pytest.approx(150.0, abs=0.01)
            assert read["beam_energy"] == pytest.approx(12658, abs=1)  # eV, of the world
        finally:
            disconnect(bl)
            virtual.stop()

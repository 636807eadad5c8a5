"""The master file's geometry, followed link by link as NXmx says it, against the geometry that drew the frames."""

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from simplon_support import DETECTOR

from mxplans_sim.diffraction.geometry import HC_EV_A, crossings
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.reflections import reflections
from mxplans_sim.diffraction.spots import PHYSICS
from mxplans_sim.servers.simplon.master import headers
from mxplans_sim.servers.simplon.parameters import detector_config
from mxplans_sim.servers.simplon.series import Series
from mxplans_sim.settings.goniometer import GoniometerSettings
from mxplans_sim.world.goniometer import Goniometer

IMAGE_TO_MCSTAS = np.diag([-1.0, -1.0, 1.0])


def matrix(master, path):
    """The 4 x 4 matrix of a transformation and all that it depends on."""
    item = master[path]
    vector, value = np.array(item.attrs["vector"]), np.atleast_1d(item[()])[0]
    step = np.eye(4)
    if item.attrs["transformation_type"] == "rotation":
        step[:3, :3] = Rotation.from_rotvec(np.radians(value) * vector / np.linalg.norm(vector)).as_matrix()
    else:
        step[:3, 3] = value * vector
    below = item.attrs["depends_on"]
    return step if below == "." else matrix(master, below) @ step


def chain_of(gonio, **angles):
    """Rotation by the axes above the lab that the headers of a sweep tell of, McStas frame, and the vectors of the axes."""
    config = detector_config(DETECTOR).values() | angles
    series = Series(1, 1, "a", 1000, True, Panel(DETECTOR), PHYSICS, config, "", 1, gonio)
    sample = headers(series, 1)["entry"]["sample"]
    turned, path = np.eye(3), sample["depends_on"].value
    while path != ".":
        axis = sample["transformations"][path.rpartition("/")[2]]
        vector = np.array(axis.attributes["vector"])
        angle = np.radians(axis.value[0])
        turned = Rotation.from_rotvec(angle * vector / np.linalg.norm(vector)).as_matrix() @ turned
        path = axis.attributes["depends_on"]
    return turned


@pytest.mark.parametrize(
    ("kind", "angles"),
    [
        ("single-axis", {"omega": 33.0}),
        ("smargon", {"omega": 33.0, "chi": 21.0, "phi": -50.0}),
        ("mini-kappa", {"omega": -70.0, "kappa": 60.0, "phi": 110.0}),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_chain_of_the_headers_is_that_of_the_worlds_goniometer(kind, angles, sign):
    """Motor angles go into both; the rotations that come out are the same, in two frames."""
    gonio = GoniometerSettings(kind=kind, omega_sign=sign, chi_axis=(0.1, 0.0, 1.0), phi_axis=(0.9, 0.1, 0.0))
    positions = dict.fromkeys(("x", "y", "z", "chi", "kappa", "phi"), 0.0) | angles
    placed = Goniometer(gonio, 1).placement(positions).rotation
    turned = chain_of(gonio, **{f"{name}_start": angle for name, angle in angles.items()})
    np.testing.assert_allclose(turned, IMAGE_TO_MCSTAS @ placed @ IMAGE_TO_MCSTAS, atol=1e-9)


def taken(server, **config):
    server.command("initialize")
    for name, value in ({"omega_start": 30.0, "omega_increment": 0.2} | config).items():
        assert server.put(name, value).status_code == 200
    series = server.arm(3)
    server.publish(server.burst(3))
    server.wait_written()
    return h5py.File(server.folder / f"sample/sweep_{series}_master.h5")


@pytest.fixture
def master(light_server):
    with taken(light_server, detector_distance=0.1) as file:
        yield file


def test_pixels_stand_where_the_renderer_has_them(master):
    """A reflection goes to the same place by NXmx as on the frame."""
    panel = Panel(DETECTOR)
    found = crossings(reflections((79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", 3.0, 20.0, 1), np.eye(3), 12658.0, 0.2)
    module = "entry/instrument/detector/module"
    fast, slow = master[f"{module}/fast_pixel_direction"], master[f"{module}/slow_pixel_direction"]
    # Steps of one pixel from the corner of the first; pixel centres are half a step further.
    origin = matrix(master, f"{module}/fast_pixel_direction")[:3, 3] - fast[()] * fast.attrs["vector"]
    along = np.column_stack([fast[()] * fast.attrs["vector"], slow[()] * slow.attrs["vector"]])
    for index in range(0, len(found.omega_deg), 301):
        beam = IMAGE_TO_MCSTAS @ [found.direction_x[index], found.direction_y[index], 1.0]
        # origin + along (u, v) = t beam
        u, v, _ = np.linalg.solve(np.column_stack([along, -beam]), -origin)
        x_px = panel.beam_px[0] + found.direction_x[index] * 100.0 / 0.6
        y_px = panel.beam_px[1] + found.direction_y[index] * 100.0 / 0.6
        assert (u - 0.5, v - 0.5) == pytest.approx((x_px, y_px), abs=1e-6)


def test_the_spindle_turns_as_the_specimen_does(master):
    path = master["entry/sample/depends_on"][()].decode()
    assert path == "/entry/sample/transformations/omega"
    turned = matrix(master, path)[:3, :3]
    wanted = Rotation.from_euler("x", 30.0, degrees=True).as_matrix()  # about +x of the image frame
    np.testing.assert_allclose(turned, IMAGE_TO_MCSTAS @ wanted @ IMAGE_TO_MCSTAS, atol=1e-12)
    chain = master["entry/sample/transformations"]
    np.testing.assert_allclose(chain["omega"], [30.0, 30.2, 30.4])
    np.testing.assert_allclose(chain["omega_end"], [30.2, 30.4, 30.6])
    assert list(chain) == ["omega", "omega_end"]


def test_a_mini_kappa_is_a_chain_of_three(light_server):
    with taken(light_server, kappa_start=40.0, phi_start=15.0) as master:
        path = master["entry/sample/depends_on"][()].decode()
        turned = matrix(master, path)[:3, :3]
        names = list(master["entry/sample/goniometer"])
    # The mini-kappa's axes in the image frame, ESRF ID30B.
    omega = Rotation.from_rotvec(np.radians(30.0) * np.array([1.0, 0.0, 0.0]))
    kappa = Rotation.from_rotvec(np.radians(40.0) * np.array([0.913545, -0.282543, -0.292582]))
    phi = Rotation.from_rotvec(np.radians(15.0) * np.array([1.0, 0.0, 0.0]))
    wanted = (omega * kappa * phi).as_matrix()
    np.testing.assert_allclose(turned, IMAGE_TO_MCSTAS @ wanted @ IMAGE_TO_MCSTAS, atol=1e-5)
    assert "kappa" in names
    assert "chi" not in names


def test_headers_that_readers_ask_for(master):
    entry = master["entry"]
    assert entry["definition"][()] == b"NXmx"
    detector = entry["instrument/detector"]
    assert entry["instrument/beam/incident_wavelength"][()] == pytest.approx(HC_EV_A / 12658.0)
    assert detector["sensor_material"][()] == b"Si"
    assert detector["sensor_thickness"].attrs["units"] == "m"
    assert detector["type"][()] == b"PIXEL"
    assert detector["saturation_value"][()] == 2**31 - 1
    specific = detector["detectorSpecific"]
    for name in ("eiger_fw_version", "software_version", "data_collection_date", "ntrigger", "nimages", "compression"):
        assert specific[name][()]
    assert detector["module/data_size"][()].tolist() == [96, 128]
    assert detector["transformations/translation"][()] == 0.1
    for path in ("pixel_mask", "detectorSpecific/flatfield"):
        assert detector[path].shape == (96, 128)
    assert entry["data"].attrs["signal"] == "data"
    assert entry["data/data"].shape == (3, 96, 128)


def test_classes_of_groups(master):
    classes = {}
    master.visititems(lambda name, item: classes.update({name: item.attrs.get("NX_class")}))
    groups = {name for name, item in classes.items() if isinstance(master[name], h5py.Group) and item is None}
    assert not groups

"""Two sites from one world: the same plans and the same night on other devices, over sockets and in virtual time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest
import yaml
from fault_support import THIN
from night_support import IMAGES, MD3, SIM, Night, processes_about, short_profile, short_shipment
from sameness_support import steady_profile, without_stamps

pytestmark = pytest.mark.timeout(400)
FINISH_S = 350.0
PINS = range(1, 9)
EMPTY, SILENT = "demo-3", "demo-6"
WANTED = {f"demo-{pin}": "COLLECTED" for pin in PINS} | {EMPTY: "EMPTY_MOUNT", SILENT: "NO_DIFFRACTION"}
CENTRED_UM = 10.0


def finished(night: Any) -> Any:
    assert night.finish(timeout_s=FINISH_S) == 0, night.text
    return night


def thin(profile: Path) -> Path:
    """Small frames without background, and no catalogue beside the night: what is compared does not depend on them."""
    world = yaml.safe_load((profile.parent / "world.yaml").read_text())
    world["detector"] |= THIN
    (profile.parent / "world.yaml").write_text(yaml.safe_dump(world))
    settings = yaml.safe_load(profile.read_text())
    del settings["archive"]
    profile.write_text(yaml.safe_dump(settings, sort_keys=False))
    return profile


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The demonstration's night of eight samples at each site, side by side, in virtual time."""

    def run(site: Path) -> Any:
        folder = tmp_path_factory.mktemp(site.name)
        profile = thin(short_profile(folder, site=site))
        return finished(Night(profile, short_shipment(folder, *PINS), folder / "night", "--virtual-time"))

    with ThreadPoolExecutor(2) as pool:
        yield dict(zip(("sim", "md3"), pool.map(run, (SIM, MD3)), strict=True))


def rotations(night: Any) -> dict[str, Any]:
    return {event["sample"]: event for event in night.truth()["events"] if event.get("scan") == "rotation"}


def test_both_sites_come_to_the_same_and_true_verdicts(nights: dict[str, Any]) -> None:
    for night in nights.values():
        assert {sample["name"]: sample["verdict"] for sample in night.summary()["samples"]} == WANTED


def test_every_crystal_was_in_the_beam_at_both_sites(nights: dict[str, Any]) -> None:
    for night in nights.values():
        taken = rotations(night)
        assert set(taken) == set(WANTED) - {EMPTY, SILENT}
        offsets_um = {name: max(map(abs, event["crystal_offset_um"])) for name, event in taken.items()}
        assert max(offsets_um.values()) < CENTRED_UM, offsets_um
        assert {event["images_done"] for event in taken.values()} == {IMAGES}


def test_roles_and_kinds_of_runs_are_the_same_at_both_sites(nights: dict[str, Any]) -> None:
    """Whoever reads the documents need not know which site they are from."""
    told = [
        [
            (document["sample_name"], document["mxplans"]["role"])
            for name, document in night.documents()
            if name == "start"
        ]
        for night in nights.values()
    ]
    assert told[0] == told[1]


def test_every_pin_was_put_back_at_both_sites(nights: dict[str, Any]) -> None:
    for night in nights.values():
        moves = [(event["kind"], event["sample"]) for event in night.truth()["events"] if "mount" in event["kind"]]
        assert moves == [(kind, f"demo-{pin}") for pin in PINS for kind in ("mount", "unmount")]
        assert night.truth()["at_end"]["mounted"] == ""


@pytest.fixture(scope="module")
def two_times(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Two pins at the second site, over its sockets twenty times faster than real, and in virtual time."""

    def run(options: tuple[str, ...]) -> Any:
        folder = tmp_path_factory.mktemp("times")
        return finished(
            Night(steady_profile(folder, site=MD3), short_shipment(folder, 1, 3), folder / "night", *options)
        )

    with ThreadPoolExecutor(2) as pool:
        accelerated, virtual = pool.map(run, ((), ("--virtual-time",)))
    return accelerated, virtual


def test_the_second_site_works_over_its_sockets_and_leaves_nothing(two_times: tuple[Any, Any]) -> None:
    for night in two_times:
        verdicts = {sample["name"]: sample["verdict"] for sample in night.summary()["samples"]}
        assert verdicts == {"demo-1": "COLLECTED", EMPTY: "EMPTY_MOUNT"}
        assert max(map(abs, rotations(night)["demo-1"]["crystal_offset_um"])) < CENTRED_UM
        assert processes_about(night.out) == []


def test_its_documents_are_the_same_but_for_stamps_and_so_are_its_frames(two_times: tuple[Any, Any]) -> None:
    accelerated, virtual = two_times
    said = [without_stamps(night) for night in two_times]
    assert len(said[0]) > 60
    for one, other in zip(*said, strict=True):
        assert one == other
    for path in sorted((accelerated.out / "data").rglob("*_data_*.h5")):
        twin = virtual.out / "data" / path.relative_to(accelerated.out / "data")
        with h5py.File(path) as first, h5py.File(twin) as second:
            assert np.array_equal(first["entry/data/data"], second["entry/data/data"]), path.name

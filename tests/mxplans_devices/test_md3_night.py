"""A night on the second virtual site, as a user runs it: the same plans with other devices, and signs that matter."""

import json
from pathlib import Path
from typing import Any

import pytest
from night_support import ROOT, Night, short_shipment

pytestmark = pytest.mark.timeout(200)
SITE = ROOT / "profiles/sim-md3"
GOOD, EMPTY = 1, 3


def short_night(folder: Path, *pins: int, **changes: str) -> Any:
    """Some pins of the demo in virtual time, with short sweeps; `changes` are replacements in the profile."""
    text = (SITE / "beamline.yaml").read_text()
    for old, new in {"number_images: 900": "number_images: 30", **changes}.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "beamline.yaml").write_text(text)
    (folder / "world.yaml").write_text((SITE / "world.yaml").read_text())
    night: Any = Night(folder / "beamline.yaml", short_shipment(folder, *pins), folder / "night", "--virtual-time")  # type: ignore[no-untyped-call]
    assert night.finish() == 0, night.text
    return night


def test_both_sites_have_the_same_samples() -> None:
    assert json.loads((SITE / "shipment.json").read_text()) == json.loads(
        (ROOT / "profiles/sim/shipment.json").read_text()
    )


def test_the_plans_collect_on_the_second_site(tmp_path: Path) -> None:
    night = short_night(tmp_path, GOOD, EMPTY)
    verdicts = {sample["name"]: sample["verdict"] for sample in night.summary()["samples"]}
    assert verdicts == {"demo-1": "COLLECTED", "demo-3": "EMPTY_MOUNT"}
    (sweep,) = [event for event in night.truth()["events"] if event.get("scan") == "rotation"]
    assert sweep["images_done"] == 30
    assert sweep["aperture"] == "Medium"
    assert max(map(abs, sweep["crystal_offset_um"])) < 10
    descriptors = [document for name, document in night.documents() if name == "descriptor"]
    keys = set().union(*(document["data_keys"] for document in descriptors))
    assert {"goniometer_omega", "goniometer_kappa", "aperture_beam_size", "viewer_um_per_px"} <= keys


@pytest.mark.parametrize("role", ["omega: {motor: Omega, sign: 1}", "z: {motor: CentringX, sign: -1}"])
def test_a_wrong_sign_in_the_profile_shows_as_a_missed_crystal(tmp_path: Path, role: str) -> None:
    wrong = role.replace("sign: 1", "sign: +1").replace("sign: -1", "sign: 1").replace("sign: +1", "sign: -1")
    night = short_night(tmp_path, GOOD, **{role: wrong})
    (sample,) = night.summary()["samples"]
    sweeps = [event for event in night.truth()["events"] if event.get("scan") == "rotation"]
    far_um = [max(map(abs, sweep["crystal_offset_um"])) for sweep in sweeps]
    assert sample["verdict"] != "COLLECTED" or min(far_um) > 50, (sample, far_um)

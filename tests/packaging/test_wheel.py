"""The built wheel holds the packages meant, and their data, and nothing else; it installs and its commands answer."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"mxplans", "mxplans_devices", "mxplans_lims", "mxplans_sim"}
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    for name in ("mxplans", "devices", "lims", "pyproject.toml", "README.md", "LICENSE"):
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, source / name)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", source / "dist", source],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = (source / "dist").glob("*.whl")
    return built


def test_it_holds_the_packages_meant_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert "mxplans_lims/templates/report.html.j2" in names


def test_it_installs_and_its_commands_answer(wheel, tmp_path):
    # Its requirements are those of this environment, which the new one sees behind its own packages.
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env/bin/python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel],
        check=True,
        capture_output=True,
        timeout=120,
    )
    site = next((tmp_path / "env/lib").glob("python*/site-packages"))
    assert {path.name for path in site.iterdir() if path.is_dir() and not path.name.endswith(".dist-info")} == PACKAGES
    behind = [path for path in sys.path if path.endswith("site-packages")]
    (site / "behind.pth").write_text("\n".join(behind))
    for command in ("mxplans", "mxplans-sim"):
        answer = subprocess.run(
            [tmp_path / "env/bin" / command, "--help"], check=False, capture_output=True, text=True, timeout=50
        )
        assert answer.returncode == 0, answer.stderr

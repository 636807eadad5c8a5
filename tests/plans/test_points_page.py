"""What the explanation of centring says is so."""

import doctest
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from mxplans.centring import OpticalFailure
from mxplans.geometry import AxisLimits, GoniometerGeometry, nearest_alignment

PAGE = Path(__file__).parents[2] / "docs/explanation/centring.md"


def test_its_examples_run():
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 5
    assert found.failed == 0


def test_every_class_of_failure_is_told():
    told = set()
    for row in re.findall(r"^\| ([a-z ,]+) \|", PAGE.read_text(), re.MULTILINE):
        told |= {name.strip() for name in row.split(",")}
    for failure in OpticalFailure:
        assert failure.value in told or failure.value.split()[0] in told, failure


def test_its_drawing_is_there_and_whole():
    (name,) = re.findall(r"\]\(\.\./images/(\S+)\)", PAGE.read_text())
    assert ElementTree.parse(PAGE.parents[1] / "images" / name).getroot().tag.endswith("svg")


def test_how_far_a_mini_kappa_tilts():
    geometry, limits = GoniometerGeometry(kind="mini-kappa"), AxisLimits(kappa_range_deg=(-8, 256))
    for off_deg, reached in ((47.0, True), (50.0, False)):
        off = np.radians(off_deg)
        best = nearest_alignment(geometry, (np.cos(off), np.sin(off), 0.0), limits)
        assert (best.off_deg < 0.1) is reached

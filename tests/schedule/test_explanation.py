"""What the explanation of scheduling shows is what happens."""

import doctest
from pathlib import Path

import pytest
from schedule_support import sweep

from mxplans.schedule import schedule

PAGE = Path(__file__).parents[2] / "docs/explanation/scheduling.md"
NAMES = ("P", "P'", "R", "R'")


def test_its_examples_run():
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 5
    assert found.failed == 0


def rows():
    """Order and scans of each row of the table of orders."""
    table = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    return [(cells[1].strip().strip("`").replace("*(empty)*", ""), cells[2].strip()) for cells in table]


@pytest.mark.parametrize(("order", "shown"), rows())
def test_its_table_is_right(order, shown):
    asked = [sweep(20, energy_ev=energy, inverse=mate) for energy in (12_658.0, 13_000.0) for mate in (0, 1)]
    scans = schedule(asked, 10, order)
    assert shown == " ".join(f"{NAMES[scan.sweep_index]}{1 + scan.first_image // 10}" for scan in scans)

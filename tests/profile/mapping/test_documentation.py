"""What the pages say of tables is true of them."""

import re
from pathlib import Path

import pytest

from mxplans.profile.mapping import load_table
from mxplans.profile.mapping.registry import TRANSFORMS, WITH_ARGUMENT
from mxplans.profile.mapping.table import Device, Row, Source, Table, Verdict

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = DOCS / "reference" / "mapping-table.md"
TABLES = [
    pytest.param(block, id=page.name)
    for page in (REFERENCE, DOCS / "how-to" / "mxcube-to-profile.md")
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    if block.startswith("format:")
]


@pytest.mark.parametrize("block", TABLES)
def test_tables_of_the_pages_load(block, tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(block)
    load_table([path])


def test_there_is_one_on_each_page():
    assert len(TABLES) == 2


@pytest.mark.parametrize("name", sorted({*TRANSFORMS, *WITH_ARGUMENT}))
def test_every_transform_is_on_the_page(name):
    assert re.search(rf"`{{?{name}[`:]", REFERENCE.read_text())


@pytest.mark.parametrize("model", [Table, Row, Device, Source, Verdict])
def test_every_key_is_on_the_page(model):
    text = REFERENCE.read_text()
    for name, field in model.model_fields.items():
        assert re.search(rf"\b{field.alias or name}\b", text), name

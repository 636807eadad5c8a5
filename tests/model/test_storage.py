"""The layout of files: two datasets never share a folder, nothing leaves the folder of the frames."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mxplans.model.storage import FIELDS, Storage

LAYOUTS = st.permutations([f"{{{field}}}" for field in FIELDS]).map("/".join) | st.just("{sample}/{dataset}_{item}")


@given(LAYOUTS, st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_no_name_leads_out_of_the_folder(layout, dataset, sample, proposal):
    folder = PurePosixPath(Storage(dataset_folder=layout).folder(dataset, "35e5c4aa-2c4b", sample, proposal))
    assert not folder.is_absolute()
    assert ".." not in folder.parts
    assert "35e5c4aa" in str(folder)


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ("{sample}/{datset}_{item}", "unknown fields datset"),
        ("{sample}", "without dataset, item"),
        ("/{dataset}_{item}", "below the folder"),
        ("../{dataset}_{item}", "without . and .."),
        ("{dataset}//{item}", "without . and .."),
        ("{dataset!r}_{item}", "unknown fields dataset!r"),
        ("{dataset.__class__}_{item}", "unknown fields"),
        ("{dataset}_{item}_{", "letters, digits"),
        ("{dataset}_{item} x", "letters, digits"),
    ],
)
def test_a_wrong_layout_says_what_is_allowed(layout, said):
    with pytest.raises(ValidationError, match=said):
        Storage(dataset_folder=layout)

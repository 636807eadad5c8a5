"""A sweep goes to MXLIMS and back without a change, whatever its numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mxplans.errors import InvalidMessage
from mxplans.model import CollectionSweep, Sweep

DEFAULT = Sweep(number_images=900, image_width_deg=0.2, exposure_s=0.02)
sweeps = st.builds(
    Sweep,
    omega_start_deg=st.floats(-3600, 3600),
    image_width_deg=st.floats(0.001, 10),
    number_images=st.integers(1, 100_000),
    exposure_s=st.floats(0.0005, 3600),
    transmission_frac=st.floats(1e-6, 1),
)


@given(sweeps)
def test_there_and_back(sweep):
    back = Sweep.from_mxlims(sweep.to_mxlims(), DEFAULT)
    # The factor of 100 of MXLIMS' per cent costs a rounding.
    assert back.transmission_frac == pytest.approx(sweep.transmission_frac, rel=1e-15)
    assert back.model_copy(update={"transmission_frac": sweep.transmission_frac}) == sweep


@given(st.integers(1, 3600))
def test_the_count_is_what_was_asked_for_every_width_of_a_tenth_of_a_degree(number):
    # 1235 of these lose an image when the count is made of a quotient of floats.
    assert Sweep(number_images=number, image_width_deg=0.1, exposure_s=0.1).number_images == number


@pytest.mark.parametrize(
    "wrong",
    [
        {"number_images": -5},
        {"number_images": 0},
        {"image_width_deg": 0.0},
        {"exposure_s": -0.1},
        {"transmission_frac": 42},
        {"transmission_frac": float("nan")},
        {"exposure_tims_s": 5.0},
        {"prefix": "../../etc"},
    ],
)
def test_what_cannot_be_collected_cannot_be_written_down(wrong):
    with pytest.raises(ValidationError):
        Sweep.model_validate(DEFAULT.model_dump() | wrong)


@pytest.mark.parametrize("kind", [{"scan_axis": "kappa"}, {"sweep_type": "helical"}])
def test_other_kinds_of_sweep_are_refused_by_name(kind):
    with pytest.raises(InvalidMessage, match=next(iter(kind.values()))):
        Sweep.from_mxlims(CollectionSweep(**kind), DEFAULT)

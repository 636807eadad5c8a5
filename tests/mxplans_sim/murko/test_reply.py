"""The numbers of a description, against rectangles whose numbers are known."""

import numpy as np
import pytest
from murko_support import NOTIONS, UM_PER_PX, coloured, picture, rectangle, truth

from mxplans_sim.servers.murko.describe import cleaned, describe
from mxplans_sim.servers.murko.eyes import Eyes
from mxplans_sim.servers.murko.reply import make_reply
from mxplans_sim.servers.murko.request import Request, joined, read_notions
from mxplans_sim.settings.analysis import MurkoSettings
from mxplans_sim.world.recent import RecentFrames

EXACT = MurkoSettings.model_validate({"edge_um": 0.0, "jitter_um": 0.0})


def described(masks, min_size_px=64):
    recent = RecentFrames()
    gray = picture(masks)
    recent.keep(gray, UM_PER_PX, lambda: masks)
    image = coloured(gray)
    request = Request((image,), read_notions(NOTIONS, image.shape), False, min_size_px)
    reply = make_reply(request, [Eyes(recent, EXACT, 5).look(image)])
    assert reply["original_image_shape"] == (512, 640, 3)
    (description,) = reply["descriptions"]
    return description


def test_a_description_has_all_keys_of_the_protocol():
    description = described(truth())
    notions = {",".join(item) if isinstance(item, list) else item for item in NOTIONS}
    assert set(description) == notions | {
        *("original_shape", "prediction_shape", "hierarchical_mask", "present", "most_likely_click"),
        *("aoi_bbox", "crystal_bbox", "extreme", "end_likely", "start_likely", "start_possible"),
    }
    keys = {"present", "r", "c", "h", "w", "area", "epo", "epi", "epooa", "epioa", "pa", "notion_mask"}
    assert all(set(description[notion]) == keys for notion in notions)
    assert description["original_shape"].tolist() == [512, 640]
    assert description["prediction_shape"].tolist() == [256, 320]


def test_the_crystal_in_pixels_of_the_prediction():
    crystal = described(truth())["crystal"]
    # rows 200..219 and columns 300..339 of the picture: rows 100..109, columns 150..169
    assert (crystal["present"], crystal["r"], crystal["c"]) == (1, 104.5, 159.5)
    assert (crystal["h"], crystal["w"], crystal["area"]) == (10, 20, 200)
    assert (crystal["epo"], crystal["epi"]) == ((104.5, 150.0), (104.5, 169.0))
    assert (crystal["epooa"][1], crystal["epioa"][1]) == (150.0, 169.0)
    inertia, values, vectors, centre = crystal["pa"]
    assert values == pytest.approx([(10**2 - 1) / 12, (20**2 - 1) / 12])  # n pixels in a row: (n^2 - 1) / 12
    assert inertia == pytest.approx(np.diag(values))
    assert np.abs(vectors[:, 1]) == pytest.approx([0.0, 1.0])  # the long axis lies along the columns
    assert centre == pytest.approx([104.5, 159.5])
    expected = np.zeros((256, 320), np.uint8)
    expected[100:110, 150:170] = 1
    assert np.array_equal(crystal["notion_mask"], expected)
    assert crystal["notion_mask"].dtype == np.uint8


def test_fractions_have_the_vertical_first():
    description = described(truth())
    assert description["most_likely_click"] == pytest.approx((105 / 256, 160 / 320))  # = (210 / 512, 320 / 640)
    assert description["extreme"] == pytest.approx((110 / 256, 120.5 / 320))  # the loop's first column
    assert description["end_likely"] == description["extreme"]
    assert description["start_likely"] == pytest.approx((110 / 256, 209.5 / 320))  # the loop's last column
    assert description["start_possible"] == pytest.approx((110 / 256, 279.5 / 320))  # the stem's


def test_the_area_of_interest_has_the_centroid_and_not_the_middle_of_the_box():
    masks = truth()
    masks["crystal"] = rectangle(170, 270, 200, 260)  # sticks out of the loop
    masks["loop"] = rectangle(210, 230, 200, 420)
    description = described(masks)
    present, r, c, h, w = description["aoi_bbox"]
    assert (present, h, w) == (1, 50 / 256, 110 / 320)
    # 50 rows of 30 columns and 10 rows of 80: centres 114.5 and 169.5
    assert c == pytest.approx((1500 * 114.5 + 800 * 169.5) / 2300 / 320 + 0.5 / 320)
    assert r == pytest.approx(110 / 256)
    assert description["crystal_bbox"] == description["aoi_bbox"]  # the defect of the service


def test_the_mask_of_masks_has_the_highest_notion():
    mask = described(truth())["hierarchical_mask"]
    assert mask.dtype == np.uint8
    points = {6: (105, 160), 5: (120, 190), 4: (87, 125), 3: (110, 250), 2: (110, 300), 0: (10, 10)}
    assert {level: mask[point] for level, point in points.items()} == {level: level for level in points}
    masks = truth()
    masks["foreground"] |= rectangle(400, 440, 100, 140)
    assert described(masks)["hierarchical_mask"][210, 60] == 1


@pytest.mark.parametrize(
    ("gone", "click"),
    [
        ((), (105 / 256, 160 / 320)),  # crystal
        (("crystal",), (110 / 256, 165 / 320)),  # middle of loop_inside
        (("crystal", "loop_inside"), (110 / 256, 165 / 320)),  # middle of the loop
        (("crystal", "loop_inside", "loop"), (110 / 256, 120.5 / 320)),  # outermost of the foreground
    ],
)
def test_the_click_goes_by_priority(gone, click):
    masks = {name: np.zeros_like(mask) if name in gone else mask for name, mask in truth().items()}
    assert described(masks)["most_likely_click"] == pytest.approx(click)


def test_nothing_is_never_the_middle_of_the_image():
    description = described({name: np.zeros_like(mask) for name, mask in truth().items()})
    assert description["present"] == 0
    assert description["most_likely_click"] == (-1, -1)
    assert description["aoi_bbox"][:3] == (0, -1, -1)
    assert not description["hierarchical_mask"].any()
    crystal = description["crystal"]
    assert (crystal["present"], crystal["area"], crystal["r"]) == (0, 0, -1)
    assert np.isnan(crystal["pa"])


def test_objects_below_the_smallest_size_are_not_seen():
    assert described(truth(), 200)["crystal"]["present"] == 1  # 10 x 20 pixels
    assert described(truth(), 201)["crystal"]["present"] == 0
    two = np.zeros((256, 320), bool)
    two[10:20, 10:20] = two[50:55, 50:55] = True
    assert cleaned(two, 26).sum() == 100
    assert cleaned(two, 25).sum() == 125


def test_a_line_has_no_principal_axes_and_a_diagonal_one_has():
    line = np.zeros((256, 320), bool)
    line[40, 30:90] = True
    described_line = describe(line)
    assert np.isnan(described_line["pa"])
    assert described_line["epooa"] == (40.0, 59.5)  # its centre
    band = np.zeros((256, 320), bool)
    for k in range(100):
        band[50 + k, 100 + k - 3 : 100 + k + 4] = True
    found = describe(band)
    axis = found["pa"][2][:, 1]
    assert abs(axis[0] * axis[1]) == pytest.approx(0.5, abs=0.01)  # 45 deg
    assert found["epooa"] == pytest.approx((52, 98), abs=2.5)
    assert found["epioa"] == pytest.approx((147, 201), abs=2.5)
    assert joined(("crystal", "loop")) == "crystal,loop"

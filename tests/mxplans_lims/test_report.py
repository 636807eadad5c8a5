"""The report shows every sample, needs nothing from outside, and lets no text become markup."""

import base64
import re

import cv2
import numpy as np
import pytest

from mxplans_lims._pictures import FRAME_LIMIT_BYTES, frame_picture
from mxplans_lims.fold import fold_journal
from mxplans_lims.report import write_report


@pytest.fixture(scope="module")
def records(small_night):
    return fold_journal(small_night.out / "documents.jsonl")


@pytest.fixture(scope="module")
def html(records, small_night) -> str:
    for name in ("Good", "Broken"):
        image = np.full((512, 680), 190, np.uint8)
        cv2.ellipse(image, (340, 256), (120, 70), 0, 0, 360, 90, 3)
        cv2.imwrite(str(small_night.out / "snapshots" / f"{name}_optical.png"), image)
    return write_report(records, small_night.out, "Beamline <X> & Co").read_text()


def test_every_sample_with_its_verdict(html, records):
    assert html.count("<article") == len(records) == 3
    for text in ("Good", "Empty", "Broken", "Collected", "Empty mount", "Failed", "the beam is gone"):
        assert text in html


def test_needs_nothing_from_outside(html):
    sources = re.findall(r'(?:src|href|url)\s*[=(]\s*"?([^">)]+)', html)
    assert sources and all(source.startswith("data:image/") for source in sources)
    assert "<script" not in html and "http://" not in html and "https://" not in html


def test_text_does_not_become_markup(html):
    assert "Beamline &lt;X&gt; &amp; Co" in html
    assert "nothing &lt;there&gt; &amp; so on" in html
    assert "&lt;path" not in html  # nor does the overlay become text


def test_images_say_what_they_show(html):
    assert all('alt="' in tag for tag in re.findall(r"<img[^>]*>", html))
    assert all('aria-label="' in tag for tag in re.findall(r"<svg[^>]*>", html))


def test_heat_map_has_a_box_per_grid_point(html, records):
    assert html.count("<rect") == sum(grid.rows * grid.columns for record in records for grid in record.grids)
    assert "row 2, column 3: 7.5" in html
    assert html.count("#fde725") == 4  # the best box of each grid


def test_frame_shows_its_spot_dark_and_is_small(records, small_night):
    uri = frame_picture(records[0].sweeps[0])
    assert uri is not None
    png = base64.b64decode(uri.split(",")[1])
    assert len(png) <= FRAME_LIMIT_BYTES
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image[21, 16] < 20 < image.mean()


def test_missing_pictures_leave_the_rest(records, tmp_path):
    path = write_report(records, tmp_path, "elsewhere")
    assert path.read_text().count("no image") == 2


def test_empty_night(tmp_path):
    assert "No sample was taken up" in write_report([], tmp_path, "nothing").read_text()

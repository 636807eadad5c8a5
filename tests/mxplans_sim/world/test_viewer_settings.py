import pytest
from pydantic import ValidationError

from mxplans_sim.settings.camera import CameraSettings, ZoomLevel, side_camera


@pytest.mark.parametrize("size", [(680, 512), (1360, 1024), (340, 256)])
def test_without_zoom_levels_of_its_own_a_camera_shows_the_same_at_any_size(size):
    camera = CameraSettings.model_validate({"width_px": size[0], "height_px": size[1]})
    assert [zoom.name for zoom in camera.zooms] == ["Coarse", "Fine"]
    for zoom, field_um in zip(camera.zooms, (1632.0, 816.0), strict=True):
        assert size[0] * zoom.um_per_px == pytest.approx(field_um)
    # The mark stands 1.5 pixels of the small picture right of its middle, 1.5 above.
    coarse = camera.zooms[0]
    finer = size[0] / 680
    assert coarse.beam_x_px - (size[0] - 1) / 2 == pytest.approx(1.5 * finer)
    assert coarse.beam_y_px - (size[1] - 1) / 2 == pytest.approx(-1.5 * finer)


def test_own_zoom_levels_are_taken_as_they_are():
    zooms = [{"name": f"Zoom {n}", "um_per_px": 1.61 / n, "beam_x_px": 339.5, "beam_y_px": 255.5} for n in (1, 2, 10)]
    camera = CameraSettings.model_validate({"zooms": zooms})
    assert camera.zoom("Zoom 10").um_per_px == pytest.approx(0.161)
    with pytest.raises(ValueError, match="no zoom 'Zoom 3' at camera on-axis; choose one of"):
        camera.zoom("Zoom 3")


ONE = {"name": "a", "um_per_px": 1.0, "beam_x_px": 10.0, "beam_y_px": 10.0}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"zooms": [ONE, ONE]}, "share a name"),
        ({"zooms": [ONE | {"beam_x_px": 680.0}]}, "must be in a picture of 680 x 512"),
        ({"zooms": [ONE | {"um_per_px": 0.0}]}, "greater than 0.05"),
        ({"width_px": 0}, "greater than or equal to 64"),
        ({"width_px": "wide"}, "valid integer"),
        ({"backlight_frac": 1.5}, "less than or equal to 1"),
        ({"frame_rate_hz": 0}, "greater than 0"),
        ({"saturation": 0}, "greater than or equal to 1"),
        ({"zoom": []}, "Extra inputs"),
        ([], "valid dictionary"),
    ],
)
def test_impossible_cameras_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        CameraSettings.model_validate(values)


def test_the_side_camera_shows_the_pin_from_its_tip_to_several_millimetres():
    camera = side_camera()
    (zoom,) = camera.zooms
    assert zoom == ZoomLevel.model_validate(zoom.model_dump())
    assert (camera.width_px - 1 - zoom.beam_x_px) * zoom.um_per_px > 4000
    assert camera.turn_deg == 90

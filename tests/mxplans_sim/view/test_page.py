import contextlib
import json
import select
import subprocess
import sys
import threading
import time

import cv2
import httpx
import numpy as np
import pytest
from control_stand_in import StandIn

pytest.importorskip("nicegui", reason="the extra `view` is not installed")
browser_support = pytest.importorskip("browser_support")

needs_browser = pytest.mark.skipif(browser_support.CHROMIUM is None, reason="Chromium is not installed")
PROGRAM = [sys.executable, "-c", "from mxplans_sim.view.cli import app; app()", "view"]
START_S, END_S = 30.0, 20.0


@contextlib.contextmanager
def served(control_file):
    """The page in its own process; yields it and its first line."""
    process = subprocess.Popen(
        [*PROGRAM, "--control", str(control_file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert select.select([process.stdout], [], [], START_S)[0], "the page does not start"
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.fixture(scope="module")
def stand_in():
    with StandIn(speed_up=10.0).running() as running:
        running.call(running.world.backlight.go("In"))
        yield running


@pytest.fixture(scope="module")
def tab(stand_in, tmp_path_factory):
    """The page as a person sees it."""
    folder = tmp_path_factory.mktemp("view")
    with served(stand_in.control_file(folder)) as (_, ready), browser_support.browser(folder / "chromium") as tab:
        tab.size(1280, 800)
        tab.open(ready["url"])
        tab.until("!!document.querySelector('.on-axis')?.dataset.frame")
        yield tab


@needs_browser
def test_the_on_axis_image_is_live(tab):
    image = "document.querySelector('.on-axis img')"
    tab.until(f"{image}.complete && {image}.naturalWidth === 680")
    frame = tab.value("document.querySelector('.on-axis').dataset.frame")
    tab.until(f"document.querySelector('.on-axis').dataset.frame !== {json.dumps(frame)}")
    tab.until(f"!{image}.src.endsWith('frame={frame}')")
    assert tab.value("document.querySelectorAll('.on-axis svg ellipse').length") == 1
    assert "µm" in tab.value("document.querySelector('.on-axis svg').textContent")


@needs_browser
def test_the_side_camera_is_shown(tab):
    image = "document.querySelector('.side-camera img')"
    tab.until(f"{image}?.complete && {image}.naturalWidth === 640 && {image}.naturalHeight === 480")


@needs_browser
def test_the_goniometer_is_drawn_and_turns(tab, stand_in):
    tab.until("!!document.querySelector('.stage canvas')")

    def picture():
        shot = cv2.imdecode(np.frombuffer(tab.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        find = "(() => { const r = document.querySelector('.stage canvas').getBoundingClientRect();"
        left, top, width, height = tab.value(f"{find} return [r.x, r.y, r.width, r.height].map(Math.round) }})()")
        return shot[top : top + height, left : left + width].astype(int)

    deadline = time.monotonic() + 20
    while len(np.unique(picture().reshape(-1, 3), axis=0)) < 100:
        assert time.monotonic() < deadline, "the canvas is blank"
    before = picture()
    stand_in.loop.call_soon_threadsafe(stand_in.world.axes["omega"].move_to, 90.0)
    tab.until("document.querySelector('.stage').innerText.includes('omega 90.00°')")
    deadline = time.monotonic() + 20
    while (abs(picture() - before).max(axis=2) > 30).sum() < 500:
        assert time.monotonic() < deadline, "the goniometer does not turn"


@needs_browser
def test_the_dewar_follows_the_robot(tab, stand_in):
    assert tab.value("document.querySelectorAll('.dewar .pin.mounted').length") == 0
    place = min(stand_in.world.storage.dewar)
    stand_in.call(stand_in.world.robot.load(place))
    tab.until("document.querySelectorAll('.dewar .pin.mounted').length === 1")
    name = stand_in.world.sample_name
    tab.until(f"document.querySelector('.on-axis .caption').innerText.includes({json.dumps(name)})")


@needs_browser
def test_motors_are_where_the_world_has_them(tab, stand_in):
    stand_in.loop.call_soon_threadsafe(stand_in.world.axes["chi"].move_to, 12.5)
    tab.until("document.querySelector('.motors').innerText.includes('12.5000 °')")


@needs_browser
def test_the_latest_frame_is_shown_with_its_number(tab, stand_in):
    stand_in.call(stand_in.collect(7))
    tab.until("document.querySelector('.detector').innerText.includes('1:7')")
    tab.until("document.querySelector('.detector').innerText.includes('7 / 7')")
    image = "document.querySelector('.detector img')"
    tab.until(f"{image}.complete && {image}.naturalWidth === 512 && {image}.src.endsWith('frame=1:7')")


@needs_browser
def test_a_click_injects_a_fault_and_another_clears_it(tab, stand_in):
    tab.click("Inject robot_busy")
    tab.click("Inject now")
    tab.until("document.querySelector('.faults .active').innerText.includes('robot_busy')")
    assert stand_in.posted[-1] == {"kind": "robot_busy", "parameters": {"duration_s": 30.0}, "count": 1}
    assert [fault["kind"] for fault in stand_in.faults.listed.values()] == ["robot_busy"]
    tab.click("Clear robot_busy")
    tab.until("document.querySelector('.faults .active').innerText.includes('None')")
    assert stand_in.faults.listed == {}


@needs_browser
def test_every_button_has_a_name(tab):
    names = tab.value("[...document.querySelectorAll('button')].map(b => b.ariaLabel || b.innerText.trim())")
    assert len(names) > 5 and all(names)


@needs_browser
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (480, 800)])
def test_nothing_sticks_out_to_the_side(tab, width, height):
    tab.size(width, height)
    tab.until(f"window.innerWidth === {width}")
    tab.until("document.documentElement.scrollWidth <= window.innerWidth")
    if width >= 1280:
        tab.until("document.documentElement.scrollHeight <= window.innerHeight")
    tab.until("[...document.querySelectorAll('.panel')].every(p => p.scrollHeight <= p.clientHeight + 1)")
    tab.size(1280, 800)


@needs_browser
def test_the_page_complains_of_nothing_and_asks_nobody_else(tab):
    assert tab.complaints() == []
    assert tab.hosts() == {"127.0.0.1"}


def test_the_process_ends_with_a_signal(tmp_path, stand_in):
    with served(stand_in.control_file(tmp_path)) as (process, ready):
        assert ready["event"] == "ready" and ready["url"].startswith("http://127.0.0.1:")
        with httpx.Client(trust_env=False, follow_redirects=True) as client:
            assert "Virtual beamline" in client.get(ready["url"]).text
            assert httpx.get(ready["url"].partition("?")[0], trust_env=False).status_code == 403
        process.terminate()
        assert process.wait(END_S) == 0


def test_a_missing_control_file_is_told(tmp_path):
    command = [*PROGRAM, "--control", str(tmp_path / "none")]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "none cannot be read" in ended.stderr and "Traceback" not in ended.stderr


def test_a_beamline_that_is_away_is_told_and_the_page_ends_with_its_standard_input(tmp_path):
    file = tmp_path / "control.json"
    file.write_text(json.dumps({"url": "http://127.0.0.1:9", "token": "gone"}))
    with served(file) as (process, ready):
        with httpx.Client(trust_env=False, follow_redirects=True) as client:
            deadline = time.monotonic() + 20
            while "does not answer" not in client.get(ready["url"]).text:
                assert time.monotonic() < deadline
                threading.Event().wait(0.2)
        process.stdin.close()
        assert process.wait(END_S) == 0


def test_without_its_framework_the_page_says_what_to_install(tmp_path, stand_in):
    program = "import sys; sys.modules['nicegui'] = None; from mxplans_sim.view.cli import app; app()"
    command = [sys.executable, "-c", program, "view", "--control", str(stand_in.control_file(tmp_path))]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "pip install 'mxplans[view]'" in ended.stderr and "Traceback" not in ended.stderr

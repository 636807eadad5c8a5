"""States and settings of the virtual detector: what it refuses, and what an interruption leaves."""

import threading

import h5py
import httpx
import pytest


@pytest.mark.parametrize("command", ["disarm", "cancel", "abort"])
def test_an_interrupted_series_keeps_the_frames_that_were_exposed(light_server, command):
    server = light_server
    server.arm(1)
    server.publish(server.burst(1))
    server.wait_written()  # the renderer has started
    series = server.arm(2000)
    now_s = server.clock.now_s()
    server.publish(server.burst(2000))  # 8 real seconds, which no busy machine lets pass here
    threading.Event().wait(0.4)
    assert server.get("status/state") == "acquire"
    done = server.http.get(f"/spotfinder/1/series/{series}").json()["done"]
    exposed = (server.clock.now_s() - now_s) / 0.02
    assert 0 < done <= exposed
    assert server.command(command).status_code == 200
    assert server.get("status/state") == "idle"
    at_most = (server.clock.now_s() - now_s) / 0.02
    server.wait_written()
    number = len(server.frames(series))
    assert exposed - 1 <= number <= at_most + 1e-3
    with h5py.File(server.folder / f"sample/sweep_{series}_master.h5") as master:
        assert len(master["entry/sample/goniometer/omega"]) == number
    server.arm(2)
    server.publish(server.burst(2))
    server.wait_written()


def test_states_refuse_what_they_do_not_allow(light_server):
    server = light_server
    assert server.get("status/state") == "na"
    assert server.command("arm").status_code == 400
    assert server.command("disarm").status_code == 400
    assert server.put("nimages", 5).status_code == 400
    server.arm(2)
    refused = server.command("arm")
    assert refused.status_code == 400
    assert "state ready" in refused.text
    assert server.put("nimages", 5).status_code == 400
    assert server.command("trigger").status_code == 400  # it waits for external triggers
    assert server.command("dance").status_code == 404
    assert server.command("cancel").status_code == 200
    assert server.get("status/state") == "idle"


def test_an_arming_detector_takes_no_frames_and_can_be_disarmed(light_server):
    server = light_server
    server.command("initialize")
    server.put("trigger_mode", "exts")
    answers = []
    arming = threading.Thread(target=lambda: answers.append(httpx.put(f"{server.url}/detector/api/1.8.0/command/arm")))
    arming.start()
    server.until(lambda: server.get("status/state") == "configure")
    server.publish(server.burst(1))
    assert server.put("nimages", 5).status_code == 400
    assert server.command("arm").status_code == 400
    assert server.command("disarm").status_code == 200
    arming.join()
    assert answers[0].status_code == 400
    assert "interrupted" in answers[0].text
    assert server.get("status/state") == "idle"
    assert server.http.get("/spotfinder/1/series/1").json()["done"] == 0


def test_settings_are_checked_and_tell_what_they_changed(server):
    server.put("frame_time", 0.02)
    assert set(server.put("count_time", 5.0).json()) == {"count_time", "frame_time"}
    assert server.get("config/frame_time") == 5.0
    assert set(server.put("photon_energy", 13000.0).json()) == {"photon_energy", "threshold_energy", "wavelength"}
    assert server.get("config/threshold_energy") == 6500.0
    server.put("photon_energy", 12658.0)
    assert server.put("frame_time", 0.001).status_code == 400
    assert server.put("nimages", 2.5).status_code == 400
    assert server.put("photon_energy", "12 keV").status_code == 400
    assert server.put("trigger_mode", "inte").status_code == 400
    assert server.put("x_pixels_in_detector", 5).status_code == 403
    assert server.put("colour", 5).status_code == 404


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'{"value": NaN}', b'{"value": -Infinity}', b'{"value": 1%s}' % (b"0" * 400)]
)
def test_a_body_that_is_no_value_is_refused(server, body):
    refused = server.http.put("/detector/api/1.8.0/config/omega_start", content=body)
    assert refused.status_code == 400
    assert "omega_start" in refused.text
    assert server.get("config/omega_start") == pytest.approx(30.0, abs=30.0)


@pytest.mark.parametrize("pattern", ["../outside", "/tmp/outside", "a/../../outside", "", ".", "nul\0", "n" * 300])
def test_files_stay_in_the_data_folder(server, pattern):
    refused = server.put("name_pattern", pattern, "filewriter")
    assert refused.status_code == 400
    assert "name_pattern" in refused.text
    assert server.http.get("/data/../settings.py").status_code == 404
    assert server.http.get("/data/%2e%2e/settings.py").status_code == 404

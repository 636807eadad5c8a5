"""Faults on demand: each is what a client would see of the real one."""

import threading
import time

import pytest

from mxplans_sim.servers.simplon.faults import HttpFault, SimplonFaults

CONFIG = "/detector/api/1.8.0/config"


@pytest.fixture
def faults(light_server):
    light_server.command("initialize")
    return light_server.server.faults


def test_nothing_is_wrong_at_first():
    faults = SimplonFaults()
    assert faults.status("/detector/api/1.8.0/status/state") is None
    assert faults.moved("nimages", 5) == 5
    assert (faults.lose(10), faults.sticks(), faults.fails_to_arm()) == (0, False, False)


@pytest.mark.parametrize("command", ["disarm", "cancel", "abort"])
def test_a_detector_sticks_armed_until_it_is_told_again(light_server, faults, command):
    server = light_server
    server.arm(5)
    faults.stuck_disarms = 2
    for _ in range(2):
        assert server.command(command).status_code == 200
        assert server.get("status/state") == "ready"
        assert server.command("arm").status_code == 400
    server.command(command)
    assert server.get("status/state") == "idle"


def test_a_setting_is_clamped_or_ignored_and_reads_back_as_it_is(light_server, faults):
    server = light_server
    server.put("frame_time", 0.02)
    faults.clamped["frame_time"] = (0.05, 10.0)
    faults.ignored.add("omega_increment")
    assert server.put("frame_time", 0.01).status_code == 200
    assert server.get("config/frame_time") == 0.05
    assert server.put("omega_increment", 0.1).json() == ["omega_increment"]
    assert server.get("config/omega_increment") == 0.0
    assert server.put("omega_increment", "much").status_code == 400
    faults.clamped["nimages"] = (1, 100)
    server.put("nimages", 3600)
    assert server.get("config/nimages") == 100


def test_http_errors_on_a_path_for_a_number_of_times(light_server, faults):
    server = light_server
    faults.http[f"{CONFIG}/nimages"] = HttpFault(503, 2)
    assert [server.put("nimages", 5).status_code for _ in range(3)] == [503, 503, 200]
    assert server.put("ntrigger", 1).status_code == 200
    faults.http[CONFIG] = HttpFault(404)
    assert [server.put("nimages", 5).status_code for _ in range(3)] == [404] * 3
    faults.http.clear()
    assert server.put("nimages", 5).status_code == 200


def test_answers_are_late_by_simulated_time(light_server, faults):
    server = light_server
    faults.delay_s = 1.5  # at five times real time
    begin_s = time.monotonic()
    server.get("status/state")
    assert 0.29 < time.monotonic() - begin_s < 2.0


def test_a_deaf_detector_waits_for_ever(light_server, faults):
    server = light_server
    server.arm(2)
    faults.deaf = True
    server.publish(server.burst(2))
    threading.Event().wait(0.1)
    assert server.get("status/state") == "ready"


def test_frames_get_lost_on_their_way_to_the_file(light_server, faults):
    server = light_server
    faults.lost_frames = 2
    series = server.arm(6)
    server.publish(server.burst(6))
    server.wait_written()
    assert len(server.frames(series)) == 4
    assert server.http.get(f"/spotfinder/1/series/{series}").json()["done"] == 6
    assert faults.lost_frames == 0


def test_a_writer_that_stalls_goes_on_when_it_is_let(light_server, faults):
    server = light_server
    faults.writer_stalled = True
    series = server.arm(2)
    server.publish(server.burst(2))
    server.until(lambda: server.get("status/state") == "idle")
    threading.Event().wait(0.2)
    assert server.get("status/state", "filewriter") == "acquire"
    assert server.files(series) == []
    faults.writer_stalled = False
    server.wait_written()
    assert len(server.files(series)) == 2


def test_a_slow_writer_needs_simulated_time(light_server, faults):
    server = light_server
    faults.writer_delay_s = 2.0
    series = server.arm(2)
    begin_s = server.clock.now_s()
    server.publish(server.burst(2))
    server.wait_written()
    assert server.clock.now_s() - begin_s > 2.0
    assert len(server.files(series)) == 2


def test_a_writer_error_is_told_while_it_lasts(light_server, faults):
    server = light_server
    faults.writer_error = "the disk is full"
    assert server.get("status/state", "filewriter") == "error"
    assert server.get("status/error", "filewriter") == "the disk is full"
    faults.writer_error = ""
    assert server.get("status/state", "filewriter") == "ready"

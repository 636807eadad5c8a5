"""The other ends of the interface: monitor, file list, status, stream; and requests that are none."""

import io
import socket
import threading
from urllib.parse import urlsplit

import cv2
import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

API = "1.8.0"


def take(server, images=3):
    series = server.arm(images)
    server.publish(server.burst(images))
    server.wait_written()
    return series


def test_the_monitor_gives_the_latest_image_as_tiff(server):
    server.arm(2)
    server.command("disarm")
    series = take(server)
    answer = server.http.get(f"/monitor/api/{API}/images/monitor")
    assert answer.headers["content-type"] == "application/tiff"
    assert (answer.headers["X-Series"], answer.headers["X-Image"]) == (str(series), "3")
    pixels = np.frombuffer(answer.content, "<u4", offset=8, count=96 * 128).reshape(96, 128)
    np.testing.assert_array_equal(pixels, server.frames(series)[2])
    assert server.put("mode", "disabled", "monitor").status_code == 200
    assert server.http.get(f"/monitor/api/{API}/images/monitor").status_code == 400
    server.put("mode", "enabled", "monitor")
    assert server.http.get(f"/monitor/api/{API}/images/another").status_code == 404


def test_another_program_reads_the_monitors_image(module_server):
    server = module_server
    assert server.http.get(f"/monitor/api/{API}/images/monitor").status_code == 404  # none yet
    series = take(server, 1)
    content = server.http.get(f"/monitor/api/{API}/images/next").content
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded.dtype == np.uint16
    np.testing.assert_array_equal(decoded, server.frames(series)[0])


def test_files_can_be_fetched_deleted_and_cleared(light_server):
    server = light_server
    names = server.files(take(server)) + server.files(take(server))
    assert len(names) == 4
    assert server.get("status/files", "filewriter") == names
    with h5py.File(io.BytesIO(server.http.get(f"/data/{names[0]}").content)) as file:
        assert file["entry/data/data"].shape == (3, 96, 128)
    assert server.http.delete(f"/data/{names[0]}").status_code == 204
    assert not (server.folder / names[0]).exists()
    assert server.http.get(f"/data/{names[0]}").status_code == 404
    assert server.http.delete(f"/data/{names[0]}").status_code == 404
    assert server.http.delete("/data/../settings.py").status_code == 404
    assert server.http.put(f"/filewriter/api/{API}/command/clear").status_code == 200
    assert server.http.get(f"/filewriter/api/{API}/files").json() == []
    assert not list(server.folder.rglob("*.h5"))


def test_the_appendix_of_the_stream_is_in_the_master(light_server):
    server = light_server
    server.command("initialize")
    assert server.put("header_appendix", '{"acquisition": "abc"}', "stream").json() == ["header_appendix"]
    series = take(server)
    with h5py.File(server.folder / f"sample/sweep_{series}_master.h5") as master:
        told = master["entry/instrument/detector/detectorSpecific/header_appendix"][()]
    assert told == b'{"acquisition": "abc"}'
    assert server.get("status/state", "stream") == "ready"
    assert server.put("header_appendix", 5, "stream").status_code == 400
    assert server.put("header_appendix", "x" * 200_000, "stream").status_code == 400


def test_housekeeping_and_lists_of_keys(server):
    for name, low, high in (("board_000/th0_temp", 20, 30), ("board_000/th0_humidity", 0, 20), ("temperature", 20, 30)):
        answer = server.http.get(f"/detector/api/{API}/status/{name}").json()
        assert low < answer["value"] < high
        assert answer["unit"]
    assert server.http.get(f"/detector/api/{API}/status/mood").status_code == 404
    assert "state" in server.http.get(f"/detector/api/{API}/status/keys").json()
    assert "photon_energy" in server.http.get(f"/detector/api/{API}/config/keys").json()
    assert server.http.get("/detector/api/version/").json()["value"] == API
    for module in ("filewriter", "monitor", "stream"):
        assert server.http.put(f"/{module}/api/{API}/command/initialize").status_code == 200
        assert server.http.put(f"/{module}/api/{API}/command/dance").status_code == 404
    kappa = server.http.get(f"/detector/api/{API}/config/kappa_start").json()
    assert (kappa["value"], kappa["unit"]) == (0.0, "degree")


def test_a_body_that_is_too_large_is_refused(server):
    refused = server.http.put(f"/detector/api/{API}/config/nimages", content=b" " * 3_000_000 + b'{"value": 1}')
    assert refused.status_code == 413
    assert server.put("nimages", 1).status_code == 200
    deep = server.http.put(f"/detector/api/{API}/config/nimages", content=b"[" * 100_000)
    assert deep.status_code == 400


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60), name=st.sampled_from(["nimages", "omega_start", "trigger_mode", "roi_mode"]))
def test_garbage_is_refused_and_changes_nothing(server, body, name):
    before = server.get(f"config/{name}")
    refused = server.http.put(f"/detector/api/{API}/config/{name}", content=body)
    assert refused.status_code == 400
    assert server.get(f"config/{name}") == before


def test_half_open_connections_and_noise_leave_the_server_alone(server):
    address = (urlsplit(server.url).hostname, urlsplit(server.url).port)
    idle = [socket.create_connection(address) for _ in range(20)]
    for index, connection in enumerate(idle):
        connection.sendall(
            (b"PUT /detector/api/1.8.0/command/arm HTTP/1.1\r\n", b"\x00\xff\x16\x03\x01", b"")[index % 3]
        )
    assert server.get("status/state") == "idle"
    for connection in idle:
        connection.close()
    assert server.get("status/state") == "idle"


def test_a_burst_of_requests_is_answered(server):
    answers = []

    def ask():
        answers.extend(server.get("config/nimages") for _ in range(100))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1] * 500


@pytest.mark.parametrize("path", ["/", "/detector", f"/detector/api/{API}/config/", "/detector/api/1.6.0/status/state"])
def test_what_is_not_there_is_not_found(server, path):
    assert server.http.get(path).status_code in (404, 405, 307)

"""Nights that end early: on request, at once, by a dying beamline, or before they begin. Nothing is lost, all is said."""

import os
import signal
import socket
import threading

import pytest
from night_support import Night, phase_begins, processes_about, short_profile, short_shipment

pytestmark = pytest.mark.timeout(200)


def test_one_ctrl_c_ends_after_the_present_sample(tmp_path):
    night = Night(short_profile(tmp_path, archive=False), short_shipment(tmp_path, 1, 2), tmp_path / "night")
    night.wait_for_document(phase_begins("optical"))
    night.interrupt()
    assert night.finish() == 0, night.text
    summary = night.summary()
    assert [sample["verdict"] for sample in summary["samples"]] == ["COLLECTED"]
    assert summary["not_done"] == ["demo-2"]
    assert night.truth()["events"][-1]["kind"] == "unmount"
    assert "Ended on request, 1 experiments are not done" in night.text


def test_two_ctrl_c_make_safe_and_leave_at_once(tmp_path):
    night = Night(short_profile(tmp_path), short_shipment(tmp_path, 1, 2), tmp_path / "night")
    night.wait_for_document(phase_begins("xray"))
    night.interrupt()
    night.wait_for_document(lambda name, doc: name == "start" and doc["mxplans"]["role"] == "grid")
    night.interrupt()
    assert night.finish() == 130, night.text
    assert "a sample may hang on the goniometer" in night.text
    assert night.truth()["events"][-1]["kind"] != "unmount"
    stops = [doc["exit_status"] for name, doc in night.documents() if name == "stop"]
    assert stops
    assert set(stops) <= {"abort", "fail"}
    assert (night.out / "report.html").exists()
    assert processes_about(night.out) == []


def test_the_virtual_beamline_dying_ends_the_night_and_keeps_what_there_is(tmp_path):
    night = Night(short_profile(tmp_path, archive=False), short_shipment(tmp_path, 3, 1), tmp_path / "night")
    night.wait_for_document(phase_begins("xray"))
    (service,) = [pid for pid in processes_about(night.out) if "mxplans_sim" in command_line(pid)]
    os.kill(service, signal.SIGKILL)
    assert night.finish() == 1, night.text
    said = " ".join(night.text.split())
    assert "service virtual_beamline ended by itself" in said
    assert "run the shipment again" in said
    assert [sample["verdict"] for sample in night.summary()["samples"]] == ["COLLECTED"] or night.summary()["not_done"]
    assert len(list((night.out / "lims/messages").glob("*.json"))) >= 1
    assert (night.out / "report.html").exists()
    assert processes_about(night.out) == []


def test_a_killed_night_takes_its_services_with_it_and_keeps_its_journal(tmp_path):
    night = Night(short_profile(tmp_path), short_shipment(tmp_path, 1), tmp_path / "night")
    night.wait_for_document(phase_begins("optical"))
    night.process.kill()
    night.process.communicate()
    pause = threading.Event()
    for _ in range(600):
        if not processes_about(night.out):
            break
        pause.wait(0.1)
    assert processes_about(night.out) == []
    assert "start" in [name for name, _ in night.documents()]


def command_line(pid):
    with open(f"/proc/{pid}/cmdline") as file:
        return file.read()


@pytest.mark.parametrize("section", ["virtual_beamline", "archive"])
def test_a_port_in_use_is_refused_by_name(tmp_path, section):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        old = "    ready_timeout_s: 60" if section == "virtual_beamline" else "archive:\n"
        new = f"    port: {port}\n" + old if section == "virtual_beamline" else f"archive:\n  port: {port}\n"
        night = Night(short_profile(tmp_path, **{old: new}), short_shipment(tmp_path, 1), tmp_path / "night")
        code = night.finish()
    said = " ".join(night.text.split())
    assert code == 2
    assert f"port {port} on 127.0.0.1 is in use" in said
    assert processes_about(night.out) == []


def test_a_missing_shipment_is_said_in_one_line_and_nothing_is_made(tmp_path):
    night = Night(short_profile(tmp_path), tmp_path / "nothing.json", tmp_path / "night")
    assert night.finish() == 2
    assert night.text.startswith("mxplans: MXLIMS file")
    assert not night.out.exists()

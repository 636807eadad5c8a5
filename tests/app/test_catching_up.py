"""The end of a night, when catalogue and LIMS take what is left: whoever leaves it loses nothing."""

import contextlib
import json
from types import SimpleNamespace

import pytest
from night_support import SIM

from mxplans.app import unattended
from mxplans.app.unattended import run_night


class Impatient:
    """A follower at whose slowness somebody presses Ctrl-C."""

    def catch_up(self):
        raise KeyboardInterrupt


def test_ctrl_c_while_it_catches_up_leaves_report_and_summary(tmp_path, monkeypatch, capsys):
    followers = {"archive": Impatient(), "exporter": SimpleNamespace(catch_up=lambda: pytest.fail("waited for"))}
    session = SimpleNamespace(run_engine=SimpleNamespace(subscribe=lambda _: None))
    monkeypatch.setattr(unattended, "open_followers", lambda *_: contextlib.nullcontext(followers))
    monkeypatch.setattr(unattended, "open_session", lambda *_: contextlib.nullcontext(session))
    monkeypatch.setattr(unattended, "logging_to", lambda _: None)
    monkeypatch.setattr(unattended, "_collect", lambda *_: None)
    assert run_night(SIM / "beamline.yaml", SIM / "shipment.json", tmp_path / "night") == 0
    assert "left before all was delivered; nothing is lost" in " ".join(capsys.readouterr().out.split())
    summary = json.loads((tmp_path / "night" / "summary.json").read_text())
    assert len(summary["not_done"]) > 0
    assert (tmp_path / "night" / "report.html").exists()

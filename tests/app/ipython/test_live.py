"""Live tables and figures, from documents of runs that lie within each other."""

import threading
from pathlib import Path

import pytest
from rich.console import Console

from mxplans.app.ipython import live
from mxplans.app.ipython.catalog import Catalog
from mxplans.app.ipython.live import Drawing, LiveView
from mxplans.app.ipython.plot_files import PlotFiles, hinted
from mxplans.app.ipython.processes import Followers
from mxplans.app.ipython.results import short
from mxplans.app.ipython.watching import Watch
from mxplans.errors import InvalidInput
from mxplans.profile import load_profile

PNG = b"\x89PNG"


def scan_run(uid, scan_id, role="rotation", **ours):
    sweep = {"exposureTime": 0.02, "imageWidth": 0.2}
    mxplans = {"role": role, "sweep": sweep, "scan": {"numberImages": 900}, **ours}
    return {"uid": uid, "scan_id": scan_id, "time": 10.0, "sample_name": "lyso-1", "mxplans": mxplans}


def stop(uid, status="success", reason=""):
    return {"uid": f"{uid}-stop", "run_start": uid, "time": 28.25, "exit_status": status, "reason": reason}


@pytest.fixture
def view(tmp_path):
    console = Console(width=140, file=(tmp_path / "told.txt").open("w"))
    yield LiveView(console, tmp_path / "plots", speed_up=10.0)
    console.file.close()


def told(view):
    view.draw()
    view.console.file.flush()
    return Path(view.console.file.name).read_text()


def test_a_scan_is_a_line_and_a_sample_its_verdict(view):
    view("start", {"uid": "outer", "time": 9.0, "sample_name": "lyso-1", "mxplans": {"role": "sample"}})
    view("start", scan_run("inner", 7))
    view.draw()
    assert view.exposing == ("rotation lyso-1", pytest.approx(900 * 0.02 / 10))
    view("stop", stop("inner"))
    view("start", scan_run("second", 8))
    view("stop", stop("second", "abort", "somebody came"))
    view("descriptor", {"uid": "d", "run_start": "outer", "name": "mx_verdict"})
    view("event", {"descriptor": "d", "data": {"verdict": "COLLECTED", "verdict_reason": "900 images"}})
    view("stop", stop("outer"))
    lines = told(view).splitlines()
    assert lines[1].split() == ["7", "rotation", "lyso-1", "900", "0.2", "deg", "0.02", "s", "success", "18.2", "s"]
    assert "abort" in lines[2]
    assert lines[3].strip() == "somebody came"
    assert lines[4] == "lyso-1: COLLECTED, 900 images"
    assert view.exposing is None


def test_a_document_that_cannot_be_shown_hinders_nothing(view):
    view("start", {"uid": "odd", "mxplans": {"role": "rotation", "scan": {}}})
    view("start", scan_run("good", 1))
    view("stop", stop("good"))
    assert "lyso-1" in told(view)


def test_the_waiting_thread_draws_what_comes_meanwhile(view):
    ended = threading.Event()
    view("start", scan_run("a", 3))
    view("stop", stop("a"))
    threading.Timer(0.5, ended.set).start()
    Drawing(view).block(ended)
    assert "lyso-1" in told(view)


def test_runs_of_others_are_shown_by_bluesky_with_windows_where_there_is_a_display(view, capsys):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")  # stands for a display: what draws does not know the difference
    view.prepare()
    assert view._prepared.wait(30.0)
    assert not view._windows  # and here there is none
    view._windows = True
    key = {"dtype": "number", "shape": [], "source": "test", "object_name": "goniometer"}
    hints = {"dimensions": [[["omega"], "primary"]]}
    start = {"uid": "scan", "scan_id": 9, "time": 1.0, "plan_name": "scan", "motors": ["goniometer"], "hints": hints}
    view("start", start)
    described = {"uid": "d", "run_start": "scan", "name": "primary", "time": 1.0, "configuration": {}}
    described |= {"data_keys": {"omega": key, "flux": key}, "object_keys": {"goniometer": ["omega", "flux"]}}
    view("descriptor", {**described, "hints": {"goniometer": {"fields": ["omega", "flux"]}}})
    for number in range(1, 4):
        data = {"omega": float(number), "flux": 2.0 * number}
        event = {"uid": f"e{number}", "descriptor": "d", "seq_num": number, "time": 1.0 + number, "data": data}
        view("event", {**event, "timestamps": dict.fromkeys(data, 1.0), "filled": {}})
    view("stop", stop("scan"))
    try:
        assert "_primary.png" in told(view)
        assert [figure for figure in pyplot.get_figlabels() if "flux" in figure]
    finally:
        pyplot.close("all")
    assert "omega" in capsys.readouterr().out


def test_what_dies_while_a_plan_runs_is_told_once(view):
    wrong = {"robot": "did not start"}
    view.watch = Watch(view.console, lambda: wrong)
    view.draw()
    wrong["beam"] = "is not connected any more"
    view.draw()
    assert told(view).count("beam is not connected any more; Ctrl-C twice pauses") == 1
    del wrong["beam"]
    view.draw()
    wrong["beam"] = "is not connected any more"
    assert told(view).count("beam is not connected any more") == 2
    assert "robot" not in told(view)  # it was so before


def test_scores_of_a_grid_and_values_along_an_axis_become_figures(tmp_path):
    made = []
    files = PlotFiles(tmp_path / "plots", made.append)
    keys = {
        "omega": {"dtype": "number", "shape": [], "units": "deg"},
        "flux": {"dtype": "number", "shape": []},
        "zoom": {"dtype": "string", "shape": []},
    }
    files("start", {**scan_run("12345678", 4), "hints": {"dimensions": [[["omega"], "primary"]]}})
    files("descriptor", {"uid": "g", "name": "mx_grid", "data_keys": {}})
    files("event", {"descriptor": "g", "time": 11.0, "data": {"grid_score": [[0, 1], [2, 3]]}})
    hints = {"goniometer": {"fields": ["omega"]}, "beam": {"fields": ["flux", "zoom"]}}
    files("descriptor", {"uid": "p", "name": "primary", "data_keys": keys, "hints": hints})
    for number in range(3):
        files("event", {"descriptor": "p", "time": 12.0, "data": {"omega": number, "flux": 2 * number, "zoom": "1"}})
    files("descriptor", {"uid": "b", "name": "baseline", "data_keys": keys, "hints": hints})
    files("event", {"descriptor": "b", "time": 12.0, "data": {"omega": 0, "flux": 0, "zoom": "1"}})
    files("stop", stop("12345678"))
    assert [path.name for path in made] == ["0004_12345678_grid.png", "0004_12345678_primary.png"]
    assert all(path.read_bytes().startswith(PNG) for path in made)
    assert hinted({"hints": hints, "data_keys": keys}) == ["omega", "flux"]


class Client(dict):
    """A catalogue in which a run arrives when it has been looked for a few times."""

    def __init__(self, late):
        self.late = late

    def search(self, query):
        self.late -= 1
        return {"run": type("Run", (), {"metadata": {"stop": {}} if self.late <= 0 else {}})}


def test_the_catalogue_waits_for_the_run_that_has_just_ended():
    client = Client(late=3)
    catalog = Catalog(lambda: {"url": "http://here"}, lambda said: client)
    assert "connected when it is first used" in repr(catalog)
    assert "search" in dir(catalog)  # Tab asks no server
    assert len(catalog) == 0
    assert client.late == 3  # nothing has ended, nothing is waited for
    catalog("stop", stop("run"))
    assert len(catalog) == 0
    assert client.late == 0
    with pytest.raises(AttributeError):
        catalog._ipython_display_  # noqa: B018
    with pytest.raises(InvalidInput, match="the catalogue has 0 runs, and none is 'abc'"):
        catalog["abc"]


def test_an_archive_that_was_started_again_elsewhere_is_found_again():
    addresses = iter(["http://here:1", "http://here:1", "http://here:2"])
    closed = []

    def connect(said):
        client = Client(late=0)
        client.url = said["url"]
        client.context = type("Context", (), {"close": lambda self: closed.append(client.url)})()
        return client

    catalog = Catalog(lambda: {"url": next(addresses)}, connect)
    assert [catalog.url, catalog.url, catalog.url] == ["http://here:1", "http://here:1", "http://here:2"]
    assert closed == ["http://here:1"]


class Restarted:
    """An archive that has died, and runs again when it was looked at a few times."""

    def __init__(self):
        self.looks = 0

    @property
    def running(self):
        self.looks += 1
        return self.looks > 2

    def ready(self, timeout_s):
        return {"url": "the new one" if self.looks > 2 else "the old one"}


def test_an_archive_that_has_just_died_is_asked_when_it_runs_again(tmp_path):
    profile = load_profile(Path(__file__).parents[3] / "profiles/sim/beamline.yaml")
    followers = Followers(profile, {}, tmp_path, print)
    followers._thread = threading.Thread(target=lambda: None)  # nothing is started
    followers._found = {"archive": Restarted()}
    assert followers.archive() == {"url": "the new one"}


class Gone:
    """A terminal that was closed."""

    def write(self, text):
        raise OSError(5, "Input/output error")

    def flush(self):
        raise OSError(5, "Input/output error")


def test_a_terminal_or_a_display_that_is_gone_does_not_halt_a_plan(tmp_path, monkeypatch):
    # The RunEngine halts a plan, without its clean-up, when what it does meanwhile raises.
    gone = LiveView(Console(file=Gone(), force_terminal=True), tmp_path / "plots")
    monkeypatch.setattr(live, "_refresh", Gone().flush)
    gone._windows = True
    gone("start", scan_run("a", 3))
    gone("stop", stop("a"))
    ended = threading.Event()
    ended.set()
    Drawing(gone).block(ended)
    assert not gone._windows


def test_long_values_are_left_out():
    assert short(list(range(1000))) == "<list>"

"""Files that people write: keys, permissions, state. What is wrong with them is said."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bluesky_httpserver.authorization import DictionaryAPIAccessControl
from served_queue import ROOT, profile_in

from mxplans.app.queueserver.desk import open_desk
from mxplans.app.queueserver.http_settings import write_http_settings
from mxplans.app.queueserver.keys import GROUPS, make_keys, read_keys
from mxplans.app.queueserver.places import STATE_VARIABLE, Places, ServeState, read_state, state_from_environment
from mxplans.app.queueserver.private_files import read_private, write_private
from mxplans.app.queueserver.re_manager import PERMISSIONS
from mxplans.app.queueserver.serve import ServeOptions, serve
from mxplans.app.queueserver.wish import Mode, make_wish, present_wish
from mxplans.errors import InvalidInput
from mxplans.model import parse_item
from mxplans.model.item import with_uuid
from mxplans.queue.permissions import Group


def test_keys_are_made_once_one_for_each_group_and_for_nobody_else_to_read(tmp_path):
    path = tmp_path / "keys.json"
    keys = make_keys(path)
    assert set(keys) == {str(group) for group in Group} == set(GROUPS)
    assert len({key.secret for key in keys.values()}) == len(GROUPS)
    assert path.stat().st_mode & 0o077 == 0
    assert make_keys(path) == keys


def test_a_file_of_keys_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "keys.json"
    make_keys(path)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        read_keys(path)


@pytest.mark.parametrize(
    "content",
    [{"alice": {"group": "king", "secret": "0" * 64}}, {"alice": {"group": "user", "secret": "easy-to-guess"}}],
)
def test_a_bad_key_is_refused_without_being_shown(tmp_path, content):
    path = tmp_path / "keys.json"
    write_private(path, content)
    with pytest.raises(InvalidInput) as refusal:
        read_keys(path)
    assert content["alice"]["secret"] not in str(refusal.value)


def test_the_permissions_that_are_shown_are_those_that_hold_and_name_every_group():
    shown = yaml.safe_load((ROOT / "profiles/queueserver/permissions.yaml").read_text())
    assert shown == yaml.safe_load(PERMISSIONS.read_text())
    assert set(shown["user_groups"]) == {"root", *GROUPS}


def test_nobody_runs_edits_or_locks_the_queue_past_our_own_routes(tmp_path):
    places = Places(tmp_path)
    places.make()
    make_keys(places.keys)
    names = ("folder", "profile", "shipment", "places", "http_url", "zmq_control", "zmq_info", "zmq_public_key")
    values = (tmp_path, tmp_path, None, {}, "http://127.0.0.1:1", "", "", "")
    state = ServeState(**dict(zip(names, values, strict=True)), redis_port=1)
    written = json.loads(write_http_settings(places, state, "").read_text())["api_access"]
    scopes = DictionaryAPIAccessControl(**written["args"])
    for name in GROUPS:
        writing = {scope for scope in scopes.get_user_scopes(name) if scope.startswith("write:")}
        assert writing == ({"write:manager:control"} if name == "staff" else set()), name


def test_a_private_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "x.json"
    write_private(path, {"a": 1})
    with pytest.raises(TypeError):
        write_private(path, {"a": object()})
    assert read_private(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]
    path.write_text('{"a": ')
    assert read_private(path) is None


def test_a_wish_outlives_its_process(tmp_path):
    assert present_wish(tmp_path / "wish.json").mode is Mode.STOP
    make_wish(tmp_path / "wish.json", Mode.RUN, "staff")
    assert present_wish(tmp_path / "wish.json").mode is Mode.RUN


def test_a_part_that_was_not_started_by_serve_says_so(tmp_path, monkeypatch):
    monkeypatch.delenv("MXPLANS_SERVE_STATE", raising=False)
    with pytest.raises(InvalidInput, match="is started by `mxplans serve`"):
        state_from_environment()
    with pytest.raises(InvalidInput, match="is no state of a served queue"):
        read_state(tmp_path / "serve.json")


def test_importing_the_start_up_module_outside_a_worker_does_nothing():
    code = "import threading, mxplans.app.queueserver.startup as s; assert threading.active_count() == 1; assert not hasattr(s, 'RE')"
    environment = {name: value for name, value in os.environ.items() if name != "QSERVER_RE_WORKER_ACTIVE"}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50, env=environment)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"redis": "redis://x"}, "--redis redis://x: allowed is HOST:PORT"),
        ({"permissions": "nowhere.yaml"}, "--permissions nowhere.yaml: there is no such file"),
        ({"given": ("limits.energy_kev=12",)}, "command line: limits.energy_kev: wrong unit: .* is given in eV"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused_before_anything_starts(tmp_path, options, said):

    given = {name: Path(value) if name == "permissions" else value for name, value in options.items()}
    with pytest.raises(InvalidInput, match=said):
        serve(ServeOptions(profile=profile_in(tmp_path), out=tmp_path / "queue", **given))
    assert not (tmp_path / "queue").exists()


def test_the_front_door_s_profile_is_that_of_the_command_line(tmp_path, monkeypatch):
    places = Places(tmp_path)
    places.make()
    state = ServeState(
        folder=tmp_path,
        profile=profile_in(tmp_path),
        given=("limits.energy_ev=12700",),
        shipment=None,
        places={},
        http_url="http://127.0.0.1:1",
        zmq_control="",
        zmq_info="",
        zmq_public_key="",
        redis_port=1,
    )
    state.write()
    monkeypatch.setenv(STATE_VARIABLE, str(places.state))
    desk = open_desk.__wrapped__()
    with desk.store, desk.ledger:
        assert desk.profile.limits.energy_ev == 12700


def test_the_example_is_a_queue_item():
    shown = json.loads((ROOT / "profiles/queueserver/rotation.json").read_text())
    assert parse_item(with_uuid(shown)).number_images == 60

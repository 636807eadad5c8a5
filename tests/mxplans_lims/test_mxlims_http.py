"""Messages over HTTP arrive once, whatever happens to the answer."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from lims_records import delivery, rotation, running
from mxlims_server import TOKEN, MxlimsServer, running_receiver
from pydantic import ValidationError

from mxplans.errors import TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Target
from mxplans_lims.targets.mxlims import MxlimsHttpSettings, MxlimsHttpTarget


@pytest.fixture
def server() -> Iterator[MxlimsServer]:
    with running_receiver() as state:
        yield state


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file


def made(url: str, token: Path, **settings) -> MxlimsHttpTarget:
    return MxlimsHttpTarget("site", MxlimsHttpSettings(url=url, token={"file": token}, timeout_s=0.5, **settings))


@pytest.fixture
def target(server: MxlimsServer, token: Path) -> Iterator[MxlimsHttpTarget]:
    target = made(server.url, token)
    yield target
    target.close()


def only_step(target: MxlimsHttpTarget, record):
    (step,) = target.steps(delivery(record))
    return step


def test_it_is_a_target(target):
    assert isinstance(target, Target)


def test_a_message_arrives_as_it_is(server, target):
    record = rotation()
    step = only_step(target, record)
    assert target.send(step, {}) == {"message": f"/messages/{record.item_uid}"}
    assert server.messages == {record.item_uid: delivery(record).message}


def test_an_experiment_that_goes_on_is_replaced_by_what_it_came_to(server, target):
    running_step, step = (only_step(target, each(sample="Lyso-1")) for each in (running, rotation))
    ids = target.send(running_step, {})
    item = rotation().item_uid
    assert server.messages[item]["MxExperiment"]["MxExperiment1"]["jobStatus"] == "Running"
    assert target.send(step, ids) == ids
    assert server.messages[item]["MxExperiment"]["MxExperiment1"]["jobStatus"] == "Completed"
    assert server.taken == {item: 2}


def test_what_was_taken_and_not_answered_is_taken_once(server, target):
    server.faults = ["lost"]
    step = only_step(target, rotation())
    with pytest.raises(TargetUnreachable, match=r"did not answer within 0\.5 s"):
        target.send(step, {})
    target.send(step, {})
    target.send(step, {})
    assert len(server.deliveries) == 3 and len(set(server.deliveries)) == 1
    assert server.taken == {rotation().item_uid: 1}


@pytest.mark.parametrize("fault", [500, 502, 503, "silent", 408, 425, 429, 401, 403, 307])
def test_what_can_work_later_is_tried_again(server, target, fault):
    server.faults = [fault]
    step = only_step(target, rotation())
    with pytest.raises(TargetUnreachable, match="site: http://127"):
        target.send(step, {})
    target.send(step, {})
    assert list(server.messages) == [rotation().item_uid]


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_message_that_is_not_wanted_is_refused_with_what_the_server_says(server, target, status):
    server.faults = [status]
    with pytest.raises(TargetRefused, match=f"answered {status} .*: not this one; correct what it names"):
        target.send(only_step(target, rotation()), {})
    assert server.messages == {}


def test_a_wrong_token_is_unreachable_and_a_mended_one_is_read_anew(server, target, token):
    token.write_text("wrong\n")
    step = only_step(target, rotation())
    with pytest.raises(TargetUnreachable, match=r"401 .* put the right token") as told:
        target.send(step, {})
    assert "wrong" not in str(told.value)
    token.write_text(TOKEN)
    target.send(step, {})
    assert len(server.messages) == 1


def test_a_token_that_is_not_there_is_no_fault_of_the_message(server, target, token):
    token.unlink()
    with pytest.raises(TargetUnreachable, match="cannot be read"):
        target.send(only_step(target, rotation()), {})


def test_a_server_that_is_away_and_comes_back(token):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = made(f"http://127.0.0.1:{port}/messages", token)
    step = only_step(target, rotation())
    with pytest.raises(TargetUnreachable, match="cannot be reached"):
        target.send(step, {})
    with running_receiver(port) as server:
        target.send(step, {})
        assert len(server.messages) == 1
        target.close()


def test_put_is_sent_where_the_receiver_wants_it(server, token):
    target = made(server.url, token, method="PUT")
    target.send(only_step(target, rotation()), {})
    target.close()
    assert server.methods == ["PUT"]


def test_certificates_that_are_not_there_are_named(server, token, tmp_path):
    target = made(server.url, token, ca_file=tmp_path / "none.pem")
    with pytest.raises(TargetUnreachable, match=r"none\.pem cannot be used.*give a PEM file"):
        target.send(only_step(target, rotation()), {})


@pytest.mark.parametrize("url", ["ftp://lims.example.org", "lims.example.org", "http://"])
def test_an_address_that_is_none_is_refused_with_the_profile(url):
    with pytest.raises(ValidationError, match="url"):
        MxlimsHttpSettings(url=url)


def test_an_address_that_cannot_be_read_is_named(token):
    target = made("http://[::1", token)
    with pytest.raises(TargetUnreachable, match="correct `url`"):
        target.send(only_step(target, rotation()), {})
    target.close()


def test_making_one_reads_no_secret(tmp_path):
    made("http://127.0.0.1:1/", tmp_path / "none")

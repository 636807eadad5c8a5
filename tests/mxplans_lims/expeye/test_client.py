"""The client against a real server: what is an error of the record, what of the server, and what gets through."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from expeye_server import ExpeyeServer, Fault, running_expeye

from mxplans.errors import TargetRefused, TargetUnreachable
from mxplans_lims.secret import Secret
from mxplans_lims.targets.expeye._client import ClientSettings, RestClient

GROUPS = "/proposals/mx1234/sessions/5/data-groups"
OSC = {"experimentType": "OSC", "comments": "first"}


@pytest.fixture
def client(server: ExpeyeServer, token_file: Path) -> Iterator[RestClient]:
    made = RestClient(ClientSettings(url=server.url, token=Secret(file=token_file), answer_timeout_s=0.4))
    yield made
    made.close()


def test_rows_are_made_changed_and_read(client: RestClient) -> None:
    made = client.create(GROUPS, OSC)
    path = f"/data-groups/{made['dataCollectionGroupId']}"
    client.update(path, {"endTime": "2026-11-25T21:00:00"})
    client.update(path, {"comments": "second"})

    assert client.one(path) | {"dataCollectionGroupId": 0} == {
        "dataCollectionGroupId": 0,
        "proposal": "mx1234",
        "session": 5,
        "experimentType": "OSC",
        "comments": "second",
        "endTime": "2026-11-25T21:00:00",
    }


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_listing_is_read_to_its_end_in_whatever_pages_it_comes(
    server: ExpeyeServer, client: RestClient, limit: int
) -> None:
    server.page_limit = limit
    made = [client.create(GROUPS, OSC)["dataCollectionGroupId"] for _ in range(7)]

    assert [row["dataCollectionGroupId"] for row in client.rows(GROUPS)] == made


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("500", "answered with 500 (Internal Server Error)"),
        ("429", "Too many requests); it asks to wait until or for (s) 17"),
        ("401", "Token has expired): give the target a token that is valid"),
        ("cut before", "start the server"),
        ("cut after", "start the server"),
        ("silent before", "not answered within 0.4 s (ReadTimeout)"),
        ("silent after", "not answered within 0.4 s (ReadTimeout)"),
        ("html", "gave no JSON; check `url`"),
        ("moved", "https://sso.example.org/login"),
    ],
)
def test_what_can_work_later_is_unreachable_and_then_works(
    server: ExpeyeServer, client: RestClient, what: Any, told: str
) -> None:
    server.faults.append(Fault(what))
    with pytest.raises(TargetUnreachable) as raised:
        client.create(GROUPS, OSC)
    assert told in str(raised.value)

    assert client.create(GROUPS, OSC)["comments"] == "first"


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (GROUPS, {"comments": "x"}, "body.experimentType: Field required"),
        (GROUPS, {"experimentType": "Oscillation"}, "body.experimentType: Input should be one of SAD"),
        (GROUPS, OSC | {"comments": "x" * 1025}, "body.comments: String should have at most 1024 characters"),
        (GROUPS, OSC | {"startTime": "yesterday"}, "(given 'yesterday')"),
        ("/proposals/mx7/sessions/1/data-groups", OSC, "Proposal mx7 not found"),
        ("/proposals/mx1234/sessions/9/data-groups", OSC, "Session 9 of mx1234 not found"),
    ],
)
def test_what_is_wrong_with_the_record_is_refused_with_the_reason_of_the_server(
    client: RestClient, path: str, body: dict[str, Any], told: str
) -> None:
    with pytest.raises(TargetRefused) as raised:
        client.create(path, body)
    assert told in str(raised.value)
    assert "correct the record" in str(raised.value)


def test_a_route_that_the_server_does_not_know_is_not_the_fault_of_the_record(client: RestClient) -> None:
    with pytest.raises(TargetUnreachable, match="no such route, it may be of another version"):
        client.create("/proposals/mx1234/sessions/5/groups", OSC)


def test_a_new_token_is_read_after_the_old_one_was_turned_down(
    server: ExpeyeServer, client: RestClient, token_file: Path
) -> None:
    good = token_file.read_text()
    token_file.write_text("the old one")
    with pytest.raises(TargetUnreachable, match="Could not validate token"):
        client.create(GROUPS, OSC)
    token_file.write_text(good)

    client.create(GROUPS, OSC)
    assert server.counts() == {"data-groups": 1}


def test_a_server_that_is_away_is_unreachable(token_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = RestClient(ClientSettings(url=f"http://127.0.0.1:{port}", token=Secret(file=token_file)))
    with pytest.raises(TargetUnreachable, match="start the server or check `url`"):
        client.create(GROUPS, OSC)
    client.close()


def test_a_missing_token_is_told_before_anything_is_asked(server: ExpeyeServer, tmp_path: Path) -> None:
    client = RestClient(ClientSettings(url=server.url, token=Secret(file=tmp_path / "none")))
    with pytest.raises(TargetUnreachable, match="the secret in"):
        client.create(GROUPS, OSC)
    assert server.asked == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One that signs itself, for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=expeye", "-addext", "subjectAltName=IP:127.0.0.1", "-out", str(cert), "-keyout", str(key)],
        check=True,
        capture_output=True,
    )
    return cert, key


def test_a_server_is_trusted_by_the_certificate_of_the_profile_only(
    certificate: tuple[Path, Path], token_file: Path, tmp_path: Path
) -> None:
    with running_expeye(certificate) as server:
        given: dict[str, Any] = {"url": server.url, "token": Secret(file=token_file)}
        trusting = RestClient(ClientSettings(**given, ca_file=certificate[0]))
        assert trusting.create(GROUPS, OSC)["experimentType"] == "OSC"
        trusting.close()
        for ca_file, told in ((None, "CERTIFICATE_VERIFY_FAILED"), (tmp_path / "none.pem", "give a PEM file")):
            client = RestClient(ClientSettings(**given, ca_file=ca_file))
            with pytest.raises(TargetUnreachable, match=told):
                client.create(GROUPS, OSC)
            client.close()
        assert server.counts() == {"data-groups": 1}

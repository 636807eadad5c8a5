"""Secrets are read where they stand, and stand nowhere else: in no reason, whatever is wrong with them."""

import logging
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from mxplans.errors import TargetUnreachable
from mxplans_lims.delivery import Step
from mxplans_lims.secret import Secret
from mxplans_lims.targets.expeye import ExpeyeSettings
from mxplans_lims.targets.expeye._client import ClientSettings, RestClient
from mxplans_lims.targets.icat import IcatTarget
from mxplans_lims.targets.icat.connection import IcatConnection, Investigation
from mxplans_lims.targets.ispyb.target import IspybSettings
from mxplans_lims.targets.ispyb_procedures._connection import ProcedureConnection
from mxplans_lims.targets.mxlims import MxlimsHttpSettings, MxlimsHttpTarget


def reasons(error: BaseException | None) -> str:
    """All that a log would show of an error."""
    told = []
    while error is not None:
        told.append(str(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(told)


def test_a_secret_is_read_without_the_white_space_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(" hüsh hush\n")
    assert Secret(file=tmp_path / "secret").read() == "hüsh hush"
    monkeypatch.setenv("OF_A_TEST", "hush")
    assert Secret(env="OF_A_TEST").header() == {"Authorization": "Bearer hush"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b" \n", "is empty"),
        (b"hush\nhush", "not one line"),
        (b"hush\x00hush", "not one line"),
        (b"\xff\xfehush", "no text in UTF-8"),
        ("hüsh".encode(), "other than ASCII"),
    ],
)
def test_a_token_that_no_header_can_hold_waits_for_a_better_one(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    token = Secret(file=path)
    rest = RestClient(ClientSettings(url="http://127.0.0.1:1", token=token))
    with pytest.raises(TargetUnreachable, match=told) as raised:
        rest.one("/x")
    assert "hush" not in reasons(raised.value) and "hüsh" not in reasons(raised.value)
    http = MxlimsHttpTarget("http", MxlimsHttpSettings(url="http://127.0.0.1:1", token=token))
    with pytest.raises(TargetUnreachable, match=told):
        http.send(Step("message", {"item": "i", "message": {}}), {})


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (ExpeyeSettings, {"url": "https://me:hush@lims.example.org/api", "timezone": "Etc/UTC"}),
        (MxlimsHttpSettings, {"url": "https://me:hush@lims.example.org"}),
        (IspybSettings, {"url": "mysql+pymysql://me:hush@ispyb.example.org/ispyb", "timezone": "Etc/UTC"}),
        (IspybSettings, {"url": "mysql+pymysql:/me:hush@ispyb.example.org/ispyb", "timezone": "Etc/UTC"}),
        (IspybSettings, {"url": "sqlite:///x", "password": "hush", "timezone": "Etc/UTC"}),
        (
            IcatTarget.Settings,
            {"beamline": "id00", "queue_urls": ["x:1"], "rest_url": "http://me:hush@icat", "token": {"env": "X"}},
        ),
    ],
)
def test_a_password_in_a_profile_is_refused_and_not_repeated(kind: type, given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="url|password") as raised:
        kind(**given)
    assert "hush" not in reasons(raised.value)
    assert all("hush" not in each["msg"] for each in raised.value.errors())


@pytest.mark.parametrize("content", ["pw = hush\n", "[ispyb_mariadb_sp]\npw = hush\npw = hush\n", "[hush\npw = hush\n"])
def test_credentials_that_cannot_be_read_are_not_repeated(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ispyb.cfg"
    path.write_text(content)
    with (
        pytest.raises(TargetUnreachable, match="allowed is a section .ispyb_mariadb_sp.") as raised,
        ProcedureConnection(path, 1).procedures(),
    ):
        pass
    assert "hush" not in reasons(raised.value)


def test_a_token_in_an_address_stands_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """ICAT+ wants it there, and the libraries below log the address when nobody answers."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and not listening
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        connection = IcatConnection(("127.0.0.1:1",), url, "hush/hush", 5.0)
        with caplog.at_level(logging.DEBUG), pytest.raises(TargetUnreachable) as raised:
            connection.registered(Investigation("id00", "mx1", datetime(2026, 11, 25, tzinfo=UTC)))
        connection.close()
    assert "Max retries exceeded" in caplog.text
    assert "hush" not in caplog.text + reasons(raised.value)

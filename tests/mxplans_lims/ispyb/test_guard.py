"""What does not fit is said with column, value and what is allowed, before anything is sent, on both engines."""

import sys

import pytest
from ispyb_sending import send_all
from ispyb_support import counts, rows
from lims_records import rotation
from pydantic import ValidationError

from mxplans.errors import InvalidInput, TargetRefused, TargetUnreachable
from mxplans_lims.targets.ispyb.guard import fitting, require_complete
from mxplans_lims.targets.ispyb.tables import table
from mxplans_lims.targets.ispyb.target import IspybTarget


def test_long_prefix_is_refused_and_nothing_written(ispyb):
    whole = rotation()
    turn = whole.sweeps[0]
    long = turn.model_copy(update={"sweep": {**turn.sweep, "prefix": "p" * 46}})
    target = ispyb.target()
    with pytest.raises(TargetRefused, match=r"DataCollection\.imagePrefix has 46 characters.*allowed are 45"):
        send_all(target, rotation(sweeps=(long,)))
    target.close()
    assert {row["imagePrefix"] for row in rows(ispyb.engine, "DataCollection")} == {"Lyso-1_grid1", "Lyso-1_grid2"}


def test_unknown_word_is_refused(ispyb):
    target = ispyb.target(experiment_types={"OSC": "Oscillation"})
    with pytest.raises(TargetRefused, match=r"experimentType is 'Oscillation'; allowed is one of SAD, "):
        send_all(target, rotation(grids=(), crystals=()))
    target.close()
    assert "DataCollectionGroup" not in counts(ispyb.engine)


def test_robot_action_of_another_kind_is_refused(ispyb):
    odd = rotation().robot[0].model_copy(update={"action": "juggle"})
    target = ispyb.target()
    with pytest.raises(TargetRefused, match=r"RobotAction\.actionType is 'JUGGLE'"):
        send_all(target, rotation(robot=(odd,)))
    target.close()


def test_our_own_words_are_shortened_openly(ispyb):
    target = ispyb.target()
    send_all(target, rotation(reason="because " * 200))
    target.close()
    (comments,) = {row["comments"] for row in rows(ispyb.engine, "DataCollectionGroup")}
    assert len(comments) == 1024 and comments.endswith("…") and comments.startswith("COLLECTED: because")


def test_every_text_and_word_of_a_column_is_checked():
    of = table("DataCollection")
    for name, length in (("fileTemplate", 255), ("imageSuffix", 45), ("runStatus", 45), ("xtalSnapshotFullPath1", 255)):
        assert fitting(of, {name: "x" * length}) == {name: "x" * length}
        with pytest.raises(TargetRefused, match=name):
            fitting(of, {name: "x" * (length + 1)})
    with pytest.raises(TargetRefused, match="Omega, Kappa, Phi"):
        fitting(of, {"rotationAxis": "Chi"})
    with pytest.raises(TargetUnreachable, match="no column wavelenght"):
        fitting(of, {"wavelenght": 1.0})
    with pytest.raises(TargetRefused, match="dataCollectionGroupId is missing"):
        require_complete(of, {"imagePrefix": "a"})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "mysql+pymysql://me:secret@host/ispyb"}, "a password stands in the url"),
        ({"url": "postgresql://me@host/ispyb"}, "allowed is one of mysql"),
        ({"url": "nonsense"}, "is no URL"),
        ({"timezone": "Europe/Atlantis"}, "IANA name"),
        ({"timezones": "Europe/Paris"}, "timezones"),
    ],
)
def test_settings_that_cannot_be(settings, words):
    given = {"url": "sqlite:///x", "timezone": "Europe/Paris"} | settings
    with pytest.raises(ValidationError, match=words) as caught:
        IspybTarget.Settings(**given)
    assert "secret" not in str(caught.value.errors()[0]["msg"])


@pytest.mark.parametrize(("package", "url"), [("ispyb", "sqlite:///x"), ("pymysql", "mysql+pymysql://me@host/ispyb")])
def test_package_that_is_not_installed_is_named_with_its_extra(monkeypatch, package, url):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInput, match=rf"package {package} is not installed.*mxplans\[ispyb\]"):
        IspybTarget("ispyb", IspybTarget.Settings(url=url, timezone="Etc/UTC"))

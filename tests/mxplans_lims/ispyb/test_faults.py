"""Servers that go away, answers that get lost, passwords and tables that are wrong."""

import pytest
from ispyb_sending import send_all
from ispyb_support import counts, rows
from lims_records import RECORDS, delivery, rotation
from sqlalchemy import event, text

from mxplans.errors import TargetRefused, TargetUnreachable
from mxplans_lims.targets.ispyb.target import IspybTarget


def test_server_is_killed_in_the_middle_and_comes_back(mariadb, server):
    target = mariadb.target(connect_timeout_s=2)
    record = rotation()
    steps = target.steps(delivery(record))
    ids: dict[str, str] = {}
    for step in steps[:6]:
        ids |= target.send(step, ids)
    standing = counts(mariadb.engine)
    mariadb.engine.dispose()
    server.kill()
    try:
        for _ in range(2):  # the first finds its connection broken, the second finds nobody
            with pytest.raises(TargetUnreachable, match="does not answer"):
                target.send(steps[6], ids)
    finally:
        server.start()
    assert counts(mariadb.engine) == standing  # what was confirmed is there
    for step in steps[6:]:
        ids |= target.send(step, ids)
    after = counts(mariadb.engine)
    assert after["DataCollection"] == 3
    send_all(target, record)
    assert counts(mariadb.engine) == after
    target.close()


@pytest.mark.parametrize("name", ["rotation", "characterisation", "energy_scan", "fluorescence"])
def test_answer_that_gets_lost_doubles_no_row(ispyb, name):
    """Each step arrives, but its answer does not: it is sent again without the identifiers it gave."""
    target = ispyb.target()
    ids: dict[str, str] = {}
    for step in target.steps(delivery(RECORDS[name]())):
        target.send(step, ids)
        ids |= target.send(step, ids)
    once = counts(ispyb.engine)
    send_all(target, RECORDS[name]())
    assert counts(ispyb.engine) == once
    target.close()
    expected = {"rotation": 3, "characterisation": 1}.get(name, 0)
    assert once.get("DataCollection", 0) == expected


def test_step_that_fails_half_way_leaves_nothing(ispyb):
    target = ispyb.target()
    record = RECORDS["characterisation"]()
    bad = record.strategies[0].model_copy(update={"space_group": "P" * 46})
    with pytest.raises(TargetRefused, match="spaceGroup"):
        send_all(target, record.model_copy(update={"strategies": (bad,)}))
    assert "Screening" not in counts(ispyb.engine)
    target.close()


def test_row_that_somebody_removed_comes_back(ispyb):
    target = ispyb.target()
    ids = send_all(target, RECORDS["fluorescence"]())
    with ispyb.engine.begin() as connection:
        connection.execute(text("DELETE FROM XFEFluorescenceSpectrum"))
    again = send_all(target, RECORDS["fluorescence"](), ids)
    target.close()
    assert [str(row["xfeFluorescenceSpectrumId"]) for row in rows(ispyb.engine, "XFEFluorescenceSpectrum")] == [
        again["fluorescence/1"]
    ]


def test_wrong_password_can_be_put_right(mariadb):
    target = mariadb.target()
    step = target.steps(delivery(rotation()))[0]
    right = mariadb.password.read_text()
    for wrong in ("another\n", ""):
        mariadb.password.write_text(wrong)
        with pytest.raises(TargetUnreachable) as caught:
            target.send(step, {})
        assert right.strip() not in str(caught.value)
    mariadb.password.write_text(right)
    assert target.send(step, {})["session"]
    target.close()


def test_nobody_listens_and_no_file(tmp_path):
    for url in ("mysql+pymysql://me@127.0.0.1:9/ispyb", f"sqlite:///{tmp_path / 'none.sqlite'}"):
        target = IspybTarget("ispyb", IspybTarget.Settings(url=url, timezone="Etc/UTC", connect_timeout_s=1))
        with pytest.raises(TargetUnreachable):
            target.send(target.steps(delivery(rotation()))[0], {})
        target.close()
    assert not list(tmp_path.iterdir())


def test_tables_of_another_version(sqlite):
    target = sqlite.target()
    ids = target.send(target.steps(delivery(rotation()))[0], {})
    with sqlite.engine.begin() as connection:
        connection.execute(text("ALTER TABLE RobotAction DROP COLUMN sampleBarcode"))
        connection.execute(text("DROP TABLE XFEFluorescenceSpectrum"))
    with pytest.raises(TargetUnreachable, match="another version.*sampleBarcode"):
        target.send(target.steps(delivery(rotation()))[1], ids)
    with pytest.raises(TargetUnreachable, match="another version.*XFEFluorescenceSpectrum"):
        target.send(target.steps(delivery(RECORDS["fluorescence"]()))[3], ids)
    target.close()


def test_tables_of_another_version_on_mariadb(mariadb, server):
    target = mariadb.target()
    ids = target.send(target.steps(delivery(rotation()))[0], {})
    server.as_root("ALTER TABLE ispyb.RobotAction RENAME COLUMN sampleBarcode TO barcode")
    try:
        with pytest.raises(TargetUnreachable, match="another version.*sampleBarcode"):
            target.send(target.steps(delivery(rotation()))[1], ids)
    finally:
        server.as_root("ALTER TABLE ispyb.RobotAction RENAME COLUMN barcode TO sampleBarcode")
    target.close()


def test_strict_mode_is_what_the_rows_were_written_in(mariadb):
    with mariadb.engine.connect() as connection:
        assert "STRICT_TRANS_TABLES" in connection.execute(text("SELECT @@sql_mode")).scalar_one()


def test_slow_server_is_given_up_and_asked_again(mariadb, server):
    """A lock that somebody holds: the answer does not come in time, and does when the lock is gone."""
    target = mariadb.target(answer_timeout_s=1)
    ids = target.send(target.steps(delivery(rotation()))[0], {})
    step = target.steps(delivery(rotation()))[1]
    with mariadb.engine.connect() as other:
        other.execute(text("LOCK TABLES RobotAction WRITE"))
        with pytest.raises(TargetUnreachable):
            target.send(step, ids)
        other.execute(text("UNLOCK TABLES"))
    assert target.send(step, ids)
    assert counts(mariadb.engine)["RobotAction"] == 1
    target.close()


def test_connection_that_breaks_at_the_commit(sqlite, monkeypatch):
    """The commit fails: nothing is there, and sending again brings it once."""
    target = sqlite.target()
    steps = target.steps(delivery(rotation()))
    ids = target.send(steps[0], {})
    engine = target._database._engine
    assert engine is not None

    def full(connection):
        raise OSError(28, "No space left on device")

    event.listen(engine, "commit", full)
    with pytest.raises(TargetUnreachable, match="No space left"):
        target.send(steps[1], ids)
    event.remove(engine, "commit", full)
    assert "RobotAction" not in counts(sqlite.engine)
    target.send(steps[1], ids)
    assert counts(sqlite.engine)["RobotAction"] == 1
    target.close()

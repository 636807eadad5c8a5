"""Datasets in a real ICAT of pyicat-plus: each once, whatever is killed."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from icat_support import Icat, icat_running
from lims_records import delivery, rotation, write_files

from mxplans.errors import AnswerPending, TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Step
from mxplans_lims.targets.icat import IcatTarget

PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def icat(tmp_path_factory) -> Iterator[Icat]:
    with icat_running(tmp_path_factory.mktemp("icat")) as running:
        running.start_investigation("mx1234", at=rotation().start)
        yield running


@contextlib.contextmanager
def target(icat: Icat, **changes: object) -> Iterator[IcatTarget]:
    made = IcatTarget("icat", IcatTarget.Settings(**(icat.settings | changes)))
    try:
        yield made
    finally:
        made.close()


def steps_of(made: IcatTarget, out: Path, sample: str) -> list[Step]:
    record = rotation(out, sample)
    write_files(record, out)
    return list(made.steps(delivery(record, out)))


def sent(made: IcatTarget, step: Step, ids: dict[str, str]) -> dict[str, str]:
    """Do what the outbox does until the step is done; `ids` keeps what was learnt."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        try:
            ids |= made.send(step, ids)
            return ids
        except AnswerPending as pending:
            ids |= pending.ids
            threading.Event().wait(min(pending.retry_s, 0.2))
    raise AssertionError(f"{step.key} is not registered after {PATIENCE_S} s")


def count(icat: Icat, step: Step) -> int:
    return icat.datasets("mx1234").count(step.payload["location"])


def test_a_dataset_is_registered_once_with_its_gallery(icat, tmp_path):
    with target(icat) as made:
        *_, step = steps_of(made, tmp_path, "Once")
        ids = sent(made, step, {})
        assert count(icat, step) == 1
        assert sent(made, step, {})[step.key] == ids[step.key]  # nothing known any more, as after a lost disk
        assert count(icat, step) == 1
    assert {path.name for path in (Path(step.payload["location"]) / "gallery").iterdir()} == {
        Path(picture).name for picture in step.payload["gallery"]
    }


def test_a_crash_after_sending_does_not_send_again(icat, tmp_path):
    icat.kill("ingester")
    try:
        with target(icat) as made:
            *_, step = steps_of(made, tmp_path, "Crash")
            ids: dict[str, str] = {}
            for _ in range(2):  # the intention, then the message, which lies in the broker
                with pytest.raises(AnswerPending) as pending:
                    made.send(step, ids)
                ids |= pending.value.ids
        with target(icat) as again:  # a new process that knows what was kept
            with pytest.raises(AnswerPending, match="was sent"):
                again.send(step, ids)
            icat.start("ingester")
            sent(again, step, ids)
        assert count(icat, step) == 1
    finally:
        icat.start("ingester") if "ingester" not in icat._processes else None


def test_a_message_that_the_broker_lost_is_sent_again(icat, tmp_path):
    with target(icat, resend_after_s=5.0) as made:
        *_, step = steps_of(made, tmp_path, "Lost")
        ids = {f"sent/{step.key}": repr(time.time() - 10.0)}  # sent by a process before, and swallowed
        sent(made, step, ids)
        assert count(icat, step) == 1


# stompest 2.3 leaves the socket of a connection that was refused to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_servers_that_are_away_can_come_back(icat, tmp_path):
    with target(icat) as made:
        *_, step = steps_of(made, tmp_path, "Away")
        icat.kill("rest")
        try:
            with pytest.raises(TargetUnreachable, match="does not answer"):
                made.send(step, {})
        finally:
            icat.start("rest")
        icat.kill("broker", "ingester")
        ids: dict[str, str] = {}
        try:
            with pytest.raises(AnswerPending) as pending:
                made.send(step, ids)
            ids |= pending.value.ids
            with pytest.raises(TargetUnreachable, match="no broker"):
                made.send(step, ids)
        finally:
            icat.start("broker", "ingester")
        # What the broken connection left open is not known: it counts as sent, and comes again after a while.
        ids[f"sent/{step.key}"] = repr(time.time() - 4000)
        sent(made, step, ids)
        assert count(icat, step) == 1


def test_a_proposal_that_does_not_exist_is_refused(icat, tmp_path):
    with target(icat) as made:
        *_, step = steps_of(made, tmp_path, "Nobody")
        wrong = Step(step.key, {**step.payload, "proposal": "mx9999"})
        with pytest.raises(TargetRefused, match="mx9999"):
            made.send(wrong, {})


def test_more_frames_later_change_the_registered_dataset(icat, tmp_path):
    with target(icat) as made:
        *_, step = steps_of(made, tmp_path, "More")
        ids = sent(made, step, {})
        later = Step(step.key, {**step.payload, "fields": {**step.payload["fields"], "MX_numberOfImages": "3601"}})
        assert sent(made, later, dict(ids))[step.key] == ids[step.key]
        assert count(icat, step) == 1

"""The exporter's process: what it says, how it ends, and that a kill at any moment loses and doubles nothing."""

import random
import signal
import threading
import time

import pytest
from exporter_support import append, configure, once, rows, uids

from mxplans_lims.journal import Journal

KILLS = 20


def expected(experiments, number, collections=3):
    """Records that so many experiments come to: a group, its sweeps, an end."""
    return number * (collections + 2)


def test_a_journal_is_told_to_its_target_once(out, experiments, start):
    configure(out, lims={})
    append(out, experiments.lines(1) + experiments.lines(2))
    process = start()
    ready = process.hear()
    assert ready["event"] == "ready" and "lims" in ready["targets"]
    lines = len(experiments.lines(1)) * 2
    assert process.flush() == {"event": "caught-up", "documents": lines, "pending": 0, "dead": 0}
    assert len(set(uids(out))) == len(uids(out)) == expected(experiments, 2)
    append(out, experiments.lines(3))
    assert process.flush()["documents"] == 3 * lines // 2
    assert len(set(uids(out))) == len(uids(out)) == expected(experiments, 3)
    assert process.end() == 0
    calls = rows(out, table="call")
    process = start()
    process.hear()
    assert process.flush()["documents"] == 3 * lines // 2
    assert rows(out, table="call") == calls


@pytest.mark.timeout(240)  # twenty-one starts of a process on a machine that may be busy
def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubled(out, experiments, start, outbox):
    """The journal grows, the target's answers get lost, and the exporter is killed again and again."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    configure(out, lims={"slow_s": 0.01, "loses_frac": 0.2})
    lines = [line for number in range(1, KILLS + 1) for line in experiments.lines(number)]
    never = threading.Event()
    with (out / "documents.jsonl").open("ab", buffering=0) as journal:
        for _ in range(KILLS):
            process = start("--retry-base-s", "0.05", "--retry-most-s", "0.2")
            if chance.random() < 0.8:
                process.hear()
            share = [lines.pop(0) for _ in range(min(len(lines), chance.randrange(2 * len(experiments.lines(1)))))]
            for line in share:
                cut = chance.randrange(len(line))
                journal.write(line[:cut])
                never.wait(0.0005)
                journal.write(line[cut:])
            never.wait(chance.random() * 0.4)
            process.kill()
        journal.write(b"".join(lines))
    process = start("--retry-base-s", "0.05", "--retry-most-s", "0.2")
    process.hear()
    while (said := process.flush())["pending"]:  # an answer that got lost last may leave the target as away
        pass
    assert said["dead"] == 0
    assert said["documents"] == KILLS * len(experiments.lines(1))
    found = uids(out)
    assert len(set(found)) == len(found), f"doubled, seed {seed}"
    assert len(found) == expected(experiments, KILLS), f"lost, seed {seed}"
    groups = {row[0]: row[1] for row in rows(out) if row[2] is None}
    assert all(groups[row[2]].split("/")[0] == row[1].split("/")[0] for row in rows(out) if row[2] is not None)


@pytest.mark.parametrize("how", ["stdin", signal.SIGTERM, signal.SIGINT], ids=str)
def test_it_ends_soon_after_what_it_is_sending(out, experiments, start, how):
    configure(out, lims={"slow_s": 0.3}, other={})
    (out / "other.away").touch()
    append(out, [line for number in range(20) for line in experiments.lines(number)])
    process = start()
    process.hear()
    if how == "stdin":
        code = process.end()
    else:
        process.process.send_signal(how)
        code = process.process.wait(20)
    assert code == 0, process.log.read_text()
    assert "Traceback" not in process.log.read_text()
    assert len(set(uids(out))) == len(uids(out)) < expected(experiments, 20)


def test_a_second_exporter_is_refused(out, plugins, start):
    process = start()
    process.hear()
    answer = once(out, plugins)
    assert answer.returncode == 2
    assert "has an exporter that runs already" in answer.stderr and "Traceback" not in answer.stderr


def test_a_flush_does_not_wait_for_a_target_that_is_away(out, experiments, start):
    configure(out, lims={}, other={})
    (out / "lims.away").touch()
    append(out, experiments.lines(1))
    process = start("--retry-base-s", "0.2", "--retry-most-s", "0.2")
    process.hear()
    begun = time.monotonic()
    said = process.flush()
    assert time.monotonic() < begun + 15.0  # three seconds of patience, on a machine that may be busy
    assert (said["pending"], said["dead"]) == (expected(experiments, 1), 0)
    assert (uids(out), len(uids(out, "other"))) == ([], expected(experiments, 1))
    (out / "lims.away").unlink()
    while process.flush()["pending"]:
        pass
    assert len(uids(out)) == expected(experiments, 1)
    assert process.end() == 0


def test_once_says_by_its_exit_code_how_it_went(out, experiments, plugins):
    configure(out, lims={})
    append(out, experiments.lines(1))
    (out / "lims.away").touch()
    assert once(out, plugins).returncode == 3
    (out / "lims.away").unlink()
    assert once(out, plugins).returncode == 0
    assert len(uids(out)) == expected(experiments, 1)
    configure(out, lims={"refuses": "end"})
    append(out, experiments.lines(2))
    assert once(out, plugins).returncode == 1
    (out / "lims" / "targets.json").write_text('{"gone": {"type": "nowhere", "settings": {}}}')
    answer = once(out, plugins)
    assert answer.returncode == 1
    assert "'nowhere' is not installed; allowed are" in answer.stderr


def test_a_target_that_is_mended_is_told_of_what_it_has_missed(out, experiments, plugins, outbox):
    configure(out, lims={"odd": 1}, other={})
    append(out, experiments.lines(1))
    assert once(out, plugins).returncode == 1
    assert len(uids(out, "other")) == expected(experiments, 1)
    (status,) = [status for status in outbox.statuses() if status.name == "lims"]
    assert (status.state, status.problems) == ("misconfigured", 1)
    assert status.reason == "its settings are wrong: odd: Extra inputs are not permitted; correct them in the profile"
    configure(out, lims={})
    assert once(out, plugins).returncode == 0
    assert len(uids(out)) == expected(experiments, 1)
    assert {status.name: status.state for status in outbox.statuses()} == {
        "lims": "ready",
        "other": "removed",
        "record": "ready",
    }


@pytest.mark.parametrize("place", ["lims", "lims/outbox.sqlite"])
def test_a_folder_that_cannot_be_used_is_one_line_and_exit_code_2(tmp_path, plugins, place):
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("something else" * 100)
    answer = once(tmp_path, plugins)
    assert answer.returncode == 2
    assert str(tmp_path / place) in answer.stderr and "Traceback" not in answer.stderr


def test_a_run_whose_process_died_is_told_as_failed(out, experiments, plugins):
    """Its documents end somewhere; nobody holds the journal."""
    configure(out, lims={})
    lines = experiments.lines(1)
    append(out, lines[: len(lines) * 2 // 3] + [lines[-1][:30]])
    assert once(out, plugins).returncode == 0
    (end,) = [row for row in rows(out) if row[1].endswith("/end")]
    assert "'status': 'fail'" in end[3]


def test_a_run_whose_process_dies_beside_it_is_told_as_failed_by_itself(out, experiments, start):
    configure(out, lims={})
    append(out, experiments.lines(1)[:-1])
    process = start()
    process.hear()
    waiting = threading.Event()
    for _ in range(400):
        if any(uid.endswith("/end") for uid in uids(out)):
            break
        waiting.wait(0.1)
    (end,) = [row for row in rows(out) if row[1].endswith("/end")]
    assert "'status': 'fail'" in end[3]
    assert len(uids(out)) == expected(experiments, 1)


def test_while_somebody_writes_the_journal_its_runs_are_not_over(out, experiments, start):
    configure(out, lims={})
    lines = experiments.lines(1)
    journal = Journal(out / "documents.jsonl")
    append(out, lines[:-1])
    process = start()
    process.hear()
    threading.Event().wait(6.0)
    assert not [uid for uid in uids(out) if uid.endswith("/end")]
    assert [uid for uid in uids(out) if uid.endswith("/group")]  # it is told of live
    journal.close()
    append(out, lines[-1:])
    process.flush()
    (end,) = [row for row in rows(out) if row[1].endswith("/end")]
    assert "'status': 'success'" in end[3]

"""From the journal into a catalogue that is away, half there, or choosy: nothing lost, nothing twice, in order."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mxplans.errors import InvalidInput, TargetRefused, TargetUnreachable
from mxplans_lims.archive._backoff import FIRST_S, LONGEST_S, Backoff
from mxplans_lims.archive._consumer import PATIENCE, Consumer
from mxplans_lims.archive._options import Options
from mxplans_lims.archive._state import StateFile

Document = tuple[str, dict[str, Any]]


class Shelf:
    """A catalogue in memory; `faults` are raised by writes, one each, `broken` by all of a run."""

    url = "http://tiled.example.org/api/v1"

    def __init__(self) -> None:
        self.runs: dict[str, list[Document]] = {}
        self.written: list[str] = []
        self.faults: list[Exception] = []
        self.broken: dict[str, Exception] = {}
        self.away = False
        self.asked: list[int] = []

    def held(self, uids: Sequence[str]) -> dict[str, bool]:
        self._look()
        self.asked.append(len(uids))
        return {uid: self.runs[uid][-1][0] == "stop" for uid in uids if uid in self.runs}

    def remove(self, uid: str) -> None:
        self._look()
        del self.runs[uid]

    def write(self, documents: Sequence[Document], batch_size: int = 0) -> None:
        self._look()
        uid = documents[0][1]["uid"]
        assert uid not in self.runs, "409: the run is there already"
        fault = self.faults.pop(0) if self.faults else self.broken.get(uid)
        if fault is not None:
            self.runs[uid] = list(documents[:-1])
            raise fault
        self.runs[uid] = list(documents)
        self.written.append(uid)

    def _look(self) -> None:
        if self.away:
            raise TargetUnreachable("nobody answers")


def run(uid: str, events: int = 2) -> list[Document]:
    descriptor = {"uid": f"{uid}-d", "run_start": uid, "time": 1.0, "name": "primary", "data_keys": {}}
    return [
        ("start", {"uid": uid, "time": 0.0}),
        ("descriptor", descriptor),
        *[("event", {"uid": f"{uid}-{n}", "descriptor": f"{uid}-d", "time": 2.0, "data": {}}) for n in range(events)],
        ("stop", {"uid": f"{uid}-s", "run_start": uid, "time": 3.0, "exit_status": "success"}),
    ]


class Bench:
    def __init__(self, out: Path) -> None:
        self.out = out
        self.shelf = Shelf()
        self.options = Options(out)

    def append(self, *documents: Document) -> None:
        with self.options.journal.open("a") as file:
            file.writelines(json.dumps(document) + "\n" for document in documents)

    def start(self, **options: Any) -> Consumer:
        state = StateFile(self.options.state_path)
        options = Options(self.out, **options)
        return Consumer(self.options.journal, self.shelf, state, options.start(state.read()))  # type: ignore[arg-type]

    def state(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.options.state_path.read_text())
        return read


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def catch_up(consumer: Consumer) -> None:
    consumer.hurry()
    consumer.read()
    while consumer.write_next():
        consumer.read()


def test_runs_go_in_whole_in_the_order_of_their_ends(bench: Bench) -> None:
    outer = run("outer", 0)
    bench.append(*outer[:2], *run("inner"), *outer[2:])
    catch_up(bench.start())
    assert bench.shelf.written == ["inner", "outer"]
    assert bench.shelf.runs == {"inner": run("inner"), "outer": outer}


def test_runs_wait_in_order_while_the_server_is_away(bench: Bench) -> None:
    bench.shelf.away = True
    consumer = bench.start()
    for number in range(5):
        bench.append(*run(f"run{number}"))
        catch_up(consumer)
    state = bench.state()
    assert (state["pending_runs"], state["pending"][0]) == (5, "run0")
    assert state["away_since"] and state["last_error"] == "nobody answers"
    bench.shelf.away = False
    catch_up(consumer)
    assert bench.shelf.written == [f"run{number}" for number in range(5)]
    state = bench.state()
    assert (state["pending_runs"], state["away_since"], state["failed"]) == (0, None, {})


def test_a_run_broken_off_by_the_server_is_written_anew(bench: Bench) -> None:
    bench.append(*run("a"), *run("b"))
    bench.shelf.faults = [TargetUnreachable("the line is cut")]
    consumer = bench.start()
    catch_up(consumer)
    assert "stop" not in dict(bench.shelf.runs["a"])
    catch_up(consumer)
    assert bench.shelf.runs == {"a": run("a"), "b": run("b")}


@pytest.mark.parametrize("half", [0, 1, 3])
def test_a_process_killed_within_a_run_goes_on_with_it(bench: Bench, half: int) -> None:
    bench.append(*run("a"), *run("b"), *run("c"))
    killed = bench.start()
    killed.read()
    killed.write_next()
    if half:
        bench.shelf.runs["b"] = run("b")[:half]
    catch_up(bench.start())
    assert bench.shelf.runs == {uid: run(uid) for uid in "abc"}
    assert bench.shelf.written == ["a", "b", "c"]


def test_a_refused_run_is_set_aside_and_tried_again_at_the_next_start(bench: Bench) -> None:
    bench.append(*run("a"), *run("b"), *run("c"))
    bench.shelf.broken = {"b": TargetRefused("422: a name is too long")}
    consumer = bench.start()
    catch_up(consumer)
    assert bench.shelf.written == ["a", "c"]
    assert bench.state()["failed"] == {"b": "422: a name is too long"}
    bench.shelf.broken = {}
    catch_up(bench.start())
    assert bench.shelf.written == ["a", "c", "b"]
    assert bench.state()["failed"] == {}


def test_a_run_that_breaks_the_server_each_time_does_not_hold_up_the_others(bench: Bench) -> None:
    bench.append(*run("bad"), *run("b"), *run("c"))
    bench.shelf.broken = {"bad": TargetUnreachable("500")}
    consumer = bench.start()
    for _ in range(PATIENCE):
        assert bench.shelf.written == []
        catch_up(consumer)
    catch_up(consumer)
    assert bench.shelf.written == ["b", "c"]
    assert bench.state()["pending"] == ["bad"]
    bench.shelf.broken = {}
    catch_up(consumer)
    assert bench.shelf.written == ["b", "c", "bad"]


def test_a_second_start_reads_on_where_the_first_was(bench: Bench) -> None:
    bench.append(*run("a"), *run("b"), *run("open")[:3])
    first = bench.start()
    catch_up(first)
    assert first.taken == 13
    second = bench.start()
    bench.append(*run("open")[3:])
    catch_up(second)
    assert second.taken == 5
    assert bench.shelf.runs["open"] == run("open")


def test_an_empty_catalogue_is_filled_anew(bench: Bench) -> None:
    bench.append(*run("a"), *run("b"))
    catch_up(bench.start())
    bench.shelf.runs.clear()
    catch_up(bench.start())
    assert set(bench.shelf.runs) == {"a", "b"}


@pytest.mark.parametrize(
    ("options", "wanted"), [({"from_run": "b"}, ["b", "c"]), ({"from_start": True}, ["a", "b", "c"])]
)
def test_replay_takes_in_what_is_missing_from_there_on(bench: Bench, options: Any, wanted: list[str]) -> None:
    bench.append(*run("a"), *run("b"), *run("c"))
    catch_up(bench.start())
    bench.shelf.runs = {}
    bench.shelf.written = []
    consumer = bench.start(**options)
    consumer._known_to_be_there = True  # the catalogue is not looked after here
    catch_up(consumer)
    assert bench.shelf.written == wanted
    catch_up(bench.start(**options))
    assert bench.shelf.written == wanted


def test_replay_from_a_run_that_is_not_there(bench: Bench) -> None:
    bench.append(*run("a"))
    with pytest.raises(InvalidInput, match="no run x"):
        bench.start(from_run="x")


def test_many_runs_are_asked_for_together(bench: Bench) -> None:
    for number in range(250):
        bench.append(*run(f"run{number}", 0))
    catch_up(bench.start())
    bench.shelf.asked.clear()
    catch_up(bench.start(from_start=True))
    assert bench.shelf.asked == [100, 100, 50]
    assert len(bench.shelf.written) == 250


@pytest.mark.parametrize("order", ["twice", "late descriptor"])
def test_documents_that_come_twice_or_in_another_order(bench: Bench, order: str) -> None:
    start, descriptor, *events, stop = run("a")
    documents = [start, *events, descriptor, stop] if order == "late descriptor" else [*run("a"), *run("a")]
    bench.append(*documents)
    consumer = bench.start()
    catch_up(consumer)
    assert bench.shelf.runs == {"a": run("a")}
    assert consumer.pending == 0


def test_a_journal_that_was_replaced_is_read_from_its_beginning(bench: Bench) -> None:
    bench.append(*run("a"), *run("b"))
    consumer = bench.start()
    catch_up(consumer)
    bench.options.journal.unlink()
    bench.append(*run("c"))
    catch_up(consumer)
    assert bench.shelf.written == ["a", "b", "c"]
    assert bench.state()["pending_runs"] == 0


def test_a_journal_that_was_replaced_between_two_starts_is_read_from_its_beginning(bench: Bench) -> None:
    """Also where the old place is the end of a line of the new one."""
    bench.append(*run("a"))
    catch_up(bench.start())
    bench.options.journal.unlink()
    bench.append(*run("b"), *run("c"))
    catch_up(bench.start())
    assert bench.shelf.written == ["a", "b", "c"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


@pytest.mark.parametrize("damage", [cut, os.unlink, lambda path: path.write_text("{}")])
def test_a_damaged_state_costs_a_second_look_only(bench: Bench, damage: Callable[[Path], Any]) -> None:
    bench.append(*run("a"), *run("b"))
    catch_up(bench.start())
    damage(bench.options.state_path)
    catch_up(bench.start())
    assert bench.shelf.written == ["a", "b"]


def test_a_folder_that_cannot_be_written_does_not_stop_it(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    (bench.out / "lims").write_text("a file where a folder should be")
    bench.append(*run("a"))
    consumer = Consumer(bench.options.journal, bench.shelf, StateFile(bench.options.state_path))  # type: ignore[arg-type]
    catch_up(consumer)
    assert bench.shelf.written == ["a"]
    assert "tiled_state.json cannot be written" in caplog.text


def test_the_pauses_double_up_to_a_minute_and_differ() -> None:
    backoff = Backoff()
    pauses = []
    for _ in range(12):
        backoff.failed(0.0)
        assert not backoff.due(0.0)
        pauses.append(backoff._due_s)
    for number, pause in enumerate(pauses):
        longest = min(FIRST_S * 2**number, LONGEST_S)
        assert longest / 2 <= pause <= longest
    assert len(set(pauses)) == len(pauses)
    backoff.worked()
    assert backoff.due(0.0)


@pytest.mark.parametrize(
    "url",
    [
        "http://me:word@tiled.example.org",
        "https://tiled.example.org/api/v1?api_key=12ab",
        "tiled.example.org",
        "ftp://x",
    ],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Options(tmp_path, url=url).server_elsewhere()
    assert "word" not in str(caught.value) and "12ab" not in str(caught.value)


def test_the_key_is_read_when_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    found = Options(tmp_path, url="https://tiled.example.org/api/v1", api_key_file=file).server_elsewhere()
    assert found is not None
    with pytest.raises(TargetUnreachable, match="cannot be read"):
        found[1]()
    file.write_text("abcd1234\n")
    assert found[1]() == "abcd1234"
    monkeypatch.setenv("SITE_TILED", "from the environment")
    found = Options(tmp_path, url="https://tiled.example.org", api_key_env="SITE_TILED").server_elsewhere()
    assert found is not None and found[1]() == "from the environment"

"""The command `mxplans udc`: from a shipment to a night's folder."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from mxplans.app.followers import Follower, open_followers
from mxplans.app.interrupts import Interrupts
from mxplans.app.profile_options import read_ready
from mxplans.app.progress import NightProgress, result_table
from mxplans.app.session import Session, fresh_folder, known_places, open_session
from mxplans.centring.detection import Backgrounds
from mxplans.errors import InvalidInput, MxplansError, ServiceDied
from mxplans.model import QueueItem, build_queue, read_message
from mxplans.profile import Profile
from mxplans.profile.entry_points import load_entry_point
from mxplans.schedule.checks import require_within
from mxplans.udc import ItemResult, NightSettings, check_kind, night

log = logging.getLogger("mxplans")

LEFT_AT_ONCE = 130  # as a shell reports a program that Ctrl-C ended


@dataclass
class _Night:
    """What one night has come to."""

    results: list[ItemResult] = field(default_factory=list)
    failure: BaseException | None = None
    left_at_once: str | None = None


def run_night(
    profile_path: Path, shipment: Path, out: Path, virtual_time: bool = False, given: Sequence[str] = ()
) -> int:
    """Run a night and write everything that comes out of it.

    Args:
        profile_path: Beamline profile.
        shipment: MXLIMS message.
        out: Folder; where it holds a night already, one beside it is taken.
        virtual_time: Whether to jump from event to event, with the services of the profile in this process.
        given: Values of the command line, in place of the profile's.

    Returns:
        The exit code: 0, also when a sample failed or one Ctrl-C ended the night in good order; 1 when the beamline
        failed; 130 when it was left at once.

    Raises:
        InvalidInput: If the profile or the shipment cannot be used; nothing was collected then.
        LimitExceeded: If an experiment asks for more than the beamline can do; nothing was started then.
    """
    profile = read_ready(profile_path, given)
    if virtual_time:
        profile = profile.model_copy(update={"speed_up": 1.0})  # documents are stamped in virtual seconds
    items = build_queue(read_message(shipment), profile.experiment.sweep, profile.experiment.strategy)
    for item in items:
        check_kind(item)
        require_within(item, profile.limits)
    out = fresh_folder(out)
    console = Console()
    logging_to(out / "night.log")
    console.print(f"[bold]{profile.name}[/]: {len(items)} experiments, everything goes to {out}")
    came_to = _Night()
    journal = load_entry_point("mxplans.records", "journal", "records")(out / "documents.jsonl")
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(journal.close)
        known = known_places(profile, profile_path, out, shipment)
        followers = cleanup.enter_context(open_followers(profile, known, out))
        try:
            with open_session(profile, profile_path, out, shipment, virtual_time) as session:
                session.run_engine.subscribe(journal)
                _collect(session, items, console, came_to)
        except InvalidInput:
            raise
        except (MxplansError, OSError) as error:
            came_to.failure = error
        finally:
            journal.close()
        _write_records(profile, out, items, came_to)
        _catch_up(followers, console)
    return _say(console, out, came_to, len(items))


def _catch_up(followers: Mapping[str, Follower], console: Console) -> None:
    """Let the catalogue and the LIMS have everything; what they cannot take now, they can later."""
    console.print("taking documents and frames into the catalogue, records to the LIMS targets ...")
    for name, follower in followers.items():
        try:
            said = follower.catch_up()
        except KeyboardInterrupt:
            console.print("[yellow]left before all was delivered; nothing is lost, see `mxplans lims status`[/]")
            return
        left = None if said is None else {key: said[key] for key in ("failed", "pending", "dead") if said.get(key)}
        if left is None or left:
            told = "has died" if left is None else ", ".join(f"{number} {key}" for key, number in left.items())
            console.print(f"[yellow]{name}: {told}; nothing is lost, see `mxplans lims status`[/]")


def logging_to(path: Path) -> None:
    """Send what the project and its libraries log to a file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _collect(session: Session, items: Sequence[QueueItem], console: Console, came_to: _Night) -> None:
    """Run the night plan; a failure ends in `came_to`, after the plan's finalizers have made safe."""
    from bluesky.utils import RunEngineInterrupted

    run_engine = session.run_engine
    progress = NightProgress(console, len(items))
    run_engine.subscribe(progress)

    def tell(text: str) -> None:
        log.warning(text)
        console.print(f"[yellow]{text}[/]")

    settings = NightSettings.from_profile(session.profile)
    with Interrupts(run_engine, session.services.values(), tell) as interrupts, progress:
        plan = night(
            session.beamline,
            items,
            settings,
            lambda: interrupts.stop_after_pin,
            _reporter(came_to.results.append),
            Backgrounds.kept_in(session.backgrounds),
        )
        try:
            run_engine(plan)
        except RunEngineInterrupted:
            came_to.left_at_once = interrupts.reason or "interrupted"
            try:
                run_engine.abort(came_to.left_at_once)
            except Exception:
                # A device that is gone cannot be made safe; what was taken is still to be written.
                log.exception("making safe failed")
        except Exception as error:
            # Whatever stopped a plan is the night's failure; the finalizers have run, the records are still to write.
            log.exception("the night failed")
            came_to.failure = error
    if interrupts.dead_service is not None:
        dead = interrupts.dead_service
        came_to.failure = ServiceDied(f"service {dead.name} ended by itself: {dead.last_words()}; see {dead.log}")


def _reporter(keep: Callable[[ItemResult], None]) -> Callable[[ItemResult], None]:
    def report(result: ItemResult) -> None:
        log.info("%s: %s, %s", result.item.sample_name, result.outcome.verdict, result.outcome.reason)
        keep(result)

    return report


def _write_records(profile: Profile, out: Path, items: Sequence[QueueItem], came_to: _Night) -> None:
    """Report and summary, from the journal."""
    fold = load_entry_point("mxplans.records", "fold", "records")
    records = fold(out / "documents.jsonl")
    report = load_entry_point("mxplans.records", "report", "records")
    report(records, out, profile.name)
    done = {result.item.uuid for result in came_to.results}
    summary = {
        "beamline": profile.name,
        "speed_up": profile.speed_up,
        "samples": [
            {"name": result.item.sample_name, "experiment": result.item.uuid, **result.outcome.model_dump(mode="json")}
            for result in came_to.results
        ],
        "not_done": [item.sample_name for item in items if item.uuid not in done],
        "failure": None if came_to.failure is None else str(came_to.failure),
        "left_at_once": came_to.left_at_once,
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def _say(console: Console, out: Path, came_to: _Night, number_items: int) -> int:
    if came_to.results:
        console.print(result_table(came_to.results))
    console.print(f"report: {out / 'report.html'}\nserve:  mxplans tiled {out}")
    left = number_items - len(came_to.results)
    if came_to.failure is not None:
        log.error("%s", came_to.failure)
        console.print(
            f"[red]The night failed: {came_to.failure}[/]\n"
            f"The beamline was made safe, {left} experiments are not done; what was taken is in {out}. "
            "Mend the cause, look whether a sample hangs on the goniometer, and run the shipment again."
        )
        return 1
    if came_to.left_at_once is not None:
        console.print(f"[yellow]Left at once ({came_to.left_at_once}): a sample may hang on the goniometer.[/]")
        return LEFT_AT_ONCE
    if left:
        console.print(f"[yellow]Ended on request, {left} experiments are not done.[/]")
    return 0

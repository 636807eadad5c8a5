"""Routes of the queue as a whole: the tree, as MXCuBE knows it too, and whether it runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from mxplans.app.queueserver.desk import AnsweringRoute, Caller, Desk, Desked, Known, missing
from mxplans.app.queueserver.heartbeat import last_beat
from mxplans.app.queueserver.owners import owner_of
from mxplans.app.queueserver.private_files import read_private
from mxplans.app.queueserver.requests import Refused, read_object
from mxplans.app.queueserver.wish import Mode, Wish, make_wish, present_wish
from mxplans.model import QueueItem
from mxplans.queue import State
from mxplans.queue.mxcube import state_of, write_queue
from mxplans.queue.permissions import Action, may

router = APIRouter(route_class=AnsweringRoute)


class Reason(BaseModel):
    """Why somebody stops the queue."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    reason: str = Field(default="", max_length=500)


class AbortBody(Reason):
    """Which experiment somebody ends, and why."""

    item_uuid: str | None = Field(
        default=None, alias="itemUuid", description="The experiment that is meant; null: the one that runs now"
    )


@router.get("/queue")
def tree(desk: Desked, who: Known, contents: bool = False) -> dict[str, Any]:
    """Sessions, samples and experiments, with the sequence number of the last event in them."""
    who.require(Action.SEE)
    return desk.store.snapshot(contents)


@router.get("/queue/mxcube")
def mxcube(desk: Desked, who: Known, session: str = "default") -> dict[str, Any]:
    """A session as MXCuBE's server would answer it, in its queue format: tasks by sample, with how far they are."""
    who.require(Action.SEE)
    owner_of(desk, session)
    there = desk.store.experiments(session)
    return write_queue(
        [QueueItem.model_validate(each["item"]) for each in there],
        {each["uuid"]: state_of(each["state"], each["outcome"]) for each in there},
        [each["uuid"] for each in there if not each["enabled"]],
    )


@router.get("/queue/order")
def order(desk: Desked, who: Known) -> dict[str, Any]:
    """Uuids of the experiments that wait, as they will be run."""
    who.require(Action.SEE)
    return {"uuids": list(desk.store.order())}


@router.get("/status")
def status(desk: Desked, who: Known) -> dict[str, Any]:
    """Whether the queue is to run, what runs, and how worker and manager are."""
    who.require(Action.SEE)
    beat = last_beat(desk.places.heartbeat)
    return {
        "beamline": desk.profile.name,
        "wish": present_wish(desk.places.wish).model_dump(mode="json"),
        "execution": read_private(desk.places.execution),
        "worker": None if beat is None else {"lives": beat.lives(time.time()), "running": beat.item_uuid},
        "waiting": len(desk.store.order()),
        "running": list(desk.store.uuids_in(State.RUNNING)),
    }


@router.post("/queue/{wanted}")
async def wish(wanted: str, request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Start the queue, pause it at the next checkpoint, stop it after the running experiment, or abort that one."""
    body = await read_object(request)
    mode, action = _MODES.get(wanted, (None, None))
    if mode is None or action is None:
        missing(f"queue/{wanted}; allowed are {', '.join(_MODES)}: this")
    if mode is Mode.ABORT:
        made = await run_in_threadpool(_abort, desk, who, AbortBody.model_validate(body))
    else:
        made = await run_in_threadpool(_wish, desk, who, mode, action, Reason.model_validate(body).reason)
    return made.model_dump(mode="json")


_MODES = {
    "start": (Mode.RUN, Action.RUN),
    "pause": (Mode.PAUSE, Action.PAUSE),
    "stop": (Mode.STOP, Action.PAUSE),
    "abort": (Mode.ABORT, Action.ABORT),
}


def _wish(desk: Desk, who: Caller, mode: Mode, action: Action, reason: str) -> Wish:
    running = _running(desk)
    _require_to_run(desk, who, action, [running] if running is not None else desk.store.order()[:1])
    return make_wish(desk.places.wish, mode, who.name, reason)


def _abort(desk: Desk, who: Caller, asked: AbortBody) -> Wish:
    """The wish holds which experiment is meant, since another one may run when it is read."""
    running = _running(desk)
    if running is None or asked.item_uuid not in (None, running):
        if asked.item_uuid is not None:
            raise Refused(
                409, f"experiment {asked.item_uuid} is not running; take it out of the queue, or switch it off"
            )
        return _wish(desk, who, Mode.STOP, Action.ABORT, asked.reason)
    _require_to_run(desk, who, Action.ABORT, [running])
    return make_wish(desk.places.wish, Mode.ABORT, who.name, asked.reason, running)


def _running(desk: Desk) -> str | None:
    """The experiment that runs; of several, of which all but one lost their worker, the one that the worker names."""
    begun = desk.store.uuids_in(State.RUNNING)
    beat = last_beat(desk.places.heartbeat)
    if beat is not None and beat.item_uuid in begun:
        return beat.item_uuid
    return begun[0] if begun else None


def _require_to_run(desk: Desk, who: Caller, action: Action, concerned: Sequence[str]) -> None:
    """What runs, or else what is next, says whose queue it is at this moment."""
    if may(who.group, action, own=False):
        return
    own = all(owner_of(desk, desk.store.item(uuid)["session"]) == who.name for uuid in concerned)
    who.require(action, own)

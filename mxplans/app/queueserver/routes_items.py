"""Routes of experiments: put on the queue, looked at, edited, taken out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from mxplans.app.queueserver.desk import AnsweringRoute, Caller, Desk, Desked, Known
from mxplans.app.queueserver.owners import require_for_item, require_in_session
from mxplans.app.queueserver.requests import Refused, problem, read_json, read_object
from mxplans.app.queueserver.submission import Submission, check_items, read_submission
from mxplans.model import QueueItem
from mxplans.queue import NewSession
from mxplans.queue.permissions import Action
from mxplans.schedule import dry_run

router = APIRouter(route_class=AnsweringRoute)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Body):
    """What may be changed of an experiment; what is left out stays."""

    enabled: bool | None = Field(default=None, description="Whether it is to be run")
    priority: int | None = Field(default=None, description="1 comes first; null comes last")
    item: dict[str, Any] | None = Field(default=None, description="Its new content, a queue item of the same uuid")


class Place(_Body):
    """A place in the tree."""

    to: Literal["first", "last", "before", "after"] = "last"
    of: str | None = Field(default=None, description="Uuid of the neighbour, with before and after")
    sample: str | None = Field(default=None, description="Another sample of the same session")


class Copy(Place):
    """Where a copy goes, and its uuid."""

    uuid: str | None = Field(default=None, description="None: one that follows from the original's")


@router.post("/items", status_code=201)
async def submit(request: Request, desk: Desked, who: Known, session: str = "default") -> dict[str, Any]:
    """Put experiments on the queue: all of them, or none and a list of what is wrong."""
    content = await read_json(request)
    return await run_in_threadpool(_submit, desk, who, session, content)


def _submit(desk: Desk, who: Caller, session: str, content: Any) -> dict[str, Any]:
    asked = read_submission(content, desk.profile)
    new = desk.store.owner_of(session) is None
    if new:
        who.require(Action.ADD_SESSION)
        who.require(Action.ADD)
    else:
        require_in_session(desk, who, Action.ADD, session)
    if any(item.experiment.priority is not None for item in asked.items):
        who.require(Action.PRIORITY)
    with desk.store.together():
        if new:
            desk.store.add_session(NewSession(name=session), who.name)
        added = desk.store.add_items(session, asked.items, who.name, asked.disabled)
    return _answer(session, asked, added)


def _answer(session: str, asked: Submission, added: Collection[str]) -> dict[str, Any]:
    return {
        "session": session,
        "items": [{"uuid": item.uuid, "sample": item.sample_name, "added": item.uuid in added} for item in asked.items],
        "notes": asked.notes,
    }


@router.post("/dry-run")
async def estimate(request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Seconds, frames, bytes and dose of experiments, without putting them anywhere."""
    who.require(Action.SEE)
    content = await read_json(request)
    return await run_in_threadpool(_estimate, desk, content)


def _estimate(desk: Desk, content: Any) -> dict[str, Any]:
    asked = read_submission(content, desk.profile, within_limits=False)
    found = []
    for item in asked.items:
        run = dry_run(item, desk.profile.limits, desk.profile.timing)
        found.append(
            {
                "uuid": item.uuid,
                "seconds": run.duration.total_s,
                "frames": run.frames,
                "bytes": run.bytes,
                "doseMgy": run.dose_mgy,
                "violations": [str(violation) for violation in run.violations],
                "table": run.table(),
            }
        )
    return {"items": found, "notes": asked.notes}


@router.get("/items/{uuid}")
def look(uuid: str, desk: Desked, who: Known) -> dict[str, Any]:
    """One experiment: content, state, progress, outcome, and the images that are committed."""
    require_for_item(desk, who, Action.SEE, uuid)
    ledger = desk.ledger
    committed = {sweep: [list(images) for images in ranges] for sweep, ranges in ledger.accounts(uuid).items()}
    return {**desk.store.item(uuid), "attempt": ledger.state(uuid).attempt, "committed": committed}


@router.patch("/items/{uuid}")
async def change(uuid: str, request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Switch an experiment on or off, give it another priority or another content."""
    asked = Change.model_validate(await read_object(request))
    return await run_in_threadpool(_change, uuid, asked, desk, who)


def _change(uuid: str, asked: Change, desk: Desk, who: Caller) -> dict[str, Any]:
    item = None
    if asked.item is not None:
        require_for_item(desk, who, Action.CHANGE, uuid)
        item = _content(asked.item, uuid, desk)
        if item.experiment.priority is not None:
            who.require(Action.PRIORITY)
    if asked.enabled is not None:
        require_for_item(desk, who, Action.ENABLE, uuid)
    if "priority" in asked.model_fields_set:
        require_for_item(desk, who, Action.PRIORITY, uuid)
    with desk.store.together():
        if item is not None:
            desk.store.change(item, who.name)
        if asked.enabled is not None:
            desk.store.enable([uuid], asked.enabled, who.name)
        if "priority" in asked.model_fields_set:
            desk.store.set_priority([uuid], asked.priority, who.name)
    return look(uuid, desk, who)


def _content(content: dict[str, Any], uuid: str, desk: Desk) -> QueueItem:
    item = QueueItem.model_validate(content)
    if item.uuid != uuid:
        raise Refused(422, [problem(["item", "experiment", "uuid"], f"should be {uuid}, as in the address", item.uuid)])
    check_items([item], desk.profile)
    return item


@router.post("/items/{uuid}/move")
async def move(uuid: str, request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Put an experiment elsewhere in its session."""
    place = Place.model_validate(await read_object(request))
    return await run_in_threadpool(_move, uuid, place, desk, who)


def _move(uuid: str, place: Place, desk: Desk, who: Caller) -> dict[str, Any]:
    require_for_item(desk, who, Action.MOVE, uuid)
    desk.store.move(uuid, who.name, place.to, place.of, place.sample)
    return look(uuid, desk, who)


@router.post("/items/{uuid}/copy", status_code=201)
async def copy(uuid: str, request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Add an experiment with the content of another, a uuid of its own and no priority."""
    place = Copy.model_validate(await read_object(request))
    return await run_in_threadpool(_copy, uuid, place, desk, who)


def _copy(uuid: str, place: Copy, desk: Desk, who: Caller) -> dict[str, Any]:
    require_for_item(desk, who, Action.COPY, uuid)
    new = desk.store.copy(uuid, who.name, place.uuid, place.to, place.of, place.sample)
    return look(new, desk, who)


@router.post("/items/{uuid}/retry")
def retry(uuid: str, desk: Desked, who: Known) -> dict[str, Any]:
    """Let an experiment that has ended wait again; what is committed is not taken again."""
    require_for_item(desk, who, Action.RETRY, uuid)
    desk.store.retry([uuid], who.name)
    return look(uuid, desk, who)


@router.delete("/items/{uuid}")
def remove(uuid: str, desk: Desked, who: Known) -> dict[str, Any]:
    """Take an experiment out of the queue; what was collected stays."""
    require_for_item(desk, who, Action.REMOVE, uuid)
    desk.store.remove([uuid], who.name)
    return {"removed": uuid}

"""Routes of sessions and of what is in them beside experiments: samples and sample groups."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from mxplans.app.queueserver.desk import AnsweringRoute, Caller, Desk, Desked, Known
from mxplans.app.queueserver.owners import require_in_session
from mxplans.app.queueserver.requests import read_json, read_object
from mxplans.model.item import PathPart
from mxplans.queue import NewSample, NewSession
from mxplans.queue.permissions import Action

router = APIRouter(route_class=AnsweringRoute)

_SAMPLES = TypeAdapter(list[NewSample])


class SessionBody(NewSession):
    """A new session, and whose it is."""

    owner: PathPart | None = Field(default=None, description="Name of an API key; None: the caller's own")


class SamplePlace(BaseModel):
    """A place among the samples of a session."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal["first", "last", "before", "after"] = "last"
    of: str | None = Field(default=None, description="Name of the neighbour, with before and after")


class GroupBody(BaseModel):
    """What a failure in a sample group means."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    on_failure_go_on: bool = Field(alias="onFailureGoOn", description="Whether the others of the group are tried then")


@router.post("/sessions", status_code=201)
async def add_session(request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Add a session, for oneself or for somebody else."""
    asked = SessionBody.model_validate(await read_object(request))
    who.require(Action.ADD_SESSION)
    session = NewSession(**asked.model_dump(exclude={"owner"}))
    added = await run_in_threadpool(desk.store.add_session, session, asked.owner or who.name)
    return {"session": session.name, "added": added}


@router.delete("/sessions/{session}")
def remove_session(session: str, desk: Desked, who: Known) -> dict[str, Any]:
    """Take a session with all that is in it out of the queue."""
    require_in_session(desk, who, Action.REMOVE, session)
    desk.store.remove_session(session, who.name)
    return {"removed": session}


@router.post("/sessions/{session}/samples", status_code=201)
async def add_samples(session: str, request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Add samples at the end of a session, a list of them, before there are experiments for them: all or none."""
    samples = _SAMPLES.validate_python(await read_json(request))
    added = await run_in_threadpool(_add_samples, session, samples, desk, who)
    return {"session": session, "samples": [{"name": each.name, "added": each.name in added} for each in samples]}


def _add_samples(session: str, samples: list[NewSample], desk: Desk, who: Caller) -> tuple[str, ...]:
    require_in_session(desk, who, Action.ADD, session)
    return desk.store.add_samples(session, samples, who.name)


@router.post("/sessions/{session}/samples/{sample}/move")
async def move_sample(session: str, sample: str, request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Put a sample with its experiments elsewhere in its session."""
    place = SamplePlace.model_validate(await read_object(request))
    await run_in_threadpool(_move_sample, session, sample, place, desk, who)
    return {"session": session, "moved": sample}


def _move_sample(session: str, sample: str, place: SamplePlace, desk: Desk, who: Caller) -> None:
    require_in_session(desk, who, Action.MOVE, session)
    desk.store.move_sample(session, sample, who.name, place.to, place.of)


@router.delete("/sessions/{session}/samples/{sample}")
def remove_sample(session: str, sample: str, desk: Desked, who: Known) -> dict[str, Any]:
    """Take a sample with its experiments out of the queue."""
    require_in_session(desk, who, Action.REMOVE, session)
    desk.store.remove_sample(session, sample, who.name)
    return {"removed": sample}


@router.put("/sessions/{session}/groups/{group}")
async def set_group(session: str, group: str, request: Request, desk: Desked, who: Known) -> dict[str, Any]:
    """Say what a failure in a sample group means for the others of it."""
    asked = GroupBody.model_validate(await read_object(request))
    await run_in_threadpool(_set_group, session, group, asked.on_failure_go_on, desk, who)
    return {"session": session, "group": group, "onFailureGoOn": asked.on_failure_go_on}


def _set_group(session: str, group: str, go_on: bool, desk: Desk, who: Caller) -> None:
    require_in_session(desk, who, Action.CHANGE, session)
    desk.store.set_group(session, group, go_on, who.name)

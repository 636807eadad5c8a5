"""What the front door's routes share: the queue, the profile, who asks and what they may, and answers to errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, NoReturn

from bluesky_httpserver.authentication import get_current_principal
from bluesky_httpserver.utils import get_resource_access_manager
from fastapi import Depends, Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from mxplans.app.profile_options import read_profile
from mxplans.app.queueserver.places import Places, ServeState, state_from_environment
from mxplans.app.queueserver.requests import Refused, problem, problems_of
from mxplans.errors import InvalidInput, LedgerError, LimitExceeded, QueueRefused
from mxplans.profile import Profile
from mxplans.queue import Ledger, QueueStore
from mxplans.queue.permissions import Action, may

log = logging.getLogger("mxplans")


@dataclass(frozen=True)
class Desk:
    """What a route needs."""

    state: ServeState
    places: Places
    profile: Profile
    store: QueueStore
    ledger: Ledger


@lru_cache(1)
def open_desk() -> Desk:
    """The desk of this process; opened by the first who asks."""
    state = state_from_environment()
    places = Places(state.folder)
    return Desk(
        state=state,
        places=places,
        profile=read_profile(state.profile, state.given),
        store=QueueStore(places.queue),
        ledger=Ledger(places.queue, "front door"),
    )


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        name: Of the API key.
        group: That the name belongs to.
    """

    name: str
    group: str

    def require(self, action: Action, own: bool = True) -> None:
        """See that the caller may do something.

        Raises:
            Refused: 403 if not.
        """
        if not may(self.group, action, own):
            what = "their own" if may(self.group, action, own=True) else "nobody's"
            raise Refused(
                403, f"{self.name} is of group {self.group}, who may {action} {what}; ask somebody of group staff"
            )


def caller(
    principal: Annotated[Any, Security(get_current_principal, scopes=["read:status"])],
    groups: Annotated[Any, Depends(get_resource_access_manager)],
) -> Caller:
    """Who asks, by the API key in the Authorization header; 401 without one."""
    return caller_of(principal, groups)


def caller_of(principal: Any, groups: Any) -> Caller:
    """Name and group of a principal."""
    name = principal.identities[0].id
    return Caller(name, groups.get_resource_group(name))


Desked = Annotated[Desk, Depends(open_desk)]
Known = Annotated[Caller, Depends(caller)]


class AnsweringRoute(APIRoute):
    """Turns our errors into answers: what is wrong and what to do, and never a traceback."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its errors answered."""
        handle = super().get_route_handler()

        async def answering(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refused:
                return JSONResponse({"detail": refused.detail}, refused.status)
            except ValidationError as error:
                return JSONResponse({"detail": problems_of(error)}, 422)
            except (InvalidInput, LimitExceeded) as error:
                return JSONResponse({"detail": [problem(["body"], str(error))]}, 422)
            except QueueRefused as error:
                return JSONResponse({"detail": str(error)}, 409)
            except LedgerError as error:
                log.error("%s", error)
                return JSONResponse({"detail": "the queue file cannot be used now; the server's log says why"}, 503)

        return answering


def missing(what: str) -> NoReturn:
    """Answer that there is no such thing.

    Raises:
        Refused: 404.
    """
    raise Refused(404, f"{what} is not in the queue")

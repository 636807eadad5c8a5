"""The front door in this process, with a real queue behind it that nobody runs, and callers of all groups."""

import contextlib
import socket
import threading

import httpx
import uvicorn
from bluesky_httpserver.utils import get_resource_access_manager
from fastapi import FastAPI
from served_queue import profile_in

from mxplans.app.queueserver.access import GroupOfUser
from mxplans.app.queueserver.desk import Caller, Desk, caller, open_desk
from mxplans.app.queueserver.front_door import router
from mxplans.app.queueserver.places import Places, ServeState
from mxplans.profile import load_profile
from mxplans.queue import Ledger, QueueStore

STAFF, ALICE, BOB = Caller("staff", "staff"), Caller("alice", "user"), Caller("bob", "user")
OBSERVER, UDC = Caller("guest", "observer"), Caller("udc", "udc")


@contextlib.contextmanager
def running(app):
    """A server of an application, and a client of it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@contextlib.contextmanager
def front_door(tmp_path):
    """Client, and a switch for who it is."""
    profile = profile_in(tmp_path)
    places = Places(tmp_path)
    places.make()
    state = ServeState(
        folder=tmp_path,
        profile=profile,
        shipment=None,
        places={},
        http_url="http://127.0.0.1:1",
        zmq_control="",
        zmq_info="",
        zmq_public_key="",
        redis_port=1,
    )
    with QueueStore(places.queue) as store, Ledger(places.queue) as ledger:
        desk = Desk(state, places, load_profile(profile), store, ledger)
        app = FastAPI()
        app.include_router(router)
        app.dependency_overrides[open_desk] = lambda: desk
        app.dependency_overrides[get_resource_access_manager] = lambda: GroupOfUser(groups={"staff": "staff"})
        with running(app) as client:

            def as_(who):
                app.dependency_overrides[caller] = lambda: who
                return client

            yield as_, desk


def change(content, **fields):
    """An item with other values in its first sweep."""
    return {**content, "sweeps": [{**content["sweeps"][0], **fields}]}

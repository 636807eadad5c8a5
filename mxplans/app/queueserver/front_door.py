"""The front door: our routes in bluesky-httpserver, under `/mx`. What is wrong with an experiment is said here, at once.

The name `router` is what the server looks for.
"""

from fastapi import APIRouter

from mxplans.app.queueserver import routes_events, routes_items, routes_queue, routes_sessions

router = APIRouter(prefix="/mx", tags=["mxplans"])
for _part in (routes_items, routes_sessions, routes_events, routes_queue):
    router.include_router(_part.router)

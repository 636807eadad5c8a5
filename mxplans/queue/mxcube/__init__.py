"""MXCuBE's queue format 0.0.1, read into queue items and written from them.

It takes what a client posts and what a server answers. Nothing is dropped: what a queue item has no place for is reported
with its path and value, and kept with the item, so that it is written again.
"""

from mxplans.queue.mxcube._fields import FORMAT_VERSION
from mxplans.queue.mxcube._items import Ignored
from mxplans.queue.mxcube._points import Points, read_points
from mxplans.queue.mxcube._reading import MxcubeRead, read_queue
from mxplans.queue.mxcube._writing import write_queue
from mxplans.queue.mxcube.states import state_of

__all__ = ["FORMAT_VERSION", "Ignored", "MxcubeRead", "Points", "read_points", "read_queue", "state_of", "write_queue"]

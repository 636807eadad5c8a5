"""Start-up module of the RE worker: it does something in the process that runs plans, and nowhere else.

The queue server takes everything that it finds at the top of this module for its own: generator functions become
plans, ophyd devices become devices. Devices stay within the worker, because a string that equals a device's name
would be replaced by the device.
"""

from bluesky.utils import MsgGenerator
from bluesky_queueserver import is_re_worker_active

from mxplans.app.queueserver.heartbeat import Heartbeat
from mxplans.app.queueserver.places import Places, state_from_environment

if is_re_worker_active():
    _state = state_from_environment()
    # Before the slow imports, so that a death while they go on is seen too.
    _heartbeat = Heartbeat(Places(_state.folder).heartbeat)

    from mxplans.app.queueserver.worker import Worker

    _worker = Worker(_state, _heartbeat)

    RE = _worker.run_engine

    def experiment(item: dict) -> MsgGenerator[None]:  # type: ignore[type-arg]  # the queue server reads it as it stands
        """Run what is left of an experiment of the queue."""
        yield from _worker.experiment(item)

    def make_safe() -> MsgGenerator[None]:
        """Stop the goniometer, close the shutter, disarm the detector."""
        yield from _worker.make_safe()

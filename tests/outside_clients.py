"""Public clients that are not ours, each against one of our servers; run as a program, in their own environment.

`python outside_clients.py KIND ADDRESS...`, where KIND is `exporter` (of mxcubecore), `isara` (of tangods-isara, two
addresses), `simplon` (of DECTRIS, as libertem-live ships it) or `workflows` (of the package of that name). What they
found is printed as one line of JSON.
"""

import importlib.util
import json
import sys
from types import ModuleType
from typing import Any


def bare(package: str) -> None:
    """Let modules of a package be imported without the package's own start, which wants much that they do not need."""
    spec = importlib.util.find_spec(package)
    module = ModuleType(package)
    module.__path__ = list(spec.submodule_search_locations or ()) if spec else []
    sys.modules[package] = module


def use_exporter(address: str) -> dict[str, Any]:
    from gevent import monkey

    monkey.patch_all(thread=False)
    import gevent

    bare("mxcubecore")
    from mxcubecore.Command.Exporter import Exporter

    host, _, port = address.partition(":")
    client = Exporter(host, int(port))
    states: list[str] = []
    client.register("State", states.append)

    def task(method: str, parameters: str) -> Any:
        number = client.execute(method, (parameters,))
        while client.get_state() != "Ready":
            gevent.sleep(0.01)
        return client.execute("getTaskInfo", (number,))

    found: dict[str, Any] = {
        "name": client.get_server_object_name(),
        "limits": client.execute("getMotorLimits", ("AlignmentY",)),
        "phase_task": task("startSetPhase", "DataCollection"),
        "phase": client.read_property("CurrentPhase"),
    }
    client.write_property("OmegaPosition", 12.5)
    while client.execute("getMotorState", ("Omega",)) != "Ready":
        gevent.sleep(0.01)
    found["omega"] = client.read_property("OmegaPosition")
    client.write_property("ScanNumberOfFrames", 10)
    found["scan"] = task("startScanEx", "1\t0.000\t5.000\t1.000\t1")
    found["raster"] = task("startRasterScanEx", "0.0\t0.2\t0.1\t90.0\t0.0\t0\t0.0\t0.0\t5\t10\t0.5\tTrue\tTrue\tTrue\t")
    try:
        client.execute("startRasterScanEx", ("1\t2",))
    except Exception as error:  # noqa: BLE001  the client knows no other
        found["refusal"] = str(error)
    found["states"] = states
    client.disconnect()
    return found


def use_isara(operate: str, monitor: str) -> dict[str, Any]:
    import threading

    from isara.client.connect import connect

    host, _, port = operate.partition(":")
    client = connect(host, int(port), int(monitor.partition(":")[2]), 0.0)

    def settle(reply: str) -> str:
        while client.get_attribute_value("PathRunning"):
            threading.Event().wait(0.01)
        return reply

    def mounted() -> list[int] | None:
        sample = client.get_sample_on_diff()
        return None if sample is None else [sample.puck, sample.pin]

    found: dict[str, Any] = {"model": client.model_name, "tool": client.get_attribute_value("Tool")}
    found["replies"] = [client.power_on(), client.reset(), settle(client.soak()), settle(client.put(1, 1))]
    found["put"], found["sensed"] = mounted(), client.get_attribute_value("SampleDetectedOnGonio")
    try:
        client.put(1, 1)
    except Exception as error:  # noqa: BLE001  its class is the client's own
        found["refusal"] = str(error)
    found["replies"] += [settle(client.getput(2, 5))]
    found["getput"] = mounted()
    found["replies"] += [settle(client.get())]
    found["get"] = mounted()
    client.disconnect()
    return found


def use_simplon(address: str) -> dict[str, Any]:
    """An exposure by the internal trigger, its file, a series that is given up, and two refusals."""
    import time

    bare("libertem_live")
    bare("libertem_live.detectors")
    bare("libertem_live.detectors.dectris")
    from libertem_live.detectors.dectris.DEigerClient import DEigerClient

    host, _, port = address.removeprefix("http://").partition(":")
    client = DEigerClient(host, int(port))
    client.setConnectionTimeout(20)

    def state_of(task: Any) -> Any:
        return task("state")["value"]

    def refusal(call: Any, *arguments: Any) -> str:
        try:
            call(*arguments)
        except RuntimeError as error:
            return str(error)
        return ""

    found: dict[str, Any] = {"version": client.version()["value"], "before": state_of(client.detectorStatus)}
    client.sendDetectorCommand("initialize")
    for name, value in {"trigger_mode": "ints", "nimages": 3, "ntrigger": 1}.items():
        client.setDetectorConfig(name, value)
    found["changed"] = sorted(client.setDetectorConfig("frame_time", 0.05))
    client.setFileWriterConfig("name_pattern", "outside/series_$id")
    client.setFileWriterConfig("mode", "enabled")
    client.setMonitorConfig("mode", "enabled")
    found["wavelength"] = client.detectorConfig("wavelength")["value"]
    found["armed"] = client.sendDetectorCommand("arm")["sequence id"]
    found["ready"] = state_of(client.detectorStatus)
    client.sendDetectorCommand("trigger")
    # A disarm ends the series with what is exposed by then.
    deadline = time.monotonic() + 20
    while state_of(client.detectorStatus) != "idle" and time.monotonic() < deadline:
        pass
    client.sendDetectorCommand("disarm")
    while state_of(client.fileWriterStatus) != "ready" and time.monotonic() < deadline:
        pass
    files = sorted(client.fileWriterFiles())
    found |= {"files": files, "bytes": [len(client.fileWriterFiles(name)) for name in files]}
    found["image"] = len(client.monitorImages("monitor")) > 1000
    found["second"] = client.sendDetectorCommand("arm")["sequence id"]
    client.sendDetectorCommand("abort")
    found["after"] = state_of(client.detectorStatus)
    found["refusals"] = [
        refusal(client.setDetectorConfig, "nimages", -1),
        refusal(client.sendDetectorCommand, "launch"),
    ]
    return found


def use_workflows(address: str, queue: str) -> dict[str, Any]:
    """A scan is told and its result awaited, as a beamline does it with the transport of zocalo."""
    import queue as queues

    from workflows.transport.stomp_transport import StompTransport

    host, _, port = address.partition(":")
    settings = {"host": host, "port": int(port), "user": "guest", "pass": "guest", "prfx": ""}
    for name, value in settings.items():
        StompTransport.defaults[f"--stomp-{name}"] = value
    transport, results = StompTransport(), queues.Queue()
    transport.connect()

    def take(header: Any, message: Any) -> None:
        transport.ack(header)
        results.put(message)

    transport.subscribe(queue.removeprefix("/queue/"), take, acknowledgement=True)
    number, start = 20, {"ispyb_dcid": 7, "filename": "series_1", "start_frame_index": 0, "message_index": 0}
    for event in ({**start, "event": "start", "number_of_frames": number}, {"event": "end", "ispyb_dcid": 7}):
        transport.send("processing_recipe", {"recipes": ["mimas"], "parameters": event})
    found = {"result": results.get(timeout=20), "connected": transport.is_connected()}
    transport.disconnect()
    return found


if __name__ == "__main__":
    uses = {"exporter": use_exporter, "isara": use_isara, "simplon": use_simplon, "workflows": use_workflows}
    print("\nFOUND " + json.dumps(uses[sys.argv[1]](*sys.argv[2:])))

"""Public clients that are not ours, each against one of our servers; run as a program, with their packages on the path.

`python outside_clients.py exporter HOST:PORT` takes the exporter client of mxcubecore, `python outside_clients.py isara
HOST:PORT HOST:PORT` the robot client of tangods-isara. What they found is printed as one line of JSON.
"""

import json
import sys
from typing import Any


def use_exporter(address: str) -> dict[str, Any]:
    from gevent import monkey

    monkey.patch_all(thread=False)
    import gevent
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


if __name__ == "__main__":
    uses = {"exporter": use_exporter, "isara": use_isara}
    print("\nFOUND " + json.dumps(uses[sys.argv[1]](*sys.argv[2:])))

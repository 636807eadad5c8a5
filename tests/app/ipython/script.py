"""What people do in a session, run by `mxplans ipython`; what they see is written to a file for the tests."""

import contextlib
import io
import json
import os

shell = get_ipython()  # noqa: F821  # names of the session
seen = {}


def told(function, *arguments):
    """What a call prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        function(*arguments)
    return printed.getvalue()


def magic(line):
    """What a magic prints, or why it is refused."""
    name, _, rest = line.partition(" ")
    try:
        return told(shell.run_line_magic, name, rest)
    except Exception as error:  # noqa: BLE001  # it is what people see
        return f"{type(error).__name__}: {error}"


seen["names"] = [name for name in ("RE", "bl", "catalog", "profile", "points", "goniometer") if name in globals()]
seen["plans"] = shell.complete("collect.")[1]
seen["groups"] = shell.complete("optical.c")[1]
seen["keywords"] = shell.complete(None, "collect.rotation(number_images=1, exp")[1]
seen["magics"] = shell.complete("%mov")[1]
seen["question"] = shell.inspector.info(collect.rotation)["docstring"]  # noqa: F821
seen["wa"] = magic("wa goniometer beam")
seen["no axis"] = magic("mov goniometer.omga 3")
seen["too far"] = magic("mov goniometer.x 500")
seen["too much"] = magic("rotate 10 0.2 0.0001")
seen["words"] = magic("mount 1")
seen["not paused"] = magic("resume")
seen["mount"] = magic("mount 1 1")
seen["mounted"] = told(bl.status)  # noqa: F821
seen["moved"] = magic("mov goniometer.omega 30 aperture Small") + magic("movr goniometer.omega 12.5")
seen["omega"] = goniometer.omega.position  # noqa: F821
seen["aperture"] = magic("wa aperture")
seen["result"] = RE(collect.rotation(bl, 20, 0.2, exposure_s=0.02)).plan_result.scans  # noqa: F821
last = catalog[-1]  # noqa: F821
seen["start"] = last.metadata["start"]["mxplans"]["role"], last.metadata["start"]["sample_name"]
seen["frames"] = list(last["primary"]["detector_image"].shape)
seen["rotate"] = magic("rotate 10 0.2 0.02 90")
seen["mesh"] = told(RE, collect.mesh(4, 3, 20, 0.01))  # noqa: F821
here = (goniometer.x.position, goniometer.y.position, goniometer.z.position)  # noqa: F821
there = (here[0] + 0.05, *here[1:])
seen["helical"] = told(RE, collect.helical(here, there, number_images=10, image_width_deg=0.2, exposure_s=0.02))  # noqa: F821
seen["travel_mm"] = goniometer.x.position - here[0]  # noqa: F821
seen["still"] = told(RE, collect.still(exposure_s=0.05))  # noqa: F821
RE(safe.make_safe())  # noqa: F821
seen["ct"] = magic("ct 2")
seen["runs"] = [run.metadata["start"]["plan_name"] for run in catalog.values()]  # noqa: F821
seen["centre"] = magic("centre")
seen["unmount"] = magic("unmount")
seen["status"] = magic("status")
with open(os.environ["SEEN"], "w") as file:
    json.dump(seen, file)

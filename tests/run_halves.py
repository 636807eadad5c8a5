"""Runs the tests in two processes at once: what watches a clock in one, all the rest in the other.

The tests that real devices and their servers must answer in time come last, when the rest has ended. What the rest says comes
at the end.
"""

import shutil
import subprocess
import sys
import tempfile

CLOCKED = (
    *(
        f"tests/end_to_end/test_{name}.py"
        for name in ("queue", "two_sites", "virtual_time", "night", "pause", "readme", "bad_ends", "centring_optical")
    ),
    *(f"tests/app/{name}" for name in ("queueserver", "test_services.py", "test_session.py")),
    "tests/mxplans_devices",
    *(
        f"tests/mxplans_sim/{name}"
        for name in (
            *("camera", "control", "epics", "exporter", "faults", "isara", "murko", "outside", "proxy", "simplon"),
            *("view", "virtual_time", "work_source", "zocalo", "test_service.py", "test_site.py"),
        )
    ),
)


def main() -> int:
    """The exit code: 0 when both passed."""
    pytest = [sys.executable, "-m", "pytest", "--durations=30"]
    with tempfile.TemporaryFile("w+") as told:
        rest = subprocess.Popen(
            [*pytest, *(f"--ignore={place}" for place in CLOCKED)], stdout=told, stderr=subprocess.STDOUT
        )
        try:
            clocked = subprocess.run([*pytest, *CLOCKED], check=False).returncode
            code = max(clocked, rest.wait())
        finally:
            if rest.poll() is None:
                rest.terminate()
                rest.wait(60)
        told.seek(0)
        shutil.copyfileobj(told, sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""Runs the tests in two processes at once: what needs servers or the clock in one, all the rest in the other.

What the rest says comes at the end. It has ended long before the tests that watch the clock of a device.
"""

import shutil
import subprocess
import sys
import tempfile

CLOCKED = ("tests/app", "tests/end_to_end", "tests/mxplans_devices", "tests/mxplans_sim")


def main() -> int:
    """The exit code: 0 when both passed."""
    pytest = [sys.executable, "-m", "pytest"]
    with tempfile.TemporaryFile("w+") as told:
        rest = subprocess.Popen(
            [*pytest, *(f"--ignore={folder}" for folder in CLOCKED)], stdout=told, stderr=subprocess.STDOUT
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

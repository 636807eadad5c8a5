"""Runs the tests in two processes at once: whole nights and servers in one, all the rest in the other.

What the first says comes at the end. Two cores are enough for both.
"""

import shutil
import subprocess
import sys
import tempfile

LONG = ("tests/app", "tests/end_to_end")


def main() -> int:
    """The exit code: 0 when both passed."""
    pytest = [sys.executable, "-m", "pytest"]
    with tempfile.TemporaryFile("w+") as told:
        long = subprocess.Popen([*pytest, *LONG], stdout=told, stderr=subprocess.STDOUT)
        try:
            short = subprocess.run([*pytest, *(f"--ignore={folder}" for folder in LONG)], check=False).returncode
            code = max(short, long.wait())
        finally:
            if long.poll() is None:
                long.terminate()
                long.wait(60)
        told.seek(0)
        shutil.copyfileobj(told, sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""Which folders the benchmark takes for the configuration of a beamline each."""

import subprocess
import sys
from pathlib import Path

import pytest
from migration_support import write_files

ROOT = Path(__file__).parents[3]
CODE = """
import sys
from pathlib import Path
sys.path.append("benchmarks")
from support.profile_roots import find_roots
folder = Path(sys.argv[1])
print("\\n".join(str(root.relative_to(folder)) for root in find_roots(folder)))
"""


def roots(folder):
    command = [sys.executable, "-c", CODE, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=50)
    return done.stdout.split()


def device(*mentions):
    inner = "".join(f'<object href="{mention}" role="r{number}"/>' for number, mention in enumerate(mentions))
    return f'<object class="D">{inner}</object>'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # Two sites, each named from its own folder.
        (
            {"a/x.xml": device("/y"), "a/y.xml": device(), "b/c/x.xml": device("/y"), "b/c/y.xml": device()},
            ["a", "b/c"],
        ),
        # One site that keeps all objects in subfolders, and names them from above.
        ({"site/md/x.xml": device("/optics/y"), "site/optics/y.xml": device("/md/x2")}, ["site"]),
        # Variants of an entry file below what they share.
        (
            {"site/x.xml": device(), "site/test/beamline.yaml": "class: a.B\nobjects: {x: x.xml}\n"},
            ["site"],
        ),
        # Mentions relative to their own folder say nothing of the one above.
        ({"a/x.xml": device("./y"), "a/y.xml": device(), "b/y.xml": device()}, ["a", "b"]),
        # The folder itself; and what is no hardware object makes none.
        ({"x.xml": device(), "deep/y.xml": device(), "doc/z.xml": "<html/>"}, ["."]),
        ({"doc/z.xml": "<html/>"}, []),
    ],
)
def test_roots(tmp_path, files, expected):
    assert roots(write_files(tmp_path, files)) == expected

"""A series in several data files comes out of Tiled as one array. In a process of its own, because Tiled is heavy."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from pathlib import Path

import numpy as np
from bluesky import RunEngine
from bluesky_tiled_plugins import TiledWriter
from tiled.client import from_uri
from tiled.server import SimpleTiledServer

sys.path[:0] = sys.argv[2:]
from test_detector import Detector, Server, series, settings

root = Path(sys.argv[1])
with SimpleTiledServer(readable_storage=[root]) as server:
    client = from_uri(server.uri)
    for per_file, files in ((None, 1), (2, 3)):
        folder = root / f"{files}"
        folder.mkdir()
        engine = RunEngine({})
        engine.subscribe(TiledWriter(client))
        (uid,) = engine(series(Detector(Server(folder), images_per_file=per_file), settings(5), files=files))
        image = client[uid]["primary"]["detector_image"]
        print(files, image.shape, image.dtype, image[:][:, 0, 0].tolist(), int(image[3][0, 0]))
"""


@pytest.mark.skipif(importlib.util.find_spec("sparse") is None, reason="a Tiled server needs tiled[server]")
def test_one_and_several_files_read_as_one_array(tmp_path: Path) -> None:
    here = Path(__file__).parent
    roots = [str(here), *(str(here.parents[1] / folder) for folder in (".", "devices"))]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), *roots], capture_output=True, text=True, timeout=55, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    frames = "(5, 6, 8) uint32 [0, 1, 2, 3, 4] 3"
    assert done.stdout.splitlines()[-2:] == [f"1 {frames}", f"3 {frames}"]

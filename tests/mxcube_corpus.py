"""Where tests find configuration files of MXCuBE, which are no part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).parents[1] / "../shared/mxcube-config"


def mxcube_corpus() -> Path:
    """The folder that MXPLANS_MXCUBE_CONFIG names; the test is skipped where there is none."""
    folder = Path(os.environ.get("MXPLANS_MXCUBE_CONFIG", _DEFAULT)).resolve()
    if not folder.is_dir():
        pytest.skip(f"no configuration of MXCuBE at {folder}; set MXPLANS_MXCUBE_CONFIG")
    return folder

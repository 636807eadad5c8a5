"""The archive: a Tiled catalogue fed from the journal, on a server of its own or on one elsewhere, in its own process.

`python -m mxplans_lims.archive OUTDIR [--follow] [--port 0 | --url URL [--api-key-file FILE]]`. Tiled is imported only by
that process.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["serve"]


def serve(outdir: Path, port: int = 0) -> None:
    """Take in what the journal has, then serve a night's folder until Ctrl-C.

    Args:
        outdir: The night's folder.
        port: On 127.0.0.1; 0 takes a free one.
    """
    from mxplans_lims.archive._process import serve_until_stopped

    serve_until_stopped(outdir, port)

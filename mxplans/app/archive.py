"""The command `mxplans tiled`: documents and frames of a night that is over."""

from __future__ import annotations

from pathlib import Path

from mxplans.errors import InvalidInput
from mxplans.profile.entry_points import load_entry_point


def serve(outdir: Path, port: int) -> None:
    """Serve a night's folder until Ctrl-C.

    Raises:
        InvalidInput: If the folder holds no night.
    """
    if not (outdir / "documents.jsonl").exists():
        raise InvalidInput(
            f"{outdir} holds no documents.jsonl; give the folder of a night, as `mxplans udc` printed it"
        )
    load_entry_point("mxplans.records", "serve", "records")(outdir.resolve(), port)

"""The exporter: from the journal to every LIMS, in a process of its own.

`python -m mxplans_lims.exporter OUT [--follow]`. It folds each experiment, asks each target of `OUT/lims/targets.json`
for its steps, keeps them in `OUT/lims/outbox.sqlite`, and sends them until each has arrived once.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["replay", "send_all"]


def send_all(out: Path, limit_s: float = 60.0) -> int:
    """Export what a night's journal has and send what can be sent now; for nights that are over.

    Args:
        out: The night's folder.
        limit_s: Longest time for sending.

    Returns:
        0 if all of it arrived, 1 if something was given up or a target is misconfigured, 2 if it cannot work, 3 if
        something waits.
    """
    from mxplans_lims.exporter._backoff import Backoff
    from mxplans_lims.exporter._process import export_once

    return export_once(out.resolve(), Backoff(), limit_s)


def replay(
    out: Path, from_run: str | None = None, target: str | None = None, resend: bool = False, forget_ids: bool = False
) -> int:
    """Let the exporter read the journal again, now if one runs, otherwise at its next start.

    Args:
        out: The night's folder.
        from_run: Uid of an experiment's run to begin at; None begins at the first.
        target: Whose steps are sent again; None for all.
        resend: Whether to send also what has not changed.
        forget_ids: Whether to forget the identifiers that targets gave, and to send everything again.

    Returns:
        How many steps are sent again whatever comes of reading.

    Raises:
        InvalidInput: If there is no such run.
        DeliveryError: If the outbox cannot be used.
    """
    from mxplans_lims.exporter._replay import replay_from

    return replay_from(out.resolve(), from_run, target, resend, forget_ids)

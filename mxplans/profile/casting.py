"""Which devices play which roles: what a profile must name, what it may, and what plays a role that it does not name."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from mxplans.model.device_settings import DeviceEntry
from mxplans.roles import OPTIONAL_ROLES, ROLES

USUAL_DEVICES = {
    "sample_detector": DeviceEntry.model_validate({"class": "mxplans.centring.detection:ClassicalDetector"}),
}
"""What plays a role in a profile that says nothing else."""
_MEANT_MOST = 100
"""Names that are looked at for what they may mean."""
ROLE_WORDS = {
    "detector_distance": "Distance from the sample to the detector (mm); can be set.",
    "fast_shutter": "The shutter that opens for images, set to Open or Closed.",
    "attenuator": "Fraction of the beam that passes, 0 to 1; can be set.",
    "backlight": "What lights the sample from behind, set to In or Out.",
}
"""What roles are whose protocol is one that many things have."""


def missing_roles(named: Collection[str]) -> dict[str, str]:
    """Roles that nothing plays; for each the unknown name that may have been meant for it, or "".

    >>> roles = set(ROLES) - {"viewer"} | {"veiwer"}
    >>> missing_roles(roles)
    {'viewer': 'veiwer'}
    """
    unknown = unknown_roles(named)[:_MEANT_MOST]
    return {
        role: next(iter(difflib.get_close_matches(role, unknown, n=1)), "")
        for role in ROLES
        if role not in named and role not in USUAL_DEVICES
    }


def unknown_roles(named: Collection[str]) -> list[str]:
    """Names that are no role."""
    return [name for name in named if name not in ROLES and name not in OPTIONAL_ROLES]


def roles_like(name: str) -> list[str]:
    """The role that may have been meant, or else all of them."""
    roles = [*ROLES, *OPTIONAL_ROLES]
    return difflib.get_close_matches(name, roles, n=1) or roles
